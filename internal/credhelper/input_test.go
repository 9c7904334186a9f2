package credhelper

import (
	"bytes"
	"io"
	"strings"
	"testing"
)

// endless is a client that never stops to write lines, and counts what was read of them.
type endless struct{ read int }

func (e *endless) Read(p []byte) (int, error) {
	for i := range p {
		p[i] = "x\n"[(e.read+i)%2]
	}
	e.read += len(p)
	return len(p), nil
}

// A client that does not stop to write gets an error. One that writes as much as allowed gets an answer.
func TestInputIsBounded(t *testing.T) {
	h := newRig(t)
	for _, action := range []string{"get", "store", "erase"} {
		var out bytes.Buffer
		in := &endless{}
		if code := answer(h, []string{action}, io.LimitReader(in, 64<<20), &out); code != 1 || out.String() != "standard input is larger than 128 KiB\n" {
			t.Errorf("%s: %d, %.200q", action, code, out.String())
		}
		if in.read > 2*maxInput {
			t.Errorf("%s: %d bytes were read", action, in.read)
		}
	}
	var out bytes.Buffer
	lines := strings.Repeat(strings.Repeat(" ", 1023)+"\n", maxInput>>10)
	if code := answer(h, []string{"get"}, strings.NewReader(lines), &out); code != 1 || !strings.Contains(out.String(), "no credentials server URL") {
		t.Errorf("%d, %q", code, out.String())
	}
}
