package failure

import (
	"errors"
	"fmt"
	"go/ast"
	"go/parser"
	"go/token"
	"io/fs"
	"path/filepath"
	"regexp"
	"strings"
	"syscall"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/kubectl-vsphere/kubectl-vsphere/pkg/login"
	"github.com/kubectl-vsphere/kubectl-vsphere/pkg/supervisor"
	"github.com/kubectl-vsphere/kubectl-vsphere/pkg/tkg"
	"github.com/kubectl-vsphere/kubectl-vsphere/pkg/tokens"
	"github.com/kubectl-vsphere/kubectl-vsphere/pkg/trust"
)

func TestAdvice(t *testing.T) {
	_, inAddress := supervisor.ParseAddress("ada@10.0.0.1")
	for name, c := range map[string]struct {
		err  error
		want string // a part of it
	}{
		"a user in the address":    {Usagef("--server: %w", inAddress), "-u"},
		"a name in two namespaces": {&login.AmbiguousError{Name: "tkc", In: []string{"a", "b"}}, "--tanzu-kubernetes-cluster-namespace"},
		"a new cluster":            {fmt.Errorf("look it up: %w", login.ErrNoEndpoint), "--wait"},
		"a new cluster, by itself": {supervisor.ErrNoEndpoint, "--wait"},
		"a name used before":       {fmt.Errorf("wait: %w", &tkg.ReaddressedError{}), "a name that was not used before"},
		"an unknown CA":            {&trust.UntrustedError{Host: "sup", UnknownCA: true}, "--certificate-authority"},
		"a wrong certificate":      {&trust.UntrustedError{Host: "sup"}, "--insecure-skip-tls-verify"},
		"a store without room":     {&tokens.WriteError{Dir: "/s", Err: syscall.ENOSPC}, "no room in /s"},
		"a store of others":        {&tokens.WriteError{Dir: "/s", Err: fs.ErrPermission}, "Make /s writable"},
	} {
		got := NextStep(c.err)
		if !strings.Contains(got, c.want) || got != advice(c.err) {
			t.Errorf("%s: %q", name, got)
		}
	}
	if got := advice(errors.New("another")); got != "" {
		t.Error(got)
	}
	if got := NextStep(Hint(login.ErrNoEndpoint, "Closer by.")); got != "Closer by." {
		t.Errorf("what a caller says is closer: %q", got)
	}
}

func TestAdvicesAreSaidOnce(t *testing.T) {
	got := Advices([]login.Failure{
		{What: "a/x", Err: login.ErrNoEndpoint}, {What: "a/y", Err: errors.New("another")}, {What: "a/z", Err: login.ErrNoEndpoint},
		{What: "tkc", Err: &login.AmbiguousError{In: []string{"a", "b"}}}, {What: "10.0.0.2", Err: &trust.UntrustedError{UnknownCA: true}},
	})
	want := []string{advice(login.ErrNoEndpoint), advice(&login.AmbiguousError{})}
	if diff := cmp.Diff(want, got); diff != "" {
		t.Error(diff)
	}
}

// Other programs use pkg, with flags of their own. What is allowed is no advice: the arguments of get-token and the hint are what
// kubeconfigs hold.
func TestPkgNamesNoFlagAndNoCommand(t *testing.T) {
	ours := regexp.MustCompile(`--[a-z]|with -[a-z]\b|kubectl[ -]vsphere [a-z]|docker-credential-vsphere`)
	allowed := map[string]string{
		"tokens/credfile/args.go": `^--(server|user|cluster)$`,
		"kubeconfig/call.go":      `^--(server|user|cluster)$`,
		"kubeconfig/entries.go":   `^kubectl-vsphere gets the token for this context`,
	}
	files, used := 0, map[string]bool{}
	err := filepath.WalkDir("../../pkg", func(path string, d fs.DirEntry, err error) error {
		if err != nil || d.IsDir() || !strings.HasSuffix(path, ".go") || strings.HasSuffix(path, "_test.go") {
			return err
		}
		files++
		file, err := parser.ParseFile(token.NewFileSet(), path, nil, 0)
		if err != nil {
			return err
		}
		name, _ := filepath.Rel("../../pkg", path)
		ast.Inspect(file, func(n ast.Node) bool {
			text, ok := n.(*ast.BasicLit)
			if !ok || text.Kind != token.STRING || !ours.MatchString(strings.Trim(text.Value, "\"`")) {
				return true
			}
			said := strings.Trim(text.Value, "\"`")
			used[filepath.ToSlash(name)] = true
			if except := allowed[filepath.ToSlash(name)]; except == "" || !regexp.MustCompile(except).MatchString(said) {
				t.Errorf("%s says %s", name, said)
			}
			return true
		})
		return nil
	})
	if err != nil || files < 50 {
		t.Errorf("%d files, %v", files, err)
	}
	for name := range allowed {
		if !used[name] {
			t.Errorf("%s needs no exception any more", name)
		}
	}
}
