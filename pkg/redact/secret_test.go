package redact_test

import (
	"bytes"
	"encoding/json"
	"errors"
	"fmt"
	"log/slog"
	"strings"
	"testing"

	"github.com/kubectl-vsphere/kubectl-vsphere/pkg/redact"
)

const text = "hunter2"

func TestSecretIsNeverShown(t *testing.T) {
	s := redact.Secret(text)
	shown := map[string]string{}
	for _, verb := range []string{"%s", "%q", "%v", "%+v", "%#v", "%x", "%X", "%d", "% x", "%T"} {
		shown[verb] = fmt.Sprintf(verb, s)
		shown[verb+" in struct"] = fmt.Sprintf(verb, struct{ P redact.Secret }{s})
		shown[verb+" pointer"] = fmt.Sprintf(verb, &s)
	}
	asJSON, err := json.Marshal(map[string]any{"a": s, "b": []redact.Secret{s}})
	if err != nil {
		t.Fatal(err)
	}
	shown["json"] = string(asJSON)
	var log bytes.Buffer
	slog.New(slog.NewJSONHandler(&log, nil)).Info("m", "s", s, "group", slog.GroupValue(slog.Any("s", s)))
	slog.New(slog.NewTextHandler(&log, nil)).Info("m", "s", s)
	shown["slog"] = log.String()
	shown["error"] = errors.Join(fmt.Errorf("wrap %v: %w", s, errors.New("x"))).Error()
	for how, out := range shown {
		if strings.Contains(out, text) || strings.Contains(out, fmt.Sprintf("%x", text)) || strings.Contains(out, fmt.Sprintf("%X", text)) {
			t.Errorf("%s shows the secret: %s", how, out)
		}
	}
	if s.Reveal() != text {
		t.Errorf("Reveal() = %q", s.Reveal())
	}
}
