package survey

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"net/http"
	"reflect"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/kubectl-vsphere/kubectl-vsphere/internal/console"
	"github.com/kubectl-vsphere/kubectl-vsphere/internal/failure"
	"github.com/kubectl-vsphere/kubectl-vsphere/internal/survey/size"
	"github.com/kubectl-vsphere/kubectl-vsphere/pkg/kubeapi"
	"github.com/kubectl-vsphere/kubectl-vsphere/pkg/tkg"
	"github.com/kubectl-vsphere/kubectl-vsphere/pkg/tokens"
	"github.com/kubectl-vsphere/kubectl-vsphere/pkg/wire"
)

// site has two Supervisors, the first one for two users. Its standard error is text.
func site() (s *Site, text *bytes.Buffer) {
	text = new(bytes.Buffer)
	e := &console.Env{Now: time.Now}
	e.ErrOut = text
	s = &Site{Env: e}
	for _, key := range []tokens.Key{{Server: "s1", User: "ada"}, {Server: "s1", User: "bob"}, {Server: "s2", User: "ada"}} {
		s.Places = append(s.Places, &Place{Key: key})
	}
	s.Places[0].Namespaces, s.Places[1].Namespaces, s.Places[2].Namespaces = []string{"ns1", "ns2"}, []string{"ns2"}, []string{"ns3"}
	return s, text
}

func item(p *Place, from *Source, namespace, name string) Item {
	return Item{Place: p, Source: from, Object: kubeapi.Object{Metadata: kubeapi.Metadata{Name: name, Namespace: namespace}}}
}

func names(r *Reading) (all []string) {
	for _, i := range r.Items {
		all = append(all, i.Place.Key.Server+"/"+i.Metadata.Namespace+"/"+i.Metadata.Name)
	}
	return all
}

// -n chooses the places that have a namespace; one that none is known to have may be in each.
func TestChosen(t *testing.T) {
	s, _ := site()
	for only, want := range map[string][]string{"": {"s1", "s2"}, "ns1": {"s1"}, "ns3": {"s2"}, "ns1,ns3": {"s1", "s2"}, "ns9": {"s1", "s2"}} {
		var some []string
		if only != "" {
			some = strings.Split(only, ",")
		}
		if got := s.Servers(some); !slices.Equal(got, want) {
			t.Errorf("%q: %q", only, got)
		}
	}
	if got := s.chosenOf(s.Places[1], []string{"ns1", "ns2", "ns9"}); !slices.Equal(got, []string{"ns2", "ns9"}) {
		t.Error(got)
	}
}

// Parts come in order. What is late holds up those behind it only until it is late; what is of a whole server comes before its namespaces.
func TestParts(t *testing.T) {
	p := parts{news: make(chan struct{}, 1)}
	at := func(names ...string) (some []part) {
		for _, name := range names {
			server, ns, _ := strings.Cut(name, "/")
			some = append(some, part{server, ns})
		}
		return some
	}
	for _, one := range at("s2", "s1", "s1/b", "s1/a", "s1/a", "s2/c") {
		p.expect(one)
	}
	take := func(late bool, want ...string) {
		t.Helper()
		if got := p.take(late); !slices.Equal(got, at(want...)) {
			t.Errorf("%v, not %v", got, want)
		}
	}
	take(true)
	p.arrived(part{"s2", "c"})
	take(true) // It may be joined with what s2 has.
	p.arrived(part{"s1", ""})
	p.arrived(part{"s1", "a"}) // One of two users.
	p.arrived(part{"s1", "b"})
	take(false, "s1")
	take(false)
	take(true, "s1/b")
	p.arrived(part{"s1", "a"})
	p.arrived(part{"s2", ""})
	if len(p.news) != 1 {
		t.Error("nobody hears of it")
	}
	take(false, "s1/a", "s2", "s2/c")
	take(true)
}

