// Package size says how much memory a value takes.
package size

import "reflect"

// Of returns how many bytes a value has beside itself: texts, elements, entries. Pointers lead to what is shared.
func Of(v reflect.Value) (size int) {
	switch v.Kind() {
	case reflect.String:
		return v.Len()
	case reflect.Slice:
		size = v.Len() * int(v.Type().Elem().Size())
		if v.Type().Elem().Kind() == reflect.Uint8 {
			return size
		}
		for i := range v.Len() {
			size += Of(v.Index(i))
		}
	case reflect.Map:
		for entries := v.MapRange(); entries.Next(); {
			key, value := entries.Key(), entries.Value()
			size += int(key.Type().Size()+value.Type().Size()) + Of(key) + Of(value)
		}
	case reflect.Struct:
		for i := range v.NumField() {
			size += Of(v.Field(i))
		}
	case reflect.Interface:
		if !v.IsNil() {
			size = int(v.Elem().Type().Size()) + Of(v.Elem())
		}
	}
	return size
}
