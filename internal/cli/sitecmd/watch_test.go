package sitecmd_test

import (
	"bufio"
	"context"
	"fmt"
	"net/http"
	"os"
	"runtime"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/kubectl-vsphere/kubectl-vsphere/internal/cli/clitest"
	"github.com/kubectl-vsphere/kubectl-vsphere/internal/console"
	"github.com/kubectl-vsphere/kubectl-vsphere/internal/consoletest"
	"github.com/kubectl-vsphere/kubectl-vsphere/internal/consoletest/objecttest"
	"github.com/kubectl-vsphere/kubectl-vsphere/internal/failure"
)

// watcher is a list --watch under way.
type watcher struct {
	t    *testing.T
	w    *consoletest.World
	done chan consoletest.Result

	mu       sync.Mutex
	out, err string
	news     chan struct{}
}

// watch begins a list --watch. Interrupt ends it.
func watch(t *testing.T, w *consoletest.World, args ...string) *watcher {
	t.Helper()
	x := &watcher{t: t, w: w, done: make(chan consoletest.Result, 1), news: make(chan struct{}, 1)}
	heard := func(to *string) func(string) {
		return func(all string) {
			x.mu.Lock()
			*to = all
			x.mu.Unlock()
			select {
			case x.news <- struct{}{}:
			default:
			}
		}
	}
	w.Timer, w.Hear, w.HearError = soon, heard(&x.out), heard(&x.err)
	go func() { x.done <- w.Run(append([]string{"list", "--watch"}, args...)...) }()
	return x
}

// sees waits until one of the streams has a text.
func (x *watcher) sees(text string) {
	x.t.Helper()
	for late := time.After(10 * time.Second); ; {
		x.mu.Lock()
		all := x.out + x.err
		x.mu.Unlock()
		if strings.Contains(all, text) {
			return
		}
		select {
		case <-x.news:
		case <-late:
			x.t.Fatalf("there is no %q in\n%s", text, all)
		}
	}
}

// interrupted ends the watch as Ctrl-C does.
func (x *watcher) interrupted() consoletest.Result {
	x.t.Helper()
	x.w.Interrupt()
	r := (<-x.done).Exits(failure.Interrupted)
	r.Err = strings.TrimSuffix(r.Err, "error: interrupted\n")
	return r
}

const notReady = `{"phase":"Provisioned","conditions":[{"type":"Available","status":"False"}]}`

// A watch whose output nobody reads ends, though nothing changes.
func TestWatchThatNobodyReads(t *testing.T) {
	if runtime.GOOS == "windows" {
		t.Skip("on Windows only a write tells that nobody reads a pipe; run it on another system")
	}
	w, s := signedIn(t)
	s.Hold(vmOperator("virtualmachines", "VirtualMachine", nil, object("ns1", "a", "")))
	w.Timer = soon
	reader, writer, err := os.Pipe()
	if err != nil {
		t.Fatal(err)
	}
	defer writer.Close()
	go func() {
		defer reader.Close()
		for lines := bufio.NewScanner(reader); lines.Scan() && !strings.HasPrefix(lines.Text(), "ns1"); {
		}
		s.AwaitWatches("virtualmachines", 2)
	}()
	code := failure.OK
	r := w.Do(func(ctx context.Context, e *console.Env) {
		e.Out = writer
		code = w.Program(ctx, e, []string{"list", "vms", "--watch"})
	})
	if code != failure.Failed || r.Err != "error: write to standard output: broken pipe\n" {
		t.Errorf("%d %q", code, r.Err)
	}
}

