//go:build unix

package credhelper

import (
	"os"
	"path/filepath"
	"strconv"
	"strings"
	"syscall"
	"testing"
	"time"

	"github.com/docker/docker-credential-helpers/credentials"
	"github.com/google/go-cmp/cmp"

	"github.com/kubectl-vsphere/kubectl-vsphere/pkg/registry"
)

// backed puts a helper docker-credential-NAME on PATH that runs a script with the word of the protocol in $1 and its input in $in, and
// writes both to a file.
func backed(t *testing.T, script string) (p program, said func() string) {
	t.Helper()
	dir := t.TempDir()
	log := filepath.Join(dir, "log")
	script = "#!/bin/sh\nin=$(cat)\necho \"$1 $in\" >>" + log + "\n" + script + "\n"
	if err := os.WriteFile(filepath.Join(dir, "docker-credential-backed"), []byte(script), 0o700); err != nil {
		t.Fatal(err)
	}
	t.Setenv("PATH", dir+":/usr/bin:/bin")
	return program{name: "backed", timeout: time.Minute}, func() string {
		text, _ := os.ReadFile(log)
		return string(text)
	}
}

func TestBackingGet(t *testing.T) {
	p, _ := backed(t, `echo '{"ServerURL":"x","Username":"ada","Secret":"s"}'`)
	if user, secret, err := p.Get("quay.io"); err != nil || user != "ada" || secret != "s" {
		t.Error(user, secret, err)
	}
	for script, none := range map[string]bool{
		`echo '` + notFound + `'; exit 1`:    true,
		`echo '{"Username":"","Secret":""}'`: true, // pass, before it is set up.
		`echo 'it is locked'; exit 1`:        false,
		`echo 'no JSON'`:                     false,
	} {
		p, _ := backed(t, script)
		if _, _, err := p.Get("quay.io"); err == nil || credentials.IsErrCredentialsNotFound(err) != none {
			t.Errorf("%s: %v", script, err)
		}
	}
}

// What a failed helper printed is not shown: it may be the answer, or the input.
func TestOutputOfAFailedBackingIsNotShown(t *testing.T) {
	const secret = "S3CRET-of-ada"
	given := credentials.Credentials{ServerURL: "quay.io", Username: "ada", Secret: secret}
	for _, script := range []string{
		`echo '{"ServerURL":"x","Username":"ada","Secret":"` + secret + `"}'; exit 1`,
		`echo "note"; echo '{"Secret":"` + secret + `"'; exit 1`,
		`echo "$in ` + secret + `"; kill -9 $$`,
		`echo '{"Username":"ada","Secret":["` + secret + `"]}'`,
		`echo '` + secret + `'`,
	} {
		p, _ := backed(t, script)
		_, _, err := p.Get("quay.io")
		_, listErr := p.List()
		for _, err := range []error{err, listErr, p.Store(given), p.Erase("quay.io")} {
			if err != nil && strings.Contains(err.Error(), secret) {
				t.Errorf("%s: %v", script, err)
			}
		}
		if err == nil {
			t.Errorf("%s: no error", script)
		}
	}
}

// A helper may leave an agent behind that holds its output.
func TestBackingThatLeavesAnAgent(t *testing.T) {
	p, _ := backed(t, `sleep 60 & echo $! >"$0.pid"; echo '{"Username":"ada","Secret":"s"}'`)
	t.Cleanup(func() {
		text, _ := os.ReadFile(filepath.Join(strings.Split(os.Getenv("PATH"), ":")[0], "docker-credential-backed.pid"))
		if pid, err := strconv.Atoi(strings.TrimSpace(string(text))); err == nil {
			_ = syscall.Kill(pid, syscall.SIGKILL)
		}
	})
	if user, secret, err := p.Get("quay.io"); err != nil || user != "ada" || secret != "s" {
		t.Errorf("%s, %v", user, err)
	}
}

// A helper that does not stop to print is ended.
func TestOutputOfABackingIsBounded(t *testing.T) {
	p, _ := backed(t, `exec yes x`)
	p.timeout = time.Hour // The size ends it, not the time.
	if _, _, err := p.Get("quay.io"); err == nil {
		t.Error("no error")
	}
	if _, err := p.List(); err == nil {
		t.Error("no error")
	}
}

func TestBackingStoreAndErase(t *testing.T) {
	p, said := backed(t, `[ "$1" = get ] && [ "$in" = gone.lab ] && { echo '`+notFound+`'; exit 1; }
[ "$1" = get ] && echo '{"Username":"ada","Secret":"s"}'
exit 0`)
	if err := p.Store(credentials.Credentials{ServerURL: "x.lab", Username: "ada", Secret: "s3cret"}); err != nil {
		t.Error(err)
	}
	for _, host := range []string{"x.lab", "gone.lab"} {
		if err := p.Erase(host); err != nil {
			t.Errorf("%s: %v", host, err)
		}
	}
	want := []string{`store {"ServerURL":"x.lab","Username":"ada","Secret":"s3cret"}`, "get x.lab", "erase x.lab", "get gone.lab"}
	if diff := cmp.Diff(want, strings.Split(strings.TrimSpace(said()), "\n")); diff != "" {
		t.Error(diff)
	}
}

