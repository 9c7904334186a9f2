package main

import (
	"fmt"
	"go/ast"
	"go/parser"
	"go/token"
	"io/fs"
	"path/filepath"
	"regexp"
	"slices"
	"strconv"
	"strings"

	"github.com/kubectl-vsphere/kubectl-vsphere/internal/failure"
	"github.com/kubectl-vsphere/kubectl-vsphere/internal/layout"
)

const messagesIntro = `
## Messages

These are the messages of the program that have a next step, in the order of the alphabet. "…"
stands for what differs. The program prints the same step below the message.

Other messages come from a server or from the operating system, or say themselves what to do.
`

// message is an error text with what helps.
type message struct{ text, remedy string }

// messages lists the calls of failure.Hint below root whose two texts are in the source. Their number is the second result.
func messages(root string) ([]message, int, error) {
	all, calls := typed(), 0
	packages := map[string][]*ast.File{}
	err := filepath.WalkDir(filepath.Join(root, "internal"), func(path string, _ fs.DirEntry, err error) error {
		if err != nil || !strings.HasSuffix(path, ".go") || strings.HasSuffix(path, "_test.go") {
			return err
		}
		file, err := parser.ParseFile(token.NewFileSet(), path, nil, parser.SkipObjectResolution)
		packages[filepath.Dir(path)] = append(packages[filepath.Dir(path)], file)
		return err
	})
	for _, files := range packages {
		s := source{constants(files)}
		for _, file := range files {
			ast.Inspect(file, func(n ast.Node) bool {
				call, ok := n.(*ast.CallExpr)
				if !ok || called(call) != "Hint" || len(call.Args) < 2 {
					return true
				}
				calls++
				if m := s.message(call); letters.MatchString(m.text) && letters.MatchString(m.remedy) && !slices.Contains(all, m) {
					all = append(all, m)
				}
				return true
			})
		}
	}
	slices.SortFunc(all, func(a, b message) int {
		return strings.Compare(strings.TrimLeft(strings.ToLower(a.text), "… ")+a.remedy, strings.TrimLeft(strings.ToLower(b.text), "… ")+b.remedy)
	})
	return all, calls, err
}

var (
	letters = regexp.MustCompile(`\p{L}{2}`)
	verb    = regexp.MustCompile(`%%|%(\[\d+\])?[-+# 0-9.]*[a-zA-Z]`)
	causes  = regexp.MustCompile(`(: …)+$`)
)

// source is a package, by its string constants.
type source struct{ constants map[string]string }

func constants(files []*ast.File) map[string]string {
	found := map[string]string{}
	for _, file := range files {
		for _, decl := range file.Decls {
			if group, ok := decl.(*ast.GenDecl); ok && group.Tok == token.CONST {
				for _, spec := range group.Specs {
					v, ok := spec.(*ast.ValueSpec)
					for i := 0; ok && i < len(v.Values); i++ {
						if text, ok := (source{}).literal(v.Values[i]); ok {
							found[v.Names[i].Name] = text
						}
					}
				}
			}
		}
	}
	return found
}

// message returns the texts of failure.Hint(fmt.Errorf(TEXT, …), REMEDY, …). What is not in the source is empty.
func (s source) message(hint *ast.CallExpr) message {
	var m message
	if err, ok := hint.Args[0].(*ast.CallExpr); ok && slices.Contains([]string{"Errorf", "New", "Usagef"}, called(err)) {
		m.text = causes.ReplaceAllString(s.format(err.Args), "")
	}
	m.remedy = strings.TrimPrefix(s.format(hint.Args[1:]), "…") // A text before the step, such as the facts of a certificate.
	return m
}

// format returns a text with its arguments filled in.
func (s source) format(args []ast.Expr) string {
	if len(args) == 0 {
		return ""
	}
	text, _ := s.literal(args[0])
	rest := args[1:]
	text = verb.ReplaceAllStringFunc(text, func(v string) string {
		if v == "%%" || len(rest) == 0 {
			return strings.TrimPrefix(v, "%")
		}
		if strings.HasPrefix(v, "%[") {
			return "…"
		}
		arg := s.argument(rest[0])
		rest = rest[1:]
		if strings.HasSuffix(v, "q") {
			return `"` + arg + `"`
		}
		return arg
	})
	return strings.Join(strings.Fields(text), " ")
}

// argument returns what an argument of a text is for every reader: a command, a variable's name, or "…".
func (s source) argument(arg ast.Expr) string {
	if text, ok := s.literal(arg); ok {
		return text
	}
	if call, ok := arg.(*ast.CallExpr); ok && slices.Contains([]string{"Command", "LoginCommand"}, called(call)) {
		return "kubectl vsphere login …"
	}
	return "…"
}

// literal returns a text that is in the source: a literal, a constant of the package, or a sum of them.
func (s source) literal(e ast.Expr) (string, bool) {
	switch e := e.(type) {
	case *ast.BasicLit:
		text, err := strconv.Unquote(e.Value)
		return text, err == nil && e.Kind == token.STRING
	case *ast.SelectorExpr:
		return s.literal(e.Sel)
	case *ast.Ident:
		if e.Name == "PasswordVariable" {
			return failure.PasswordVariable, true
		}
		text, ok := s.constants[e.Name]
		return text, ok
	case *ast.BinaryExpr:
		left, ok1 := s.literal(e.X)
		right, ok2 := s.literal(e.Y)
		return left + right, ok1 && ok2
	}
	return "", false
}

// called is the name of the function that is called, without its package.
func called(c *ast.CallExpr) string {
	switch f := c.Fun.(type) {
	case *ast.SelectorExpr:
		return f.Sel.Name
	case *ast.Ident:
		return f.Name
	}
	return ""
}

// messagesPage is the part of docs/troubleshooting.md about messages.
func messagesPage(root string) (string, error) {
	all, _, err := messages(root)
	var b strings.Builder
	b.WriteString(messagesIntro)
	for i, m := range all {
		if i == 0 || all[i-1].text != m.text {
			fmt.Fprintf(&b, "\n%s\n", wrap("- `"+m.text+"`"))
		}
		fmt.Fprintf(&b, "\n%s\n", wrap(m.remedy))
	}
	return b.String(), err
}

const pageWidth = 100

// wrap breaks an item of a list into lines, with its later lines and paragraphs indented.
func wrap(text string) string {
	var lines []string
	line := ""
	for i, word := range strings.Fields(text) {
		switch {
		case i == 0 && word != "-":
			line = "  " + word
		case i == 0:
			line = word
		case layout.Width(line)+1+layout.Width(word) > pageWidth:
			lines = append(lines, line)
			line = "  " + word
		default:
			line += " " + word
		}
	}
	return strings.Join(append(lines, line), "\n")
}
