package internal

import (
	"go/ast"
	"go/token"
	"os"
	"os/exec"
	"path"
	"slices"
	"strings"
	"testing"
)

const module = "github.com/kubectl-vsphere/kubectl-vsphere/"

// floors are the rooms of the house. A room imports only rooms of the floors below its own; rooms of one floor do not know each
// other. docs/architecture.md says what each is for.
var floors = [][]string{
	{"cmd/kubectl-vsphere", "cmd/docker-credential-vsphere", "internal/gendocs", "internal/bench", "internal/mutate"},
	{"cmd/kubectl-vsphere/early", "internal/cli"},
	{"internal/cli/logincmd", "internal/cli/logoutcmd", "internal/cli/registrycmd", "internal/cli/sitecmd", "internal/cli/describecmd", "internal/cli/doctorcmd", "internal/cli/namecmd", "internal/cli/clustercmd", "internal/cli/manifestcmd", "internal/cli/vmcmd", "internal/cli/migratecmd", "internal/cli/argocmd"},
	{"internal/cli/lookup", "internal/cli/privatefile", "internal/survey/pending", "internal/survey/storage"},
	{"internal/cli/registrycmd/robotcmd", "internal/survey", "internal/doctor", "internal/breakglass", "internal/migrate", "pkg/client"},
	{"internal/command", "internal/registryaccess", "internal/contexts", "internal/method", "internal/survey/link"},
	{"internal/method/password", "internal/method/federated", "internal/supervisors"},
	{"internal/session"},
	{"internal/site", "internal/browser"},
	{"internal/console", "internal/failure", "internal/credhelper"},
	{"pkg/login", "pkg/registry/harbor", "pkg/registry/dockerconfig"},
	{"pkg/login/sso", "pkg/login/oidc", "pkg/login/secret", "pkg/concierge", "pkg/registry"},
	{"pkg/manifest"},
	{"pkg/tkg", "pkg/vcenter"},
	{"pkg/supervisor", "pkg/kubeapi", "pkg/kubeconfig", "pkg/kubeconfig/mask"},
	{"pkg/wire", "pkg/tokens", "pkg/kubeconfig/splice"},
	{"pkg/tokens/owned", "pkg/username", "pkg/login/oidc/callback"},
	{"pkg/disclose", "pkg/trust", "pkg/tokens/credfile", "pkg/atomicfile", "pkg/filelock", "pkg/jwt"},
	{"pkg/bounded/boundedyaml", "pkg/kubeconfig/codec", "pkg/address"},
	{"pkg/bounded", "pkg/disk", "pkg/redact", "pkg/safetext", "pkg/process", "pkg/duration", "pkg/tokens/lost", "internal/leak", "internal/layout", "internal/survey/size", "internal/version"},
	{"pkg/syserr", "pkg/order"},
}

// floor is the number of the floor that a package stands on, the highest being 0.
func floor(pkg string) int {
	return slices.IndexFunc(floors, func(rooms []string) bool { return slices.Contains(rooms, pkg) })
}

// imports are what each package of the module imports, tests left out.
func imports(t *testing.T) map[string][]string {
	t.Helper()
	list := exec.CommandContext(t.Context(), "go", "list", "-f", `{{.ImportPath}} {{join .Imports " "}}`, "./...")
	list.Dir = ".."
	out, err := list.Output()
	if err != nil {
		t.Fatal(err)
	}
	all := map[string][]string{}
	for line := range strings.Lines(string(out)) {
		words := strings.Fields(line)
		if pkg := strings.TrimPrefix(words[0], module); !onlyTests(pkg) {
			all[pkg] = words[1:]
		}
	}
	return all
}

// onlyTests reports whether a package has no code of the programs.
func onlyTests(pkg string) bool {
	return pkg == "internal" || strings.HasSuffix(path.Base(pkg), "test")
}

func TestLayers(t *testing.T) {
	all := imports(t)
	if len(all) < 30 {
		t.Fatalf("only %d packages", len(all))
	}
	for pkg, imported := range all {
		if floor(pkg) < 0 {
			t.Errorf("%s stands on no floor: add it to the list, and to docs/architecture.md", pkg)
		}
		for _, path := range imported {
			below, ours := strings.CutPrefix(path, module)
			switch {
			case ours && floor(below) <= floor(pkg):
				t.Errorf("%s imports %s, which is not below it", pkg, below)
			case ours && strings.HasPrefix(pkg, "pkg/") && pkg != "pkg/client" && strings.HasPrefix(below, "internal/"):
				t.Errorf("%s imports %s: other programs cannot", pkg, below)
			case path == "github.com/spf13/cobra" && !strings.HasPrefix(pkg, "internal/cli") && pkg != "internal/command" && pkg != "internal/gendocs":
				t.Errorf("%s imports cobra", pkg)
			}
		}
	}
	for _, rooms := range floors {
		for _, room := range rooms {
			if _, there := all[room]; !there {
				t.Errorf("there is no %s", room)
			}
		}
	}
}