// The rows that change are printed, as the server tells it: nothing is listed twice.
func TestWatch(t *testing.T) {
	w, s := signedIn(t)
	s.Hold(capi(cluster("ns1", "tkc1", ready), cluster("ns1", "tkc2", ready)))
	s.Hold(tkc())
	x := watch(t, w, "clusters")
	s.AwaitWatches("clusters", 2)
	s.AwaitWatches("tanzukubernetesclusters", 2)
	s.Hold(capi(cluster("ns1", "tkc1", notReady), cluster("ns1", "tkc2", ready)))
	x.sees("not ready")
	s.Hold(capi(cluster("ns1", "tkc1", notReady)))
	x.sees("gone")
	s.Hold(capi(cluster("ns1", "tkc1", notReady), cluster("ns2", "new", ready)))
	x.sees("ns2         new ")
	r := x.interrupted()
	got := lines(r.Out)
	if len(got) != 6 || !strings.HasPrefix(got[3], "ns1 tkc1 ") || !strings.HasSuffix(got[3], "not ready") || got[4] != "ns1 tkc2 - - - - - - gone" || !strings.HasPrefix(got[5], "ns2 new ") {
		t.Errorf("%q", got)
	}
	if n := s.Count(clusters1); n != 2 || r.Err != "" {
		t.Errorf("%d requests, %q", n, r.Err)
	}
}

// A watch that ends goes on where it was; one that is too old begins with a list.
func TestWatchThatEnds(t *testing.T) {
	w, s := signedIn(t)
	vms := func(names ...string) {
		var all []string
		for _, name := range names {
			all = append(all, object("ns1", name, ""))
		}
		s.Hold(vmOperator("virtualmachines", "VirtualMachine", nil, all...))
	}
	const list1 = "GET /apis/vmoperator.vmware.com/v1alpha3/namespaces/ns1/virtualmachines"
	vms("a")
	x := watch(t, w, "vms", "-n", "ns1")
	s.AwaitWatches("virtualmachines", 1)
	s.EndWatches(false)
	vms("a", "b") // Perhaps while nobody watches.
	x.sees("ns1         b")
	if n := s.Count(list1); n != 3 {
		t.Errorf("%d requests, not a list and two watches", n)
	}
	s.AwaitWatches("virtualmachines", 1)
	s.EndWatches(true)
	vms("a", "c")
	x.sees("ns1         b      gone")
	x.sees("ns1         c")
	x.interrupted().Omits("warning", "error")
}

// A server that is gone, and returns, is a line each. What has changed in between is printed.
func TestWatchOfAServerThatGoes(t *testing.T) {
	w, s := signedIn(t)
	s.Hold(vmOperator("virtualmachines", "VirtualMachine", nil, object("ns1", "a", "")))
	x := watch(t, w, "vms")
	s.AwaitWatches("virtualmachines", 2)
	w.Down(clitest.Server + ":6443")
	x.sees("warning: 10.0.0.1 is asked again until it answers: ")
	s.Hold(vmOperator("virtualmachines", "VirtualMachine", nil, object("ns1", "a", ""), object("ns1", "b", "")))
	w.Serve(clitest.Server+":6443", s.CA, s)
	x.sees("ns1         b")
	x.sees("note: 10.0.0.1 answers again\n")
	r := x.interrupted()
	if strings.Count(r.Err, "\n") != 2 || strings.Contains(r.Out, "gone") {
		t.Errorf("%q\n%s", r.Err, r.Out)
	}
}

// A server that did not answer at first is read when it does. If none does, there is nothing to watch.
func TestWatchOfAServerThatComes(t *testing.T) {
	w, s := signedIn(t)
	other := w.Supervisor("10.0.0.2", &consoletest.Namespace{Name: "ns3"})
	w.Vars[failure.PasswordVariable] = consoletest.Password
	w.Run("login", "--server", "10.0.0.2", "-u", consoletest.User, "--certificate-authority", w.CAFile).Exits(failure.OK)
	other.Hidden = true
	for _, each := range []*consoletest.Supervisor{s, other} {
		each.Hold(vmOperator("virtualmachines", "VirtualMachine", nil, object("ns1", "a", ""), object("ns3", "b", "")))
	}
	w.Down("10.0.0.2:6443")
	x := watch(t, w, "vms")
	x.sees("error: 10.0.0.2: ")
	x.sees("ns1         a")
	w.Serve("10.0.0.2:6443", other.CA, other)
	x.sees("10.0.0.2   ns3         b")
	x.sees("note: 10.0.0.2 answers again\n")
	other.AwaitWatches("virtualmachines", 1)
	x.interrupted()
	w.Down("10.0.0.2:6443")
	w.Run("list", "vms", "--watch", "--server", "10.0.0.2").Exits(failure.Server)
}

