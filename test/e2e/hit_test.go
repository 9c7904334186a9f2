package e2e

import (
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
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
		t.Skipf("strace may not trace here: %v", err)
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
