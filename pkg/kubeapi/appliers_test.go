package kubeapi

import (
	"encoding/json"
	"slices"
	"testing"
)

// Who applies a field sets it back. Others wrote it once.
func TestAppliers(t *testing.T) {
	pool := Field{"f:spec", "f:pools", Element("a \"b\""), "f:replicas"}
	for name, c := range map[string]struct {
		managed string
		field   Field
		want    []string
	}{
		"nobody":                 {`[]`, pool, nil},
		"of another type":        {`{"manager":"x"}`, pool, nil},
		"rubbish":                {`[{"manager":"x","operation":"Apply","fieldsV1":7},{"manager":"y","operation":"Apply"}]`, pool, nil},
		"no field":               {`[{"manager":"x","operation":"Apply","fieldsV1":{}}]`, pool, nil},
		"ours":                   {`[{"manager":"kubectl-vsphere","operation":"Apply","fieldsV1":{"f:spec":{}}}]`, pool, nil},
		"wrote it":               {`[{"manager":"x","operation":"Update","fieldsV1":{"f:spec":{"f:version":{}}}}]`, Field{"f:spec", "f:version"}, nil},
		"applies it":             {`[{"manager":"x","operation":"Apply","fieldsV1":{"f:spec":{"f:version":{}}}}]`, Field{"f:spec", "f:version"}, []string{"x"}},
		"applies what is beside": {`[{"manager":"x","operation":"Apply","fieldsV1":{"f:spec":{"f:class":{}}}}]`, Field{"f:spec", "f:version"}, nil},
		"applies the whole list": {`[{"manager":"x","operation":"Apply","fieldsV1":{"f:spec":{"f:pools":{}}}}]`, pool, []string{"x"}},
		"two, one twice": {`[{"manager":"b","operation":"Apply","fieldsV1":{"f:spec":{"f:pools":{"k:{\"name\":\"a \\\"b\\\"\"}":{".":{},"f:replicas":{}}}}}},
{"manager":"a","operation":"Apply","fieldsV1":{"f:spec":{"f:pools":{}}}},{"manager":"a","operation":"Apply","fieldsV1":{"f:spec":{"f:pools":{}}}}]`, pool, []string{"a", "b"}},
		"another element": {`[{"manager":"b","operation":"Apply","fieldsV1":{"f:spec":{"f:pools":{"k:{\"name\":\"c\"}":{"f:replicas":{}}}}}}]`, pool, nil},
	} {
		o := Object{fields: fields{"metadata": json.RawMessage(`{"name":"x","managedFields":` + c.managed + `}`)}}
		if got := o.Appliers(c.field); !slices.Equal(got, c.want) {
			t.Errorf("%s: %q", name, got)
		}
	}
}
