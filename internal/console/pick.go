package console

import (
	"cmp"
	"context"
	"fmt"
	"io"
	"os"
	"slices"
	"strings"
	"unicode/utf8"

	"golang.org/x/term"

	"github.com/kubectl-vsphere/kubectl-vsphere/internal/layout"
	"github.com/kubectl-vsphere/kubectl-vsphere/pkg/login/secret"
	"github.com/kubectl-vsphere/kubectl-vsphere/pkg/safetext"
)

// Choice is one of several things to pick.
type Choice struct {
	Text  string // what is shown; what a person types is looked for in it
	Name  string // the name in it, which goes before the rest of the text; empty: Text
	Group string // a heading; choices of a group stand together
}

const (
	pickRows  = 12  // choices that are shown at once
	maxFilter = 100 // characters
	maxChoice = 300 // characters of a choice
)

// Question is one with several answers, of which a person picks one.
type Question struct {
	Text    string
	Choices []Choice
	First   int // index of the choice where the mark stands at the beginning
}

// MayPick reports whether a person can pick on this terminal: it can be drawn on, and read key by key.
func MayPick(e *Env) bool {
	return e.Terminal != nil && Columns(e.ErrOut) >= 20 && draws(e, e.ErrOut)
}

// Pick lets a person choose: the arrow keys move, letters filter, Enter takes. It returns the index of the choice. The error is secret.ErrCancelled if the person gives up (Escape, Ctrl-C), or if ctx ends.
func (q Question) Pick(ctx context.Context, e *Env) (int, error) {
	before, err := term.MakeRaw(int(e.Terminal.Fd()))
	if err != nil {
		return 0, fmt.Errorf("%w: %w", secret.ErrNoTerminal, err)
	}
	defer term.Restore(int(e.Terminal.Fd()), before) //nolint:errcheck // Nothing is left to do about it.
	p := &picker{out: below(e.ErrOut), question: q.Text, choices: q.Choices, at: q.First}
	if colours(e, e.ErrOut) {
		p.headed = Bold
	}
	defer p.clear()
	ctx, cancel := context.WithCancel(ctx)
	defer cancel()
	more, keys := readKeys(ctx, e.Terminal)
	p.filtered(false)
	p.draw()
	for {
		select {
		case <-ctx.Done():
			return 0, secret.ErrCancelled
		case <-more:
		case key, open := <-keys:
			if !open {
				return 0, secret.ErrCancelled
			}
			if done, err := p.press(key); done || err != nil {
				return p.at, err
			}
			p.draw()
		}
	}
}

// readKeys returns what is typed, key by key, until ctx ends. It reads only once more was taken: a read that is left behind would take the
// answer to the next question.
func readKeys(ctx context.Context, from *os.File) (more <-chan struct{}, keys <-chan string) {
	asked, typed := make(chan struct{}), make(chan string)
	go func() {
		defer close(typed)
		buffer := make([]byte, 256)
		for {
			select {
			case asked <- struct{}{}:
			case <-ctx.Done():
				return
			}
			n, err := from.Read(buffer)
			if err != nil {
				return
			}
			for rest := buffer[:n]; len(rest) > 0; {
				size := keySize(rest)
				select {
				case typed <- string(rest[:size]):
				case <-ctx.Done():
					return
				}
				rest = rest[size:]
			}
		}
	}()
	return asked, typed
}

// keySize returns how many bytes the first key takes: an escape sequence (ECMA-48, section 5.4) or a character.
func keySize(typed []byte) int {
	if typed[0] != 0x1b || len(typed) == 1 {
		_, size := utf8.DecodeRune(typed)
		return size
	}
	if typed[1] != '[' && typed[1] != 'O' {
		return 1
	}
	for i := 2; i < len(typed); i++ {
		if typed[i] >= 0x40 && typed[i] <= 0x7e {
			return i + 1
		}
	}
	return len(typed)
}

// picker is the state of Pick.
type picker struct {
	out      io.Writer
	question string
	choices  []Choice
	filter   string
	found    []int // indexes of the choices that fit the filter
	at       int   // index of the marked choice
	top      int   // index in found of the first one that is shown
	headed   Style // of headings and of the marked choice
}

// Keys, as terminals send them.
const (
	keyUp, keyUpToo     = "\x1b[A", "\x1bOA"
	keyDown, keyDownToo = "\x1b[B", "\x1bOB"
	keyEscape           = "\x1b"
	keyInterrupt        = "\x03"
	keyEnd              = "\x04"
	keyBackspace        = "\x7f"
	keyControlH         = "\x08"
	keyControlN         = "\x0e"
	keyControlP         = "\x10"
	keyControlU         = "\x15"
)

