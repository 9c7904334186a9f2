package client

import (
	"bytes"
	"log/slog"
	"strings"
	"testing"
)

// The environment of a library has nobody to ask, opens no browser, and prints nothing.
func TestSilent(t *testing.T) {
	var log bytes.Buffer
	for _, e := range []*slog.Logger{nil, slog.New(slog.NewTextHandler(&log, nil))} {
		e := silent(e)
		if _, err := e.LookPath("xdg-open"); err == nil || e.Terminal != nil || e.MayAsk() || e.Hide != nil {
			t.Errorf("%v: %+v", err, e)
		}
		e.Notef("one thing")
		e.Tellf("warning: two\nlines")
		e.Printf("never shown")
	}
	if said := log.String(); strings.Count(said, "\n") != 2+1 || !strings.Contains(said, "level=WARN msg=two") || !strings.Contains(said, `level=INFO msg="note: one thing"`) {
		t.Error(said)
	}
}
