package internal

import (
	"go/ast"
	"go/token"
	"regexp"
	"slices"
	"strconv"
	"strings"
	"testing"

	"github.com/kubectl-vsphere/kubectl-vsphere/internal/layout"
)

// A message that names a command says so in a way that layout.Fill knows, so that no terminal, however narrow, breaks it: after a colon, in
// quotation marks, or as an indented line of its own.
func TestCommandsInMessagesAreWhole(t *testing.T) {
	command := regexp.MustCompile(`(kubectl (vsphere|config)|docker (login|logout|push)|docker-credential-vsphere|podman|chown|chmod|icacls|attrib|ssh) [a-z%-]`)
	prose := []string{ // Names of the program, and no command.
		"kubectl vsphere is", "kubectl vsphere has", "podman do", "docker push and", "docker-credential-vsphere to ", "docker-credential-vsphere into ",
	}
	found := 0
	sources(t, func(_, _ string, fset *token.FileSet, file *ast.File) {
		ast.Inspect(file, func(n ast.Node) bool {
			if pair, ok := n.(*ast.KeyValueExpr); ok {
				if name, ok := pair.Key.(*ast.Ident); ok && name.Name == "Example" {
					return false // FitHelp leaves them.
				}
			}
			literal, ok := n.(*ast.BasicLit)
			if !ok || literal.Kind != token.STRING {
				return true
			}
			text, err := strconv.Unquote(literal.Value)
			if err != nil {
				t.Fatal(err)
			}
			for line := range strings.Lines(text) {
				at := command.FindStringIndex(line)
				if at == nil || at[0] == 0 || strings.HasPrefix(line, "  ") || slices.ContainsFunc(prose, func(p string) bool { return strings.HasPrefix(line[at[0]:], p) }) {
					continue // An indented line is an example, or a command alone. What begins a literal is put into another text.
				}
				found++
				for before := range 40 { // Wherever the line ends.
					if !strings.Contains(layout.Fill(strings.Repeat("x", before)+" "+line, 60), line[at[0]:at[1]]) {
						t.Errorf("%s: a terminal may break the command in %q", fset.Position(n.Pos()), line)
						break
					}
				}
			}
			return true
		})
	})
	if found < 20 {
		t.Errorf("only %d commands", found)
	}
}
