package cli_test

import (
	"cmp"
	"net/http"
	"path/filepath"
	"regexp"
	"strings"
	"testing"
	"time"

	"github.com/zalando/go-keyring"

	"github.com/kubectl-vsphere/kubectl-vsphere/internal/cli/clitest"
	"github.com/kubectl-vsphere/kubectl-vsphere/internal/consoletest"
	"github.com/kubectl-vsphere/kubectl-vsphere/internal/consoletest/objecttest"
	"github.com/kubectl-vsphere/kubectl-vsphere/internal/failure"
	"github.com/kubectl-vsphere/kubectl-vsphere/internal/layout"
)

// shownSite is a site with a cluster, a virtual machine and storage, some of which are not well. Names are wide on the screen.
func shownSite(t *testing.T) *consoletest.World {
	t.Helper()
	w, s := clitest.Site(t)
	clitest.SignedIn(t, w, s)
	s.Hidden = true
	keyring.MockInit()
	const whoAmI, mayI = "POST /apis/authentication.k8s.io/v1/selfsubjectreviews", "POST /apis/authorization.k8s.io/v1/selfsubjectaccessreviews"
	for _, replies := range []map[string]http.HandlerFunc{s.Replies, s.Namespaces[0].Clusters[0].Replies, s.Namespaces[0].Clusters[1].Replies} {
		replies[whoAmI] = consoletest.Reply(`{"status":{"userInfo":{"username":"sso:dev@vsphere.local"}}}`)
		replies[mayI] = consoletest.Reply(`{"status":{"allowed":false}}`)
	}
	w.Vars["PATH"] = filepath.Dir(w.Self)
	vms := objecttest.Holding{Group: "vmoperator.vmware.com", Version: "v1alpha3", Plural: "virtualmachines", Kind: "VirtualMachine", Columns: []string{"Power-State", "Class", "Phase", "Age"}}
	for _, vm := range []string{
		`{"metadata":{"name":"web-1","namespace":"ns1"},"spec":{"className":"small"},"status":{"powerState":"PoweredOn"},"cells":["PoweredOn","소형","Ready","1d"]}`,
		`{"metadata":{"name":"개발-서버","namespace":"ns1"},"spec":{"className":"small"},"status":{"conditions":[{"type":"VirtualMachineStorageReady","status":"False",
"message":"the quota of the storage class gold in the namespace ns1 is exceeded \u001b[31m"}]},"cells":["PoweredOff","x","생성중","2d"]}`,
	} {
		vms.Objects = append(vms.Objects, strings.ReplaceAll(vm, "\n", ""))
	}
	s.Hold(vms)
	s.Hold(objecttest.Holding{Group: "cluster.x-k8s.io", Version: "v1beta2", Plural: "clusters", Kind: "Cluster", Objects: []string{
		`{"metadata":{"name":"tkc1","namespace":"ns1"},"spec":{"controlPlaneEndpoint":{"host":"10.0.0.11","port":6443}},"status":{"phase":"Provisioned","conditions":[{"type":"Available","status":"True"}]}}`,
		`{"metadata":{"name":"tkc2","namespace":"ns1"},"status":{"phase":"Failed","conditions":[{"type":"Available","status":"False","reason":"NotAvailable","message":"no room in the cluster, as its administrator knows"}]}}`,
	}})
	for _, h := range []objecttest.Holding{
		{Version: "v1", Plural: "events", Kind: "Event"}, {Version: "v1", Plural: "resourcequotas", Kind: "ResourceQuota"},
	} {
		s.Hold(h)
	}
	return w
}

// shownCommands are lines whose output has styles. The others print what programs read, or sentences.
var shownCommands = []string{
	"status", "use", "doctor", "doctor --all",
	"list sites", "list namespaces", "list clusters", "list vms", "list vms -o wide",
	"describe cluster tkc1", "describe cluster tkc2", "describe namespace ns1", "describe vm web-1", "describe vm 개발-서버",
}

// sequences are the escape sequences of colours, and of the progress line.
var sequences = regexp.MustCompile("\x1b\\[[0-9;]*m")