// deps are all packages that a package links, those of the standard library left out.
func deps(t *testing.T, pkg string) []string {
	t.Helper()
	out, err := exec.CommandContext(t.Context(), "go", "list", "-deps", "-f", "{{if not .Standard}}{{.ImportPath}}{{end}}", module+pkg).Output()
	if err != nil {
		t.Fatal(err)
	}
	return strings.Fields(string(out))
}

// under reports whether a package is one of a list, or below one.
func under(pkg string, roots ...string) bool {
	return slices.ContainsFunc(roots, func(root string) bool { return pkg == root || strings.HasPrefix(pkg, root+"/") })
}

// A hit is answered on every kubectl command, before anything of this is initialised.
func TestCredfileImportsStandardLibraryOnly(t *testing.T) {
	for _, dep := range deps(t, "pkg/tokens/credfile") {
		if dep != module+"pkg/tokens/credfile" {
			t.Errorf("pkg/tokens/credfile imports %s", dep)
		}
	}
}

// Each of these costs every kubectl command a millisecond or more at start, since Go initialises all that is linked.
func TestProgramLinksNothingHeavy(t *testing.T) {
	all := deps(t, "cmd/kubectl-vsphere")
	if len(all) < 10 {
		t.Fatalf("only %d dependencies: %q", len(all), all)
	}
	for _, dep := range all {
		if under(dep, "k8s.io/client-go/kubernetes", "k8s.io/client-go/dynamic", "k8s.io/client-go/metadata", "k8s.io/client-go/discovery",
			"k8s.io/cli-runtime/pkg/genericclioptions", "k8s.io/cli-runtime/pkg/printers", "k8s.io/api", "github.com/vmware/govmomi",
			"github.com/spf13/cobra/doc",
			// A tenth of the program: internal/site and pkg/kubeconfig/codec do what is needed of them.
			"k8s.io/client-go/rest", "k8s.io/client-go/tools/clientcmd/api/latest", "k8s.io/apimachinery/pkg/apis") || dep == "k8s.io/client-go/tools/clientcmd" {
			t.Errorf("the program links %s", dep)
		}
	}
}

// The helper is started by registry clients, some of which do so for every registry that they know. What it links is initialised each time.
// All else that it needs, it leaves to kubectl-vsphere.
var (
	// helperNever are packages that it must not link, with what is below them, and why.
	helperNever = map[string]string{
		"net":           "it asks no server",
		"crypto/tls":    "it asks no server",
		"crypto/x509":   "it verifies no certificate, and initialises much for that",
		"crypto/rsa":    "it verifies no signature",
		"crypto/ecdsa":  "it verifies no signature",
		"math/big":      "it verifies no signature",
		"encoding/pem":  "a CA is for those who ask servers",
		"encoding/asn1": "a CA is for those who ask servers",
		"encoding/xml":  "no file of a registry client is XML",
		"regexp":        "an expression is compiled at each start",
		"text/template": "it links reflection on all methods, so that the linker can leave nothing out",
		"html":          "it answers no browser",
		"flag":          "a registry client gives it one word",
		"embed":         "it has no files of its own",
		"compress":      "it reads no archive",
		"archive":       "it reads no archive",
		"testing":       "it is a program",
	}
	// helperExempt are packages below one of those that it may link, by system: addresses as numbers, and what golang.org/x/sys/windows imports.
	helperExempt = map[string][]string{"linux": {"net/netip"}, "darwin": {"net/netip"}, "windows": {"net/netip", "net"}}
	// helperMay are the packages outside of the standard library that it may link, with what is below them, and why.
	helperMay = map[string]string{
		module + "cmd/docker-credential-vsphere":      "itself",
		module + "internal/credhelper":                "its commands",
		module + "pkg/registry":                       "which registry may have whose token",
		module + "pkg/tokens/credfile":                "a credential's file",
		module + "pkg/tokens/owned":                   "whose the store is",
		module + "pkg/atomicfile":                     "records are replaced in one step",
		module + "pkg/disk":                           "each call that changes a file",
		module + "pkg/duration":                       "until when an answer is good",
		module + "pkg/tokens/lost":                    "what a person types for a session that is lost",
		module + "internal/version":                   "which version it is",
		module + "pkg/username":                       "spellings of one user name",
		module + "pkg/filelock":                       "records are changed under a lock",
		module + "pkg/process":                        "it runs kubectl-vsphere",
		module + "pkg/redact":                         "a token does not print",
		module + "pkg/safetext":                       "the text of others is made harmless",
		module + "pkg/syserr":                         "what the system's errors mean",
		module + "internal/layout":                    "lines that fit a terminal",
		"github.com/docker/docker-credential-helpers": "the protocol of helpers",
		"github.com/kballard/go-shellquote":           "a command that a client stored",
		"github.com/gofrs/flock":                      "locks",
		"golang.org/x/sys":                            "what syscall lacks",
		"golang.org/x/term":                           "how wide a terminal is",
		"golang.org/x/text/width":                     "how wide a character is",
		"golang.org/x/text/transform":                 "that package imports it",
	}
)

