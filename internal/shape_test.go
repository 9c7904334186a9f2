package internal

import (
	"fmt"
	"go/ast"
	"go/parser"
	"go/token"
	"io/fs"
	"os"
	"path/filepath"
	"regexp"
	"slices"
	"strings"
	"testing"
)

// sources is allSources without what only tests use, and without the program that makes a release: a module of its own.
func sources(t *testing.T, do func(dir, name string, fset *token.FileSet, file *ast.File)) {
	t.Helper()
	allSources(t, func(dir, name string, fset *token.FileSet, file *ast.File) {
		if !onlyTests(dir) && !under(dir, "internal/dist") {
			do(dir, name, fset, file)
		}
	})
}

// allSources parses the Go files, tests left out, and calls do with the package's directory and the file.
func allSources(t *testing.T, do func(dir, name string, fset *token.FileSet, file *ast.File)) {
	t.Helper()
	files := 0
	for _, root := range []string{"../internal", "../pkg", "../cmd"} {
		err := filepath.WalkDir(root, func(path string, d os.DirEntry, err error) error {
			if err != nil || d.IsDir() || !strings.HasSuffix(path, ".go") || strings.HasSuffix(path, "_test.go") {
				return err
			}
			files++
			fset := token.NewFileSet()
			file, err := parser.ParseFile(fset, path, nil, parser.SkipObjectResolution)
			if err == nil {
				do(filepath.ToSlash(filepath.Dir(strings.TrimPrefix(path, "../"))), filepath.Base(path), fset, file)
			}
			return err
		})
		if err != nil {
			t.Fatal(err)
		}
	}
	if files < 100 {
		t.Fatalf("only %d files", files)
	}
}

// maxLines is how long a package may be: longer ones have two jobs.
const maxLines = 2000

func TestNoRoomHoldsTooMuch(t *testing.T) {
	lines := map[string]int{}
	allSources(t, func(dir, _ string, fset *token.FileSet, file *ast.File) {
		lines[dir] += fset.Position(file.FileEnd).Line
	})
	for dir, n := range lines {
		if n > maxLines {
			t.Errorf("%s has %d lines", dir, n)
		}
	}
}

// Every system can check out a file of that name. Files of another name were left by a test that wrote where a variable or an argument
// said: it must work in a directory of its own.
func TestPlainFileNames(t *testing.T) {
	plain := regexp.MustCompile(`^[A-Za-z0-9._@-]+$`)
	files := 0
	for _, root := range []string{"cmd", "completion", "docs", "internal", "krew", "pkg", "scripts", "test"} {
		err := filepath.WalkDir("../"+root, func(path string, d os.DirEntry, err error) error {
			switch {
			case err != nil:
				return err
			case d.IsDir() && d.Name() == "testdata":
				return fs.SkipDir
			case !plain.MatchString(d.Name()):
				t.Errorf("%q", path)
			}
			files++
			return nil
		})
		if err != nil {
			t.Fatal(err)
		}
	}
	if files < 500 {
		t.Fatal(files)
	}
}

// A test that gives a name with a command in it to a shell must survive a wrong quote, which somebody may make, and "make mutate" makes: it
// would have removed the home directory.
func TestNamesOfTestsRemoveNothing(t *testing.T) {
	danger := regexp.MustCompile(`\brm -[a-z]*[rf]|\bmkfs|\bdd (if|of)=`)
	for _, root := range []string{"../cmd", "../internal", "../pkg", "../test"} {
		err := filepath.WalkDir(root, func(path string, d os.DirEntry, err error) error {
			if err != nil || d.IsDir() || !strings.HasSuffix(path, "_test.go") || strings.HasSuffix(path, "internal/shape_test.go") {
				return err
			}
			text, err := os.ReadFile(path)
			if found := danger.Find(text); found != nil {
				t.Errorf("%s: %q; use touch", path, found)
			}
			return err
		})
		if err != nil {
			t.Fatal(err)
		}
	}
}

const (
	maxParams  = 4
	maxResults = 3
	maxBody    = 80 // lines of a function
	maxMethods = 20 // of a type
)

// exceptions are what is larger than that, and why.
var exceptions = map[string]string{
	"pkg/tokens.Store":      "every file below one directory, with the rules that hold between them",
	"pkg/login/oidc.Client": "every request to one issuer, with the tokens that go from one to the next",
	"pkg/registry.Store":    "as pkg/tokens.Store",
}

func TestSignatures(t *testing.T) {
	methods := map[string]int{}
	sources(t, func(dir, name string, fset *token.FileSet, file *ast.File) {
		for _, d := range file.Decls {
			f, ok := d.(*ast.FuncDecl)
			if !ok {
				continue
			}
			what := dir + "." + f.Name.Name
			if f.Recv != nil {
				methods[dir+"."+receiver(f)]++
			}
			long := fset.Position(f.End()).Line - fset.Position(f.Pos()).Line
			if p, r := f.Type.Params.NumFields(), f.Type.Results.NumFields(); (p > maxParams || r > maxResults || long > maxBody) && exceptions[what] == "" {
				t.Errorf("%s (%s): %d parameters, %d results, %d lines", what, name, p, r, long)
			}
		}
	})
	for what, n := range methods {
		if n > maxMethods && exceptions[what] == "" {
			t.Errorf("%s has %d methods", what, n)
		}
	}
}

func receiver(f *ast.FuncDecl) string {
	return strings.TrimPrefix(fmt.Sprint(expr(f.Recv.List[0].Type)), "*")
}

