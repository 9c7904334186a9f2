package kubeapi

import (
	"context"
	"errors"
	"net/http"
	"net/url"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/kubectl-vsphere/kubectl-vsphere/pkg/wire"
)

// stream answers a watch with lines, and then with an error.
type stream struct {
	lines  []string
	err    error
	asked  []string
	accept string // of the last request
}

func (s *stream) send(_ context.Context, r wire.Request, each func([]byte) error) error {
	s.asked, s.accept = append(s.asked, r.URL), r.Accept
	for _, line := range s.lines {
		if err := each([]byte(line)); err != nil {
			return err
		}
	}
	return s.err
}

// follow watches the virtual machines of ns1 from the version 5.
func follow(t *testing.T, s *stream) (got []string, version string, err error) {
	t.Helper()
	f, _ := server(func(url.Values) string { return tableOf("") })
	version, err = Watching(f.do, s.send).Watch(t.Context(), Watched{Query{Resource: vms, Namespace: "ns1", Labels: "a=b", Form: Rows}, "5", 300 * time.Second, 0}, func(c Change) {
		text := c.Object.Metadata.Name + " " + strings.Join(c.Object.Cells, ",")
		if c.Gone {
			text += " gone"
		}
		got = append(got, text)
	})
	return got, version, err
}

func event(kind, object string) string { return `{"type":"` + kind + `","object":` + object + `}` }

func versioned(name, version string) string {
	return strings.Replace(vm(name), `"metadata":{`, `"metadata":{"resourceVersion":"`+version+`",`, 1)
}

func eventTable(columns, row string) string {
	return `{"apiVersion":"meta.k8s.io/v1","kind":"Table","metadata":{"resourceVersion":"1"},` + columns + `"rows":[` + row + `]}`
}

const someColumns = `"columnDefinitions":[{"name":"Name","format":"name"},{"name":"CPUs"}],`

// The columns come with the first event. A bookmark has a version and nothing else.
func TestWatchEvents(t *testing.T) {
	s := &stream{lines: []string{
		event("BOOKMARK", eventTable(someColumns, `{"cells":[null,null],"object":{"metadata":{"resourceVersion":"6"}}}`)), "",
		event("ADDED", eventTable("", `{"cells":["a",2],"object":`+versioned("a", "7")+`}`)),
		event("MODIFIED", eventTable("", `{"cells":["a",3],"object":`+versioned("a", "8")+`}`)),
		event("DELETED", eventTable("", `{"cells":["a",3],"object":`+versioned("a", "9")+`}`)),
		event("ADDED", versioned("whole", "10")), // A server that makes no tables.
		event("BOOKMARK", `{"kind":"VirtualMachine","apiVersion":"vmoperator.vmware.com/v1alpha3","metadata":{"resourceVersion":"12"}}`),
		event("BOOKMARK", `{"metadata":{"resourceVersion":"`+strings.Repeat("9", 1000)+`"}}`),
	}}
	got, version, err := follow(t, s)
	if diff := cmp.Diff([]string{"a 2", "a 3", "a 3 gone", "whole "}, got); diff != "" || version != "12" || err != nil {
		t.Error(diff, version, err)
	}
	asked, _ := url.Parse(s.asked[0])
	want := url.Values{"watch": {"true"}, "allowWatchBookmarks": {"true"}, "resourceVersion": {"5"}, "timeoutSeconds": {"300"}, "includeObject": {"Object"}, "labelSelector": {"a=b"}}
	if diff := cmp.Diff(want, asked.Query()); diff != "" || asked.Path != "/apis/vmoperator.vmware.com/v1alpha4/namespaces/ns1/virtualmachines" {
		t.Error(diff, asked.Path)
	}
}

// A version that is too old, and what may not be watched, are errors of their own.
func TestWatchThatDoesNotBegin(t *testing.T) {
	status := func(code int) error { return &wire.Error{Status: code, Kind: wire.ErrServer} }
	for name, c := range map[string]struct {
		s    stream
		want error
	}{
		"410":           {stream{err: status(http.StatusGone)}, ErrExpired},
		"410 later":     {stream{lines: []string{event("ERROR", `{"kind":"Status","code":410}`)}}, ErrExpired},
		"403":           {stream{err: status(http.StatusForbidden)}, ErrNotWatched},
		"405":           {stream{err: status(http.StatusMethodNotAllowed)}, ErrNotWatched},
		"500 later":     {stream{lines: []string{event("ERROR", `{"kind":"Status","code":500}`)}}, wire.ErrServer},
		"401 later":     {stream{lines: []string{event("ERROR", `{"kind":"Status","code":401}`)}}, wire.ErrRefused},
		"not reachable": {stream{err: wire.ErrUnreachable}, wire.ErrUnreachable},
	} {
		if _, version, err := follow(t, &c.s); !errors.Is(err, c.want) || version != "5" {
			t.Errorf("%s: %v %s", name, err, version)
		}
	}
	if _, err := New((&fake{}).do).Watch(t.Context(), Watched{}, nil); !errors.Is(err, ErrNotWatched) {
		t.Error(err)
	}
}

