//go:build unix

package breakglass_test

import (
	"context"
	"errors"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/kubectl-vsphere/kubectl-vsphere/internal/breakglass"
	"github.com/kubectl-vsphere/kubectl-vsphere/internal/console"
	"github.com/kubectl-vsphere/kubectl-vsphere/internal/consoletest"
	"github.com/kubectl-vsphere/kubectl-vsphere/internal/failure"
	"github.com/kubectl-vsphere/kubectl-vsphere/pkg/redact"
)

const uid = "0b6ccc5e-9d6e-4b6b-8f3c-1f2f6d1f3b5a"

// fakeSSH keeps its arguments, one in a line, its environment, and the key with its mode. Then it does the rest of the script.
const fakeSSH = `#!/bin/sh
cd "${0%/*}"
printf '%s\n' "$@" >args
env >env
for a in "$@"; do
	case "$a" in IdentityFile=*) f=${a#*\"}; f=${f%\"}; cp "$f" key; ls -l "$f" >mode; printf %s "$f" >path;; esac
done
`

// world has a fake ssh, and returns what it has kept.
func world(t *testing.T, script string) (w *consoletest.World, kept func(string) string) {
	t.Helper()
	w = consoletest.New(t)
	w.Programs["ssh"] = w.WriteFile("ssh/ssh", fakeSSH+script, 0o755)
	return w, func(name string) string {
		text, err := os.ReadFile(filepath.Join(w.Dir, "ssh", name))
		if err != nil {
			t.Fatal(err)
		}
		return string(text)
	}
}

// run runs a session.
func run(t *testing.T, w *consoletest.World, change func(*breakglass.Session)) (consoletest.Result, error) {
	t.Helper()
	node, err := breakglass.NodeAt("n1", uid, "192.0.2.7")
	if err != nil {
		t.Fatal(err)
	}
	var failed error
	r := w.Do(func(ctx context.Context, e *console.Env) {
		path, err := breakglass.Find(e)
		if err != nil {
			failed = err
			return
		}
		s := breakglass.Session{Env: e, Store: w.Store(), Node: node}
		if change != nil {
			change(&s)
		}
		failed = s.Run(ctx, path, redact.Secret("hush-hush\n"))
	})
	return r, failed
}

// gone fails the test if a key is left in the store.
func gone(t *testing.T, w *consoletest.World) {
	t.Helper()
	entries, err := os.ReadDir(filepath.Join(w.Store().Dir(), "ssh"))
	if err != nil {
		t.Fatal(err)
	}
	for _, e := range entries {
		if e.Name() != "known_hosts" {
			t.Errorf("%s is left", e.Name())
		}
	}
}

// ssh gets the key in a private file that is gone afterwards, and nothing else of ours.
func TestSessionLendsTheKey(t *testing.T) {
	t.Setenv("KUBECTL_VSPHERE_PASSWORD", "S3CRET")
	w, kept := world(t, "cat; echo out; echo err >&2")
	w.Stdin = "in\n"
	r, err := run(t, w, func(s *breakglass.Session) { s.Jump, s.Args = "me@bastion", []string{"-v", "uptime"} })
	if err != nil || r.Out != "in\nout\n" || !strings.Contains(r.Err, "err\n") {
		t.Fatalf("%v %q %q", err, r.Out, r.Err)
	}
	if kept("key") != "hush-hush\n" || !strings.HasPrefix(kept("mode"), "-rw------- ") || !strings.HasPrefix(kept("path"), w.Store().Dir()+"/ssh/") {
		t.Errorf("%q %q %q", kept("key"), kept("mode"), kept("path"))
	}
	want := []string{
		"-o", `IdentityFile="` + kept("path") + `"`, "-o", "IdentitiesOnly=yes", "-o", `UserKnownHostsFile="` + w.Store().HostKeysPath() + `"`,
		"-o", "HostKeyAlias=node-" + uid, "-o", "StrictHostKeyChecking=ask", "-o", "HashKnownHosts=no", "-o", "CheckHostIP=no",
		"-J", "me@bastion", "-l", "vmware-system-user", "192.0.2.7", "-v", "uptime", "",
	}
	if diff := cmp.Diff(want, strings.Split(kept("args"), "\n")); diff != "" {
		t.Error(diff)
	}
	if strings.Contains(kept("env"), "S3CRET") || strings.Contains(kept("env")+kept("args")+r.Err, "hush") {
		t.Error("a secret is elsewhere")
	}
	gone(t, w)
}

// A host key is never taken without a question, unless somebody asks for that.
func TestSessionAsksAboutAHostKey(t *testing.T) {
	w, kept := world(t, "")
	if r, _ := run(t, w, nil); !strings.Contains(r.Err, "note: the host key of n1 is not known yet") || !strings.Contains(kept("args"), "StrictHostKeyChecking=ask\n") {
		t.Errorf("%q %q", r.Err, kept("args"))
	}
	if r, _ := run(t, w, func(s *breakglass.Session) { s.AcceptNew = true }); r.Err != "" || !strings.Contains(kept("args"), "StrictHostKeyChecking=accept-new\n") {
		t.Errorf("%q %q", r.Err, kept("args"))
	}
	if err := os.WriteFile(w.Store().HostKeysPath(), []byte("node-x ssh-ed25519 A\nnode-"+uid+" ssh-ed25519 A\n"), 0o600); err != nil {
		t.Fatal(err)
	}
	if r, _ := run(t, w, nil); r.Err != "" {
		t.Errorf("%q", r.Err)
	}
}