// A terminal with colours shows the words that a pipe gets, and nothing else has escape sequences. Programs get none at a terminal either.
func TestColoursOfEachCommand(t *testing.T) {
	w := shownSite(t)
	for _, line := range shownCommands {
		args := strings.Fields(line)
		w.Columns, w.Vars["NO_COLOR"], w.Vars["TERM"] = 0, "", "xterm"
		piped := w.Run(args...)
		steady := func(s string) string { return regexp.MustCompile(`\d+ms|[0-9.]+s\b`).ReplaceAllString(s, "TIME") }
		for name, vars := range map[string][2]string{"terminal": {"", "xterm"}, "NO_COLOR": {"1", "xterm"}, "dumb": {"", "dumb"}} {
			w.Columns, w.Vars["NO_COLOR"], w.Vars["TERM"] = 2000, vars[0], vars[1]
			shown := w.Run(args...).Exits(piped.Code)
			coloured := sequences.MatchString(shown.Out)
			if coloured != (name == "terminal" && piped.Out != "") {
				t.Errorf("%s, %s: coloured %t:\n%q", line, name, coloured, shown.Out)
			}
			if got := sequences.ReplaceAllString(shown.Out, ""); steady(got) != steady(piped.Out) || strings.Contains(got, "\x1b") {
				t.Errorf("%s, %s:\n%s\nin a pipe:\n%s", line, name, got, piped.Out)
			}
		}
		if strings.Contains(piped.Out+piped.Err, "\x1b") {
			t.Errorf("%s in a pipe:\n%q", line, piped.Out)
		}
	}
	w.Columns, w.Vars["NO_COLOR"], w.Vars["TERM"] = 80, "", "xterm"
	for _, line := range []string{
		"list clusters -o json", "list vms -o name", "status -o yaml", "doctor -o json", "get-token --server 10.0.0.1 --user dev@vsphere.local", "version", "whoami -o json",
		"completion bash", "__complete use t",
	} {
		if r := w.Run(strings.Fields(line)...); strings.Contains(r.Out, "\x1b") || r.Out == "" {
			t.Errorf("%s:\n%q %s", line, r.Out, r.Err)
		}
	}
	w.Columns = 200
	w.Run("list", "clusters").Exits(failure.OK).Says("\x1b[1mSTATE\x1b[0m", "\x1b[32mready\x1b[0m", "\x1b[1;31mnot ready: NotAvailable\x1b[0m")
	w.Run("describe", "cluster", "tkc2").Exits(failure.OK).Says("\x1b[1mCluster ns1/tkc2 at 10.0.0.1: not ready", "\x1b[1;31mWrong:\x1b[0m ", "\x1b[1mConditions:\x1b[0m\n")
	w.Run("doctor").Says("\x1b[32mok:\x1b[0m ")
}

// At 40 columns, each line fits, but those with a word or a command that does not.
func TestEachCommandAtANarrowTerminal(t *testing.T) {
	w := shownSite(t)
	w.Vars["TERM"] = "xterm"
	for _, line := range shownCommands {
		args := strings.Fields(line)
		w.Columns = 0
		piped := w.Run(args...)
		w.Columns = 40
		narrow := sequences.ReplaceAllString(w.Run(args...).Exits(piped.Code).Out, "")
		for shown := range strings.Lines(narrow) {
			text := strings.TrimSpace(shown)
			heading, value, _ := strings.Cut(text, "  ") // Of a record: its value is one word.
			whole := !strings.Contains(cmp.Or(strings.TrimSpace(value), heading), " ")
			if layout.Width(strings.TrimRight(shown, "\n")) > 40 && !whole && !strings.HasPrefix(text, "kubectl ") {
				t.Errorf("%s: %q", line, shown)
			}
		}
		for _, command := range regexp.MustCompile(`kubectl vsphere (list|describe|login|logout)[^.;,()\n]*`).FindAllString(piped.Out, -1) {
			if !strings.Contains(narrow, strings.TrimSpace(command)) {
				t.Errorf("%s: %q is broken:\n%s", line, command, narrow)
			}
		}
	}
}

// Columns begin below each other whatever the width of the characters.
func TestWideNamesAreAligned(t *testing.T) {
	w := shownSite(t)
	r := w.Run("list", "vms").Exits(failure.OK)
	lines := strings.Split(strings.TrimSpace(r.Out), "\n")
	if len(lines) != 3 {
		t.Fatal(r.Out)
	}
	width := func(s string) (columns int) { // Not the program's own.
		for _, r := range s {
			if columns++; r >= '가' && r <= '힣' {
				columns++
			}
		}
		return columns
	}
	for heading, cells := range map[string][2]string{"CLASS": {"소형", "x"}, "PHASE": {"Ready", "생성중"}, "AGE": {"1d", "2d"}} {
		for i, word := range []string{heading, cells[0], cells[1]} {
			at := width(lines[i][:strings.LastIndex(lines[i], word)])
			if want := width(lines[0][:strings.Index(lines[0], heading)]); at != want {
				t.Errorf("%q begins at %d, not %d:\n%s", word, at, want, r.Out)
			}
		}
	}
}

// What waits says so at a terminal, also before a server has answered, and takes it away. A pipe gets nothing of that.
func TestProgressOfEachCommand(t *testing.T) {
	for line, step := range map[string]string{
		"list clusters": "Listing clusters …", "describe cluster tkc1": "Looking at cluster tkc1 …", "describe namespace ns1": "Looking at namespace ns1 …",
		"describe vm web-1": "Looking at vm web-1 …", "doctor": "Checking …",
	} {
		w := shownSite(t)
		w.Between = func(rw http.ResponseWriter, _ *http.Request, _ http.Handler) {
			w.Advance(2 * time.Second)
			rw.WriteHeader(http.StatusBadGateway)
		}
		w.Vars["TERM"], w.Columns = "xterm", 100
		r := w.Run(strings.Fields(line)...)
		shown, rest, found := strings.Cut(r.Err, "\r\x1b[K")
		if !found || !strings.Contains(shown, "\r"+step+"\x1b[K") || strings.Contains(rest, step) {
			t.Errorf("%s: %q", line, r.Err)
		}
		w.Columns = 0
		if r := w.Run(strings.Fields(line)...); strings.Contains(r.Err, step) || strings.Contains(r.Err, "\x1b") {
			t.Errorf("%s in a pipe: %q", line, r.Err)
		}
	}
}