// What is no event about an object of what is watched ends the watch. What came before it counts.
func TestHostileEvents(t *testing.T) {
	row := `{"cells":["a",2],"object":` + vm("a") + `}`
	for name, c := range map[string]struct{ line, want string }{
		"another kind":      {event("ADDED", strings.ReplaceAll(vm("a"), "VirtualMachine", "Secret")), `holds a "Secret" of`},
		"a kind in a table": {event("ADDED", eventTable(someColumns, strings.ReplaceAll(row, "VirtualMachine", "Secret"))), `holds a "Secret" of`},
		"no kind":           {event("ADDED", `{"metadata":{"name":"a","namespace":"ns1"}}`), `holds a "" of`},
		"another namespace": {event("DELETED", strings.ReplaceAll(vm("a"), "ns1", "ns2")), "where ns1 was asked for"},
		"no name":           {event("ADDED", vm("")), "without a name"},
		"two rows":          {event("ADDED", eventTable(someColumns, row+","+row)), "an event with 2 objects"},
		"no columns":        {event("ADDED", eventTable("", row)), "a table of 0 columns with a row of 2 cells"},
		"many columns":      {event("ADDED", eventTable(`"columnDefinitions":[`+strings.Repeat("{},", 64)+`{}],`, row)), "65 columns"},
		"another type":      {event("CHANGED", vm("a")), `a "CHANGED" where an event belongs`},
		"a list":            {`[]`, "another shape"},
		"rubbish":           {"\x1b[31m", "is not JSON"},
		"nesting":           {strings.Repeat("[", 100_000), "nested deeper"},
		"many values":       {event("ADDED", `[`+strings.Repeat("1,", 30_000)+`1]`), "more than 20000 items"},
		"words of a server": {event("ERROR", `{"code":500,"message":"tok.en.7"}`), "the watch ended with status 500"},
	} {
		got, version, err := follow(t, &stream{lines: []string{event("ADDED", versioned("before", "6")), c.line, event("ADDED", versioned("after", "7"))}})
		if !errors.Is(err, wire.ErrServer) || !strings.Contains(err.Error(), c.want) || len(got) != 1 || version != "6" || strings.Contains(err.Error(), "tok.en") {
			t.Errorf("%s: %v %q %s", name, err, got, version)
		}
		if len(err.Error()) > 500 || strings.Contains(err.Error(), "\x1b") {
			t.Errorf("%s: %q", name, err)
		}
	}
}

// A server that does not end a watch when it is due is left: that is no error.
func TestWatchThatStays(t *testing.T) {
	f, _ := server(func(url.Values) string { return tableOf("") })
	s := Watching(f.do, func(ctx context.Context, _ wire.Request, _ func([]byte) error) error {
		if until, ok := ctx.Deadline(); !ok || time.Until(until) > 20*time.Second {
			t.Error("there is no bound", until)
		}
		return nil
	})
	if _, err := s.Watch(t.Context(), Watched{Query: Query{Resource: vms}, For: time.Second}, nil); err != nil {
		t.Error(err)
	}
}

// A watch in which nothing comes any more ends without an error, and goes on with the version of the last bookmark.
func TestWatchThatIsSilent(t *testing.T) {
	f, _ := server(func(url.Values) string { return tableOf("") })
	s := Watching(f.do, func(ctx context.Context, _ wire.Request, each func([]byte) error) error {
		if err := each([]byte(event("BOOKMARK", `{"metadata":{"resourceVersion":"6"}}`))); err != nil {
			return err
		}
		<-ctx.Done()
		return ctx.Err()
	})
	ctx, cancel := context.WithTimeout(t.Context(), 15*time.Second)
	defer cancel()
	w := Watched{Query: Query{Resource: vms}, Version: "5", For: time.Hour, Silent: 10 * time.Millisecond}
	if version, err := s.Watch(ctx, w, nil); version != "6" || err != nil {
		t.Error(version, err)
	}
}

// The version of a list is that of its last page. A server that is asked anew has perhaps other versions.
func TestListFrom(t *testing.T) {
	f, s := server(func(q url.Values) string {
		if q.Get("continue") == "" {
			return strings.Replace(tableOf("next", rowOf("a")), `"metadata":{`, `"metadata":{"resourceVersion":"7",`, 1)
		}
		return strings.Replace(tableOf("", rowOf("b")), `"metadata":{`, `"metadata":{"resourceVersion":"8",`, 1)
	})
	if version, err := s.ListFrom(t.Context(), Query{Resource: vms, Namespace: "ns1"}, func(Object) {}); version != "8" || err != nil {
		t.Error(version, err)
	}
	n := len(f.asked)
	s.Forget()
	if _, err := read(s); err != nil || len(f.asked) != n+4 {
		t.Error(err, f.asked[n:])
	}
}
