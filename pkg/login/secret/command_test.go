//go:build unix

package secret

import (
	"bytes"
	"context"
	"errors"
	"io"
	"os"
	"path/filepath"
	"strconv"
	"strings"
	"syscall"
	"testing"
	"time"

	"github.com/zalando/go-keyring"

	"github.com/kubectl-vsphere/kubectl-vsphere/pkg/redact"
)

func shell(script string) []string { return []string{"/bin/sh", "-c", script} }

func TestCommandGivesALine(t *testing.T) {
	t.Setenv("KUBECTL_VSPHERE_PASSWORD", "other")
	for script, want := range map[string]redact.Secret{
		"printf right":                        "right",
		"echo right":                          "right",
		`printf 'right\r\n'`:                  "right",
		`printf ' r i ght '`:                  " r i ght ",
		`printf 'rïght'`:                      "rïght",
		"head -c 4096 /dev/zero | tr '\\0' x": redact.Secret(strings.Repeat("x", 4096)),
		"echo right; echo user: ada; echo":    "right", // pass and others keep notes below it.
		"printf 'right\\r\\nnotes'":           "right",
		"cat; echo right":                     "right", // Standard input is closed.
		"sleep 77 & echo right":               "right", // What it leaves behind does not matter.
		"echo right$KUBECTL_VSPHERE_PASSWORD": "right", // Another password is not for it.
	} {
		got, err := Command(shell(script), Notes{To: os.Stderr}).Get(t.Context())
		if got != want || err != nil {
			t.Errorf("%s: %q, %v", script, got.Reveal(), err)
		}
	}
}

func TestCommandWithoutAPassword(t *testing.T) {
	for script, want := range map[string]string{
		"exit 7":                              "exit status 7",
		"true":                                "empty",
		"echo":                                "empty",
		"echo hush; exit 1":                   "exit status 1",
		"kill -9 $$":                          "signal: killed",
		"echo; echo right":                    "empty",
		"head -c 90000 /dev/zero":             "more than 65536 bytes",
		"yes":                                 "more than 65536 bytes", // At once, not after 30 s.
		"head -c 4097 /dev/zero | tr '\\0' x": "longer than 4096 bytes",
	} {
		password, err := Command(shell(script), Notes{To: os.Stderr}).Get(t.Context())
		var none *NoneError
		if !errors.As(err, &none) || !strings.Contains(err.Error(), want) || password != "" {
			t.Errorf("%s: %v, want %s", script, err, want)
			continue
		}
		if strings.Contains(err.Error(), "hush") {
			t.Errorf("%s: the error shows what was printed: %v", script, err)
		}
	}
	if _, err := Command([]string{"/nonexistent/program"}, Notes{To: os.Stderr}).Get(t.Context()); err == nil {
		t.Error("a program that is not there gave a password")
	}
}

func TestCommandShowsItsStandardError(t *testing.T) {
	var out bytes.Buffer
	if _, err := Command(shell("echo 'locked, type: op signin' >&2; exit 1"), Notes{To: &out}).Get(t.Context()); err == nil {
		t.Error("no error")
	}
	if out.String() != "locked, type: op signin\n" {
		t.Errorf("%q", out.String())
	}
}

// Ctrl-C ends the command with everything that it started.
// A renewal that succeeds is quiet, since some clients take any text for a failure. A person who must do something is told.
func TestAQuietCommand(t *testing.T) {
	for script, want := range map[string]string{
		"echo note >&2; echo right":                                      "",
		"echo note >&2; exit 1":                                          "note\n",
		"head -c 90000 /dev/zero | tr '\\0' x >&2; echo right":           "",
		"head -c 90000 /dev/zero | tr '\\0' x >&2; echo end >&2; exit 1": strings.Repeat("x", maxOutput),
	} {
		for _, person := range []bool{false, true} {
			var out bytes.Buffer
			_, _ = Command(shell(script), Notes{To: &out, Quiet: true, Person: person}).Get(t.Context())
			if out.String() != want {
				t.Errorf("%s: %.80q", script, out.String())
			}
		}
	}
	touched := filepath.Join(t.TempDir(), "touched")
	var out bytes.Buffer
	touch := writerFunc(func(p []byte) (int, error) { // The person reads, and touches.
		_ = os.WriteFile(touched, nil, 0o600)
		return out.Write(p)
	})
	script := "echo touch >&2; while [ ! -e " + touched + " ]; do sleep 0.1; done; echo more >&2; echo right"
	if got, err := Command(shell(script), Notes{To: touch, Quiet: true, Person: true}).Get(t.Context()); got != "right" || err != nil || out.String() != "touch\nmore\n" {
		t.Errorf("%v %q", err, out.String())
	}
}

type writerFunc func(p []byte) (int, error)

func (f writerFunc) Write(p []byte) (int, error) { return f(p) }