// What may be listed and not watched is listed again and again, and that is said once.
func TestWatchOfWhatCannotBeWatched(t *testing.T) {
	w, s := signedIn(t)
	h := vmOperator("virtualmachines", "VirtualMachine", nil, object("ns1", "a", ""))
	h.Unwatched = true
	s.Hold(h)
	x := watch(t, w, "vms")
	x.sees("note: virtualmachines.vmoperator.vmware.com at 10.0.0.1 cannot be watched: they are listed every 5 seconds\n")
	h.Objects = append(h.Objects, object("ns2", "b", ""))
	s.Hold(h)
	x.sees("ns2         b")
	if r := x.interrupted(); strings.Count(r.Err, "\n") != 1 {
		t.Errorf("%q", r.Err)
	}
}

// What the user may no longer list is said, and is not shown as it was. It is not said to be gone. It is there again with the rights.
func TestWatchOfWhatIsForbidden(t *testing.T) {
	w, s := signedIn(t)
	h := vmOperator("virtualmachines", "VirtualMachine", nil, object("ns1", "a", ""), object("ns2", "other", ""))
	s.Hold(h)
	x := watch(t, w, "vms")
	s.AwaitWatches("virtualmachines", 2)
	h.Closed = []string{"ns1"}
	s.Hold(h)
	s.EndWatches(false)
	x.sees("note: you may no longer list virtualmachines.vmoperator.vmware.com in ns1 at 10.0.0.1\n")
	h.Closed, h.Objects = nil, append(h.Objects, object("ns1", "b", ""))
	s.Hold(h)
	x.sees("ns1         b")
	s.AwaitWatches("virtualmachines", 2)
	r := x.interrupted()
	if strings.Count(r.Out, " a ") != 2 || strings.Count(r.Out, " other ") != 1 || strings.Contains(r.Out, "gone") || strings.Count(r.Err, "\n") != 1 {
		t.Errorf("%q\n%s", r.Err, r.Out)
	}
}

// A watch lasts longer than a token: the next request has a new one.
func TestWatchOutlivesTheToken(t *testing.T) {
	w, s := signedIn(t)
	w.Vars[failure.PasswordVariable] = consoletest.Password
	s.Hold(vmOperator("virtualmachines", "VirtualMachine", nil, object("ns1", "a", "")))
	x := watch(t, w, "vms")
	s.AwaitWatches("virtualmachines", 2)
	logins := s.Count("POST /wcp/login")
	w.Advance(11 * time.Hour)
	s.EndWatches(false)
	s.Hold(vmOperator("virtualmachines", "VirtualMachine", nil, object("ns1", "a", ""), object("ns1", "b", "")))
	x.sees("ns1         b")
	if n := s.Count("POST /wcp/login"); n != logins+1 {
		t.Errorf("%d logins", n-logins)
	}
	x.interrupted().Omits("warning", "error")
}

// A token that the server refuses is not used again: the store may have another one by now.
func TestWatchWithARefusedToken(t *testing.T) {
	w, s := signedIn(t)
	s.Hold(vmOperator("virtualmachines", "VirtualMachine", nil, object("ns1", "a", "")))
	x := watch(t, w, "vms", "-n", "ns1")
	s.AwaitWatches("virtualmachines", 1)
	s.ReplaceToken()
	s.Hold(vmOperator("virtualmachines", "VirtualMachine", nil, object("ns1", "a", ""), object("ns1", "b", "")))
	s.EndWatches(false)
	x.sees("note: 10.0.0.1 answers again\n")
	x.sees("ns1         b")
	x.interrupted().Says("warning: 10.0.0.1 is asked again until it answers: ", "unauthorized (401)")
}

// Columns that are joined from other kinds are looked at again.
func TestWatchOfWhatIsJoined(t *testing.T) {
	w, s := signedIn(t)
	s.Hold(vmOperator("virtualmachineservices", "VirtualMachineService", nil, `{"metadata":{"name":"web","namespace":"ns1"},"spec":{"type":"LoadBalancer","selector":{"role":"node"}}}`))
	s.Hold(vmOperator("virtualmachines", "VirtualMachine", nil))
	s.Hold(objecttest.Holding{Version: "v1", Plural: "events", Kind: "Event"})
	x := watch(t, w, "services", "-n", "ns1")
	x.sees("no virtual machine has the labels")
	s.Hold(vmOperator("virtualmachines", "VirtualMachine", nil, `{"metadata":{"name":"node","namespace":"ns1","labels":{"role":"node"}}}`))
	x.sees("the load balancer has given no address")
	s.Hold(vmOperator("virtualmachineservices", "VirtualMachineService", nil, `{"metadata":{"name":"web","namespace":"ns1"},"spec":{"type":"LoadBalancer"},"status":{"loadBalancer":{"ingress":[{"ip":"10.0.0.99"}]}}}`))
	x.sees("10.0.0.99")
	x.interrupted()
}