// A part of a reading has what is in it, once, and what is joined from the whole server.
func TestPartOfAReading(t *testing.T) {
	s, _ := site()
	vm, pool := &Source{Resource: tkg.VMResource}, &Source{Resource: tkg.BalancerResource, Cluster: true, Aside: true}
	whole := &Source{Resource: tkg.VKSReleaseResource, Cluster: true}
	r := s.newReading(nil, []*Source{vm, pool, whole})
	r.Known[s.Places[0]], r.Known[s.Places[1]] = []string{"ns1", "ns2"}, []string{"ns2"}
	for _, ns := range []string{"", "ns1", "ns2"} {
		r.parts.expect(part{"s1", ns})
	}
	r.Items = []Item{
		item(s.Places[1], vm, "ns2", "b"), item(s.Places[0], vm, "ns2", "b"), item(s.Places[0], vm, "ns2", "a"), item(s.Places[0], vm, "ns1", "c"),
		item(s.Places[0], pool, "", "pool"), item(s.Places[0], whole, "", "v1"), item(s.Places[2], vm, "ns2", "other"),
		item(s.Places[0], vm, "far", "of an administrator"),
	}
	for at, want := range map[part][]string{
		{"s1", "ns2"}: {"s1//pool", "s1/ns2/a", "s1/ns2/b"}, {"s1", "ns1"}: {"s1//pool", "s1/ns1/c"}, {"s1", ""}: {"s1//pool", "s1//v1", "s1/far/of an administrator"},
	} {
		got := r.only([]part{at})
		if diff := cmp.Diff(want, names(got)); diff != "" {
			t.Errorf("%v: %s", at, diff)
		}
		if known := got.Known[s.Places[1]]; (at.namespace == "ns2") != slices.Equal(known, []string{"ns2"}) {
			t.Errorf("%v: %v", at, known)
		}
	}
}

// failed is an error of an exchange.
func failedWith(kind error, status int, url, message string) error {
	return &wire.Error{Method: http.MethodGet, URL: "https://" + url, Status: status, Kind: kind, Message: message}
}