func TestCommandEndsWithItsGroup(t *testing.T) {
	pidFile := filepath.Join(t.TempDir(), "pid")
	ctx, cancel := context.WithCancel(t.Context())
	go func() {
		for deadline := time.Now().Add(10 * time.Second); time.Now().Before(deadline); time.Sleep(5 * time.Millisecond) {
			if text, _ := os.ReadFile(pidFile); bytes.HasSuffix(text, []byte("\n")) {
				break
			}
		}
		cancel()
	}()
	_, err := Command(shell("sleep 1000 & echo $! >"+pidFile+"; wait"), Notes{To: os.Stderr}).Get(ctx)
	if !errors.Is(err, context.Canceled) {
		t.Errorf("%v", err)
	}
	text, err := os.ReadFile(pidFile)
	if err != nil {
		t.Fatal(err)
	}
	pid, err := strconv.Atoi(strings.TrimSpace(string(text)))
	if err != nil {
		t.Fatal(err)
	}
	for deadline := time.Now().Add(10 * time.Second); ; time.Sleep(5 * time.Millisecond) {
		// Until somebody waits for it, it is a zombie, which can be signalled.
		state, _ := os.ReadFile("/proc/" + strconv.Itoa(pid) + "/stat")
		if errors.Is(syscall.Kill(pid, 0), syscall.ESRCH) || strings.Contains(string(state), ") Z ") {
			return
		}
		if time.Now().After(deadline) {
			_ = syscall.Kill(pid, syscall.SIGKILL)
			t.Fatal("the command's child lives on")
		}
	}
}

func TestParseCommand(t *testing.T) {
	dir := t.TempDir()
	program := filepath.Join(dir, "my pass")
	if err := os.WriteFile(program, []byte("#!/bin/sh\n"), 0o700); err != nil {
		t.Fatal(err)
	}
	t.Setenv("PATH", dir)
	got, err := ParseCommand(`'my pass' show "a b" $HOME *;`)
	want := []string{program, "show", "a b", "$HOME", "*;"}
	if err != nil || strings.Join(got, "|") != strings.Join(want, "|") {
		t.Errorf("%q, %v", got, err)
	}
	for _, typed := range []string{"", "  ", `""`, `"open`, "nope", "/nonexistent"} {
		if argv, err := ParseCommand(typed); err == nil {
			t.Errorf("%q: %q", typed, argv)
		}
	}
}

// What editors and shells add to a password is not sent: each try is one of five.
func TestSourcesAgree(t *testing.T) {
	for text, want := range map[string]string{
		"right": "right", "right\n": "right", "right\r\n": "right", "\ufeffright": "right", "\ufeffright\r\n": "right",
		" right ": " right ", "right\r": "right", "right\r\r\n": "right\r", "\u200bright": "\u200bright", "r\u00e9\n": "r\u00e9",
		"\ufeff": "", "\n": "", "\xff\xfer\x00": "", "a\x00": "",
	} {
		keyring.MockInit()
		if err := keyring.Set(service, "somebody", text); err != nil {
			t.Fatal(err)
		}
		file := filepath.Join(t.TempDir(), "text")
		if err := os.WriteFile(file, []byte(text), 0o600); err != nil {
			t.Fatal(err)
		}
		for _, source := range []Source{
			Reader(strings.NewReader(text)), Variable("V", func(string) string { return text }), Keychain("somebody"), Command(shell("cat "+file), Notes{To: os.Stderr}),
		} {
			got, err := source.Get(t.Context())
			if got.Reveal() != want || (err == nil) != (want != "") {
				t.Errorf("%q of %s: %q, %v", text, source.Name, got.Reveal(), err)
			}
		}
	}
}

// A pipe that does not end is left at the bound, and one that is silent at Ctrl-C.
func TestReaderOfAPipe(t *testing.T) {
	in, out := io.Pipe()
	defer in.Close()
	sent := make(chan int, 1)
	go func() {
		n, _ := out.Write(bytes.Repeat([]byte("x"), 1<<20)) // It ends when the reader is closed.
		sent <- n
	}()
	if got, err := Reader(in).Get(t.Context()); err == nil {
		t.Errorf("%d bytes", len(got.Reveal()))
	}
	_ = in.Close()
	if n := <-sent; n > 2*maxSecret {
		t.Errorf("%d bytes were read", n)
	}
	silent, writer := io.Pipe()
	ctx, cancel := context.WithCancel(t.Context())
	cancel()
	if _, err := Reader(silent).Get(ctx); !errors.Is(err, context.Canceled) {
		t.Error(err)
	}
	_ = writer.Close()
}

func TestReader(t *testing.T) {
	for text, want := range map[string]redact.Secret{"right": "right", "right\n": "right", "right\r\n": "right", "right\r": "right", "right\r\r\n": "right\r", "": "", "a\nb": "", "a\n\n": "", strings.Repeat("x", 5000): ""} {
		got, err := Reader(strings.NewReader(text)).Get(t.Context())
		if got != want || (err == nil) != (want != "") {
			t.Errorf("%.20q: %q, %v", text, got.Reveal(), err)
		}
	}
}