// An administrator sees new vSphere Namespaces.
func TestWatchOfNamespaces(t *testing.T) {
	w, s := signedIn(t)
	s.Hidden = false
	h := capi()
	h.Everywhere = true
	s.Hold(h)
	h = vmOperator("virtualmachines", "VirtualMachine", nil)
	h.Everywhere = true
	s.Hold(h)
	x := watch(t, w, "namespaces")
	x.sees("ns2")
	h.Objects = []string{object("ns1", "a", "")}
	s.Hold(h)
	x.sees("ns1    ns1       0          1     open")
	s.SetNamespaces(append(s.Namespaces, &consoletest.Namespace{Name: "new"})...)
	x.sees("new    -         0          0     open")
	x.interrupted()
}

// A stream that does not hold what was asked for is cut off at a bound. Then the list is read again.
func TestHostileWatch(t *testing.T) {
	const good = `{"apiVersion":"vmoperator.vmware.com/v1alpha3","kind":"VirtualMachine","metadata":{"name":"x","namespace":"ns1"}}`
	for name, c := range map[string]struct {
		send func(http.ResponseWriter)
		want string
	}{
		"another kind":      {line(`{"type":"ADDED","object":` + strings.Replace(good, "VirtualMachine", "Secret", 1) + `}`), `holds a "Secret" of`},
		"another namespace": {line(`{"type":"ADDED","object":` + strings.Replace(good, "ns1", "ns2", 1) + `}`), `of the namespace "ns2"`},
		"another event":     {line(`{"type":"\u001b[31m","object":{}}`), "where an event belongs"},
		"no row":            {line(`{"type":"ADDED","object":{"kind":"Table","apiVersion":"meta.k8s.io/v1"}}`), "an event with 0 objects"},
		"a row of cells":    {line(`{"type":"ADDED","object":{"kind":"Table","apiVersion":"meta.k8s.io/v1","rows":[{"cells":["a"],"object":` + good + `}]}}`), "a row of 1 cells"},
		"rubbish":           {line("\x1b[31m"), "is not JSON"},
		"nesting":           {line(strings.Repeat("[", 100_000)), "is nested deeper"},
		"an error":          {line(`{"type":"ERROR","object":{"kind":"Status","code":500,"message":"\u001b[31m"}}`), "the watch ended with status 500"},
		"no end of a line": {func(w http.ResponseWriter) {
			chunk := []byte(strings.Repeat("x", 1<<16))
			for n := 0; ; n += len(chunk) {
				if _, err := w.Write(chunk); err != nil {
					if n > 64<<20 {
						t.Errorf("%d MiB were taken", n>>20)
					}
					return
				}
			}
		}, "has a line of more than 4 MiB"},
	} {
		t.Run(name, func(t *testing.T) {
			w, s := signedIn(t)
			s.Hold(vmOperator("virtualmachines", "VirtualMachine", nil, object("ns1", "a", "")))
			w.Between = func(out http.ResponseWriter, r *http.Request, server http.Handler) {
				if r.URL.Query().Get("watch") == "true" && strings.Contains(r.URL.Path, "/ns1/") {
					c.send(out)
					return
				}
				server.ServeHTTP(out, r)
			}
			x := watch(t, w, "vms")
			x.sees(c.want)
			x.sees("answers again")
			if r := x.interrupted(); strings.ContainsAny(r.Err+r.Out, "\x1b") {
				t.Errorf("%q", r.Err)
			}
		})
	}
}

// line sends a line of a stream.
func line(text string) func(http.ResponseWriter) {
	return func(w http.ResponseWriter) { fmt.Fprintln(w, text) }
}
