package internal

import (
	"go/ast"
	"go/types"
	"testing"
)

// What a person reads has lengths of time as people write them (duration.Text, console.Span): not 1h0m0s. So nothing else formats one, and no
// flag is read by pflag, whose error does not say which unit is missing.
func TestOneWayToWriteADuration(t *testing.T) {
	all, _ := typedSources(t)
	found := 0
	for _, p := range all {
		if p.dir == "pkg/duration" || p.dir == "internal/mutate" || p.dir == "internal/bench" {
			continue
		}
		for name, file := range p.files {
			ast.Inspect(file, func(n ast.Node) bool {
				call, ok := n.(*ast.CallExpr)
				if !ok {
					return true
				}
				called := p.called(call)
				if called == module+"pkg/duration.Text" {
					found++
				}
				at := p.fset.Position(call.Pos()).Line
				if called == "(time.Duration).String" || called == "(*github.com/spf13/pflag.FlagSet).DurationVar" {
					t.Errorf("%s/%s:%d: %s", p.dir, name, at, called)
				}
				signature, _ := p.info.TypeOf(call.Fun).(*types.Signature)
				if signature == nil || !signature.Variadic() {
					return true
				}
				for _, arg := range call.Args {
					if of := p.info.TypeOf(arg); of != nil && of.String() == "time.Duration" && anyArgs(signature) {
						t.Errorf("%s/%s:%d: %s formats a duration", p.dir, name, at, called)
					}
				}
				return true
			})
		}
	}
	if found < 5 {
		t.Errorf("only %d durations", found)
	}
}

// anyArgs reports whether a function takes any number of values of any type, as those that format.
func anyArgs(f *types.Signature) bool {
	last := f.Params().At(f.Params().Len() - 1)
	slice, ok := last.Type().(*types.Slice)
	if !ok {
		return false
	}
	i, ok := slice.Elem().Underlying().(*types.Interface)
	return ok && i.Empty()
}
