package cli_test

import (
	"context"
	"encoding/json"
	"errors"
	"io"
	"net/http"
	"runtime"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/spf13/cobra"
	"github.com/spf13/pflag"

	"github.com/kubectl-vsphere/kubectl-vsphere/internal/cli"
	"github.com/kubectl-vsphere/kubectl-vsphere/internal/cli/clitest"
	"github.com/kubectl-vsphere/kubectl-vsphere/internal/command"
	"github.com/kubectl-vsphere/kubectl-vsphere/internal/console"
	"github.com/kubectl-vsphere/kubectl-vsphere/internal/consoletest"
	"github.com/kubectl-vsphere/kubectl-vsphere/internal/failure"
	"github.com/kubectl-vsphere/kubectl-vsphere/internal/layout"
)

func TestRoot(t *testing.T) {
	w := clitest.New(t)
	w.Run().Exits(failure.OK).Says("Usage:", "login", "logout", "status", "whoami", "registry").Omits("get-token ")
	for line, want := range map[string]string{
		"logn":                 "did you mean login",
		"nothing":              `unknown command "nothing"`,
		"--nothing":            "--nothing",
		"status --nothing":     `Type "kubectl vsphere status --help"`,
		"login --bad":          `Type "kubectl vsphere login --help"`,
		"login --sever x":      "did you mean --server?",
		"status --outptu yaml": "did you mean --output?",
		"login --password x":   "use --password-stdin",
		"login -p x":           "use --password-stdin",
		"help nonsense":        `unknown command "nonsense"`,
		"help registry nope":   `Type "kubectl vsphere registry --help"`,
		"status -o xml":        "json or yaml",
		"login --wait 15":      "Write 15m for minutes, or 15s for seconds",
		"login --wait soon":    "such as 10m",

		"login --wait-for-account 10": "Write 10m for minutes",

		"status now":  `"now" is one word too many`,
		"version now": "one word too many",
		"whoami now":  "one word too many",
		"logout now":  "one word too many",
		"status -v=x": "-v",
	} {
		r := w.Run(strings.Fields(line)...).Exits(failure.Usage).Says("error: ", want)
		if r.Out != "" {
			t.Errorf("%s: %q", line, r.Out)
		}
	}
}

// paths are the words of each command, also of those that cobra adds.
func paths(w *consoletest.World) (all [][]string) {
	root := cli.Command(w.Env(), cli.Build{})
	command.StrictCompletion(root, nil)
	var walk func(c *cobra.Command)
	walk = func(c *cobra.Command) {
		all = append(all, strings.Fields(c.CommandPath())[1:])
		for _, below := range c.Commands() {
			walk(below)
		}
	}
	walk(root)
	return all
}

// A word that a command does not take is a usage error, also with --help, and the next step names what the help has.
func TestWordsThatNoCommandTakes(t *testing.T) {
	w := clitest.New(t)
	all := paths(w)
	if len(all) < 25 {
		t.Fatalf("only %d commands", len(all))
	}
	for _, words := range all {
		group := len(words) == 0 || slices.ContainsFunc(all, func(other []string) bool {
			return len(other) > len(words) && slices.Equal(other[:len(words)], words)
		})
		step := " --help\" for the flags."
		if group || words[0] == "help" {
			step = " --help\" for the commands."
		}
		nonsense := "no+such" // no address of a registry either
		// What people name themselves may be any word: one that is not there is a failure. A second one is an error in the words.
		switch strings.Join(words, " ") {
		case "registry install-helper":
			words = append(slices.Clone(words), "directory")
		case "cluster credentials", "cluster manifest", "cluster register-argocd", "cluster scale", "cluster ssh", "cluster upgrade", "vm start", "vm stop", "vm restart", "vm web-console":
			words = append(slices.Clone(words), "name")
		case "use":
			words = append(slices.Clone(words), "context")
		}
		for _, more := range [][]string{{nonsense}, {nonsense, "--help"}, {"--help", nonsense}} {
			r := w.Run(append(slices.Clone(words), more...)...).Exits(failure.Usage)
			if r.Out != "" || !strings.Contains(r.Err, `"no+such"`) || !strings.HasSuffix(r.Err, step+"\n") {
				t.Errorf("%q %q: %q%q", words, more, r.Out, r.Err)
			}
		}
		w.Run(append(slices.Clone(words), "--help")...).Exits(failure.OK).Says("Usage:")
	}
	for line, want := range map[string]string{
		"completion bsh --help": "did you mean bash", "help completion zhs": "did you mean zsh", "registry lst --help": "did you mean list",
		"registry robot delet": "did you mean delete",
	} {
		w.Run(strings.Fields(line)...).Exits(failure.Usage).Says(want)
	}
}

