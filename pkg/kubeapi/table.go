package kubeapi

import (
	"context"
	"errors"
	"fmt"
	"net/http"
	"net/url"
	"strconv"
	"strings"
	"unicode/utf8"

	"github.com/kubectl-vsphere/kubectl-vsphere/pkg/bounded"
	"github.com/kubectl-vsphere/kubectl-vsphere/pkg/wire"
)

// The media types of replies. asTable asks for the objects alone from a server that makes no tables.
const (
	asTable   = "application/json;as=Table;g=meta.k8s.io;v=v1,application/json"
	asObjects = "application/json"
	// asMetadata are PartialObjectMetadataList, and PartialObjectMetadata for the events of a watch.
	asMetadata  = "application/json;as=PartialObjectMetadataList;g=meta.k8s.io;v=v1,application/json"
	asMetadatum = "application/json;as=PartialObjectMetadata;g=meta.k8s.io;v=v1,application/json"
)

// The bounds of a list. A server may send longer pages than it was asked for, and pages without end.
const (
	pageSize   = 250 // of objects with all their fields: about 2 MB
	smallest   = 10  // of pages that were larger than what package bounded reads
	maxObjects = 20_000
	maxPages   = 500
	maxColumns = 64
	maxCell    = 500 // characters
)

// Query is what to list.
type Query struct {
	Resource  Resource
	Namespace string // empty: those of all namespaces, or of the whole cluster
	Labels    string // a label selector; empty: all
	Fields    string // a field selector; empty: all
	Form      Form
}

// Form is how much of each object is asked for. What is not asked for is no work for the server, and does not travel.
type Form int

// The forms of objects.
const (
	Objects      Form = iota // all fields
	Rows                     // all fields, and the row of the server's own table
	MetadataOnly             // Metadata alone: Object.Decode finds nothing
)

// accept returns the media types that a list asks for.
func (q Query) accept() string {
	switch q.Form {
	case Rows:
		return asTable
	case MetadataOnly:
		return asMetadata
	}
	return asObjects
}

// table is meta/v1 Table, or a list of objects.
type table struct {
	APIVersion string `json:"apiVersion"`
	Kind       string `json:"kind"`
	Metadata   struct {
		Continue string `json:"continue"`
		Version  string `json:"resourceVersion"`
	} `json:"metadata"`
	Columns []struct {
		Name     string `json:"name"`
		Format   string `json:"format"`
		Priority int    `json:"priority"`
	} `json:"columnDefinitions"`
	Rows []struct {
		Cells  []any  `json:"cells"`
		Object fields `json:"object"`
	} `json:"rows"`
	Items []fields `json:"items"`
}

// List calls each with every object of a list, page by page. It may call it with an object twice, if the server has to begin anew.
// After an error, each has had the objects before it. The error is ErrNotServed, or one of package wire.
func (s *Server) List(ctx context.Context, q Query, each func(Object)) error {
	_, err := s.ListFrom(ctx, q, each)
	return err
}

// ListFrom is List that also returns the version of the list, from which it can be watched.
func (s *Server) ListFrom(ctx context.Context, q Query, each func(Object)) (version string, err error) {
	err = s.inVersions(ctx, q.Resource, func(served string) error {
		version, err = s.pages(ctx, q, pathOf(q.Resource, served, q.Namespace), each)
		return err
	})
	return version, err
}

// pages reads the pages of a list, and returns its version.
func (s *Server) pages(ctx context.Context, q Query, path string, each func(Object)) (string, error) {
	size, next, restarted, count := pageSize, "", false, 0
	for range maxPages {
		t, err := s.page(ctx, q, path, url.Values{"limit": {strconv.Itoa(size)}, "continue": {next}})
		var failed *wire.Error
		var exceeds *bounded.Error
		switch {
		case errors.As(err, &exceeds) && size > smallest:
			size = max(smallest, size/5)
			continue
		case errors.As(err, &failed) && failed.Status == http.StatusGone && !restarted:
			next, restarted, count = "", true, 0 // The continue token is too old: begin again, once.
			continue
		case err != nil:
			return "", err
		}
		for _, o := range t.objects {
			each(o)
		}
		if t.more == "" {
			return t.version, nil
		}
		if count += len(t.objects); t.more == next || len(t.objects) == 0 || count >= maxObjects {
			break
		}
		next = t.more
	}
	return "", garbled(path, errors.New("is a list that does not end"))
}

// page is a part of a list.
type page struct {
	objects       []Object
	more, version string
}

