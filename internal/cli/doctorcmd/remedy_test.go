package doctorcmd_test

import (
	"fmt"
	"go/ast"
	"go/parser"
	"go/token"
	"path/filepath"
	"regexp"
	"slices"
	"strconv"
	"strings"
	"testing"

	"github.com/kballard/go-shellquote"
	"github.com/spf13/cobra"
	"github.com/spf13/pflag"

	"github.com/kubectl-vsphere/kubectl-vsphere/internal/cli"
	"github.com/kubectl-vsphere/kubectl-vsphere/internal/cli/clitest"
	"github.com/kubectl-vsphere/kubectl-vsphere/internal/console"
	"github.com/kubectl-vsphere/kubectl-vsphere/internal/doctor"
)

var (
	ourCommand    = regexp.MustCompile(`kubectl vsphere [a-z][^\n|>;"\x60]*`)
	podmanCommand = regexp.MustCompile(`podman logout [^\n]*`)
	anyFlag       = regexp.MustCompile(`(?:^|[ (])--([a-z][a-z-]+)`)
	typed         = regexp.MustCompile(`[Tt]ype: (\S+(?: \S+)?)`)
)

// others are the commands of other programs that a remedy may name.
var others = []string{
	"kubectl vsphere", "kubectl config", "chmod 600", "chmod 700", "export NO_PROXY", "export SSL_CERT_FILE", "docker logout", "podman logout",
	"docker-credential-vsphere login", "rm ",
}

// reader knows what the program understands.
type reader struct {
	env   *console.Env
	flags []string // of all commands
}

func newReader(t *testing.T) reader {
	t.Helper()
	r := reader{env: clitest.New(t).Env()}
	r.flags = allFlags(cli.Command(r.env, cli.Build{}))
	return r
}

// fault returns what is wrong with a text that says what to type: the program has no such command or flag, or it takes no such arguments.
// In a text that is whole, a command has all of its arguments.
func (r reader) fault(text string, whole bool) error {
	for _, command := range ourCommand.FindAllString(text, -1) {
		words, err := shellquote.Split(strings.TrimSuffix(strings.TrimSpace(command), "."))
		if err != nil {
			return fmt.Errorf("%q: %w", command, err)
		}
		c, rest, err := cli.Command(r.env, cli.Build{}).Find(words[2:])
		if err == nil {
			err = c.ParseFlags(rest)
		}
		if left := c.Flags().Args(); err == nil && (!c.Runnable() || c.HasSubCommands()) {
			err = fmt.Errorf("%q is not a command", left)
		}
		if err == nil && whole {
			err = c.ValidateArgs(c.Flags().Args())
		}
		if err != nil {
			return fmt.Errorf("%q: %w", command, err)
		}
	}
	prose := podmanCommand.ReplaceAllString(ourCommand.ReplaceAllString(text, ""), "")
	for _, flag := range anyFlag.FindAllStringSubmatch(prose, -1) {
		if !slices.Contains(r.flags, flag[1]) {
			return fmt.Errorf("there is no flag --%s", flag[1])
		}
	}
	for _, command := range typed.FindAllStringSubmatch(text, -1) {
		if !slices.ContainsFunc(others, func(o string) bool { return strings.HasPrefix(command[1], o) }) {
			return fmt.Errorf("nobody knows the command %q", command[1])
		}
	}
	return nil
}

// allFlags are the flags of all commands.
func allFlags(c *cobra.Command) (all []string) {
	c.Flags().VisitAll(func(f *pflag.Flag) { all = append(all, f.Name) })
	c.PersistentFlags().VisitAll(func(f *pflag.Flag) { all = append(all, f.Name) })
	for _, below := range c.Commands() {
		all = append(all, allFlags(below)...)
	}
	return all
}

// checkRemedies fails if what a report says to type is not a command of the program, with its arguments.
func checkRemedies(t *testing.T, r doctor.Report) {
	t.Helper()
	understands := newReader(t)
	for _, c := range r.Checks {
		for _, f := range c.Findings {
			if err := understands.fault(f.Says+"\n"+f.Remedy, true); err != nil {
				t.Errorf("%s: %v", c.Name, err)
			}
			if f.State == doctor.Problem && f.Remedy == "" && !strings.Contains(f.Says, "type: ") {
				t.Errorf("%s: %q: what can be done?", c.Name, f.Says)
			}
		}
	}
}

// Every command and every flag that a check may name exists, also in findings that no test makes.
func TestRemediesAreCommands(t *testing.T) {
	r := newReader(t)
	for _, c := range doctor.Checks() {
		if err := r.fault(c.Why+"\n"+c.Remedy, true); err != nil {
			t.Errorf("%s: %v", c.Name, err)
		}
	}
	paths, err := filepath.Glob("../../doctor/*.go")
	if err != nil {
		t.Fatal(err)
	}
	found := 0
	for _, path := range append(paths, "../registrycmd/findings.go", "../registrycmd/warnings.go", "../registrycmd/clienttrust.go") {
		if strings.HasSuffix(path, "_test.go") {
			continue
		}
		fset := token.NewFileSet()
		file, err := parser.ParseFile(fset, path, nil, 0)
		if err != nil {
			t.Fatal(err)
		}
		ast.Inspect(file, func(n ast.Node) bool {
			literal, ok := n.(*ast.BasicLit)
			if !ok || literal.Kind != token.STRING {
				return true
			}
			text, err := strconv.Unquote(literal.Value)
			if err != nil {
				t.Fatal(err)
			}
			text = strings.NewReplacer("Type: %s --", "Type: kubectl vsphere login --", "type: %s --", "type: kubectl vsphere login --").Replace(text)
			text = regexp.MustCompile(`[Tt]ype: (%s$|%s\n)`).ReplaceAllString(text, "")
			text = regexp.MustCompile(`%(\[\d\])?[sqdvo]`).ReplaceAllString(text, "x")
			if strings.Contains(text, "kubectl vsphere ") || strings.Contains(text, " --") {
				found++
			}
			if err := r.fault(text, false); err != nil {
				t.Errorf("%s: %v", fset.Position(n.Pos()), err)
			}
			return true
		})
	}
	if found < 20 {
		t.Errorf("only %d commands", found)
	}
}

// The check of the remedies sees what is wrong with one.
func TestRemedyFault(t *testing.T) {
	r := newReader(t)
	for _, text := range []string{
		"Type: kubectl vsphere lgoin", "Type: kubectl vsphere login --sever x", "kubectl vsphere registry ad x", "log in with --replace-cas", "Type: kubectl vsphere describe cluster",
		"Type: kubectl vsphere registry", "Type: reboot", "Type: kubectl vsphere use a b c",
	} {
		if r.fault(text, true) == nil {
			t.Errorf("%q is right", text)
		}
	}
	for _, text := range []string{"Type: kubectl vsphere login --server x -u 'a b'", "Ask.", "Type: kubectl vsphere registry ca x > ca.crt\nType: export SSL_CERT_FILE=$PWD/ca.crt"} {
		if err := r.fault(text, true); err != nil {
			t.Errorf("%q: %v", text, err)
		}
	}
}
