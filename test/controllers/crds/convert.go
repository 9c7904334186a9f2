package main

import "fmt"

// warn makes the API server tell whoever asks for a version that is not converted faithfully. No webhook converts these kinds: an API server
// shows an object in each version with the fields that this version shares with the stored one.
func warn(o object) object {
	if o["kind"] != "CustomResourceDefinition" || converted(o) {
		return o
	}
	stored := storage(o)
	has := fields(schema(stored))
	for _, v := range versions(o) {
		if !within(fields(schema(v)), has) {
			v["deprecated"] = true
			v["deprecationWarning"] = fmt.Sprintf("vsphere-lab does not convert %s: fields that %s has elsewhere, or not at all, are missing", v["name"], stored["name"])
		}
	}
	return o
}

func converted(o object) bool {
	conversion, ok := at(o, "spec")["conversion"].(object)
	return ok && conversion["strategy"] == "Webhook"
}

// storage is the version of a definition that is stored. Each has one.
func storage(o object) object {
	for _, v := range versions(o) {
		if v["storage"] == true {
			return v
		}
	}
	panic(fmt.Sprintf("%v has no stored version", at(o, "metadata")["name"]))
}

func schema(version object) object { return at(version, "schema", "openAPIV3Schema") }

// fields are the types of a schema's fields by their paths.
func fields(schema object) map[string]any {
	all := map[string]any{}
	var walk func(string, object)
	walk = func(path string, s object) {
		all[path] = s["type"]
		for _, part := range []string{"items", "additionalProperties"} {
			if inner, ok := s[part].(object); ok {
				walk(path+"/*", inner)
			}
		}
		properties, _ := s["properties"].(object)
		for name, inner := range properties {
			walk(path+"/"+name, inner.(object))
		}
	}
	walk("", schema)
	return all
}

// within reports whether b has all fields of a.
func within(a, b map[string]any) bool {
	for path, kind := range a {
		if other, ok := b[path]; !ok || other != kind {
			return false
		}
	}
	return true
}
