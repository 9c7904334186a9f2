// Package kubeapi reads and writes objects of a Kubernetes API server without knowing their types, in the version that the server prefers. It
// reads the tables that the server itself makes of them
// (https://kubernetes.io/docs/reference/using-api/api-concepts/#receiving-resources-as-tables), the objects alone, or their metadata.
// Whatever a server answers, reading it costs a bounded amount.
package kubeapi

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"net/http"
	"net/url"
	"strings"
	"sync"
	"time"

	"github.com/kubectl-vsphere/kubectl-vsphere/pkg/bounded"
	"github.com/kubectl-vsphere/kubectl-vsphere/pkg/wire"
)

// Resource is a kind of object.
type Resource struct {
	Group  string // empty: the core group
	Plural string
	Kind   string
}

// String returns the resource as kubectl spells it: PLURAL.GROUP.
func (r Resource) String() string { return strings.TrimSuffix(r.Plural+"."+r.Group, ".") }

// Do sends a request, whose URL is a path, to an API server and returns the body of its reply. Its errors are those of package wire.
type Do func(ctx context.Context, r wire.Request) ([]byte, error)

// Server is an API server. It remembers which versions it serves. Several goroutines may use it.
type Server struct {
	do     Do
	lines  Lines    // nil: nothing can be watched
	groups sync.Map // *group, by the name of the group
	served sync.Map // string: the version by resource (Resource.String)
	recent sync.Map // the same, from another time
}

// New returns a server that is reached by do.
func New(do Do) *Server { return &Server{do: do} }

// Watching returns a server whose lists can be watched too.
func Watching(do Do, lines Lines) *Server { return &Server{do: do, lines: lines} }

// ErrNotServed is the error of a resource that the server does not have.
var ErrNotServed = errors.New("not served")

// Object is one object of a list.
type Object struct {
	APIVersion string
	Kind       string
	Metadata   Metadata
	// Columns are those of the table, and Cells the row in it. An object that was read without one has none (Query.Form).
	Columns []Column
	Cells   []string

	fields fields
}

// fields are those of an object, by name. A list is taken apart into them once, since each look at a text goes through all of it.
type fields map[string]json.RawMessage

// Metadata is the part of an object's metadata that is read.
type Metadata struct {
	Name       string            `json:"name"`
	Namespace  string            `json:"namespace"`
	UID        string            `json:"uid"`
	Version    string            `json:"resourceVersion"`
	Generation int64             `json:"generation"`
	Labels     map[string]string `json:"labels"`
	Created    time.Time         `json:"creationTimestamp"`
	Deleted    time.Time         `json:"deletionTimestamp"`
	Owners     []Owner           `json:"ownerReferences"`
}

// Owner is an object that another one belongs to.
type Owner struct {
	Kind string `json:"kind"`
	Name string `json:"name"`
	UID  string `json:"uid"`
}

// Column is a column of a table.
type Column struct {
	Name string
	Wide bool // shown only if there is room
}

// Decode reads fields of the object beside its metadata. Fields of another type than expected are left out.
func (o Object) Decode(into any) {
	text := []byte{'{'}
	for name, value := range o.fields {
		if name == "metadata" { // Half of an object: its managed fields.
			continue
		}
		if len(text) > 1 {
			text = append(text, ',')
		}
		quoted, _ := json.Marshal(name) // Of a string there is no error.
		text = append(append(append(text, quoted...), ':'), value...)
	}
	// A field of another type does not keep json from reading the others, and each was read once before.
	_ = bounded.JSON(append(text, '}'), into)
}

// Bare returns the object as a row of a table: with its name, and without the rest of it, which takes memory.
func (o Object) Bare() Object {
	o.fields, o.Metadata.Labels, o.Metadata.Owners = nil, nil, nil
	return o
}

// maxName bounds a name, in bytes (https://kubernetes.io/docs/concepts/overview/working-with-objects/names/).
const maxName = 253

// parse reads an object of a resource. Any other one is an error: a table of another kind would be shown below the wrong headings.
func (r Resource) parse(f fields, namespace string, of list) (Object, error) {
	if f == nil {
		return Object{}, errors.New("holds something that is no object")
	}
	o := Object{APIVersion: of.apiVersion, Kind: of.kind, fields: f}
	for name, into := range map[string]any{"apiVersion": &o.APIVersion, "kind": &o.Kind, "metadata": &o.Metadata} {
		if value, ok := f[name]; ok {
			_ = bounded.JSON(value, into) // One of another type is none, which is seen below.
		}
	}
	group, _, found := strings.Cut(o.APIVersion, "/")
	if !found {
		group = ""
	}
	switch {
	case o.Kind != r.Kind || group != r.Group:
		return Object{}, fmt.Errorf("holds a %.60q of %.60q where a %s belongs", o.Kind, o.APIVersion, r.Kind)
	case o.Metadata.Name == "" || len(o.Metadata.Name) > maxName || len(o.Metadata.Namespace) > maxName:
		return Object{}, fmt.Errorf("holds a %s without a name that can be used", r.Kind)
	case namespace != "" && o.Metadata.Namespace != namespace:
		return Object{}, fmt.Errorf("holds a %s of the namespace %.60q where %s was asked for", r.Kind, o.Metadata.Namespace, namespace)
	}
	return o, nil
}

// list says what the objects of a list are that do not say so themselves: those of built-in types.
type list struct{ apiVersion, kind string }

// Get reads one object. The error is wire.ErrNotFound if it does not exist; it is ErrNotServed too if its kind may not exist either.
func (s *Server) Get(ctx context.Context, r Resource, namespace, name string) (o Object, err error) {
	err = s.inVersions(ctx, r, func(version string) error {
		path := pathOf(r, version, namespace) + "/" + url.PathEscape(name)
		body, err := s.do(ctx, wire.Request{Method: http.MethodGet, URL: path})
		if err != nil {
			return err
		}
		var f fields
		if err := wire.DecodeJSON(http.MethodGet, path, body, &f); err != nil {
			return err
		}
		if o, err = r.parse(f, namespace, list{}); err != nil {
			return garbled(path, err)
		}
		return nil
	})
	return o, err
}

// garbled returns an error about a reply.
func garbled(path string, err error) error {
	return &wire.Error{Method: http.MethodGet, URL: path, Kind: wire.ErrServer, Message: "the reply " + err.Error()}
}

// pathOf returns the path of a list. An empty namespace means all.
func pathOf(r Resource, version, namespace string) string {
	path := "/apis/" + r.Group + "/" + version
	if r.Group == "" {
		path = "/api/" + version
	}
	if namespace != "" {
		path += "/namespaces/" + url.PathEscape(namespace)
	}
	return path + "/" + r.Plural
}
