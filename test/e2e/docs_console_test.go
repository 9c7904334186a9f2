package e2e

import (
	"fmt"
	"os"
	"path/filepath"
	"regexp"
	"slices"
	"strings"
	"testing"
	"text/tabwriter"
)

// A console block of the documentation, as a person reads it:
//
//	<!-- lab: ended, terminal -->
//	```console
//	$ kubectl get configmaps
//	error: …
//	```
//
// A line that begins with "$ " is a command; the lines below it are its output. "…" stands for any text in a line, and for any
// lines where it is a line of its own. A command without output must succeed, whatever it prints. The comment before the block
// is not shown to readers: "lab:" names what is there before the first command (see scenes), and "not run:" gives the reason
// why the block is not run.
type consoleBlock struct {
	page   string
	line   int // of the fence, from 1
	scenes []string
	notRun string
	steps  []consoleStep
}

type consoleStep struct {
	command    string
	first, end int // the lines of the output in the page, from 0; end is excluded
	quoted     []string
}

// documents are the pages whose console blocks are run.
func documents(t *testing.T) []string {
	t.Helper()
	pages, err := filepath.Glob("../../docs/*.md")
	if err != nil {
		t.Fatal(err)
	}
	translated, err := filepath.Glob("../../docs/*/*.md")
	if err != nil {
		t.Fatal(err)
	}
	return append(append(pages, translated...), "../../README.md", "../../CONTRIBUTING.md")
}

func readLines(t *testing.T, page string) []string {
	t.Helper()
	text, err := os.ReadFile(page)
	if err != nil {
		t.Fatal(err)
	}
	return strings.Split(string(text), "\n")
}

var directive = regexp.MustCompile(`^<!-- (lab|not run): (.+) -->$`)

// consoleBlocks finds the blocks of a page.
func consoleBlocks(page string, lines []string) []consoleBlock {
	var blocks []consoleBlock
	for i := 0; i < len(lines); i++ {
		if !strings.HasPrefix(lines[i], "```") {
			continue
		}
		end := i + 1 + slices.Index(lines[i+1:], "```")
		if lines[i] == "```console" {
			b := consoleBlock{page: page, line: i + 1, steps: consoleSteps(lines, i+1, end)}
			b.direct(lines, i)
			blocks = append(blocks, b)
		}
		i = max(i, end)
	}
	return blocks
}

// direct reads the comment before the fence.
func (b *consoleBlock) direct(lines []string, fence int) {
	if fence == 0 {
		return
	}
	m := directive.FindStringSubmatch(lines[fence-1])
	switch {
	case m == nil:
	case m[1] == "lab":
		b.scenes = strings.Split(m[2], ", ")
	default:
		b.notRun = m[2]
	}
}

func consoleSteps(lines []string, first, end int) []consoleStep {
	var steps []consoleStep
	for i := first; i < end; i++ {
		command, ok := strings.CutPrefix(lines[i], "$ ")
		if !ok {
			continue
		}
		for strings.HasSuffix(lines[i], `\`) && i+1 < end {
			i++
			command += "\n" + lines[i]
		}
		s := consoleStep{command: command, first: i + 1, end: i + 1}
		for s.end < end && !strings.HasPrefix(lines[s.end], "$ ") {
			s.end++
		}
		s.quoted = lines[s.first:s.end]
		steps = append(steps, s)
	}
	return steps
}

// changing is what differs from run to run, with the words that stand for it when two outputs are compared.
var changing = []struct {
	text *regexp.Regexp
	word string
}{
	{regexp.MustCompile(`\d{4}-\d\d-\d\d( \d\d:\d\d:\d\d UTC)?`), "DATE"},
	{regexp.MustCompile(`([0-9A-F]{2}:){31}[0-9A-F]{2}`), "SHA256"},
	{regexp.MustCompile(`\b\d+(m\d+)?s$`), "AGE"},
	{regexp.MustCompile(`\brobot\$\S+\.[0-9a-z]{10}\b`), "ROBOT"},
}

// stable is a line without what changes. The width of a column changes with the names in it.
func stable(line string) string {
	line = gap.ReplaceAllString(strings.TrimRight(line, " "), "$1  ")
	for _, c := range changing {
		line = c.text.ReplaceAllLiteralString(line, c.word)
	}
	return line
}

// quotes reports whether the quoted lines stand for the output.
func quotes(quoted, output []string) bool {
	var pattern, text strings.Builder
	for _, line := range quoted {
		if line == "…" {
			pattern.WriteString(`(?:[^\n]*\n)*`)
			continue
		}
		literal := regexp.QuoteMeta(stable(line))
		pattern.WriteString(strings.ReplaceAll(literal, "…", `[^\n]*`) + `\n`)
	}
	for _, line := range output {
		text.WriteString(stable(line) + "\n")
	}
	return regexp.MustCompile(`^(?:` + pattern.String() + `)$`).MatchString(text.String())
}

// gap is what parts two columns of a table.
var gap = regexp.MustCompile(`(\S) {2,}`)

// align pads the columns of tables anew, since names in the lab have other lengths than those of the page.
func align(lines []string) []string {
	var out strings.Builder
	w := tabwriter.NewWriter(&out, 0, 0, 3, ' ', 0)
	for _, line := range lines {
		if len(gap.FindAllString(line, -1)) > 1 {
			line = gap.ReplaceAllString(line, "$1\t")
		}
		_, _ = fmt.Fprintln(w, line)
	}
	_ = w.Flush()
	aligned := strings.Split(strings.TrimSuffix(out.String(), "\n"), "\n")
	for i := range aligned {
		aligned[i] = strings.TrimRight(aligned[i], " ")
	}
	return aligned
}

var escape = regexp.MustCompile("\x1b\\[[0-9;?]*[A-Za-z]")

// shown is what a terminal shows in the end: a progress line that was written over is gone.
func shown(raw string) []string {
	raw = strings.ReplaceAll(raw, "\r\n", "\n")
	raw = strings.Trim(raw, "\n")
	if raw == "" {
		return nil
	}
	lines := strings.Split(raw, "\n")
	for i, line := range lines {
		lines[i] = escape.ReplaceAllString(line[strings.LastIndexByte(line, '\r')+1:], "")
	}
	return lines
}
