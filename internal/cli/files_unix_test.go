//go:build unix

package cli_test

import (
	"context"
	"os"
	"path/filepath"
	"strings"
	"syscall"
	"testing"
	"time"

	"k8s.io/client-go/tools/clientcmd/api"

	"github.com/kubectl-vsphere/kubectl-vsphere/internal/cli/clitest"
	"github.com/kubectl-vsphere/kubectl-vsphere/internal/consoletest"
	"github.com/kubectl-vsphere/kubectl-vsphere/internal/failure"
)

// fifo makes a FIFO that nobody writes to. Readers that wait for it are released at the end of the test.
func fifo(t *testing.T) string {
	t.Helper()
	path := filepath.Join(t.TempDir(), "fifo")
	if err := syscall.Mkfifo(path, 0o600); err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		f, err := os.OpenFile(path, os.O_RDWR, 0)
		if err != nil {
			t.Fatal(err)
		}
		time.Sleep(20 * time.Millisecond)
		_ = f.Close()
	})
	return path
}

// interrupted runs a command, and interrupts it after a moment. It returns the exit code and what was said.
func interrupted(t *testing.T, w *consoletest.World, args ...string) (code int, said string) {
	t.Helper()
	ctx, interrupt := context.WithCancel(t.Context())
	defer interrupt()
	time.AfterFunc(100*time.Millisecond, interrupt)
	e := w.Env()
	errOut := e.ErrOut.(*consoletest.Stream)
	done := make(chan int, 1)
	go func() { done <- w.Program(ctx, e, args) }()
	select {
	case code = <-done:
	case <-time.After(10 * time.Second):
		t.Fatalf("%q does not end at Ctrl-C; it said %s", args, errOut)
	}
	return code, errOut.String()
}

// caFlags are the commands that read a CA from a file that is named on the command line.
func caFlags(path string) map[string][]string {
	return map[string][]string{
		"login":        {"login", "--server", supervisor, "-u", user, "--certificate-authority", path},
		"login, OIDC":  {"login", "--server", "10.0.0.7", "--oidc-issuer-url", "https://sso.example", "--oidc-client-id", "kube", "--oidc-ca", path},
		"registry add": {"registry", "add", "10.0.0.5", "--certificate-authority", path},
	}
}

// A FIFO without a writer is waited for, as cat does; Ctrl-C ends that.
func TestFileThatNobodyWrites(t *testing.T) {
	w, _, tkc := site(t)
	login(w)
	w.Serve("10.0.0.7:443", w.CA, consoletest.Status(401, ""))
	path := fifo(t)
	commands := caFlags(path)
	commands["login, OIDC"] = append(commands["login, OIDC"], "--certificate-authority", w.CAFile)
	delete(w.Vars, failure.PasswordVariable)
	edit(t, w, "tkc1", func(c *api.Cluster, _ *api.AuthInfo) { c.CertificateAuthorityData, c.CertificateAuthority = nil, path })
	commands["whoami"] = []string{"whoami", "--context", "tkc1"}
	for name, args := range commands {
		if code, said := interrupted(t, w, args...); code != failure.Interrupted {
			t.Errorf("%s: %d\n%s", name, code, said)
		}
	}
	if n := tkc.Count(review); n > 0 {
		t.Errorf("%d requests", n)
	}
}

// What is no file, or too large for one, is refused at once.
func TestOddFiles(t *testing.T) {
	w, s, _ := site(t)
	login(w)
	s.Forget()
	w.Serve("10.0.0.7:443", w.CA, consoletest.Status(401, ""))
	huge := filepath.Join(t.TempDir(), "huge")
	f, err := os.Create(huge)
	if err != nil {
		t.Fatal(err)
	}
	if err := f.Truncate(1 << 40); err != nil { // It has no blocks.
		t.Skip("TMPDIR has no sparse files; use a file system with them")
	}
	_ = f.Close()
	pem := w.WriteFile("many.pem", strings.Repeat("-----BEGIN A-----\n-----END A-----\n", 20_000), 0o600)
	for path, want := range map[string]string{
		"/dev/zero": "is not a regular file", t.TempDir(): "is not a regular file", huge: "larger than 4 MiB", pem: "more than 1000 blocks", "/nonexistent/ca": "no such file",
	} {
		for name, args := range caFlags(path) {
			if name == "login, OIDC" {
				args = append(args, "--certificate-authority", w.CAFile)
			}
			w.Run(args...).Exits(failure.Usage).Says(want, path)
		}
	}
	for _, path := range []string{"/dev/zero", fifo(t), t.TempDir(), huge} { // They are read again at renewals: no pipe.
		w.Run("login", "--server", "10.0.0.7", "--certificate-authority", w.CAFile, "--oidc-token-file", path).Exits(failure.Failed).Says(path)
		w.Run("login", "--server", "10.0.0.7", "--certificate-authority", w.CAFile, "--oidc-issuer-url", "https://sso.example", "--oidc-client-id", "kube",
			"--oidc-client-secret-file", path, "--oidc-ca", w.CAFile)
		w.Vars["KUBECONFIG"] = path
		w.Run("whoami").Exits(failure.Failed).Says(path)
		w.Run(clitest.SignIn(w)...).Exits(failure.Failed).Says(path)
		w.Vars["KUBECONFIG"] = w.Kubeconfig()
	}
	if n := s.Count("POST /wcp/login"); n > 0 {
		t.Errorf("%d logins", n)
	}
}

// A shell's <(command) is a pipe.
func TestCAFromAPipe(t *testing.T) {
	w, _, _ := site(t)
	path := filepath.Join(t.TempDir(), "fifo")
	if err := syscall.Mkfifo(path, 0o600); err != nil {
		t.Fatal(err)
	}
	go func() { _ = os.WriteFile(path, []byte(w.CA.PEM), 0o600) }()
	w.Vars[failure.PasswordVariable] = consoletest.Password
	w.Run("login", "--server", supervisor, "-u", user, "--certificate-authority", path).Exits(failure.OK)
}
