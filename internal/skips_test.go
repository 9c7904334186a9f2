package internal

import (
	"go/ast"
	"go/parser"
	"go/token"
	"io/fs"
	"path/filepath"
	"slices"
	"strconv"
	"strings"
	"testing"
)

// remedies are words of a message that says what to do.
var remedies = []string{"install", "run it", "run in", "mount", "turn on", "use ", "raise ", "comes with", "make clients"}

// A test that is skipped says what is missing and how to get it, or that it is not for Windows. Who reads the output of a run should not
// have to look for the test.
func TestSkipsSayWhatIsMissing(t *testing.T) {
	found := 0
	fset := token.NewFileSet()
	err := filepath.WalkDir("..", func(path string, d fs.DirEntry, err error) error {
		switch {
		case err != nil:
			return err
		case d.IsDir() && (d.Name() == "testdata" || path == filepath.Join("..", "test", "lab") || path == filepath.Join("..", "bin")):
			return fs.SkipDir
		case d.IsDir() || !strings.HasSuffix(path, ".go"):
			return nil
		}
		file, err := parser.ParseFile(fset, path, nil, parser.SkipObjectResolution)
		if err != nil {
			return err
		}
		ast.Inspect(file, func(n ast.Node) bool {
			call, ok := n.(*ast.CallExpr)
			if !ok {
				return true
			}
			if f, ok := call.Fun.(*ast.SelectorExpr); ok && (f.Sel.Name == "Skip" || f.Sel.Name == "Skipf" || f.Sel.Name == "SkipNow") {
				found++
				if !saysWhatIsMissing(call.Args) {
					t.Errorf("%s: say what is missing, and how to get it", fset.Position(call.Pos()))
				}
			}
			return true
		})
		return nil
	})
	if err != nil || found < 30 {
		t.Errorf("%d skips, %v", found, err)
	}
}

// saysWhatIsMissing reports whether the first argument of a skip is a message with a remedy.
func saysWhatIsMissing(args []ast.Expr) bool {
	if len(args) == 0 {
		return false
	}
	literal, ok := args[0].(*ast.BasicLit)
	if !ok {
		return false
	}
	text, err := strconv.Unquote(literal.Value)
	return err == nil && (strings.Contains(text, "Windows") || slices.ContainsFunc(remedies, func(r string) bool { return strings.Contains(text, r) }))
}
