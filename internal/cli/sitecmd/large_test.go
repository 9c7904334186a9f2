package sitecmd_test

import (
	"fmt"
	"net/http"
	"os"
	"os/exec"
	"runtime"
	"strconv"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"github.com/kubectl-vsphere/kubectl-vsphere/internal/cli/clitest"
	"github.com/kubectl-vsphere/kubectl-vsphere/internal/consoletest"
	"github.com/kubectl-vsphere/kubectl-vsphere/internal/failure"
)

const (
	manyRows   = 10_000
	manyMemory = 128 << 20 // bytes that a process may have from the system
	largeChild = "SITECMD_LARGE"
)

// pageOf answers with a page of a list of manyRows virtual machines, each with fields as large as real ones.
func pageOf(w http.ResponseWriter, r *http.Request) {
	limit, _ := strconv.Atoi(r.URL.Query().Get("limit"))
	from, _ := strconv.Atoi(r.URL.Query().Get("continue"))
	to, more := min(from+limit, manyRows), ""
	if to < manyRows {
		more = strconv.Itoa(to)
	}
	fields := strings.Repeat(`"f:field":{"f:inner":{}},`, 120) // 3 kB of managedFields
	var b strings.Builder
	fmt.Fprintf(&b, `{"kind":"Table","apiVersion":"meta.k8s.io/v1","metadata":{"continue":"%s"},"columnDefinitions":[{"name":"Name","format":"name"},{"name":"Power-State"},{"name":"Age"}],"rows":[`, more)
	for i := from; i < to; i++ {
		if i > from {
			b.WriteString(",")
		}
		fmt.Fprintf(&b, `{"cells":["vm-%d","PoweredOn","3d"],"object":{"apiVersion":"vmoperator.vmware.com/v1alpha3","kind":"VirtualMachine",
"metadata":{"name":"vm-%d","namespace":"ns1","labels":{"a":"b"},"managedFields":[{%s"x":1}]},"spec":{"className":"small"}}}`, i, i, fields)
	}
	b.WriteString("]}")
	_, _ = w.Write([]byte(b.String()))
}

// alone runs the rest of a test in a process of its own, whose memory it bounds. It reports whether this is that process.
func alone(t *testing.T, memory uint64) bool {
	t.Helper()
	if os.Getenv(largeChild) != "" {
		t.Cleanup(func() {
			var m runtime.MemStats
			runtime.ReadMemStats(&m)
			if t.Logf("%d MiB from the system", m.Sys>>20); m.Sys > memory {
				t.Errorf("%d MiB from the system", m.Sys>>20)
			}
		})
		return true
	}
	c := exec.CommandContext(t.Context(), os.Args[0], "-test.run", "^"+t.Name()+"$", "-test.v")
	c.Env = append(os.Environ(), largeChild+"=1")
	out, err := c.CombinedOutput()
	if t.Logf("%s", out); err != nil {
		t.Error(err)
	}
	return false
}

// A table of 10,000 rows is paged, and a process that lists it, server included, stays below 128 MiB.
func TestTenThousandRows(t *testing.T) {
	if !alone(t, manyMemory) {
		return
	}
	w, s := signedIn(t)
	s.Hold(vmOperator("virtualmachines", "VirtualMachine", nil))
	s.Replies["GET /apis/vmoperator.vmware.com/v1alpha3/namespaces/ns1/virtualmachines"] = pageOf
	r := w.Run("list", "vms").Exits(failure.OK).Says("vm-9999 ")
	if n := strings.Count(r.Out, "\n"); n != manyRows+1 {
		t.Errorf("%d lines", n)
	}
	if n := s.Count("GET /apis/vmoperator.vmware.com/v1alpha3/namespaces/ns1/virtualmachines"); n != manyRows/250 {
		t.Errorf("%d pages", n)
	}
}

