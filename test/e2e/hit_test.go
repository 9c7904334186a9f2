package e2e

import (
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"slices"
	"strings"
	"testing"
)

// A hit opens one file below the store and asks no server: kubectl waits for it on every command.
func TestHitSystemCalls(t *testing.T) {
	strace, err := exec.LookPath("strace")
	if err != nil {
		t.Skip("strace is not installed; .ci/run installs it")
	}
	if err := exec.Command(strace, "-o", os.DevNull, "true").Run(); err != nil {
		t.Skipf("strace may not trace here; run in a container with CAP_SYS_PTRACE: %v", err)
	}
	h, u := newHome(t), newUser(t, "ns1")
	h.login(t, u)
	trace := filepath.Join(h.dir, "trace")
	out, err := h.command(strace, "-f", "-o", trace, "-e", "trace=%file,%network", bin+"/kubectl-vsphere",
		"get-token", "--server", site.Supervisors[0].Server, "--user", u.Username, "--cluster", "ns1/tkc1").Output()
	if err != nil || !strings.Contains(string(out), `"token"`) {
		t.Fatalf("get-token under strace: %v\n%s", err, out)
	}
	text, err := os.ReadFile(trace)
	if err != nil {
		t.Fatal(err)
	}
	if !strings.Contains(string(text), "execve(") {
		t.Fatalf("strace saw nothing:\n%s", text)
	}
	if calls := regexp.MustCompile(`(?m)^.*\b(socket|connect|sendto)\(.*$`).FindAllString(string(text), -1); len(calls) > 0 {
		t.Errorf("a hit uses the network: %q", calls)
	}
	store := filepath.Join(h.dir, ".local/state/kubectl-vsphere")
	var below []string // what is opened there; looking at the modes of the directories on the way is no opening
	for line := range strings.Lines(string(text)) {
		if strings.Contains(line, store) && !strings.Contains(line, "execve(") && !strings.Contains(line, "newfstatat(") {
			below = append(below, line)
		}
	}
	if len(below) != 1 || !strings.Contains(below[0], "openat(") || !strings.Contains(below[0], "O_RDONLY") {
		t.Errorf("a hit touches more below the store than one file:\n%s", strings.Join(below, ""))
	}
}

// A hit is answered before Kubernetes' packages and their like are initialised, which takes longer than the answer. Go
// initialises packages in the order of their import paths; one import too many in the early answer and it comes last.
func TestHitComesBeforeTheRestOfTheProgram(t *testing.T) {
	h, u := newHome(t), newUser(t, "ns1")
	h.login(t, u)
	// These two wait for nothing but what package strings waits for, and the early answer waits for strings.
	unavoidable := []string{"golang.org/x/net/http2/hpack", "golang.org/x/text/unicode/norm"}
	key := []string{"get-token", "--server", site.Supervisors[0].Server, "--user", u.Username, "--cluster", "ns1/tkc1"}
	hit := initialised(t, h, key...)
	if !slices.Contains(hit, "encoding/json") {
		t.Errorf("the trace is not one of the early answer: %q", hit)
	}
	for _, pkg := range hit {
		if others.MatchString(pkg) && !slices.Contains(unavoidable, pkg) {
			t.Errorf("%s is initialised before the answer", pkg)
		}
	}
	// On a miss it is seen that the trace shows such packages.
	miss := initialised(t, h, append(key, "--force-refresh=false")...)
	for _, prefix := range []string{"k8s.io/", "golang.org/", "gopkg.in/", "sigs.k8s.io/"} {
		if !slices.ContainsFunc(miss, func(pkg string) bool { return strings.HasPrefix(pkg, prefix) }) {
			t.Errorf("the long way initialises nothing of %s: %q", prefix, miss)
		}
	}
}

// others are packages whose turn is after ours.
var others = regexp.MustCompile(`^(k8s\.io|golang\.org|gopkg\.in|sigs\.k8s\.io)/`)

// initialised are the packages with something to initialise, in order, until kubectl-vsphere has printed a token.
func initialised(t *testing.T, h *home, args ...string) (all []string) {
	t.Helper()
	var out, trace strings.Builder
	c := h.command(append([]string{"kubectl-vsphere"}, args...)...)
	c.Env = append(c.Env, "GODEBUG=inittrace=1")
	c.Stdout, c.Stderr = &out, &trace
	if err := c.Run(); err != nil || !strings.Contains(out.String(), `"token"`) {
		t.Fatalf("%q: %v\n%s", args, err, trace.String())
	}
	for _, m := range regexp.MustCompile(`(?m)^init (\S+) @`).FindAllStringSubmatch(trace.String(), -1) {
		all = append(all, m[1])
	}
	return all
}
