package console

import (
	"fmt"
	"io"
	"slices"
	"strings"

	"golang.org/x/term"

	"github.com/kubectl-vsphere/kubectl-vsphere/internal/layout"
	"github.com/kubectl-vsphere/kubectl-vsphere/pkg/safetext"
)

// Style is how a text looks on a terminal with colours: parameters of SGR (ECMA-48, section 8.3.117). It only repeats what the words say: a
// terminal without colours, a pipe and a person who does not see them get the same text. The colours are the first eight, which people set to
// what they can read on their background.
type Style string

// Styles of words.
const (
	Plain   Style = ""
	Bold    Style = "1"
	Good    Style = "32"   // green
	Waiting Style = "33"   // yellow
	Bad     Style = "1;31" // bold and red
)

// paint returns a harmless text in the style.
func (s Style) paint(text string) string {
	if s == Plain || text == "" {
		return text
	}
	return "\x1b[" + string(s) + "m" + text + "\x1b[0m"
}

// isTerminal reports whether a stream is a terminal.
func isTerminal(w io.Writer) bool {
	w = below(w)
	if f, ok := w.(interface{ Fd() uintptr }); ok {
		return term.IsTerminal(int(f.Fd()))
	}
	return Columns(w) > 0 // In tests.
}

// draws reports whether a stream is a terminal that obeys escape sequences.
func draws(e *Env, w io.Writer) bool {
	return isTerminal(w) && (e.Getenv == nil || e.Getenv("TERM") != "dumb") && obeys(below(w))
}

// colours reports whether a stream is a terminal that shows colours, and nobody has asked for none (https://no-color.org).
func colours(e *Env, w io.Writer) bool {
	return draws(e, w) && (e.Getenv == nil || e.Getenv("NO_COLOR") == "")
}

// Page writes a page for a person to standard output: parts with headings, labels, facts. On a terminal, lines fit.
type Page struct{ *Env }

// Headingf writes a line to standard output that stands above others.
func (p Page) Headingf(format string, args ...any) {
	p.styled(Bold, fmt.Sprintf(format, safetext.Args(args)...), "")
}

// Labelf writes a line to standard output that begins with a label in a style.
func (p Page) Labelf(style Style, label, format string, args ...any) {
	p.styled(style, label, " "+fmt.Sprintf(format, safetext.Args(args)...))
}

// styled writes a line that begins with a text in a style. Further lines on a terminal are indented.
func (p Page) styled(style Style, label, rest string) {
	label = safetext.Text([]byte(label))
	text := layout.Hang(label+safetext.Text([]byte(rest)), 0, Columns(p.Out)) + "\n"
	after, whole := strings.CutPrefix(text, label)
	switch {
	case !colours(p.Env, p.Out):
		_, _ = io.WriteString(p.Out, text)
	case whole:
		_ = draw(p.Out, style.paint(label)+after)
	default: // The label has several lines.
		_ = draw(p.Out, style.paint(text))
	}
}

// Facts writes names and values to standard output, the values one below the other. On a terminal, a long value has lines that fit.
func (p Page) Facts(facts [][2]string) {
	width := 0
	for _, f := range facts {
		width = max(width, layout.Width(f[0]))
	}
	for _, f := range facts {
		value := safetext.Text([]byte(safetext.Cell(f[1])))
		label, value := layout.Beside(layout.Pad(f[0]+":", width+1)+" ", value, Columns(p.Out))
		_, _ = io.WriteString(p.Out, label+value+"\n")
	}
}

// statesIn are the headings of columns whose words are states, ours and those of the servers.
var statesIn = []string{"STATE", "STATUS", "PHASE", "READY", "AVAILABLE", "TOKEN", "LOGIN", "POWER-STATE", "POWERSTATE", "POWER"}

// states are the words for good states, for those that pass, and for bad ones, in lower case. Some texts begin with one.
var states = map[Style][]string{
	Good: {"ready", "true", "yes", "ok", "open", "on", "running", "active", "available", "bound", "poweredon", "succeeded", "good for"},
	Waiting: {
		"pending", "unknown", "changing", "creating", "updating", "provisioning", "deleting", "terminating", "paused", "scalingup", "scalingdown",
		"on first use", "not made yet",
	},
	Bad: {"not ready", "not made:", "failed", "error", "false", "no", "ended", "gone", "closed to you", "ca unknown"},
}

// styleOf returns the style of a cell below a heading.
func styleOf(heading, cell string) Style {
	if !slices.Contains(statesIn, strings.ToUpper(heading)) {
		return Plain
	}
	cell = strings.ToLower(cell)
	for style, words := range states {
		for _, word := range words {
			rest, begins := strings.CutPrefix(cell, word)
			if begins && (rest == "" || strings.ContainsAny(rest[:1], ":,") || strings.Contains(word, " ")) {
				return style
			}
		}
	}
	return Plain
}