// Where people may try to give a password, they are told of the ways to do so.
func TestPasswordAsAFlag(t *testing.T) {
	w := clitest.New(t)
	for _, words := range paths(w) {
		for _, flag := range [][]string{{"--password", "S3CRET"}, {"--password=S3CRET"}, {"-p", "S3CRET"}} {
			w.Run(append(slices.Clone(words), flag...)...).Exits(failure.Usage).
				Says("use --password-stdin", failure.PasswordVariable).Omits("S3CRET")
		}
	}
	w.Run("registry", "login", "--password", "x").Says(`--password-stdin of "kubectl vsphere login"`)
}

// Help fits a narrow terminal: each line but those to paste, and no word is lost.
func TestHelpAtANarrowTerminal(t *testing.T) {
	w := clitest.New(t)
	for _, words := range paths(w) {
		line := append(slices.Clone(words), "--help")
		piped := w.Run(line...).Exits(failure.OK)
		w.Columns = 40
		narrow := w.Run(line...).Exits(failure.OK)
		w.Columns = 0
		for text := range strings.Lines(narrow.Out) {
			code := strings.HasPrefix(text, "\t") || strings.HasPrefix(strings.TrimLeft(text, " \""), "kubectl") || strings.Contains(piped.Out, "\n"+text) ||
				strings.Count(strings.TrimSpace(text), " ") == 0
			if layout.Width(strings.TrimSuffix(text, "\n")) > 40 && !code {
				t.Errorf("%q: %q", words, text)
			}
		}
		plain := func(s string) string { return strings.Join(strings.Fields(strings.ReplaceAll(s, "#", "")), " ") }
		if plain(narrow.Out) != plain(piped.Out) {
			t.Errorf("%q: other words:\n%s", words, narrow.Out)
		}
	}
}

// Each command has help, with an example where it does something.
func TestHelp(t *testing.T) {
	w := clitest.New(t)
	var walk func(c *cobra.Command)
	walk = func(c *cobra.Command) {
		words := strings.Fields(c.CommandPath())[1:]
		r := w.Run(append(words, "--help")...).Exits(failure.OK).Says("Usage:")
		if r.Err != "" || c.Short == "" {
			t.Errorf("%q: %q", words, r.Err)
		}
		if c.Runnable() && !c.HasSubCommands() && c.Example == "" && c.Name() != "version" && c.Name() != "remove" && !c.Hidden {
			t.Errorf("%q has no example", words)
		}
		for _, below := range c.Commands() {
			walk(below)
		}
	}
	walk(cli.Command(w.Env(), cli.Build{}))
}

func TestRequestTimeout(t *testing.T) {
	w := clitest.New(t)
	for _, wrong := range []string{"-1", "0s", "x", "1x", "-5s", "1.5.5"} {
		w.Run("status", "--request-timeout="+wrong).Exits(failure.Usage).Says("--request-timeout")
	}
	for _, right := range []string{"0", "5", "1m30s", "0.5s", ""} {
		w.Run("status", "--request-timeout="+right).Exits(failure.OK)
	}
}

// A request is bounded by it.
func TestRequestTimeoutBounds(t *testing.T) {
	w, s := ended(t)
	w.Vars[failure.PasswordVariable] = consoletest.Password
	s.Replies["POST /wcp/login"] = consoletest.Slow(10 * time.Second)
	getToken(w, "--request-timeout=50ms").Exits(failure.Server).Says(supervisor)
}

// A line for each request, without the query.
func TestVerbose(t *testing.T) {
	w, _ := ended(t)
	w.Vars[failure.PasswordVariable] = consoletest.Password
	r := getToken(w, "-v", "1").Exits(failure.OK).Says("POST https://" + supervisor + "/wcp/login 200 (").Omits(consoletest.Password)
	handed(t, r)
	getToken(w, "--force-refresh").Omits("POST https://")
}