func TestBackingList(t *testing.T) {
	p, _ := backed(t, `echo '{"x.lab":"ada"}'`)
	if all, err := p.List(); err != nil || all["x.lab"] != "ada" {
		t.Error(all, err)
	}
	p, _ = backed(t, `echo null`)
	if all, err := p.List(); err != nil || all == nil {
		t.Error(all, err)
	}
}

// An invalid name in the settings runs no program, whoever wrote it there.
func TestBackingOfABadName(t *testing.T) {
	for _, name := range []string{"../x", "vsphere", ""} {
		if _, _, err := (program{name: name, timeout: time.Minute}).Get("x"); err == nil || !strings.Contains(err.Error(), registry.ErrBacking.Error()) {
			t.Errorf("%q: %v", name, err)
		}
	}
}

// What a client stored goes, wherever it is, and what was added stays.
func TestForget(t *testing.T) {
	r := newRig(t)
	r.added(t)
	fake, said := backed(t, `[ "$1" = get ] && echo '{"Username":"ada","Secret":"s"}'; exit 0`)
	r.Backing = func(string) Backing { return fake }
	if err := r.Store.SaveLogin(registry.Login{Host: harbor, Username: "ada", Service: "backed", URL: "https://" + harbor + "/v2/"}); err != nil {
		t.Fatal(err)
	}
	if err := r.Forget(harbor); err != nil {
		t.Error(err)
	}
	_, stored, _ := r.Store.Login(harbor)
	if rec, _, _ := r.Store.Record(harbor); stored || rec.LoggedOut || !strings.Contains(said(), "erase https://"+harbor+"/v2/") {
		t.Errorf("%v %+v %s", stored, rec, said())
	}
}

// A keychain that does not let go keeps the note of where the secret is.
func TestForgetThatFails(t *testing.T) {
	r := newRig(t)
	fake, _ := backed(t, `echo 'it is locked'; exit 1`)
	r.Backing = func(string) Backing { return fake }
	if err := r.Store.SaveLogin(registry.Login{Host: harbor, Username: "ada", Service: "backed", URL: harbor}); err != nil {
		t.Fatal(err)
	}
	if err := r.Forget(harbor); err == nil || !strings.Contains(err.Error(), "docker-credential-backed keeps") {
		t.Error(err)
	}
	if _, stored, _ := r.Store.Login(harbor); !stored {
		t.Error("nobody knows where the secret is")
	}
}

// A wrong bound is told, and the usual one is used.
func TestNew(t *testing.T) {
	var said strings.Builder
	h := New(registry.Store{Dir: t.TempDir()}, func(string) string { return "soon" }, &said)
	if !strings.Contains(said.String(), timeoutVariable) || h.Backing("x") != (program{"x", defaultTimeout, h.Store}) || h.Now().IsZero() {
		t.Errorf("%q %+v", said.String(), h.Backing("x"))
	}
	child(t, "exit 3")
	if err := h.Renew(devKey); err == nil || !strings.Contains(err.Error(), "exit code 3") {
		t.Error(err)
	}
}

// The codes of what is no word of the protocol. What is said stands on the test's own streams.
func TestRunCodes(t *testing.T) {
	t.Setenv("PATH", t.TempDir())
	for word, want := range map[string]int{"": 1, "--help": 0, "-h": 0, "help": 0, "nothing": 2, "status": 1} {
		if got := Run(strings.Fields(word)); got != want {
			t.Errorf("%q: %d", word, got)
		}
	}
}

// A helper that takes too long is ended with all that it has started, and so is one that prints too much.
func TestBackingEndsWithItsChildren(t *testing.T) {
	for name, c := range map[string]struct {
		script string
		bound  time.Duration
	}{
		"time": {`sleep 1000 >/dev/null 2>&1 & echo $! >"$0.pid"; wait`, time.Second},
		"size": {`sleep 1000 >/dev/null 2>&1 & echo $! >"$0.pid"; yes x`, time.Hour},
	} {
		p, _ := backed(t, c.script)
		p.timeout = c.bound
		if _, _, err := p.Get("quay.io"); err == nil {
			t.Errorf("%s: no error", name)
		}
		text, err := os.ReadFile(filepath.Join(strings.Split(os.Getenv("PATH"), ":")[0], "docker-credential-backed.pid"))
		if err != nil {
			t.Fatal(err)
		}
		pid, err := strconv.Atoi(strings.TrimSpace(string(text)))
		if err != nil {
			t.Fatal(err)
		}
		for deadline := time.Now().Add(10 * time.Second); running(pid); time.Sleep(5 * time.Millisecond) {
			if time.Now().After(deadline) {
				_ = syscall.Kill(pid, syscall.SIGKILL)
				t.Fatalf("%s: the helper's child lives on", name)
			}
		}
	}
}

// running reports whether a process runs. Until somebody waits for one that ended, it is a zombie, which can be signalled.
func running(pid int) bool {
	state, _ := os.ReadFile("/proc/" + strconv.Itoa(pid) + "/stat")
	return syscall.Kill(pid, 0) == nil && !strings.Contains(string(state), ") Z ")
}

// Ctrl-C reaches this process alone, and ends the helper.
func TestInterruptEndsABacking(t *testing.T) {
	p, _ := backed(t, `kill -INT $PPID; exec sleep 1000`)
	p.timeout = time.Hour
	if _, _, err := p.Get("quay.io"); err == nil || !strings.Contains(err.Error(), "interrupted") {
		t.Error(err)
	}
}
