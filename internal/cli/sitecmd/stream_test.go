package sitecmd_test

import (
	"net/http"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/kubectl-vsphere/kubectl-vsphere/internal/failure"
)

// soon shortens the waits of a run: no test looks at how long they are.
func soon(d time.Duration) <-chan time.Time { return time.After(min(d, 5*time.Millisecond)) }

// The first rows are printed while a namespace has not answered, whichever that is. Rows of one namespace stay together.
func TestTheFirstRowsDoNotWait(t *testing.T) {
	for held, want := range map[string][]string{"ns2": {"ns1 a", "ns1 b", "ns2 c"}, "ns1": {"ns2 c", "ns1 a", "ns1 b"}} {
		t.Run(held, func(t *testing.T) {
			w, s := signedIn(t)
			s.Hold(vmOperator("virtualmachines", "VirtualMachine", nil, object("ns1", "b", ""), object("ns2", "c", ""), object("ns1", "a", "")))
			w.Timer = soon
			release := make(chan struct{})
			w.Between = func(out http.ResponseWriter, r *http.Request, server http.Handler) {
				if strings.Contains(r.URL.Path, "/namespaces/"+held+"/") {
					<-release
				}
				server.ServeHTTP(out, r)
			}
			first := sync.OnceFunc(func() { close(release) })
			w.Hear = func(out string) {
				if strings.Contains(out, want[0][:3]) {
					first()
				}
			}
			r := w.Run("list", "vms").Exits(failure.OK)
			first()
			wantLines(t, r, "NAMESPACE NAME STATE", want[0]+" not made yet", want[1]+" not made yet", want[2]+" not made yet")
		})
	}
}

// What programs read, and what is sorted, is in order however the servers answer; so is a table if the first namespace answers first.
func TestOrderOfRows(t *testing.T) {
	w, s := signedIn(t)
	s.Hold(vmOperator("virtualmachines", "VirtualMachine", []string{"Size"}, object("ns1", "a", `,"cells":["2"]`), object("ns2", "b", `,"cells":["1"]`)))
	w.Timer = soon
	var answered chan struct{}
	w.Between = func(out http.ResponseWriter, r *http.Request, server http.Handler) {
		switch {
		case strings.Contains(r.URL.Path, "/namespaces/ns1/"):
			<-answered
		case strings.Contains(r.URL.Path, "/namespaces/ns2/"):
			defer close(answered)
		}
		server.ServeHTTP(out, r)
	}
	const a, b = "virtualmachines.vmoperator.vmware.com/a", "virtualmachines.vmoperator.vmware.com/b"
	for _, c := range []struct {
		args []string
		want []string
	}{
		{[]string{"-o", "name"}, []string{a, b}},
		{[]string{"--sort-by", "size"}, []string{"NAMESPACE NAME STATE SIZE", "ns2 b not made yet 1", "ns1 a not made yet 2"}},
		{[]string{"--sort-by", "size", "-o", "name"}, []string{b, a}},
	} {
		answered = make(chan struct{})
		wantLines(t, w.Run(append([]string{"list", "vms"}, c.args...)...).Exits(failure.OK), c.want...)
	}
	answered = make(chan struct{})
	r := w.Run("list", "vms", "-o", "json").Exits(failure.OK)
	if i, j := strings.Index(r.Out, `"a"`), strings.Index(r.Out, `"b"`); i < 0 || j < i {
		t.Error(r.Out)
	}
}

// A row with a column that none before it had begins another table.
func TestColumnsThatComeLater(t *testing.T) {
	w, s := signedIn(t)
	s.Hold(vmOperator("virtualmachineimages", "VirtualMachineImage", []string{"Display Name", "Size"}, object("ns1", "vmi-1", `,"cells":["photon","a very large one"]`), object("ns2", "vmi-3", `,"cells":["debian","1"]`)))
	s.Hold(vmOperator("clustervirtualmachineimages", "ClusterVirtualMachineImage", []string{"Display Name"}, object("", "vmi-2", `,"cells":["ubuntu"]`)))
	w.Timer = soon
	began, one := make(chan struct{}), make(chan struct{}) // The first line was written; the first namespace was.
	w.Between = func(out http.ResponseWriter, r *http.Request, server http.Handler) {
		switch {
		case strings.Contains(r.URL.Path, "/namespaces/ns1/"):
			<-began
		case strings.Contains(r.URL.Path, "/namespaces/"):
			<-one
		}
		server.ServeHTTP(out, r)
	}
	begin, next := sync.OnceFunc(func() { close(began) }), sync.OnceFunc(func() { close(one) })
	w.Hear = func(all string) {
		if begin(); strings.Contains(all, "photon") {
			next()
		}
	}
	wantLines(t, w.Run("list", "images").Exits(failure.OK), "NAMESPACE KIND NAME DISPLAY NAME", "- ClusterVirtualMachineImage vmi-2 ubuntu", "",
		"NAMESPACE KIND NAME DISPLAY NAME SIZE", "ns1 VirtualMachineImage vmi-1 photon a very large one", "ns2 VirtualMachineImage vmi-3 debian 1")
}

// The paths of kubectl that every row has are taken in each of its spellings; another one is an error that says which there are.
func TestSortByPath(t *testing.T) {
	w, s := signedIn(t)
	vm := func(ns, name, created string) string {
		return `{"metadata":{"name":"` + name + `","namespace":"` + ns + `","creationTimestamp":"` + created + `"}}`
	}
	s.Hold(vmOperator("virtualmachines", "VirtualMachine", nil, vm("ns1", "c", "2026-01-03T00:00:00Z"), vm("ns1", "d", "2026-01-01T00:00:00Z"), vm("ns2", "a", "2026-01-02T00:00:00Z")))
	for by, want := range map[string]string{
		"{.metadata.name}": "a c d", ".metadata.name": "a c d", "metadata.name": "a c d", "Name": "a c d", ".metadata.namespace": "c d a", "namespace": "c d a",
		".metadata.creationTimestamp": "d a c", "{metadata.creationTimestamp}": "d a c", ".kind": "c d a",
	} {
		var got []string
		for _, name := range lines(w.Run("list", "vms", "-o", "name", "--sort-by", by).Exits(failure.OK).Out) {
			got = append(got, name[strings.LastIndex(name, "/")+1:])
		}
		if strings.Join(got, " ") != want {
			t.Errorf("%s: %q", by, got)
		}
	}
	for _, by := range []string{".status.powerState", "{.spec}", "{}"} {
		w.Run("list", "vms", "--sort-by", by).Exits(failure.Usage).Says("of the paths of kubectl, there are .kind, .metadata.creationTimestamp, .metadata.name, .metadata.namespace;", "NAME, NAMESPACE")
	}
}
