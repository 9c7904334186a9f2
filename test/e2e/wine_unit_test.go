package e2e

import (
	"bufio"
	"bytes"
	"encoding/json"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strings"
	"testing"
)

// unitPackages have a part for each system, or work with files, programs, locks or the network.
var unitPackages = []string{
	"pkg/atomicfile", "pkg/bounded", "pkg/disk", "pkg/filelock", "pkg/kubeconfig", "pkg/kubeconfig/splice", "pkg/login/secret", "pkg/process", "pkg/registry",
	"pkg/registry/dockerconfig", "pkg/safetext", "pkg/syserr", "pkg/tokens", "pkg/tokens/credfile", "pkg/tokens/owned", "pkg/trust", "pkg/wire",
	"internal/browser", "internal/console", "internal/contexts", "internal/credhelper", "internal/failure", "internal/session", "internal/site",
}

// Why a unit test cannot run under Wine. A test that says t.Skip for Windows, or is in a file for Unix, is not in the list.
const (
	links   = "Wine 8 makes symbolic links, and cannot read them"
	modes   = "it looks at modes of files, which Windows does not have"
	scripts = "it starts shell scripts"
	paths   = "it expects paths or lists of paths of Unix"
	words   = "it expects words of a POSIX shell; those of Windows have tests of their own"
)

// notUnderWine are the unit tests that fail there, each with the reason.
var notUnderWine = map[string]string{
	"pkg/atomicfile TestRecoverATornFile":                            modes,
	"pkg/atomicfile TestRecoverNothing":                              modes,
	"pkg/disk TestDangling":                                          links,
	"pkg/kubeconfig TestUpdateBelowALinkToNothing":                   links,
	"pkg/kubeconfig TestUpdateThroughLinks":                          links,
	"pkg/kubeconfig TestUpdateRefuses/a_link_that_leads_nowhere":     links,
	"pkg/kubeconfig TestUpdateRefuses/a_loop_of_links":               links,
	"pkg/registry TestNothingIsWrittenForOthers":                     modes,
	"pkg/registry/dockerconfig TestModeAndLinkStay":                  modes,
	"pkg/registry/dockerconfig TestANewFileIsPrivate":                modes,
	"pkg/registry/dockerconfig TestPath":                             paths,
	"pkg/registry/dockerconfig TestNoDirectory":                      words,
	"pkg/tokens TestStage":                                           modes,
	"internal/browser TestBrowserCommands":                           paths,
	"internal/contexts TestExecCommand":                              links,
	"internal/contexts TestTheCommandOfContexts":                     links,
	"internal/credhelper TestGetSaysWhatToDo":                        modes,
	"internal/credhelper TestUnknownRegistriesAreKeptInAPrivateFile": modes,
	"internal/credhelper TestABackingHelperIsBounded":                scripts,
	"internal/credhelper TestTheLoginCommandIsThatOfTheSession":      words,
	"internal/failure TestQuote":                                     words,
	"internal/failure TestCommands":                                  words,
}

// The unit tests that have something to do with the system run on Windows too.
func TestUnitTestsUnderWine(t *testing.T) {
	t.Parallel()
	w := newWine(t, "077") // Tests make stores in their own way
	run := filepath.Join(w.home.dir, "run")
	w.write(run, "#!/bin/sh\numask 077\nexport HOME='"+w.home.dir+"' WINEPREFIX='"+filepath.Join(w.home.dir, "prefix")+"' WINEDEBUG=-all\nexec wine \"$@\"\n")
	if err := os.Chmod(run, 0o700); err != nil {
		t.Fatal(err)
	}
	args := []string{"test", "-count=1", "-json", "-timeout", "10m", "-tags", "wine", "-ldflags", "-checklinkname=0", "-exec", run}
	for _, pkg := range unitPackages {
		args = append(args, "./"+pkg)
	}
	c := exec.Command("go", args...)
	var stderr bytes.Buffer
	c.Dir, c.Env, c.Stderr = "../..", append(os.Environ(), "GOOS=windows", "GOARCH=amd64", "CGO_ENABLED=0", "GOFLAGS=-buildvcs=false -trimpath"), &stderr
	out, err := c.Output()
	result := collect(t, out)
	if err != nil && len(result.failed) == 0 {
		t.Fatalf("go test: %v\n%s\n%s", err, stderr.String(), out)
	}
	for _, name := range result.failed {
		if notUnderWine[name] == "" {
			t.Errorf("%s fails under Wine:\n%s", name, result.said[name])
		}
	}
	for name := range notUnderWine {
		if !slices.Contains(result.failed, name) {
			t.Errorf("%s runs under Wine: take it off the list", name)
		}
	}
	if result.passed < 300 {
		t.Errorf("only %d tests ran", result.passed)
	}
	t.Logf("%d unit tests ran under Wine, %d cannot", result.passed, len(notUnderWine))
}

// results are those of go test -json; names are those of a package and a test, with a space between.
type results struct {
	passed int
	failed []string // tests without those that failed because a test within them did, and packages that failed by themselves
	said   map[string]string
}

func collect(t *testing.T, text []byte) results {
	t.Helper()
	r := results{said: map[string]string{}}
	lines := bufio.NewScanner(bytes.NewReader(text))
	lines.Buffer(nil, 1<<20)
	for lines.Scan() {
		var e struct{ Action, Package, Test, Output string }
		if json.Unmarshal(lines.Bytes(), &e) != nil {
			continue
		}
		name := strings.TrimSpace(strings.TrimPrefix(e.Package, "github.com/kubectl-vsphere/kubectl-vsphere/") + " " + e.Test)
		switch {
		case e.Action == "output":
			r.said[name] += e.Output
		case e.Action == "pass" && e.Test != "":
			r.passed++
		case e.Action == "fail" && !slices.ContainsFunc(r.failed, func(within string) bool { return strings.HasPrefix(within, name) }):
			r.failed = append(r.failed, name)
		}
	}
	return r
}