// The exit code of ssh is that of the command; ssh has said why.
func TestSessionEndsAsSSHDoes(t *testing.T) {
	for _, code := range []string{"7", "255"} {
		w, _ := world(t, "exit "+code)
		_, err := run(t, w, nil)
		var status *failure.StatusError
		if !errors.As(err, &status) || failure.Code(err) != status.Status || !strings.HasSuffix(status.Error(), " "+code) {
			t.Errorf("%s: %v", code, err)
		}
		gone(t, w)
	}
	w, _ := world(t, "kill -9 $$")
	if _, err := run(t, w, nil); failure.Code(err) != failure.Failed {
		t.Error(err)
	}
	delete(w.Programs, "ssh")
	if _, err := run(t, w, nil); failure.NextStep(err) != "Install OpenSSH's client." {
		t.Error(err)
	}
}

// Ctrl-C and other signals end ssh in a way in which it puts the terminal back, and the key is gone.
func TestInterruptedSession(t *testing.T) {
	w, kept := world(t, "trap 'echo asked >end; exit 0' TERM; echo ready >&2; while :; do sleep 0.05; done")
	w.HearError = func(all string) {
		if strings.Contains(all, "ready") {
			go w.Interrupt()
		}
	}
	_, err := run(t, w, nil)
	if failure.Code(err) != failure.Interrupted || kept("end") != "asked\n" {
		t.Error(err)
	}
	gone(t, w)
}

// A key that a killed process has left is removed by the next session, and that of a process that runs is not.
func TestKeyOfAKilledProcess(t *testing.T) {
	w, _ := world(t, "")
	dir := filepath.Join(w.Store().Dir(), "ssh")
	if err := os.MkdirAll(dir, 0o700); err != nil {
		t.Fatal(err)
	}
	old, running := filepath.Join(dir, ".kubectl-vsphere-99999999-1.tmp"), filepath.Join(dir, ".kubectl-vsphere-1-1.tmp")
	for _, path := range []string{old, running} {
		if err := os.WriteFile(path, nil, 0o600); err != nil {
			t.Fatal(err)
		}
	}
	later := time.Now().Add(-10 * time.Minute)
	if err := os.Chtimes(running, later, later); err != nil {
		t.Fatal(err)
	}
	if _, err := run(t, w, nil); err != nil {
		t.Fatal(err)
	}
	if _, err := os.Stat(old); err == nil {
		t.Error("it is left")
	}
	if _, err := os.Stat(running); err != nil {
		t.Error("it is gone, and its process runs")
	}
	w.Store().Sweep()
	if _, err := os.Stat(running); err != nil {
		t.Error("it is gone, and its process runs")
	}
}

// Others must not be able to read the key.
func TestNoKeyWhereOthersRead(t *testing.T) {
	w, _ := world(t, "")
	if err := os.Mkdir(filepath.Join(w.Store().Dir(), "ssh"), 0o755); err != nil {
		t.Fatal(err)
	}
	if _, err := run(t, w, nil); err == nil || !strings.Contains(err.Error(), "ssh") {
		t.Error(err)
	}
	if _, err := os.Stat(filepath.Join(w.Dir, "ssh", "args")); err == nil {
		t.Error("ssh was started")
	}
}

// What a server says of a node is an address and a UID, and never an option of ssh.
func TestHostileNodes(t *testing.T) {
	for _, c := range []struct{ uid, ip string }{
		{uid, ""}, {uid, "-oProxyCommand=touch"}, {uid, "a.example.com"}, {uid, "192.0.2.7 -v"}, {uid, "fe80::1%-o"}, {"", "192.0.2.7"}, {"*", "192.0.2.7"}, {"a\nb", "192.0.2.7"}, {"a,b", "192.0.2.7"},
	} {
		if n, err := breakglass.NodeAt("n1", c.uid, c.ip); err == nil {
			t.Errorf("%q %q: %v", c.uid, c.ip, n)
		}
	}
	for ip, want := range map[string]string{"192.0.2.7": "192.0.2.7", "fd00::1": "fd00::1", "::ffff:192.0.2.7": "192.0.2.7"} {
		if n, err := breakglass.NodeAt("n1", uid, ip); err != nil || n.Address.String() != want {
			t.Error(n, err)
		}
	}
}

// Paths are words of ssh's configuration: blanks and percent signs mean themselves, and what ssh would read is refused.
func TestPathsOfASession(t *testing.T) {
	for name, good := range map[string]bool{"a b%h": true, "a${HOME}": false, `a"b`: false, `a\b`: false} {
		w, kept := world(t, "")
		w.Vars["KUBECTL_VSPHERE_HOME"] = filepath.Join(w.Dir, name)
		_, err := run(t, w, nil)
		if (err == nil) != good {
			t.Errorf("%q: %v", name, err)
		}
		if good && !slices.Contains(strings.Split(kept("args"), "\n"), `UserKnownHostsFile="`+filepath.Join(w.Dir, "a b%%h", "ssh", "known_hosts")+`"`) {
			t.Error(kept("args"))
		}
		gone(t, w)
	}
}
