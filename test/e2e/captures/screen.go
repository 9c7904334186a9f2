package main

import (
	"context"
	"errors"
	"fmt"
	"os"
	"os/exec"
	"strings"
	"sync"
	"time"

	uv "github.com/charmbracelet/ultraviolet"
	"github.com/charmbracelet/x/ansi"
	"github.com/charmbracelet/x/vt"
	"github.com/creack/pty"
)

// piece is a part of a line with one style.
type piece struct {
	text   string
	at     int    // its first column
	width  int    // in columns
	class  string // good, bad, waiting, or empty
	strong bool
}

// row is a line of the screen.
type row struct{ pieces []piece }

// steady replaces what differs in each run.
func (r *row) steady(home string) {
	for i := range r.pieces {
		r.pieces[i].text = shown(r.pieces[i].text, home)
	}
}

const (
	maxRows  = 80
	patience = time.Minute
)

// command is a line of a shell in the home. It has no password.
func command(ctx context.Context, home, line string) *exec.Cmd {
	c := exec.CommandContext(ctx, "/bin/sh", "-c", "exec "+line)
	c.Dir = home
	c.Env = []string{"HOME=" + home, "PATH=" + home + "/.local/bin:" + home + "/bin:/usr/bin:/bin", "TERM=xterm-256color", "LANG=C.UTF-8"}
	return c
}

// play runs the command of a scene in a terminal and returns what is on the screen.
func (s scene) play(ctx context.Context, home string) ([]row, error) {
	ctx, cancel := context.WithTimeout(ctx, patience)
	defer cancel()
	cmd := command(ctx, home, s.line)
	tty, err := pty.StartWithSize(cmd, &pty.Winsize{Rows: maxRows, Cols: uint16(s.columns)})
	if err != nil {
		return nil, err
	}
	defer tty.Close() //nolint:errcheck // It was read to its end.
	screen := vt.NewSafeEmulator(s.columns, maxRows)
	defer screen.Close() //nolint:errcheck // It is memory.
	_, _ = screen.WriteString("\x1b[1m$ \x1b[0m" + s.line + "\r\n")
	var read sync.WaitGroup
	read.Go(func() { collect(tty, screen) })
	for _, a := range s.typed {
		if err := appears(ctx, screen, a.to); err != nil {
			return nil, err
		}
		if _, err := tty.WriteString(a.keys); err != nil {
			return nil, err
		}
	}
	if s.last != "" {
		if err := appears(ctx, screen, s.last); err != nil {
			return nil, err
		}
		rows := rowsOf(screen)
		_, _ = tty.WriteString("\x1b")
		_ = cmd.Wait()
		read.Wait()
		return rows, nil
	}
	err = cmd.Wait()
	read.Wait()
	if exit := new(exec.ExitError); errors.As(err, &exit) && exit.ExitCode() == 1 {
		err = nil // doctor has found something.
	}
	return rowsOf(screen), err
}

// collect shows what a program writes.
func collect(tty *os.File, screen *vt.SafeEmulator) {
	buffer := make([]byte, 4096)
	for {
		n, err := tty.Read(buffer)
		_, _ = screen.Write(buffer[:n])
		if err != nil {
			return
		}
	}
}

// appears waits until a text is on the screen.
func appears(ctx context.Context, screen *vt.SafeEmulator, text string) error {
	for !strings.Contains(screen.String(), text) {
		select {
		case <-ctx.Done():
			return fmt.Errorf("waited for %q, and saw:\n%s", text, screen.String())
		case <-time.After(20 * time.Millisecond):
		}
	}
	return nil
}

// rowsOf returns the lines of a screen, without the empty ones at the end.
func rowsOf(screen *vt.SafeEmulator) (rows []row) {
	for y := range screen.Height() {
		var r row
		for x := 0; x < screen.Width(); {
			cell := screen.CellAt(x, y)
			if cell == nil || cell.Width == 0 {
				x++
				continue
			}
			r.add(cell, x)
			x += cell.Width
		}
		r.trim()
		rows = append(rows, r)
	}
	for len(rows) > 0 && len(rows[len(rows)-1].pieces) == 0 {
		rows = rows[:len(rows)-1]
	}
	return rows
}

// add adds a cell to the last piece, if that has its style.
func (r *row) add(cell *uv.Cell, at int) {
	p := piece{text: cell.Content, at: at, width: cell.Width, class: classOf(cell), strong: cell.Style.Attrs&uv.AttrBold != 0}
	if n := len(r.pieces) - 1; n >= 0 && r.pieces[n].class == p.class && r.pieces[n].strong == p.strong {
		r.pieces[n].text += p.text
		r.pieces[n].width += p.width
		return
	}
	r.pieces = append(r.pieces, p)
}

// classOf names the colour of a cell.
func classOf(cell *uv.Cell) string {
	return map[any]string{ansi.Red: "bad", ansi.Green: "good", ansi.Yellow: "waiting"}[any(cell.Style.Fg)]
}

// trim takes the blanks at the end away.
func (r *row) trim() {
	for n := len(r.pieces) - 1; n >= 0; n-- {
		p := &r.pieces[n]
		blanks := len(p.text) - len(strings.TrimRight(p.text, " "))
		p.text, p.width = p.text[:len(p.text)-blanks], p.width-blanks
		if p.text != "" {
			return
		}
		r.pieces = r.pieces[:n]
	}
}
