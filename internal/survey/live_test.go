package survey

import (
	"errors"
	"fmt"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/kubectl-vsphere/kubectl-vsphere/pkg/kubeapi"
	"github.com/kubectl-vsphere/kubectl-vsphere/pkg/tkg"
)

// live is one that follows nothing.
func live(s *Site, sources ...*Source) *Live {
	return &Live{
		site: s, sources: sources, changed: make(chan struct{}, 1), held: map[unit]map[string]Item{}, known: map[*Place][]string{},
		listed: map[*Place]map[string]bool{}, unread: map[string]bool{}, watches: map[*Place]int{}, told: map[string]bool{}, trouble: map[*Place]map[any]bool{},
	}
}

func changed(namespace, name string, gone bool) kubeapi.Change {
	return kubeapi.Change{Object: kubeapi.Object{Metadata: kubeapi.Metadata{Name: name, Namespace: namespace}}, Gone: gone}
}

// What is held is what the last list had, with the changes since then. An administrator's list leaves out namespaces of the system.
func TestLiveChanges(t *testing.T) {
	s, _ := site()
	from := &Source{Resource: tkg.VMResource}
	one, all := unit{place: s.Places[0], source: from, namespace: "ns1"}, unit{place: s.Places[2], source: from, everywhere: true}
	l := live(s, from)
	l.unread[unreadID(s.Places[0], tkg.VMResource, "ns1")] = true
	l.replace(one, []Item{item(s.Places[0], from, "ns1", "a"), item(s.Places[0], from, "ns1", "b")})
	l.replace(all, []Item{item(s.Places[2], from, "ns3", "c"), item(s.Places[2], from, "kube-system", "hidden")})
	l.change(all, changed("kube-system", "hidden", false))
	l.change(all, changed("ns4", "d", false))
	l.change(one, changed("ns1", "b", true))
	l.change(one, changed("ns1", "never there", true))
	want := []string{"s1/ns1/a", "s2/ns3/c", "s2/ns4/d"}
	if got := names(l.Reading()); !slices.Equal(got, want) || l.room.items != 3 || len(l.changed) != 1 {
		t.Error(got, l.room.items)
	}
	if l.Reading().IsUnread(s.Places[0], tkg.VMResource, "ns1") {
		t.Error("it was read")
	}
	l.replace(all, nil)
	if got := names(l.Reading()); !slices.Equal(got, want[:1]) || l.room.items != 1 {
		t.Error(got, l.room.items)
	}
}

// Endless events are bounded, and that is said once.
func TestLiveIsBounded(t *testing.T) {
	s, text := site()
	from := &Source{Resource: tkg.VMResource}
	u := unit{place: s.Places[0], source: from, namespace: "ns1"}
	l := live(s, from)
	for i := range maxItems + 10 {
		l.change(u, changed("ns1", fmt.Sprint(i), false))
	}
	l.change(u, changed("ns1", "5", false)) // It is there already.
	many := make([]Item, maxItems+10)
	for i := range many {
		many[i] = item(s.Places[2], from, "ns3", fmt.Sprint(i))
	}
	l.replace(unit{place: s.Places[2], source: from, namespace: "ns3"}, many)
	if l.room.items != maxItems || len(l.held[u]) != maxItems || strings.Count(text.String(), "\n") != 1 {
		t.Error(l.room.items, text)
	}
	for range maxWatches {
		if !l.reserve(s.Places[0]) {
			t.Fatal("no watch is left")
		}
	}
	if l.reserve(s.Places[0]) || !l.reserve(s.Places[2]) {
		t.Error("watches are not bounded for each server")
	}
	l.release(s.Places[0])
	if !l.reserve(s.Places[0]) {
		t.Error("a watch that ended counts")
	}
}

// A reading is taken over by the lists that it came from.
func TestLiveTakesAReading(t *testing.T) {
	s, _ := site()
	vm, release := &Source{Resource: tkg.VMResource}, &Source{Resource: tkg.VKSReleaseResource, Cluster: true}
	p, q := s.Places[0], s.Places[2]
	r := s.newReading(nil, []*Source{vm, release})
	r.add(unit{place: p, source: vm, namespace: "ns1"}, "7", []Item{item(p, vm, "ns1", "a")})
	r.add(unit{place: p, source: release}, "8", []Item{item(p, release, "", "v1")})
	r.add(unit{place: q, source: vm, everywhere: true}, "9", []Item{item(q, vm, "ns3", "b")})
	r.miss(unit{place: p, source: vm, namespace: "ns2"}, errors.New("broken"))
	l := live(s, vm, release)
	units := l.take(r, p)
	l.take(r, q)
	if len(units) != 3 || units[unit{place: p, source: vm, namespace: "ns1"}] != "7" || units[unit{place: p, source: vm, namespace: "ns2"}] != "" {
		t.Errorf("%v", units)
	}
	if got := names(l.Reading()); !slices.Equal(got, []string{"s1//v1", "s1/ns1/a", "s2/ns3/b"}) || len(l.held) != 3 {
		t.Error(got, l.held)
	}
	if len(l.trouble[p]) != 1 || len(l.trouble[q]) != 0 {
		t.Error("what failed is in trouble")
	}
}

// A place is said to be in trouble once, and to be well again once all of it is.
func TestLiveTrouble(t *testing.T) {
	s, text := site()
	from := &Source{Resource: tkg.VMResource}
	l := live(s, from)
	a, b := &followed{unit: unit{place: s.Places[0], source: from, namespace: "a"}}, &followed{unit: unit{place: s.Places[0], source: from, namespace: "b"}}
	l.fails(a.place, a.unit, errors.New("gone"))
	l.fails(b.place, b.unit, errors.New("gone"))
	l.fails(a.place, a.unit, errors.New("gone"))
	l.recovered(a.place, a.unit)
	l.fails(a.place, a.unit, errors.New("gone"))
	l.recovered(a.place, a.unit)
	l.recovered(b.place, b.unit)
	l.recovered(b.place, b.unit)
	if got := text.String(); got != "warning: s1 is asked again until it answers: gone\nnote: s1 answers again\n" {
		t.Error(got)
	}
}

func TestBackoff(t *testing.T) {
	for tries, want := range map[int]time.Duration{0: time.Second, 1: time.Second, 2: 2 * time.Second, 5: 16 * time.Second, 6: 30 * time.Second, 1 << 40: 30 * time.Second} {
		if got := backoff(tries); got != want {
			t.Errorf("%d: %s", tries, got)
		}
	}
}
