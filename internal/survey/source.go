package survey

import (
	"reflect"
	"strings"

	"github.com/kubectl-vsphere/kubectl-vsphere/internal/survey/size"
	"github.com/kubectl-vsphere/kubectl-vsphere/pkg/kubeapi"
)

// Source is a kind of object that a list reads.
type Source struct {
	Resource kubeapi.Resource
	Cluster  bool   // it is of the whole Supervisor
	Labels   string // a label selector
	Fields   string // a field selector
	// Aside means that only columns of others come from it: nobody is told if it is not served. With Quiet, nor if it is forbidden.
	Aside, Quiet bool
	// Facts returns what a command needs of an object in place of its row; nil: the row. With Row, it needs both.
	Facts func(kubeapi.Object) any
	Row   bool
	// Bare means that Facts reads nothing but metadata: the rest is not asked for.
	Bare bool
}

// Item is an object that was read.
type Item struct {
	Place  *Place
	Source *Source
	kubeapi.Object
	Facts any
	size  int // of all that it holds, in bytes
}

// Item returns an object of the source in a place, with the facts that the source reads of it. The object is bare.
func (from *Source) Item(p *Place, o kubeapi.Object) Item {
	i := Item{Place: p, Source: from}
	i.Object = o.Bare()
	if from.Facts != nil {
		i.Facts = from.Facts(o)
		if !from.rows() {
			i.Columns, i.Cells = nil, nil
		}
	}
	i.size = size.Of(reflect.ValueOf(i))
	return i
}

// rows reports whether the rows of the server's table are shown.
func (from *Source) rows() bool { return from.Facts == nil || from.Row }

// form is how much of each object is asked for.
func (from *Source) form() kubeapi.Form {
	switch {
	case from.rows():
		return kubeapi.Rows
	case from.Bare:
		return kubeapi.MetadataOnly
	}
	return kubeapi.Objects
}

// id is the same for all readings of one object.
func (i Item) id() string {
	return strings.Join([]string{i.Place.Key.Server, i.Metadata.Namespace, i.Metadata.Name, i.Source.Resource.String()}, "\x00")
}

// query returns what to ask for. An empty namespace means all, or the whole Supervisor.
func (from *Source) query(namespace string) kubeapi.Query {
	return kubeapi.Query{Resource: from.Resource, Namespace: namespace, Labels: from.Labels, Fields: from.Fields, Form: from.form()}
}

// unit is one list: a source in a namespace, in the whole Supervisor, or in all namespaces.
type unit struct {
	place      *Place
	source     *Source
	namespace  string
	everywhere bool
}

// Whole keeps an object with all its fields (Source.Facts).
func Whole(o kubeapi.Object) any { return o }

// WholeIf keeps an object of a name with all its fields. Others are suggested, by their names.
func WholeIf(name string) func(kubeapi.Object) any {
	return func(o kubeapi.Object) any {
		if o.Metadata.Name != name {
			return nil
		}
		return o
	}
}