// What may not be listed is one line for the same namespaces, and what fails is one for a kind, a server and a reason.
func TestTell(t *testing.T) {
	s, text := site()
	s.Places[0].Namespaces = append(s.Places[0].Namespaces, "a", "b", "c", "d", "e")
	s.Names = map[string]string{"s2": "prod"}
	cluster, tkc := &Source{Resource: tkg.ClusterResource}, &Source{Resource: tkg.TanzuClusterResource}
	quiet, aside := &Source{Resource: tkg.EventResource, Aside: true, Quiet: true}, &Source{Resource: tkg.VKSImageResource, Cluster: true, Aside: true}
	p := s.Places[0]
	for name, c := range map[string]struct {
		miss func(*Reading)
		want string
		code int
	}{
		"nothing": {func(*Reading) {}, "", failure.OK},
		"forbidden": {func(r *Reading) {
			for _, ns := range []string{"ns1", "ns2", "e", "d", "c", "b", "a"} {
				r.miss(unit{place: p, source: cluster, namespace: ns}, wire.ErrForbidden)
				r.miss(unit{place: p, source: tkc, namespace: ns}, wire.ErrForbidden)
				r.miss(unit{place: p, source: quiet, namespace: ns}, wire.ErrForbidden)
			}
			r.miss(unit{place: p, source: aside}, wire.ErrForbidden)
		}, "note: you may not list clusters.cluster.x-k8s.io, tanzukubernetesclusters.run.tanzu.vmware.com at s1 in a, b, c, d, e and 2 more\n" +
			"note: you may not list osimages.kubernetes.vmware.com at s1\n", failure.OK},
		"forbidden at two Supervisors": {func(r *Reading) {
			for _, p := range s.Places {
				r.miss(unit{place: p, source: aside}, wire.ErrForbidden)
			}
		}, "note: you may not list osimages.kubernetes.vmware.com at prod, s1\n", failure.OK},
		"a Supervisor with a name": {func(r *Reading) {
			r.miss(unit{place: s.Places[2], source: cluster, namespace: "ns3"}, failedWith(wire.ErrServer, 500, "x", "internal server error (500)"))
			r.miss(unit{place: s.Places[2], source: tkc, namespace: "ns3"}, wire.ErrForbidden)
		}, "note: you may not list tanzukubernetesclusters.run.tanzu.vmware.com at prod in ns3\n" +
			"clusters in ns3 at prod: GET https://x: internal server error (500)\n", failure.Partial},
		"a namespace that was only found": {func(r *Reading) {
			r.miss(unit{place: p, source: cluster, namespace: "theirs"}, wire.ErrForbidden)
		}, "", failure.OK},
		"one of two is not served": {func(r *Reading) { r.miss(unit{place: p, source: tkc, namespace: "ns1"}, kubeapi.ErrNotServed) }, "", failure.OK},
		"none is served": {func(r *Reading) {
			for _, ns := range []string{"ns1", "ns2"} {
				r.miss(unit{place: p, source: tkc, namespace: ns}, kubeapi.ErrNotServed)
				r.miss(unit{place: p, source: cluster, namespace: ns}, failedWith(wire.ErrNotFound, 404, ns, "not found (404)")) // Another namespace was first.
				r.miss(unit{place: p, source: aside}, kubeapi.ErrNotServed)
			}
		}, "note: s1 does not serve clusters.cluster.x-k8s.io, tanzukubernetesclusters.run.tanzu.vmware.com\n", failure.OK},
		"in part": {func(r *Reading) {
			r.add(unit{place: p, source: cluster, namespace: "a"}, "1", nil)
			for _, ns := range []string{"ns2", "ns1"} {
				r.miss(unit{place: p, source: cluster, namespace: ns}, failedWith(wire.ErrServer, 500, ns, "internal server error (500)"))
			}
			r.miss(unit{place: p, source: cluster, namespace: "b"}, failedWith(wire.ErrServer, 503, "b", "service unavailable (503)"))
		}, "clusters in b at s1: GET https://b: service unavailable (503)\nclusters in ns1, ns2 at s1: GET https://ns1: internal server error (500)\n", failure.Partial},
		"as a whole": {func(r *Reading) {
			r.miss(unit{place: p, source: cluster, namespace: "ns1"}, failedWith(wire.ErrUnreachable, 0, "ns1", "no answer"))
			r.miss(unit{place: p, source: tkc, namespace: "ns1"}, errDown)
			r.fail(errors.New("s2: gone"))
		}, "s2: gone\n", failure.Failed},
		"interrupted": {func(r *Reading) {
			r.miss(unit{place: p, source: tkc, namespace: "ns1"}, fmt.Errorf("list: %w", context.Canceled))
		}, "", failure.OK},
	} {
		text.Reset()
		r := s.newReading(nil, []*Source{cluster, tkc, quiet, aside})
		c.miss(r)
		err := r.Tell(func(err error) { fmt.Fprintln(text, err) })
		if r.Forbidden() != strings.Contains(c.want, "you may not list") {
			t.Errorf("%s: forbidden", name)
		}
		if diff := cmp.Diff(c.want, text.String()); diff != "" || failure.Code(err) != c.code {
			t.Errorf("%s: %v %s", name, err, diff)
		}
	}
	r := s.newReading(nil, nil)
	r.miss(unit{place: p, source: cluster, namespace: "ns1"}, wire.ErrForbidden)
	if !r.IsUnread(p, tkg.ClusterResource, "ns1") || r.IsUnread(p, tkg.ClusterResource, "ns2") || r.IsUnread(s.Places[1], tkg.ClusterResource, "ns1") {
		t.Error("what is unread")
	}
}

// There is a bound for all objects together: for their number, and for what they hold. Beyond it no list goes on, and that is said once.
func TestTooManyObjects(t *testing.T) {
	s, _ := site()
	nothing := func(kubeapi.Object) any { return nil }
	for name, c := range map[string]struct {
		facts func(kubeapi.Object) any
		row   bool
		cell  int // characters
		full  error
		kept  int // at least
	}{
		"names": {nothing, false, 1, errTooMany, maxItems},
		"cells": {nothing, true, 400, errTooLarge, 30_000},
		"facts": {func(kubeapi.Object) any { return strings.Repeat("x", 1200) }, false, 1, errTooLarge, 20_000},
	} {
		t.Run(name, func(t *testing.T) {
			from := &Source{Resource: tkg.VMResource, Facts: c.facts, Row: c.row}
			r := s.newReading(nil, []*Source{from})
			pages := 0
			p := &Place{Key: s.Places[0].Key, server: endless(&pages, c.cell)}
			for n := range 12 { // A list ends by itself at 20,000 objects.
				before := pages
				r.list(t.Context(), unit{place: p, source: from, namespace: fmt.Sprint("ns", n)})
				if n == 11 && pages != before+1 {
					t.Errorf("%d pages of a list that has no room", pages-before)
				}
			}
			var said []error
			for _, err := range r.errors() {
				if !strings.Contains(err.Error(), "does not end") {
					said = append(said, err)
				}
			}
			if len(said) != 1 || !errors.Is(said[0], c.full) || len(r.Items) < c.kept || len(r.Items) > maxItems {
				t.Errorf("%d objects, %v", len(r.Items), said)
			}
			if r.room.bytes > maxBytes || r.room.items != len(r.Items) || c.full == errTooLarge && r.room.bytes < maxBytes*9/10 {
				t.Errorf("%d bytes of %d objects", r.room.bytes, r.room.items)
			}
		})
	}
}

