package cli

import (
	"os/exec"
	"strings"
	"testing"
)

const module = "github.com/kubectl-vsphere/kubectl-vsphere/"

func deps(t *testing.T, pkg string) []string {
	t.Helper()
	out, err := exec.CommandContext(t.Context(), "go", "list", "-deps", "-f", "{{if not .Standard}}{{.ImportPath}}{{end}}", module+pkg).Output()
	if err != nil {
		t.Fatal(err)
	}
	return strings.Fields(string(out))
}

// The hit runs on every kubectl command.
func TestHitImportsStandardLibraryOnly(t *testing.T) {
	for _, dep := range deps(t, "pkg/tokens/credfile") {
		if dep != module+"pkg/tokens/credfile" {
			t.Errorf("pkg/tokens/credfile imports %s", dep)
		}
	}
}

// Each of these costs every kubectl command a millisecond or more at start, since Go initialises all that is linked.
func TestProgramLinksNothingHeavy(t *testing.T) {
	heavy := []string{
		"k8s.io/client-go/kubernetes", "k8s.io/client-go/dynamic", "k8s.io/client-go/metadata", "k8s.io/client-go/discovery",
		"k8s.io/cli-runtime/pkg/genericclioptions", "k8s.io/cli-runtime/pkg/printers", "k8s.io/api/", "github.com/vmware/govmomi",
		"github.com/spf13/cobra/doc",
	}
	all := deps(t, "cmd/kubectl-vsphere")
	if len(all) < 10 {
		t.Fatalf("only %d dependencies: %q", len(all), all)
	}
	for _, dep := range all {
		for _, h := range heavy {
			if dep == strings.TrimSuffix(h, "/") || strings.HasPrefix(dep, strings.TrimSuffix(h, "/")+"/") {
				t.Errorf("the program links %s", dep)
			}
		}
	}
}

// The helper is started by registry clients, some of which do so for every registry that they know.
func TestHelperLinksLittle(t *testing.T) {
	for _, dep := range deps(t, "cmd/docker-credential-vsphere") {
		for _, h := range []string{"k8s.io/", "sigs.k8s.io/", "github.com/spf13/", "golang.org/x/oauth2", module + "pkg/wire", module + "pkg/login"} {
			if strings.HasPrefix(dep, h) {
				t.Errorf("the helper links %s", dep)
			}
		}
	}
	for _, dep := range deps(t, "pkg/registry") {
		if !strings.HasPrefix(dep, module) && dep != "github.com/gofrs/flock" && !strings.HasPrefix(dep, "golang.org/x/sys/") {
			t.Errorf("pkg/registry imports %s", dep)
		}
	}
}

// Imports run downwards: what keeps tokens knows no network and no login, what writes the kubeconfig no network.
func TestLayers(t *testing.T) {
	for pkg, forbidden := range map[string][]string{
		"pkg/tokens":     {"pkg/login", "pkg/wire", "pkg/supervisor", "pkg/kubeconfig", "internal"},
		"pkg/kubeconfig": {"pkg/login", "pkg/wire", "pkg/supervisor", "pkg/trust", "internal"},
		"pkg/supervisor": {"pkg/login", "pkg/tokens", "pkg/kubeconfig", "internal"},
		"pkg/login":      {"pkg/kubeconfig", "internal"},
		"pkg/registry":   {"pkg/login", "pkg/wire", "pkg/supervisor", "pkg/kubeconfig", "pkg/trust", "internal"},
		"pkg/wire":       {"pkg/login", "pkg/tokens", "pkg/supervisor", "pkg/kubeconfig", "internal"},
	} {
		for _, dep := range deps(t, pkg) {
			for _, f := range forbidden {
				if dep == module+f || strings.HasPrefix(dep, module+f+"/") {
					t.Errorf("%s imports %s", pkg, dep)
				}
			}
		}
	}
}