// press handles a key. It reports whether the marked choice is taken.
func (p *picker) press(key string) (taken bool, err error) {
	before := p.filter
	switch key {
	case "\r", "\n":
		return len(p.found) > 0, nil
	case keyEscape, keyInterrupt, keyEnd:
		return false, secret.ErrCancelled
	case keyUp, keyUpToo, keyControlP:
		p.move(-1)
	case keyDown, keyDownToo, keyControlN:
		p.move(1)
	case keyBackspace, keyControlH:
		_, size := utf8.DecodeLastRuneInString(p.filter)
		p.filter = p.filter[:len(p.filter)-size]
	case keyControlU:
		p.filter = ""
	default:
		if (key == " " || safetext.IsLine(key, 1)) && utf8.RuneCountInString(p.filter) < maxFilter {
			p.filter += key
		}
	}
	p.filtered(p.filter != before && strings.TrimSpace(p.filter) != "")
	return false, nil
}

// filtered finds the choices that hold every word of the filter, in any case. If it was typed just now, the mark goes to the best of them: where
// it was, a person has not put it since, and Enter would take a choice in whose text the name of another one is.
func (p *picker) filtered(typed bool) {
	p.found = p.found[:0]
	words := strings.Fields(strings.ToLower(p.filter))
	there := false
	for i, c := range p.choices {
		text, fits := strings.ToLower(c.Text+" "+c.Group), true
		for _, word := range words {
			fits = fits && strings.Contains(text, word)
		}
		if fits {
			p.found, there = append(p.found, i), there || i == p.at
		}
	}
	if (typed || !there) && len(p.found) > 0 {
		p.at = slices.MinFunc(p.found, func(a, b int) int { return p.choices[a].rank(p.filter) - p.choices[b].rank(p.filter) })
	}
}

// rank is lower for a choice that a person who typed a text means more: by its exact name, the name in another case, or its beginning.
func (c Choice) rank(typed string) int {
	name, typed := cmp.Or(c.Name, c.Text), strings.TrimSpace(typed)
	switch {
	case name == typed:
		return 0
	case strings.EqualFold(name, typed):
		return 1
	case strings.HasPrefix(strings.ToLower(name), strings.ToLower(typed)):
		return 2
	}
	return 3
}

// move moves the mark, and stops at the ends.
func (p *picker) move(by int) {
	for i, at := range p.found {
		if at == p.at && i+by >= 0 && i+by < len(p.found) {
			p.at = p.found[i+by]
			return
		}
	}
}

// rows returns how many choices fit on the screen, beside the question, the headings and a last line.
func (p *picker) rows() int {
	groups := 0
	for i, c := range p.choices {
		if i == 0 || c.Group != p.choices[i-1].Group {
			groups++
		}
	}
	if f, ok := p.out.(interface{ Fd() uintptr }); ok {
		if _, height, err := term.GetSize(int(f.Fd())); err == nil && height > 0 {
			return max(1, min(pickRows, height-groups-2))
		}
	}
	return pickRows
}

// clear removes what draw has drawn: the cursor is always left in its first line.
func (p *picker) clear() { fmt.Fprint(p.out, "\r\x1b[J") }

// draw shows the question, and as many choices as there is room for around the mark.
func (p *picker) draw() {
	columns := max(Columns(p.out), 20)
	line := func(s string) string { return layout.Cut(s, columns-1) }
	lines := []string{line(p.question + " " + p.filter)}
	marked := 0
	for i, at := range p.found {
		if at == p.at {
			marked = i
		}
	}
	rows := p.rows()
	p.top = max(min(p.top, marked), marked-rows+1)
	shown := p.found[min(p.top, len(p.found)):min(p.top+rows, len(p.found))]
	group := ""
	for _, at := range shown {
		c := p.choices[at]
		if c.Group != group {
			group = c.Group
			lines = append(lines, p.headed.paint(line(group+":")))
		}
		mark, style := "    ", Plain
		if at == p.at {
			mark, style = "  > ", p.headed
		}
		lines = append(lines, style.paint(line(mark+safetext.Line(c.Text, maxChoice))))
	}
	switch more := len(p.found) - len(shown); {
	case len(p.found) == 0:
		lines = append(lines, line("  nothing fits"))
	case more > 0:
		lines = append(lines, line(fmt.Sprintf("    … and %d more", more)))
	}
	p.clear()
	fmt.Fprintf(p.out, "%s\x1b[%dA\r\x1b[%dC", strings.Join(lines, "\r\n"), len(lines)-1, layout.Width(lines[0]))
}
