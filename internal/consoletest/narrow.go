package consoletest

import (
	"regexp"
	"strings"
	"testing"

	"github.com/kubectl-vsphere/kubectl-vsphere/internal/layout"
)

// typed finds commands in messages: the words that are certainly one, with the flags and addresses behind them.
var typed = regexp.MustCompile(`\b(kubectl vsphere (login|logout|registry [a-z-]+|status|whoami|help)|kubectl config [a-z-]+|` +
	`docker-credential-vsphere (login|configure)|docker (login|logout)|(sudo )?ch(own|mod)( -R)? [^ ]+)( --?[a-z][^ "]*( [^- "][^ ]*)?| [0-9/][^ ]*)*`)

// checkNarrow reports messages that a narrow terminal would show with a command that is broken.
func checkNarrow(t testing.TB, said string) {
	t.Helper()
	for line := range strings.Lines(said) {
		narrow := layout.Fill(line, 40)
		for _, command := range typed.FindAllString(strings.TrimSpace(line), -1) {
			if !strings.Contains(narrow, strings.TrimRight(command, " .,;:)")) {
				t.Errorf("at 40 columns, %q is broken:\n%s", command, narrow)
			}
		}
	}
}
