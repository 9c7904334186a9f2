package e2e

import (
	"regexp"
	"strings"
	"testing"
)

// A login that takes long says on a terminal what it is about and how far it is, and leaves nothing of that behind. In a pipe
// it says none of it.
func TestLoginProgress(t *testing.T) {
	t.Parallel()
	const namespace, clusters = "progress", 20 // More than are logged in to at once.
	manyClusters(t, namespace, clusters)
	u := newUser(t, namespace)
	addFault(t, map[string]any{"user": u.Username, "delay": "150ms"}) // Longer than the line stands at least.
	args := []string{
		"kubectl-vsphere", "login", "--server", site.Supervisors[0].Server, "-u", u.Username, "--certificate-authority", site.Supervisors[0].CA,
	}
	h := newHome(t, "KUBECTL_VSPHERE_PASSWORD="+u.Password)
	term := h.onTerminal(t, args...)
	if code := term.wait(); code != 0 {
		t.Fatalf("exit code %d:\n%s", code, term.output())
	}
	const removed = "\r\x1b[K"
	out := term.output()
	end := strings.LastIndex(out, removed)
	if end < 0 {
		t.Fatalf("no line is removed:\n%q", out)
	}
	shown, report := out[:end], out[end+len(removed):]
	for _, step := range []string{
		"\rConnecting to ", "\rGetting namespaces …\x1b[K", "\rLogging in to control plane hosts …\x1b[K", "\rListing clusters …\x1b[K",
	} {
		_, after, ok := strings.Cut(shown, step)
		if !ok {
			t.Errorf("%q is missing, or not in its place:\n%q", step, out)
			continue
		}
		shown = after
	}
	if counts := regexp.MustCompile(`\rGetting cluster credentials: \d+ of 20\x1b\[K`).FindAllString(shown, -1); len(counts) < 2 {
		t.Errorf("the clusters are counted %d times:\n%q", len(counts), out)
	}
	if !strings.Contains(report, "c19") || strings.ContainsAny(report, "\x1b…") {
		t.Errorf("after the line is removed:\n%q", report)
	}
	if out, code := h.run(t, args...); code != 0 || strings.Contains(out, "Getting") || strings.Contains(out, "\x1b") {
		t.Errorf("in a pipe, exit code %d:\n%s", code, out)
	}
}
