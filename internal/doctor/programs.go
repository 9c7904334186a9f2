package doctor

import (
	"context"
	"os"
	"path/filepath"
	"slices"
	"strings"

	"github.com/kubectl-vsphere/kubectl-vsphere/internal/console"
)

// program is how kubectl finds this plugin.
const program = "kubectl-vsphere"

// programs looks which programs of our name are on PATH: kubectl runs the first.
func programs(_ context.Context, p *patient) []Finding {
	self, err := p.env.Executable()
	if err != nil {
		return []Finding{failed("", err, "Call the program by its path.")}
	}
	found := onPath(p.env)
	if len(found) == 0 {
		first, err := p.env.LookPath(program)
		if err != nil {
			return []Finding{problem("", "%s is not on PATH: kubectl finds neither the plugin nor, for most contexts, a token", program).
				do("Put %s into a directory that is on PATH.", filepath.Base(self))}
		}
		found = []string{first}
	}
	var all []Finding
	if !same(found[0], self) {
		all = append(all, problem(found[0], "kubectl runs this program, and not %s, which you are running", self).
			do("Remove the one that you do not want, or change the order of PATH."))
	}
	for _, other := range found[1:] {
		all = append(all, problem(other, "this is a second program of that name; kubectl runs %s", found[0]).
			do("Remove the one that you do not want, such as VMware's plugin."))
	}
	if len(all) == 0 {
		all = append(all, ok(found[0], "kubectl runs this program"))
	}
	return all
}

// onPath returns the programs of our name in the directories of PATH, in their order. One program by two paths counts once.
func onPath(e *console.Env) (all []string) {
	name := program
	if e.GOOS == "windows" {
		name += ".exe"
	}
	for _, dir := range filepath.SplitList(e.Getenv("PATH")) {
		path := filepath.Join(dir, name)
		info, err := os.Stat(path)
		if err != nil || !info.Mode().IsRegular() || e.GOOS != "windows" && info.Mode()&0o111 == 0 {
			continue
		}
		if !slices.ContainsFunc(all, func(other string) bool { return same(other, path) }) {
			all = append(all, path)
		}
	}
	return all
}

// same reports whether two paths lead to one file.
func same(a, b string) bool {
	first, err := os.Stat(a)
	second, secondErr := os.Stat(b)
	return err == nil && secondErr == nil && os.SameFile(first, second)
}

// programOf returns the program of a command, without what a person may have written around it by mistake, as in a line for a shell: arguments
// and variables may be secret.
func programOf(command string) string {
	words := strings.Fields(command)
	if _, err := os.Stat(command); err == nil || len(words) == 0 {
		return command
	}
	switch {
	case strings.Contains(words[0], "="):
		return "…"
	case len(words) == 1:
		return command
	}
	return words[0] + " …"
}