func TestVersion(t *testing.T) {
	w := clitest.New(t)
	if r := w.Run("version").Exits(failure.OK); !strings.HasPrefix(r.Out, "kubectl-vsphere: version v0.0.0-test, build none, change none\n") || !strings.Contains(r.Out, runtime.Version()) {
		t.Error(r.Out)
	}
	var info map[string]string
	if r := w.Run("version", "-o", "json"); json.Unmarshal([]byte(r.Out), &info) != nil || info["version"] != "v0.0.0-test" || info["platform"] != runtime.GOOS+"/"+runtime.GOARCH {
		t.Error(r.Out)
	}
	w.Run("version", "-o", "yaml").Exits(failure.OK).Says("version: v0.0.0-test\n")
}

func TestCompletion(t *testing.T) {
	w, _, _ := site(t)
	login(w)
	for _, shell := range []string{"bash", "zsh", "fish", "powershell"} {
		w.Run("completion", shell).Exits(failure.OK).Says("kubectl-vsphere")
	}
	for line, want := range map[string]string{
		"logout --server ": supervisor, "logout -u ": user, "whoami --context ": "tkc1", "status -o ": "yaml", "lo": "logout",
	} {
		words := strings.Split(line, " ")
		w.Run(append([]string{"__complete"}, words...)...).Exits(failure.OK).Says(want)
	}
}

// A shell offers the names of files where a file is wanted, and nowhere else.
func TestCompletionOfFiles(t *testing.T) {
	w := clitest.New(t)
	files, others := 0, 0
	for path, c := range commands(w) {
		words := append([]string{"__complete"}, strings.Fields(path)...)
		offers := func(more ...string) bool {
			r := w.Run(append(words, more...)...)
			return strings.Contains(r.Out, "\n:0\n") || strings.HasPrefix(r.Out, ":0\n")
		}
		if offers("") {
			t.Errorf("%s: files are offered as arguments", path)
		}
		c.LocalFlags().VisitAll(func(f *pflag.Flag) {
			kind, _ := pflag.UnquoteUsage(f)
			if f.NoOptDefVal != "" || f.Hidden && kind != "FILE" {
				return
			}
			if kind == "FILE" {
				files++
			} else {
				others++
			}
			if got := offers("--"+f.Name, ""); got != (kind == "FILE") {
				t.Errorf("%s --%s %s: files are offered: %t", path, f.Name, kind, got)
			}
		})
	}
	if files < 6 || others < 40 {
		t.Errorf("only %d and %d flags", files, others)
	}
}

// broken is a standard output that nobody reads any more.
type broken struct{}

func (broken) Write([]byte) (int, error) { return 0, errors.New("broken pipe") }

// What could not be written is no success.
func TestClosedOutput(t *testing.T) {
	w := clitest.New(t)
	w.SignIn(supervisor)
	program := w.Program
	w.Program = func(ctx context.Context, e *console.Env, args []string) int {
		e.Out = broken{}
		return program(ctx, e, args)
	}
	for _, line := range []string{"", "version", "version -o json", "status", "status -o yaml", "login --help", "get-token --server 10.0.0.1 --user " + user} {
		w.Run(strings.Fields(line)...).Exits(failure.Failed).Says("broken pipe")
	}
	w.Run("nothing").Exits(failure.Usage)
}

// Ctrl-C in a request ends the program at once, as such.
func TestInterrupted(t *testing.T) {
	w, s := ended(t)
	w.Vars[failure.PasswordVariable] = consoletest.Password
	ctx, cancel := context.WithCancel(t.Context())
	program := w.Program
	w.Program = func(_ context.Context, e *console.Env, args []string) int { return program(ctx, e, args) }
	slow := consoletest.Slow(10 * time.Second)
	s.Replies["POST /wcp/login"] = func(rw http.ResponseWriter, r *http.Request) {
		_, _ = io.Copy(io.Discard, r.Body)
		cancel()
		slow(rw, r)
	}
	empty(t, getToken(w).Exits(failure.Interrupted).Says("interrupted"))
}