func expr(e ast.Expr) string {
	switch e := e.(type) {
	case *ast.StarExpr:
		return expr(e.X)
	case *ast.Ident:
		return e.Name
	case *ast.IndexExpr:
		return expr(e.X)
	}
	return ""
}

// Only commands, the console and the other programs write to the process's streams; everything else gives them what to say.
func TestOnlyCommandsWrite(t *testing.T) {
	writers := []string{"cmd", "internal/cli", "internal/console", "internal/credhelper", "internal/gendocs", "internal/bench", "internal/mutate", "internal/leak"}
	sources(t, func(dir, name string, fset *token.FileSet, file *ast.File) {
		for _, w := range writers {
			if dir == w || strings.HasPrefix(dir, w+"/") {
				return
			}
		}
		ast.Inspect(file, func(n ast.Node) bool {
			s, ok := n.(*ast.SelectorExpr)
			if !ok {
				return true
			}
			x, _ := s.X.(*ast.Ident)
			switch {
			case s.Sel.Name == "ErrOut", x != nil && x.Name == "os" && (s.Sel.Name == "Stdout" || s.Sel.Name == "Stderr"),
				s.Sel.Name == "Out" && x != nil && x.Name != "p":
				t.Errorf("%s: %s writes to a stream", fset.Position(n.Pos()), dir+"/"+name)
			}
			return true
		})
	})
}

// Another program is started by pkg/process alone: it decides which variables a child gets.
func TestOneWayToStartAChild(t *testing.T) {
	ways := map[string][]string{
		"exec": {"Command", "CommandContext", "Cmd"}, "os": {"StartProcess"}, "syscall": {"Exec", "ForkExec", "StartProcess"}, "unix": {"Exec"},
	}
	allowed := map[string]string{
		"pkg/process/process.go":              "it is that way",
		"internal/credhelper/process_unix.go": "becomes kubectl-vsphere, and starts nothing",
		"internal/mutate/main.go":             "runs the Go compiler for tests",
	}
	seen := map[string]bool{}
	sources(t, func(dir, name string, fset *token.FileSet, file *ast.File) {
		ast.Inspect(file, func(n ast.Node) bool {
			var called ast.Expr
			switch n := n.(type) {
			case *ast.CallExpr:
				called = n.Fun
			case *ast.CompositeLit:
				called = n.Type
			}
			s, ok := called.(*ast.SelectorExpr)
			if !ok {
				return true
			}
			if x, ok := s.X.(*ast.Ident); ok && slices.Contains(ways[x.Name], s.Sel.Name) {
				seen[dir+"/"+name] = true
				if allowed[dir+"/"+name] == "" {
					t.Errorf("%s: %s.%s starts a program; use pkg/process", fset.Position(n.Pos()), x.Name, s.Sel.Name)
				}
			}
			return true
		})
	})
	for name := range allowed {
		if !seen[name] {
			t.Errorf("%s starts no program: take it off the list", name)
		}
	}
}

// Text reaches the process's streams through console's screen and the helper's writer alone, which spell what is harmful to a terminal
// (safetext.Writer).
func TestOneWayToTheTerminal(t *testing.T) {
	allowed := map[string]string{
		"internal/console/env.go":              "puts the screen before them",
		"internal/credhelper/run.go":           "puts a safetext.Writer before standard error; standard output gets the usage text",
		"internal/credhelper/process_other.go": "gives them to kubectl-vsphere",
		"cmd/kubectl-vsphere/early/early.go":   "prints JSON that the store holds, and an error of the system",
	}
	tools := []string{"internal/gendocs", "internal/bench", "internal/mutate", "internal/leak"} // Programs of ours that nobody installs.
	seen := map[string]bool{}
	sources(t, func(dir, name string, fset *token.FileSet, file *ast.File) {
		if slices.Contains(tools, dir) {
			return
		}
		ast.Inspect(file, func(n ast.Node) bool {
			what := ""
			switch n := n.(type) {
			case *ast.SelectorExpr:
				if x, ok := n.X.(*ast.Ident); ok {
					what = x.Name + "." + n.Sel.Name
				}
			case *ast.CallExpr:
				if f, ok := n.Fun.(*ast.Ident); ok {
					what = f.Name
				}
			}
			switch what {
			case "os.Stdout", "os.Stderr":
				seen[dir+"/"+name] = true
				if allowed[dir+"/"+name] != "" {
					return true
				}
			case "fmt.Print", "fmt.Printf", "fmt.Println", "log.Print", "log.Printf", "log.Println", "log.Fatal", "log.Fatalf", "print", "println",
				"syscall.Write", "unix.Write":
			case "os.NewFile":
				if dir+"/"+name == "pkg/disk/private_windows.go" { // A handle of a file that it has made.
					return true
				}
			default:
				return true
			}
			t.Errorf("%s: %s passes the screen by", fset.Position(n.Pos()), what)
			return true
		})
	})
	for name := range allowed {
		if !seen[name] {
			t.Errorf("%s uses no stream: take it off the list", name)
		}
	}
}

// The one init answers get-token before the rest of the program is initialised.
func TestOneInit(t *testing.T) {
	var all []string
	sources(t, func(dir, _ string, _ *token.FileSet, file *ast.File) {
		for _, d := range file.Decls {
			if f, ok := d.(*ast.FuncDecl); ok && f.Recv == nil && f.Name.Name == "init" {
				all = append(all, dir)
			}
		}
	})
	if len(all) != 1 || all[0] != "cmd/kubectl-vsphere/early" {
		t.Errorf("init stands in %q", all)
	}
}