// What is kept is counted, whatever shape it has.
func TestSizeOf(t *testing.T) {
	text := strings.Repeat("x", 1000)
	for name, c := range map[string]struct {
		v     any
		least int
	}{
		"a text":          {text, 1000},
		"a struct":        {tkg.ClusterFacts{State: text, Upgrades: []string{text, text}}, 3032},
		"a map":           {map[string]string{text: text}, 2032},
		"a map of facts":  {map[string]tkg.Usage{text: {Used: text}}, 2064},
		"an interface":    {tkg.Variable{Value: []any{text, 1.5}}, 1000},
		"bytes":           {[]byte(text), 1000},
		"an object":       {kubeapi.Object{Metadata: kubeapi.Metadata{Labels: map[string]string{"a": text}, Owners: []kubeapi.Owner{{Name: text}}}, Cells: []string{text}, Columns: []kubeapi.Column{{Name: text}}}, 4000},
		"a list of lists": {[][]string{{text}, {text}}, 2000},
	} {
		if got := size.Of(reflect.ValueOf(c.v)); got < c.least || got > c.least+200 {
			t.Errorf("%s: %d, not %d", name, got, c.least)
		}
	}
	shared := &Place{Title: text}
	if got := size.Of(reflect.ValueOf(Item{Place: shared, Source: &Source{Labels: text}})); got != 0 {
		t.Errorf("%d of what is shared", got)
	}
}

// endless is a server whose lists of virtual machines have no end. It counts their pages.
func endless(pages *int, cell int) *kubeapi.Server {
	return kubeapi.New(func(ctx context.Context, r wire.Request) ([]byte, error) {
		if ctx.Err() != nil {
			return nil, ctx.Err()
		}
		if !strings.Contains(r.URL, "/namespaces/") {
			return []byte(`{"versions":[{"version":"v1"}]}`), nil
		}
		*pages++
		var b strings.Builder
		fmt.Fprintf(&b, `{"kind":"Table","apiVersion":"meta.k8s.io/v1","metadata":{"continue":"%d"},"columnDefinitions":[{"name":"A"},{"name":"B"}],"rows":[`, *pages)
		namespace := strings.Split(r.URL, "/")[5]
		for i := range 500 {
			if i > 0 {
				b.WriteString(",")
			}
			fmt.Fprintf(&b, `{"cells":["%s","%s"],"object":{"kind":"VirtualMachine","apiVersion":"vmoperator.vmware.com/v1","metadata":{"name":"%d-%d","namespace":"%s"}}}`,
				strings.Repeat("a", cell), strings.Repeat("b", cell), *pages, i, namespace)
		}
		b.WriteString("]}")
		return []byte(b.String()), nil
	})
}

// What is larger than before, and has no room, stays as it was: it is not gone.
func TestAChangeWithoutRoom(t *testing.T) {
	s, text := site()
	from := &Source{Resource: tkg.VMResource, Facts: func(o kubeapi.Object) any { return strings.Repeat("x", int(o.Metadata.Generation)) }}
	l := live(s, from)
	u := unit{place: s.Places[0], source: from, namespace: "ns1"}
	send := func(name string, size int64) {
		c := changed("ns1", name, false)
		c.Object.Metadata.Generation = size
		l.change(u, c)
	}
	send("a", 1000)
	send("b", maxBytes-5000)
	send("a", 6000)
	send("a", 6000)
	if got := names(l.Reading()); !slices.Equal(got, []string{"s1/ns1/a", "s1/ns1/b"}) || strings.Count(text.String(), "\n") != 1 || !strings.Contains(text.String(), "more than 32 MiB") {
		t.Error(got, text)
	}
	send("b", 10)
	send("a", 6000)
	if l.room.items != 2 || l.room.bytes < 6000 || l.room.bytes > 7000 {
		t.Errorf("%+v", &l.room)
	}
}