func TestHelperLinksLittle(t *testing.T) {
	for _, system := range []string{"linux", "darwin", "windows"} {
		list := exec.CommandContext(t.Context(), "go", "list", "-deps", "-f", "{{.Standard}} {{.ImportPath}}", module+"cmd/docker-credential-vsphere")
		list.Env = append(os.Environ(), "CGO_ENABLED=0", "GOOS="+system, "GOARCH=amd64")
		out, err := list.Output()
		if err != nil || len(out) < 1000 {
			t.Fatalf("%s: %v: %q", system, err, out)
		}
		linked := map[string]bool{}
		for line := range strings.Lines(string(out)) {
			standard, dep, _ := strings.Cut(strings.TrimSpace(line), " ")
			for root, why := range helperNever {
				if under(dep, root) && !slices.Contains(helperExempt[system], dep) {
					t.Errorf("on %s the helper links %s: %s", system, dep, why)
				}
			}
			root := rootOf(dep)
			if linked[root] = true; standard == "false" && root == "" {
				t.Errorf("on %s the helper links %s, which is not on its list", system, dep)
			}
		}
		for root, why := range helperMay {
			if !linked[root] && system == "linux" {
				t.Errorf("the helper does not link %s any more (%s): take it off the list", root, why)
			}
		}
	}
	for _, dep := range deps(t, "pkg/registry") {
		if !under(dep, strings.TrimSuffix(module, "/"), "github.com/gofrs/flock", "golang.org/x/sys") {
			t.Errorf("pkg/registry imports %s", dep)
		}
	}
}

// rootOf returns the entry of helperMay for a package or one above it, or "" without an entry.
func rootOf(pkg string) string {
	for root := range helperMay {
		if under(pkg, root) {
			return root
		}
	}
	return ""
}

// Other programs link pkg/client: it brings no commands along, and its environment is its own, without a terminal.
func TestClientLinksNoCommands(t *testing.T) {
	all := deps(t, "pkg/client")
	if len(all) < 10 {
		t.Fatalf("only %d dependencies: %q", len(all), all)
	}
	for _, dep := range all {
		if under(dep, "github.com/spf13/cobra", module+"internal/cli", module+"internal/command", module+"internal/credhelper", "k8s.io/client-go/kubernetes",
			"k8s.io/client-go/dynamic", "k8s.io/cli-runtime/pkg/printers", "k8s.io/cli-runtime/pkg/genericclioptions") {
			t.Errorf("pkg/client links %s", dep)
		}
	}
	sources(t, func(dir, name string, fset *token.FileSet, file *ast.File) {
		if dir != "pkg/client" {
			return
		}
		ast.Inspect(file, func(n ast.Node) bool {
			s, ok := n.(*ast.SelectorExpr)
			if !ok {
				return true
			}
			if x := expr(s.X) + "." + s.Sel.Name; slices.Contains([]string{
				"console.System", "process.Hide", "browser.Open", "browser.Listen", "os.Stdin", "os.Stdout", "os.Stderr", "os.Exit",
			}, x) {
				t.Errorf("%s: %s/%s uses %s", fset.Position(n.Pos()), dir, name, x)
			}
			return true
		})
	})
}

// What has no business on the network does not link the clients of it.
func TestWhatKnowsNoNetwork(t *testing.T) {
	for pkg, forbidden := range map[string][]string{
		"pkg/tokens":     {"pkg/login", "pkg/wire", "pkg/supervisor", "pkg/kubeconfig"},
		"pkg/kubeconfig": {"pkg/login", "pkg/wire", "pkg/supervisor", "pkg/trust"},
		"pkg/registry":   {"pkg/login", "pkg/wire", "pkg/supervisor", "pkg/kubeconfig", "pkg/trust"},
	} {
		for _, dep := range deps(t, pkg) {
			for _, f := range forbidden {
				if under(dep, module+f) {
					t.Errorf("%s links %s", pkg, dep)
				}
			}
		}
	}
}
