package logincmd_test

import (
	"context"
	"fmt"
	"net/http"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"github.com/kubectl-vsphere/kubectl-vsphere/internal/consoletest"
	"github.com/kubectl-vsphere/kubectl-vsphere/pkg/login/secret"
)

// A hostile Supervisor takes every password, and names hosts that do not: all of them may be one good vCenter under many names. However
// often a script logs in, they count at most four.
func TestLinkedHostsDoNotLockTheAccount(t *testing.T) {
	for _, status := range []int{http.StatusUnauthorized, http.StatusForbidden, http.StatusGatewayTimeout} {
		t.Run(fmt.Sprint(status), func(t *testing.T) {
			w, s := site(t)
			given(w)
			var linked []*consoletest.Supervisor
			for i := range 12 {
				far := w.Supervisor(fmt.Sprintf("10.0.1.%d", i+1))
				far.Replies["POST /wcp/login"] = consoletest.Status(status, "")
				linked = append(linked, far)
				s.Namespaces = append(s.Namespaces, &consoletest.Namespace{Name: fmt.Sprintf("far-%d", i), Host: far.Host})
			}
			for range 4 {
				w.Run(signIn(w)...)
			}
			n := 0
			for _, far := range linked {
				n += far.Count("POST /wcp/login")
			}
			if n == 0 || n > 4 {
				t.Errorf("%d requests at the linked hosts", n)
			}
		})
	}
}

// A host that is down has counted nothing: the others are tried, and the next login too.
func TestLinkedHostsThatAreDown(t *testing.T) {
	w, s := site(t)
	given(w)
	for i := range 6 {
		s.Namespaces = append(s.Namespaces, &consoletest.Namespace{Name: fmt.Sprintf("down-%d", i), Host: fmt.Sprintf("10.0.1.%d", i+1)})
	}
	far := w.Supervisor("10.0.2.1")
	s.Namespaces = append(s.Namespaces, &consoletest.Namespace{Name: "far", Host: far.Host})
	for i := range 5 {
		w.Run(signIn(w)...).Exits(5).Says("   10.0.1.1: ", "   far\n")
		if n := far.Count("POST /wcp/login"); n != i+1 {
			t.Errorf("%d logins at the other host", n)
		}
	}
}

// Linked hosts that never give a clear answer stop no script, and are tried again after a while. Two of them keep no other host back. A
// person has them tried each time.
func TestALinkedHostThatFailsStopsNoScript(t *testing.T) {
	reset := func(http.ResponseWriter, *http.Request) { panic(http.ErrAbortHandler) }
	for name, c := range map[string]struct {
		reply http.HandlerFunc
		hosts int
		tries int // in ten minutes
	}{
		"502": {consoletest.Status(http.StatusBadGateway, ""), 2, 4}, "reset": {reset, 1, 3}, "many": {reset, 6, 6},
	} {
		t.Run(name, func(t *testing.T) {
			w, s := site(t)
			given(w)
			var bad []*consoletest.Supervisor
			for i := range c.hosts {
				far := w.Supervisor(fmt.Sprintf("10.0.1.%d", i+1))
				far.Replies["POST /wcp/login"] = c.reply
				bad = append(bad, far)
				s.Namespaces = append(s.Namespaces, &consoletest.Namespace{Name: fmt.Sprintf("bad-%d", i), Host: far.Host})
			}
			good := w.Supervisor("10.0.2.1")
			s.Namespaces = append(s.Namespaces, &consoletest.Namespace{Name: "good", Host: good.Host})
			for range 30 {
				w.Run(signIn(w)...).Exits(5).Says("   ns1\n")
				w.Advance(19 * time.Second)
			}
			tries := 0
			for _, far := range bad {
				tries += far.Count("POST /wcp/login")
			}
			if tries != c.tries {
				t.Errorf("%d requests at the hosts that fail, not %d", tries, c.tries)
			}
			if n := good.Count("POST /wcp/login"); n != 30 && name != "many" {
				t.Errorf("%d logins at the host that works", n)
			}
			w.Run(signIn(w)...).Exits(5).Says("left out until", "since it gave no clear answer to the password", "A login at a terminal sends the password to every host.")
			for _, far := range bad {
				delete(far.Replies, "POST /wcp/login")
			}
			for range c.hosts {
				w.Advance(time.Hour)
				w.Run(signIn(w)...)
			}
			w.Run(signIn(w)...).Exits(0)
		})
	}
	w, s := site(t)
	far := w.Supervisor("10.0.1.1")
	far.Replies["POST /wcp/login"] = consoletest.Status(http.StatusBadGateway, "")
	s.Namespaces = append(s.Namespaces, &consoletest.Namespace{Name: "bad", Host: far.Host})
	for i := range 2 {
		w.Person(consoletest.Answer{To: "Password: ", Keys: consoletest.Password})
		w.Run(signIn(w)...).Exits(5)
		if n := far.Count("POST /wcp/login"); n != i+1 {
			t.Errorf("%d requests for a person", n)
		}
	}
}

// nameIsLocked reports whether another process of the same name would wait.
func nameIsLocked(t *testing.T, w *consoletest.World) (locked bool) {
	t.Helper()
	ctx, cancel := context.WithCancel(t.Context())
	defer cancel()
	unlock, err := w.Store().LockAccount(ctx, secret.UserName(consoletest.User), func() { locked = true; cancel() }, nil)
	if err == nil {
		unlock()
	}
	return locked
}

// Other processes of the same name wait for a password that nobody has accepted yet, and for nothing else: no question, no list, no cluster.
func TestOthersWaitForAProofOnly(t *testing.T) {
	w, hosts := linked(t, "10.0.1.1", "10.0.1.2")
	own(t, w, hosts[1])
	questions, clusters := 0, atomic.Int32{}
	var looking sync.Mutex // A look holds the lock itself for a moment.
	isLocked := func() bool {
		looking.Lock()
		defer looking.Unlock()
		return nameIsLocked(t, w)
	}
	answer := func(string) string {
		if questions++; isLocked() {
			t.Error("locked during a question")
		}
		return "y"
	}
	w.Between = func(rw http.ResponseWriter, r *http.Request, server http.Handler) {
		_, _, basic := r.BasicAuth()
		cluster := r.URL.Path == "/wcp/login" && r.ContentLength > 0
		if cluster {
			clusters.Add(1)
		}
		if locked := isLocked(); locked != (basic && !cluster) && !strings.Contains(r.URL.Path, "vip-cluster-info") && questions > 0 {
			t.Errorf("%s %s%s: locked %t", r.Method, r.Host, r.URL.Path, locked)
		}
		server.ServeHTTP(rw, r)
	}
	w.Person(consoletest.Answer{To: firstUseOfOne, Reply: answer}, consoletest.Answer{To: "Trust it for 10.0.1.1 too?", Reply: answer},
		consoletest.Answer{To: "Trust it for 10.0.1.2 alone from now on?", Reply: answer})
	w.Run(untold()...).Exits(0)
	if questions != 3 || clusters.Load() == 0 {
		t.Errorf("%d questions, %d clusters", questions, clusters.Load())
	}
}