// A server that sends more than what is kept, in as many and as long cells as are read, is cut off: after some pages, with an error.
func TestCellsWithoutEnd(t *testing.T) {
	if !alone(t, 3*manyMemory) {
		return
	}
	w, s := signedIn(t)
	s.Hold(vmOperator("virtualmachines", "VirtualMachine", nil))
	var pages atomic.Int64
	column := strings.Repeat(`{"name":"C"},`, 64)
	cells := strings.Repeat(`"`+strings.Repeat("x", 500)+`",`, 64)
	w.Between = func(out http.ResponseWriter, r *http.Request, server http.Handler) {
		if !strings.HasSuffix(r.URL.Path, "/virtualmachines") {
			server.ServeHTTP(out, r)
			return
		}
		n := pages.Add(1)
		namespace := strings.Split(r.URL.Path, "/")[5]
		fmt.Fprintf(out, `{"kind":"Table","apiVersion":"meta.k8s.io/v1","metadata":{"continue":"%d"},"columnDefinitions":[%s],"rows":[`, n, strings.TrimSuffix(column, ","))
		for i := range 100 {
			if i > 0 {
				fmt.Fprint(out, ",")
			}
			fmt.Fprintf(out, `{"cells":[%s],"object":{"kind":"VirtualMachine","apiVersion":"vmoperator.vmware.com/v1alpha3","metadata":{"name":"vm-%d-%d","namespace":"%s"}}}`, strings.TrimSuffix(cells, ","), n, i, namespace)
		}
		fmt.Fprint(out, "]}")
	}
	for _, format := range []string{"wide", "json"} {
		pages.Store(0)
		r := w.Run("list", "vms", "-o", format).Exits(failure.Partial).Says("error: the objects take more than 32 MiB, and the rest is left out; choose with --server or -n\n")
		if n := strings.Count(r.Err, "error"); n != 1 || pages.Load() > 30 {
			t.Errorf("%d errors, %d pages\n%.500s", n, pages.Load(), r.Err)
		}
	}
}

// However many namespaces and Supervisors there are, at most 16 requests are under way, and no list waits for another one.
func TestListsAreParallel(t *testing.T) {
	w, s := signedIn(t)
	var namespaces []*consoletest.Namespace
	for i := range 20 {
		namespaces = append(namespaces, &consoletest.Namespace{Name: fmt.Sprint("many-", i)})
	}
	other := w.Supervisor("10.0.0.2", namespaces...)
	w.Vars[failure.PasswordVariable] = consoletest.Password
	w.Run("login", "--server", "10.0.0.2", "-u", consoletest.User, "--certificate-authority", w.CAFile).Exits(failure.OK)
	s.Namespaces = append(s.Namespaces, namespaces...)
	w.Run(clitest.SignIn(w)...).Exits(failure.OK)
	other.Hidden = true
	for _, each := range []*consoletest.Supervisor{s, other} {
		each.Hold(capi())
		each.Hold(tkc())
	}
	gate := newGate(16)
	w.Between = func(out http.ResponseWriter, r *http.Request, server http.Handler) {
		if strings.HasSuffix(r.URL.Path, "clusters") {
			defer gate.enter()()
		}
		server.ServeHTTP(out, r)
	}
	w.Run("list", "clusters").Exits(failure.OK)
	if gate.most != 16 {
		t.Errorf("%d requests were under way at once", gate.most)
	}
}

// gate counts who is within, and lets nobody out before it was full once.
type gate struct {
	mu     sync.Mutex
	full   chan struct{}
	size   int
	within int
	most   int
}

func newGate(size int) *gate { return &gate{full: make(chan struct{}), size: size} }

func (g *gate) enter() (leave func()) {
	g.mu.Lock()
	defer g.mu.Unlock()
	g.within++
	if g.most = max(g.most, g.within); g.within == g.size {
		select {
		case <-g.full:
		default:
			close(g.full)
		}
	}
	return func() {
		select {
		case <-g.full:
		case <-time.After(10 * time.Second): // It never is: the test says so.
		}
		time.Sleep(50 * time.Millisecond) // Others that should not come would come now.
		g.mu.Lock()
		defer g.mu.Unlock()
		g.within--
	}
}
