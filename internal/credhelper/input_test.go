package credhelper

import (
	"bytes"
	"errors"
	"io"
	"strings"
	"testing"

	"github.com/docker/docker-credential-helpers/credentials"

	"github.com/kubectl-vsphere/kubectl-vsphere/pkg/registry"
	"github.com/kubectl-vsphere/kubectl-vsphere/pkg/safetext"
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

// hostile is another helper that prints what a terminal would obey.
type hostile struct{}

var errHostile = errors.New("odd\x1b[31m\u202e\nerror: second line")

func (hostile) Get(string) (username, secret string, err error) { return "", "", errHostile }
func (hostile) Store(credentials.Credentials) error             { return errHostile }
func (hostile) Erase(string) error                              { return errHostile }
func (hostile) List() (map[string]string, error)                { return nil, errHostile }

// Clients pass on what a helper answers: it is one harmless line, whatever another helper has printed.
func TestAnswersAreHarmless(t *testing.T) {
	h := newRig(t)
	h.Backing = func(string) Backing { return hostile{} }
	if err := h.Store.UpdateSettings(func(s *registry.Settings) { s.Backing = "other" }); err != nil {
		t.Fatal(err)
	}
	seen := 0
	for action, input := range map[string]string{"get": "quay.io", "store": `{"ServerURL":"quay.io","Username":"robot$a","Secret":"s"}`, "erase": "quay.io", "list": ""} {
		var out bytes.Buffer
		answer(h, []string{action}, strings.NewReader(input), &out)
		said := out.String() + h.said.String()
		if !safetext.IsText([]byte(said)) || strings.Count(out.String(), "\n") > 1 {
			t.Errorf("%s: %q", action, said)
		}
		seen += strings.Count(said, "odd")
	}
	if seen == 0 {
		t.Error("nothing of it was said")
	}
}
