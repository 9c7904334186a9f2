// Package inventory is what a Supervisor's users find in it beside their own: the objects that the operators of a real one
// make, and whose controllers the lab does not have. They name each other as real ones do.
package inventory

import (
	"bytes"
	"embed"
	"encoding/json"
	"fmt"
	"regexp"
	"strings"
	"text/template"
	"time"

	"k8s.io/apimachinery/pkg/apis/meta/v1/unstructured"
	"sigs.k8s.io/yaml"
)

//go:embed *.yaml
var files embed.FS

// conditions are those of a virtual machine that runs, without that of VMware Tools.
var conditions = []string{
	"VirtualMachineClassReady", "VirtualMachineImageReady", "VirtualMachineStorageReady", "VirtualMachineNetworkReady",
	"VirtualMachineBootstrapReady", "VirtualMachineConditionPlacementReady", "VirtualMachineCreated", "GuestCustomization",
}

var templates = template.Must(template.New("").Option("missingkey=error").Funcs(template.FuncMap{
	"add":        func(a, b int) int { return a + b },
	"list":       func(all ...string) []string { return all },
	"replace":    strings.ReplaceAll,
	"conditions": func() []string { return conditions },
	"imageOf":    imageOf,
	"json": func(v any) (string, error) {
		text, err := json.Marshal(v)
		return string(text), err
	},
}).ParseFS(files, "*.yaml"))

var separator = regexp.MustCompile(`(?m)^---$`)

// render makes the objects of a file, in the order in which they stand.
func render(name string, data any) ([]*unstructured.Unstructured, error) {
	var text bytes.Buffer
	if err := templates.ExecuteTemplate(&text, name, data); err != nil {
		return nil, err
	}
	var all []*unstructured.Unstructured
	for _, part := range separator.Split(text.String(), -1) {
		var o map[string]any
		if err := yaml.UnmarshalStrict([]byte(part), &o); err != nil {
			return nil, fmt.Errorf("%s: %w in\n%s", name, err, part)
		}
		if len(o) > 0 {
			all = append(all, &unstructured.Unstructured{Object: o})
		}
	}
	return all, nil
}

func now() string { return time.Now().UTC().Format(`"` + time.RFC3339 + `"`) }