// page reads one page. The error is a *bounded.Error too if it is larger than what is read.
func (s *Server) page(ctx context.Context, q Query, path string, values url.Values) (page, error) {
	body, err := s.do(ctx, wire.Request{Method: http.MethodGet, URL: q.on(path, values), Accept: q.accept()})
	if err != nil {
		return page{}, err
	}
	var t table
	if err := wire.DecodeJSON(http.MethodGet, path, body, &t); err != nil {
		return page{}, err
	}
	objects, err := t.objects(q)
	if err != nil {
		return page{}, garbled(path, err)
	}
	return page{objects, t.Metadata.Continue, usable(t.Metadata.Version)}, nil
}

// on returns the URL of a request for the query, without the values that are empty.
func (q Query) on(path string, values url.Values) string {
	if q.Form == Rows {
		values.Set("includeObject", "Object")
	}
	values.Set("labelSelector", q.Labels)
	values.Set("fieldSelector", q.Fields)
	for name := range values {
		if values.Get(name) == "" {
			values.Del(name)
		}
	}
	return path + "?" + values.Encode()
}

// usable returns the version of an object or a list, or "" for one that no server has.
func usable(version string) string {
	if len(version) > maxName {
		return ""
	}
	return version
}

// objects checks a page and returns its objects.
func (t table) objects(q Query) ([]Object, error) {
	switch {
	case t.Kind == "Table" && strings.HasPrefix(t.APIVersion, "meta.k8s.io/"):
	case q.Form == MetadataOnly && t.Kind == "PartialObjectMetadataList" && strings.HasPrefix(t.APIVersion, "meta.k8s.io/"):
		return t.bare(q)
	case strings.HasSuffix(t.Kind, "List"):
		return t.untabled(q)
	default:
		return nil, fmt.Errorf("is a %.60q of %.60q and no list", t.Kind, t.APIVersion)
	}
	if len(t.Columns) > maxColumns {
		return nil, fmt.Errorf("is a table of %d columns", len(t.Columns))
	}
	var columns []Column
	var shown []int // the index in a row
	for i, c := range t.Columns {
		if c.Format != "name" {
			columns, shown = append(columns, Column{cut(c.Name), c.Priority > 0}), append(shown, i)
		}
	}
	var all []Object
	for _, row := range t.Rows {
		if len(row.Cells) != len(t.Columns) {
			return nil, fmt.Errorf("is a table of %d columns with a row of %d cells", len(t.Columns), len(row.Cells))
		}
		o, err := q.Resource.parse(row.Object, q.Namespace, list{})
		if err != nil {
			return nil, err
		}
		o.Columns = columns
		for _, i := range shown {
			o.Cells = append(o.Cells, cellText(row.Cells[i]))
		}
		all = append(all, o)
	}
	return all, nil
}

// untabled returns the objects of a list, from a server that makes no tables.
func (t table) untabled(q Query) ([]Object, error) {
	if t.Kind != q.Resource.Kind+"List" {
		return nil, fmt.Errorf("is a %.60q where a %sList belongs", t.Kind, q.Resource.Kind)
	}
	var all []Object
	for _, item := range t.Items {
		o, err := q.Resource.parse(item, q.Namespace, list{t.APIVersion, q.Resource.Kind})
		if err != nil {
			return nil, err
		}
		all = append(all, o)
	}
	return all, nil
}

// bare returns the objects of a list of metadata.
func (t table) bare(q Query) (all []Object, err error) {
	for _, item := range t.Items {
		o, err := q.metadata(item)
		if err != nil {
			return nil, err
		}
		all = append(all, o)
	}
	return all, nil
}

// metadata reads an object of which there is only the metadata. Its kind is the one that was asked for: it does not say. A server that knows no
// such form sends the object itself, of which the rest is left out.
func (q Query) metadata(f fields) (Object, error) {
	var kind, version string // What is no text is neither.
	_ = bounded.JSON(f["kind"], &kind)
	_ = bounded.JSON(f["apiVersion"], &version)
	if kind == "PartialObjectMetadata" && strings.HasPrefix(version, "meta.k8s.io/") {
		f = fields{"metadata": f["metadata"]}
	}
	return q.Resource.parse(f, q.Namespace, list{strings.TrimPrefix(q.Resource.Group+"/", "/"), q.Resource.Kind})
}

// cellText returns a cell as text.
func cellText(cell any) string {
	switch c := cell.(type) {
	case nil:
		return ""
	case string:
		return cut(c)
	case float64:
		return strconv.FormatFloat(c, 'f', -1, 64)
	case bool:
		return strconv.FormatBool(c)
	}
	return "…" // Tables have no lists or objects in cells.
}

// cut bounds a text.
func cut(s string) string {
	if utf8.RuneCountInString(s) <= maxCell {
		return s
	}
	return string([]rune(s)[:maxCell]) + "…"
}
