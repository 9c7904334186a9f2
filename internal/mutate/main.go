// Command mutate changes one line of the program at a time, runs the tests that should see the change, and prints the changes that no
// test saw. The changes are in table.go. The files stay as they are: the compiler gets each change as an overlay.
//
//	mutate [SUBSTRING...]   all changes, or those whose file or name has a substring
package main

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"runtime"
	"slices"
	"strings"
	"sync"
	"time"
)

// mutation is a change of one place in a file.
type mutation struct {
	name string // what goes wrong then
	file string
	old  string // occurs once in the file
	new  string
	also string // packages whose tests should see it, beside that of the file, separated by blanks
	by   string // the test that saw it last: it runs first, and the others only if it passes
	lone string // why no test sees it; empty: one must
}

func main() {
	if err := run(context.Background(), os.Args[1:]); err != nil {
		fmt.Fprintln(os.Stderr, "mutate:", err)
		os.Exit(1)
	}
}

func run(ctx context.Context, words []string) error {
	dir, err := os.MkdirTemp("", "mutate-")
	if err != nil {
		return err
	}
	defer os.RemoveAll(dir) //nolint:errcheck // Nothing is left to do about it.
	began, results := time.Now(), make([]result, len(table))
	var group sync.WaitGroup
	slots := make(chan struct{}, runtime.NumCPU())
	for i, m := range table {
		if !m.selected(words) {
			continue
		}
		group.Go(func() {
			slots <- struct{}{}
			defer func() { <-slots }()
			results[i] = m.try(ctx, filepath.Join(dir, fmt.Sprint(i)))
			fmt.Println(results[i].line())
		})
	}
	group.Wait()
	return report(results, time.Since(began))
}

// selected reports whether a change has one of the words, or there are none.
func (m mutation) selected(words []string) bool {
	return len(words) == 0 || slices.ContainsFunc(words, func(w string) bool { return strings.Contains(m.file+" "+m.name, w) })
}

// outcome is what the tests say of a change.
type outcome string

const (
	seen     outcome = "seen"
	survives outcome = "SURVIVES"
	alone    outcome = "alone"  // it survives, with a reason
	broken   outcome = "BROKEN" // the change is not possible, or its reason is no longer true
)

type result struct {
	mutation
	outcome outcome
	why     string
}

// testTime bounds the tests of one change: an endless loop is a change that was seen.
const testTime = 3 * time.Minute

// try runs the tests with the change, the one that saw it last time first. dir is for its files.
func (m mutation) try(ctx context.Context, dir string) result {
	overlay, err := m.overlay(dir)
	if err != nil {
		return result{m, broken, err.Error()}
	}
	env := append(os.Environ(), otherHome(ctx, dir)...)
	if m.by != "" {
		if r := m.test(ctx, overlay, env, "-run", "^"+m.by+"$"); r.outcome == seen && r.why != timeLimit {
			return r
		}
	}
	return m.test(ctx, overlay, env)
}

// test runs the tests with an overlay. flags are for "go test".
func (m mutation) test(ctx context.Context, overlay string, env []string, flags ...string) result {
	args := append([]string{"test", "-count=1", "-vet=off", "-failfast", "-tags=faults", "-timeout", testTime.String(), "-overlay", overlay}, flags...)
	c := exec.CommandContext(ctx, "go", append(append(args, strings.Fields(m.also)...), "./"+filepath.Dir(m.file))...)
	c.Env = env
	out, err := c.CombinedOutput()
	var exit *exec.ExitError
	switch {
	case err != nil && (!errors.As(err, &exit) || strings.Contains(string(out), "[build failed]") || strings.Contains(string(out), "[setup failed]")):
		return result{m, broken, string(out)}
	case err != nil && m.lone != "":
		return result{m, broken, "a test sees it now: take its reason off the table"}
	case err != nil:
		return result{m, seen, witness(string(out))}
	case m.lone != "":
		return result{m, alone, m.lone}
	}
	return result{m, survives, ""}
}

// timeLimit stands for a test when only time has seen a change.
const timeLimit = "the time limit"

// failedTest finds the first test that failed in the output of "go test".
var failedTest = regexp.MustCompile(`(?m)^--- FAIL: (\S+)`)

// witness names the test that saw a change. The machine's load can make a test late, so a reader must know when only the time was seen.
func witness(out string) string {
	if found := failedTest.FindStringSubmatch(out); found != nil {
		return found[1]
	}
	if strings.Contains(out, "panic: test timed out") {
		return timeLimit
	}
	return "the end of the test program"
}

// line is what is printed of a change at once. Longer reasons follow at the end.
func (r result) line() string {
	line := fmt.Sprintf("%-9s %s: %s", r.outcome, r.file, r.name)
	if r.outcome == seen {
		line += " (" + r.why + ")"
		if r.by != r.why {
			line += ": not yet its test in the table"
		}
	}
	return line
}

// otherHome are variables for tests of a change: nobody knows what a wrong program does to a home directory, so it gets another one. Go's
// directories stay as they are.
func otherHome(ctx context.Context, dir string) []string {
	home := []string{"HOME=" + dir, "USERPROFILE=" + dir}
	for _, name := range []string{"GOPATH", "GOCACHE", "GOMODCACHE", "GOENV"} {
		value, err := exec.CommandContext(ctx, "go", "env", name).Output()
		if err == nil {
			home = append(home, name+"="+strings.TrimSpace(string(value)))
		}
	}
	return home
}

// overlay writes the changed file, and the overlay for "go test" that names it.
func (m mutation) overlay(dir string) (path string, err error) {
	text, err := os.ReadFile(m.file)
	if err != nil {
		return "", err
	}
	if n := strings.Count(string(text), m.old); n != 1 {
		return "", fmt.Errorf("%q occurs %d times in %s", m.old, n, m.file)
	}
	file, err := filepath.Abs(m.file)
	if err != nil {
		return "", err
	}
	changed, path := filepath.Join(dir, filepath.Base(file)), filepath.Join(dir, "overlay.json")
	list, err := json.Marshal(map[string]map[string]string{"Replace": {file: changed}})
	if err != nil {
		return "", err
	}
	return path, errors.Join(
		os.MkdirAll(dir, 0o700),
		os.WriteFile(changed, []byte(strings.Replace(string(text), m.old, m.new, 1)), 0o600),
		os.WriteFile(path, list, 0o600),
	)
}

// report prints how many changes were seen, and what is to be done.
func report(results []result, took time.Duration) error {
	count := map[outcome]int{}
	for _, r := range results {
		count[r.outcome]++
		if r.outcome == broken || r.outcome == alone {
			fmt.Printf("\n%s %s: %s\n%s\n", r.outcome, r.file, r.name, strings.TrimSpace(r.why))
		}
	}
	fmt.Printf("\n%d changes in %s: %d seen, %d survive, %d more for a reason, %d broken\n", len(results)-count[""], took.Round(time.Second),
		count[seen], count[survives], count[alone], count[broken])
	if count[survives]+count[broken] > 0 {
		return errors.New("a test is missing, or the table is out of date")
	}
	return nil
}
