package e2e

import (
	"flag"
	"maps"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"slices"
	"strconv"
	"strings"
	"sync"
	"testing"
)

// The tests that these pages name exist, so that none of their claims loses its test unseen.
func TestSecurityNamesItsTests(t *testing.T) {
	t.Parallel()
	for page, least := range map[string]int{"security.md": 40, "oidc.md": 40, "registry.md": 8, "tools.md": 4} {
		namesItsTests(t, page, least)
	}
}

func namesItsTests(t *testing.T, page string, least int) {
	t.Helper()
	text, err := os.ReadFile("../../docs/" + page)
	if err != nil {
		t.Fatal(err)
	}
	out, err := exec.Command("grep", "-rhoE", "--include=*_test.go", `^func (Test|Fuzz)[A-Za-z0-9]+`, "../..").Output()
	if err != nil {
		t.Fatal(err)
	}
	functions := strings.Split(strings.ReplaceAll(string(out), "func ", ""), "\n")
	named := regexp.MustCompile("`((?:Test|Fuzz)[A-Za-z0-9]+|[a-z_]+\\.txt)`").FindAllStringSubmatch(string(text), -1)
	for _, n := range named {
		name := n[1]
		_, err := os.Stat("testdata/" + name)
		if name != "TestX" && name != "x.txt" && err != nil && !slices.Contains(functions, name) {
			t.Errorf("%s: there is no %s", page, name)
		}
	}
	if len(named) < least {
		t.Errorf("%s names %d tests", page, len(named))
	}
}

// In the tables of who can do what, only what succeeds may be without a test.
func TestEveryNoHasItsTest(t *testing.T) {
	t.Parallel()
	rows, there := 0, false
	for _, line := range readLines(t, "../../docs/security.md") {
		there = line == "## Who can do what" || there && !strings.HasPrefix(line, "## ")
		cells := strings.Split(line, " | ")
		if !there || len(cells) != 3 || !strings.HasPrefix(line, "| ") || cells[1] == "succeeds" {
			continue
		}
		rows++
		tested := regexp.MustCompile("`((Test|Fuzz)\\w+|\\w+\\.txt)`").MatchString(cells[2])
		if !tested && (cells[2] != "– |" || strings.HasPrefix(cells[1], "no")) {
			t.Errorf("no test: %s", line)
		}
	}
	if rows < 50 {
		t.Errorf("%d rows; the tables have another form", rows)
	}
}

// update rewrites quoted output that is not what the programs print: go test -run TestConsoleBlocks . -update
var update = flag.Bool("update", false, "rewrite the output that console blocks of the documentation quote")

// Every console block of the documentation is run against the lab, and prints what the page says.
func TestConsoleBlocks(t *testing.T) {
	t.Parallel()
	run, notRun := 0, 0
	for _, page := range documents(t) {
		lines := readLines(t, page)
		blocks := consoleBlocks(page, lines)
		for _, b := range blocks {
			if b.notRun != "" {
				notRun++
			} else {
				run++
			}
		}
		t.Run(pageName(page), func(t *testing.T) {
			t.Parallel()
			playPage(t, page, lines, blocks)
		})
	}
	if run < 12 || notRun > 8 {
		t.Errorf("%d console blocks are run, %d are not", run, notRun)
	}
}

// pageName is docs-oidc for docs/oidc.md.
func pageName(page string) string {
	return strings.ReplaceAll(strings.TrimSuffix(strings.TrimPrefix(page, "../../"), ".md"), "/", "-")
}

// playPage runs the blocks of a page, each in a home of its own.
func playPage(t *testing.T, page string, lines []string, blocks []consoleBlock) {
	t.Helper()
	var mu sync.Mutex
	printed := map[int]quotation{} // by the first line
	t.Cleanup(func() {
		if *update && len(printed) > 0 {
			rewrite(t, page, lines, printed)
		}
	})
	for _, b := range blocks {
		if b.notRun != "" {
			continue
		}
		t.Run("line "+strconv.Itoa(b.line), func(t *testing.T) {
			t.Parallel()
			s := newStage(t, b)
			for _, step := range b.steps {
				out, code := s.run(t, step)
				switch {
				case len(step.quoted) == 0 && code != 0:
					t.Fatalf("%s:%d: $ %s: exit code %d\n%s", page, step.first, step.command, code, strings.Join(out, "\n"))
				case len(step.quoted) > 0 && !quotes(trimBlank(step.quoted), out):
					mu.Lock()
					printed[step.first] = quotation{step, out}
					mu.Unlock()
					if !*update {
						t.Errorf("%s:%d: $ %s (exit code %d) prints:\n%s\nThe page says:\n%s",
							page, step.first, step.command, code, strings.Join(out, "\n"), strings.Join(step.quoted, "\n"))
					}
				}
			}
		})
	}
}

// trimBlank takes empty lines off the end of a quotation, which part it from the next command.
func trimBlank(lines []string) []string {
	for len(lines) > 0 && lines[len(lines)-1] == "" {
		lines = lines[:len(lines)-1]
	}
	return lines
}

type quotation struct {
	step consoleStep
	out  []string
}

// rewrite puts what was printed into the page, from its end to its beginning.
func rewrite(t *testing.T, page string, lines []string, printed map[int]quotation) {
	t.Helper()
	for _, first := range slices.Backward(slices.Sorted(maps.Keys(printed))) {
		q := printed[first]
		end := q.step.first + len(trimBlank(q.step.quoted))
		lines = slices.Concat(lines[:first], q.out, lines[end:])
	}
	if err := os.WriteFile(page, []byte(strings.Join(lines, "\n")), 0o644); err != nil {
		t.Error(err)
	}
}

// Output that is quoted without being run is not compared with anything: outside of ci.md, automation.md and tools.md, whose recipes other tests run, and
// go-library.md, whose Go is in pkg/client's examples, a page has console blocks only.
func TestDocumentsHaveConsoleBlocksOnly(t *testing.T) {
	t.Parallel()
	for _, page := range documents(t) {
		if slices.Contains([]string{"ci.md", "automation.md", "tools.md", "go-library.md", "commands.md", "architecture.md"}, filepath.Base(page)) {
			continue
		}
		open := false
		for i, line := range readLines(t, page) {
			if !strings.HasPrefix(line, "```") {
				continue
			}
			if open = !open; open && line != "```console" {
				t.Errorf("%s:%d: %s, not ```console", page, i+1, line)
			}
		}
	}
}

// A quotation stands for what differs from run to run, and for nothing else.
func TestQuotes(t *testing.T) {
	t.Parallel()
	out := []string{"NAME    STATUS   AGE", "web-0   Running  7s", "valid:  2026-11-23 to 2036-11-20", "ssh -L 5:5"}
	for quoted, want := range map[string]bool{
		"NAME    STATUS   AGE\nweb-0   Running  5s\nvalid:  2020-01-01 to 2021-01-01\nssh -L 5:5": true,
		"NAME    STATUS   AGE\n…": true,
		"…\nssh -L …":             true,
		"…\nssh":                  false,
		"NAME    STATUS   AGE":    false,
		"NAME    STATE   AGE\n…":  false,
		"…":                       true,
	} {
		if got := quotes(strings.Split(quoted, "\n"), out); got != want {
			t.Errorf("%q: %t", quoted, got)
		}
	}
}
