package logincmd_test

import (
	"context"
	"io"
	"io/fs"
	"net/http"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/kubectl-vsphere/kubectl-vsphere/internal/console"
	"github.com/kubectl-vsphere/kubectl-vsphere/internal/consoletest"
	"github.com/kubectl-vsphere/kubectl-vsphere/internal/failure"
	"github.com/kubectl-vsphere/kubectl-vsphere/pkg/tokens/credfile"
)

// stagedIn returns the temporary files of a store.
func stagedIn(t *testing.T, dir string) []string {
	t.Helper()
	all, err := filepath.Glob(filepath.Join(dir, ".kubectl-vsphere-*"))
	if err != nil {
		t.Fatal(err)
	}
	return all
}

// untilStaged waits until the login has written the credential of a cluster ahead, and returns its file.
func untilStaged(t *testing.T, dir string) fs.FileInfo {
	t.Helper()
	for range 1000 {
		for _, path := range stagedIn(t, dir) {
			if text, err := os.ReadFile(path); err == nil && strings.Contains(string(text), `"cluster":"ns1/tkc1"`) && strings.HasSuffix(string(text), "}\n") {
				if info, err := os.Stat(path); err == nil {
					return info
				}
			}
		}
		time.Sleep(10 * time.Millisecond)
	}
	t.Error("the credential of ns1/tkc1 is not written while ns1/tkc2 is waited for")
	return nil
}

// answer has the Supervisor answer a login to ns1/tkc2 whose body was read.
func answer(s *consoletest.Supervisor, rw http.ResponseWriter, r *http.Request) {
	r.Body = io.NopCloser(strings.NewReader(`{"guest_cluster_name":"tkc2","guest_cluster_namespace":"ns1"}`))
	s.ServeHTTP(rw, r)
}

// The credential of one cluster is written while another one is waited for, under the name that the session has for the user. After all, it
// only gets its name.
func TestCredentialsAreWrittenAhead(t *testing.T) {
	w, s := site(t)
	given(w)
	dir := w.Vars[credfile.HomeVariable]
	s.Spellings = map[string]string{`vsphere.local\dev`: consoletest.User}
	s.Subject = func(string, string) string { return consoletest.User }
	for _, as := range []string{consoletest.User, `vsphere.local\dev`} {
		var ahead fs.FileInfo
		s.Next("POST /wcp/login ns1/tkc2", func(rw http.ResponseWriter, r *http.Request) {
			ahead = untilStaged(t, dir)
			answer(s, rw, r)
		})
		w.Run(signIn(w, "-u", as)...).Exits(0)
		path := credfile.Path(dir, credfile.Key{Server: "10.0.0.1", User: consoletest.User, Cluster: "ns1/tkc1"})
		if now, err := os.Stat(path); err != nil || ahead == nil || !os.SameFile(now, ahead) {
			t.Errorf("%s: the file is another one: %v", as, err)
		}
		if left := stagedIn(t, dir); len(left) > 0 {
			t.Errorf("%s: left over: %v", as, left)
		}
	}
}

// After Ctrl-C while the last cluster is waited for, nothing is left of the others, and a dry run writes nothing ahead.
func TestInterruptedAtACluster(t *testing.T) {
	w, s := site(t)
	given(w)
	dir := w.Vars[credfile.HomeVariable]
	ctx, interrupt := context.WithCancel(t.Context())
	s.Next("POST /wcp/login ns1/tkc2", func(rw http.ResponseWriter, r *http.Request) {
		untilStaged(t, dir)
		interrupt()
		consoletest.Slow(10*time.Second)(rw, r)
	})
	w.Do(func(_ context.Context, e *console.Env) {
		if code := w.Program(ctx, e, signIn(w)); code != failure.Interrupted {
			t.Errorf("exit code %d", code)
		}
	})
	before, err := os.Stat(dir)
	if err != nil {
		t.Fatal(err)
	}
	w.Run(signIn(w, "--dry-run")...).Exits(0)
	if after, err := os.Stat(dir); err != nil || !after.ModTime().Equal(before.ModTime()) {
		t.Errorf("a dry run has written into the store: %v", err)
	}
	for _, sub := range []string{"sessions", credfile.Credentials} {
		if _, err := os.Stat(filepath.Join(dir, sub)); err == nil {
			t.Errorf("%s is there", sub)
		}
	}
	if left := stagedIn(t, dir); len(left) > 0 {
		t.Errorf("left over: %v", left)
	}
}
