package sitecmd_test

import (
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/kubectl-vsphere/kubectl-vsphere/internal/cli/clitest"
	"github.com/kubectl-vsphere/kubectl-vsphere/internal/consoletest"
	"github.com/kubectl-vsphere/kubectl-vsphere/internal/failure"
	"github.com/kubectl-vsphere/kubectl-vsphere/pkg/tokens"
)

func current(t *testing.T, w *consoletest.World, want string) {
	t.Helper()
	if !strings.Contains(w.ReadKubeconfig(), "current-context: "+want+"\n") {
		t.Errorf("the current context is not %s in\n%s", want, w.ReadKubeconfig())
	}
}

// A context is chosen by its name, or by what it is for; a dash goes back.
func TestUse(t *testing.T) {
	w, _ := signedIn(t)
	w.Run("use", "-").Exits(failure.Failed).Says("no context was current before")
	w.Run("use", "tkc1").Exits(failure.OK).Says(`Switched to context "tkc1" (the cluster ns1/tkc1 of 10.0.0.1).`)
	current(t, w, "tkc1")
	w.Run("use", "ns1/tkc2").Exits(failure.OK).Says(`Switched to context "tkc2"`)
	w.Run("use", "-").Exits(failure.OK).Says(`Switched to context "tkc1"`)
	w.Run("use", "-").Exits(failure.OK).Says(`Switched to context "tkc2"`)
	w.Run("use", "ns2").Exits(failure.OK).Says("(the vSphere Namespace ns2 of 10.0.0.1)")
	w.Run("use", "ns2").Exits(failure.OK)
	w.Run("use", "-").Exits(failure.OK).Says(`"tkc2"`) // Choosing the same again is no change.
	w.Run("use", "10.0.0.1").Exits(failure.OK).Says("(the Supervisor 10.0.0.1)")
	current(t, w, "10.0.0.1")
	if info, err := os.Stat(filepath.Join(w.Store().Dir(), "previous.json")); err != nil || info.Mode().Perm() != 0o600 {
		t.Error(info, err)
	}
	w.WriteFile("store/previous.json", `{"version":9}`, 0o600)
	w.Run("use", "-").Exits(failure.Failed).Says("no context was current before", "kubectl vsphere use NAME")
	w.Run("use", "tkc1").Exits(failure.OK)
	w.Run("logout").Exits(failure.OK)
	w.Run("use", "-").Exits(failure.Failed).Says(`context "10.0.0.1", which was current before, is no longer in the kubeconfig`)
}

// Without a name there is a list, with a star before the current context, by kind.
func TestUseLists(t *testing.T) {
	w, _ := signedIn(t)
	wantLines(t, w.Run("use").Exits(failure.OK), "CONTEXT KIND FOR SERVER", "*10.0.0.1 Supervisor - 10.0.0.1", "ns1 vSphere Namespace ns1 10.0.0.1",
		"ns2 vSphere Namespace ns2 10.0.0.1", "tkc1 cluster ns1/tkc1 10.0.0.1", "tkc2 cluster ns1/tkc2 10.0.0.1")
	w.Run("__complete", "use", "").Exits(failure.OK).Says("10.0.0.1\nns1\nns2\ntkc1\ntkc2\n")
	w.Run("use", "a", "b").Exits(failure.Usage).Says("one word too many")
	w.Run("use", "").Exits(failure.Usage).Says("is empty")
	w.Run("use", "tck1").Exits(failure.Failed).Says(`there is no context, cluster or vSphere Namespace "tck1"; did you mean tkc1`)
	empty := clitest.New(t)
	empty.Run("use", "tkc1").Exits(failure.Failed).Says("there is no context of a login", "Log in first: ").Omits("status")
	empty.Run("use").Exits(failure.Failed).Says("there is no context of a login", "Log in first: ")
}

// A Supervisor is called by the name of its site.
func TestUseNamesSites(t *testing.T) {
	w, _ := signedIn(t)
	if _, err := w.Store().NameSite(t.Context(), tokens.Site{Server: "10.0.0.1"}, "prod"); err != nil {
		t.Fatal(err)
	}
	w.Run("use", "tkc1").Exits(failure.OK).Says("(the cluster ns1/tkc1 of prod)")
	w.Run("use").Exits(failure.OK).Says("ns1/tkc1   prod").Omits("   10.0.0.1\n")
}

// Others' contexts are left alone, unless they are asked for. A name with several meanings says which.
func TestUseOfOthers(t *testing.T) {
	w, _ := signedIn(t)
	text := strings.Replace(w.ReadKubeconfig(), "contexts:\n", "contexts:\n- context:\n    cluster: theirs\n    user: theirs\n  name: theirs\n", 1)
	text = strings.Replace(text, "  name: tkc1\n", "  name: one\n", 1)
	text = strings.Replace(text, "  name: tkc2\n", "  name: two\n", 1)
	text = strings.Replace(text, "ns1/tkc2", "ns2/tkc1", 1)
	w.WriteFile("kubeconfig", text, 0o600)
	w.Run("use", "theirs").Exits(failure.Failed).Says(`context "theirs" was not written by this program`, "type: kubectl vsphere use --all theirs")
	w.Run("use", "tkc1").Exits(failure.Failed).Says(`several contexts are for "tkc1": "one" (the cluster ns1/tkc1 of 10.0.0.1), "two" (the cluster ns2/tkc1 of 10.0.0.1)`, "Type the name of one of them.")
	w.Run("use", "ns2/tkc1").Exits(failure.OK).Says(`Switched to context "two"`)
	w.Run("use", "--all").Exits(failure.OK).Says("theirs", "*two")
	w.Run("use", "--all", "theirs").Exits(failure.OK).Says("Switched to context \"theirs\".\n")
	current(t, w, "theirs")
	w.Run("use", "-").Exits(failure.OK).Says(`"two"`)
}

// A person picks: letters filter, arrows move, Enter takes, Escape and Ctrl-C change nothing.
func TestPick(t *testing.T) {
	for name, c := range map[string]struct {
		keys, want string
	}{
		"enter":          {"", "10.0.0.1"},
		"down":           {"\x1b[B\x1bOB", "ns2"},
		"up and down":    {"\x1b[A\x0e\x0e\x10", "ns1"},
		"to the end":     {strings.Repeat("\x1b[B", 20), "tkc2"},
		"letters":        {"TKC2", "tkc2"},
		"words":          {"clusters 1/tkc", "tkc1"},
		"a slip":         {"tkc2x\x7f\x7f1", "tkc1"},
		"begin anew":     {"nothing\x15ns2", "ns2"},
		"an odd key":     {"\x1b[15~\x01\xffns2", "ns2"},
		"nothing fits":   {"zzz\r\x7f\x08\x7fns1", "ns1"},
		"the one before": {"ns2\x15", "ns2"},
	} {
		t.Run(name, func(t *testing.T) {
			w, _ := signedIn(t)
			w.Columns = 60
			w.Person(consoletest.Answer{To: "Which context?", Keys: c.keys})
			w.Run("use").Exits(failure.OK).Says(`Switched to context "`+c.want, "Clusters:", "*10.0.0.1")
			current(t, w, c.want)
		})
	}
	for _, keys := range []string{"\x1b", "\x03", "ns2\x04"} {
		w, _ := signedIn(t)
		w.Columns = 60
		w.Person(consoletest.Answer{To: "Which context?", Keys: keys})
		w.Run("use").Exits(failure.Interrupted)
		current(t, w, "10.0.0.1")
	}
	w, _ := signedIn(t)
	w.Columns = 60
	w.Vars["TERM"] = "dumb"
	w.Person()
	w.Run("use").Exits(failure.OK).Says("CONTEXT")
}

// What is typed is a name first: the mark leaves the current context, in whose text it is too. It stays where the arrows put it.
func TestPickByName(t *testing.T) {
	for name, c := range map[string]struct{ keys, want string }{
		"an exact name":           {"ns1", "ns1"},
		"in another case":         {"NS1 ", "ns1"},
		"the beginning of a name": {"tk", "tkc1"},
		"only in a text":          {"1/tkc2", "tkc2"},
		"the first of several":    {"1/tkc", "tkc1"},
		"then an arrow":           {"ns1\x1b[B", "tkc1"},
		"then nothing":            {"ns1\x15", "ns1"},
	} {
		t.Run(name, func(t *testing.T) {
			w, _ := signedIn(t)
			w.Run("use", "tkc2").Exits(failure.OK)
			w.Columns = 60
			w.Person(consoletest.Answer{To: "Which context?", Keys: c.keys})
			w.Run("use").Exits(failure.OK)
			current(t, w, c.want)
		})
	}
}

// A name in a kubeconfig is data: the picker shows it, and nothing else.
func TestPickWithHostileNames(t *testing.T) {
	w, _ := signedIn(t)
	w.WriteFile("kubeconfig", strings.Replace(w.ReadKubeconfig(), "  name: tkc2\n", `  name: "tkc2\x1b]0;x\a\u202e\n"`+"\n", 1), 0o600)
	w.Columns = 60
	w.Person(consoletest.Answer{To: "Which context?", Keys: "tkc2"})
	r := w.Run("use").Exits(failure.OK).Says(`tkc2\x1b]0;x\x07\u202e`)
	if strings.Contains(r.Err+r.Out, "\x1b]") || strings.Contains(r.Err+r.Out, "\u202e") {
		t.Errorf("%q", r.Err)
	}
}
