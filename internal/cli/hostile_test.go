package cli_test

import (
	"encoding/json"
	"errors"
	"fmt"
	"maps"
	"net/http"
	"net/http/httptest"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"sync"
	"testing"
	"unicode"
	"unicode/utf8"

	"github.com/spf13/cobra"
	"github.com/spf13/pflag"

	"github.com/kubectl-vsphere/kubectl-vsphere/internal/cli"
	"github.com/kubectl-vsphere/kubectl-vsphere/internal/cli/clitest"
	"github.com/kubectl-vsphere/kubectl-vsphere/internal/consoletest"
	"github.com/kubectl-vsphere/kubectl-vsphere/internal/failure"
	"github.com/kubectl-vsphere/kubectl-vsphere/internal/registryaccess"
	"github.com/kubectl-vsphere/kubectl-vsphere/internal/registryaccess/harbortest"
	"github.com/kubectl-vsphere/kubectl-vsphere/pkg/redact"
	"github.com/kubectl-vsphere/kubectl-vsphere/pkg/registry"
	"github.com/kubectl-vsphere/kubectl-vsphere/pkg/tokens"
)

const (
	// forged must not begin a line: it would look like a line of ours.
	forged = "FORGED"
	// evil is a text with each kind of harmful character: CSI, OSC 8, DCS, a title, C1, bidi, zero width, ignorable, a line over another.
	evil = "x\x1b[31m\x1b]8;;https://evil\x1b\\l\x1b]8;;\x1b\\\x1bP+q\x1b\\\x1b]0;t\a\u009b2J\u202e\u2066\u200b\u3164\ufeff\rover\r\n" + forged + "\n" + forged + "\v\x7f\u2028y"
	// worse is not UTF-8 either.
	worse = evil + "\xff\x9b31m\xe2\x80"
)

// harmless fails the test if a stream does something to a terminal.
func harmless(t *testing.T, r consoletest.Result, what string) {
	t.Helper()
	for name, text := range map[string]string{"standard output": r.Out, "standard error": r.Err} {
		at := strings.IndexFunc(strings.ReplaceAll(text, "\r\n", "\n"), func(c rune) bool {
			return c != '\n' && c != '\t' && (unicode.IsControl(c) || unicode.In(c, unicode.Cf, unicode.Zl, unicode.Zp, unicode.Other_Default_Ignorable_Code_Point))
		})
		if at >= 0 || !utf8.ValidString(text) {
			t.Errorf("%s: harmful on %s: %q", what, name, text)
		}
		if strings.HasPrefix(text, forged) || strings.Contains(text, "\n"+forged) {
			t.Errorf("%s: a line of somebody else on %s: %q", what, name, text)
		}
	}
}

// commands are the paths of all commands, with their flags.
func commands(w *consoletest.World) map[string]*cobra.Command {
	all := map[string]*cobra.Command{}
	var walk func(c *cobra.Command)
	walk = func(c *cobra.Command) {
		_, path, _ := strings.Cut(c.CommandPath(), " ")
		all[path] = c
		for _, sub := range c.Commands() {
			walk(sub)
		}
	}
	root := cli.Command(w.Env(), cli.Build{})
	root.InitDefaultHelpCmd()
	root.InitDefaultCompletionCmd()
	walk(root)
	return all
}

// hostile is a world in which everything that the program reads holds evil: sessions, registries, kubeconfig, docker's file. There is a
// Supervisor and a Harbor, which are good.
func hostile(t *testing.T) *consoletest.World {
	t.Helper()
	w, _ := clitest.Site(t)
	w.Serve("10.0.0.5:443", w.CA, harbortest.New(t, clitest.Server))
	w.SignIn(clitest.Server, func(s *tokens.Session) { s.User, s.Method, s.Account = evil, evil, evil })
	w.SignIn(clitest.Server)
	w.SignIn(evil)
	records := registryaccess.RecordsOf(w.Store())
	reasons := []registry.Reason{
		"", registry.ReasonNotHarbor, registry.ReasonAuthMode, registry.ReasonCLISecret, registry.ReasonNoToken, registry.ReasonRefused,
		registry.ReasonEndpoint, registry.ReasonUnverified, registry.ReasonOtherCA, registry.ReasonPublicCA,
	}
	for i, reason := range reasons {
		host := fmt.Sprintf("10.0.1.%d", i)
		err := records.SaveRecord(registry.Record{
			Host: host, Server: evil, User: evil, Reason: reason, Endpoint: evil, AuthMode: evil, Harbor: evil, CA: evil, Audience: evil,
			Username: map[bool]string{true: evil}[reason == ""],
		})
		if err == nil && i%2 == 0 {
			err = records.SaveLogin(registry.Login{Host: host, Username: evil, Secret: redact.Stored{Secret: "s"}, Service: map[bool]string{true: evil}[i == 0]})
		}
		if err != nil {
			t.Fatal(err)
		}
	}
	entry := func(user string) map[string]any {
		return map[string]any{"name": user + evil, "user": map[string]any{"username": evil, "exec": map[string]any{
			"apiVersion": "client.authentication.k8s.io/v1", "command": "kubectl-vsphere", "interactiveMode": "IfAvailable",
			"args": []string{"get-token", "--server", clitest.Server, "--user", user},
		}}}
	}
	context := func(user string) map[string]any {
		return map[string]any{"name": user + evil, "context": map[string]any{"cluster": evil, "user": user + evil, "namespace": evil}}
	}
	config, err := json.Marshal(map[string]any{
		"apiVersion": "v1", "kind": "Config", "current-context": consoletest.User + evil,
		"clusters": []any{map[string]any{"name": evil, "cluster": map[string]any{"server": "https://" + clitest.Server + ":6443"}}},
		"users":    []any{entry(consoletest.User), entry(evil)}, "contexts": []any{context(consoletest.User), context(evil)},
	})
	if err != nil {
		t.Fatal(err)
	}
	w.WriteFile("kubeconfig", string(config), 0o600)
	docker, err := json.Marshal(map[string]any{
		"credsStore": evil, "credHelpers": map[string]string{evil: evil, "10.0.1.1": evil}, "auths": map[string]any{evil: map[string]string{"auth": evil}},
	})
	if err != nil {
		t.Fatal(err)
	}
	w.WriteFile(".docker/config.json", string(docker), 0o600)
	return w
}

// Whatever a file, an argument or a variable holds, each command shows it harmlessly. A new command is covered by itself.
func TestNamesReachNoTerminal(t *testing.T) {
	w := hostile(t)
	t.Chdir(t.TempDir()) // A path in a variable may be relative.
	all := commands(w)
	if len(all) < 25 {
		t.Fatalf("only %d commands", len(all))
	}
	for path, c := range all {
		words := strings.Fields(path)
		lines := [][]string{{}, {evil}, {worse}, {"10.0.0.5"}, {"10.0.1.1"}, {"10.0.1.0", evil}, {"--" + evil}, {"--context", evil}, {"--context", consoletest.User + evil}, {"-v", "9"}}
		var every []string
		add := func(f *pflag.Flag) {
			if f.Name == "help" {
				return
			}
			flag := "--" + f.Name + "=" + worse
			lines = append(lines, []string{flag}, []string{"10.0.0.5", "--" + f.Name + "=" + evil})
			if f.Value.Type() == "string" {
				every = append(every, "--"+f.Name+"="+evil)
			}
			if f.Name == "output" {
				lines = append(lines, []string{"-o", "json"}, []string{"-o", "yaml"}, []string{"10.0.0.5", "-o", "json"})
			}
		}
		c.LocalFlags().VisitAll(add)
		c.InheritedFlags().VisitAll(add)
		for _, line := range append(lines, every, append([]string{"10.0.0.5"}, every...)) {
			args := append(slices.Clone(words), line...)
			harmless(t, w.Run(args...), fmt.Sprintf("%q", args))
		}
		harmless(t, w.Run(append([]string{"__complete"}, append(words, "")...)...), "completion of "+path)
		for _, flag := range []string{"--server", "--user", "--context", "--tanzu-kubernetes-cluster-name"} {
			harmless(t, w.Run(append([]string{"__complete"}, append(words, flag, "")...)...), "completion of "+path+" "+flag)
		}
	}
	for _, name := range w.Asked() {
		if name == "HOME" {
			continue
		}
		old, set := w.Vars[name]
		for _, value := range []string{evil, worse, filepath.Join(w.Dir, evil), "https://" + evil, `{"kind":"` + evil + `"}`} {
			w.Vars[name] = strings.ReplaceAll(value, "\x00", "")
			for path := range all {
				if words := strings.Fields(path); !slices.Contains(words, "install-helper") {
					harmless(t, w.Run(words...), name+" and "+path)
				}
			}
			harmless(t, w.Run("login", "--server", clitest.Server, "--certificate-authority", w.CAFile), name+" and a login")
		}
		if w.Vars[name] = old; !set {
			delete(w.Vars, name)
		}
	}
}

// plant puts evil into each text of a JSON value.
func plant(v any) any {
	switch v := v.(type) {
	case string:
		return v + evil
	case []any:
		for i := range v {
			v[i] = plant(v[i])
		}
	case map[string]any:
		for k := range v {
			v[k] = plant(v[k])
		}
	}
	return v
}

// lies are the ways in which a server changes its answer.
func lies() map[string]func(w http.ResponseWriter, r *http.Request, server http.Handler) {
	says := func(status int, kind, body string) func(http.ResponseWriter, *http.Request, http.Handler) {
		return func(w http.ResponseWriter, _ *http.Request, _ http.Handler) {
			for _, name := range []string{"Www-Authenticate", "Warning", "Location", "Retry-After", "X-Request-Id", "Server"} {
				w.Header().Set(name, worse)
			}
			w.Header().Set("Content-Type", kind)
			w.WriteHeader(status)
			_, _ = w.Write([]byte(body))
		}
	}
	status, _ := json.Marshal(map[string]any{
		"kind": "Status", "message": evil, "reason": evil, "error": evil, "error_description": evil, "errors": []any{map[string]any{"code": evil, "message": evil}},
	})
	all := map[string]func(http.ResponseWriter, *http.Request, http.Handler){
		"planted": func(w http.ResponseWriter, r *http.Request, server http.Handler) {
			was := httptest.NewRecorder()
			server.ServeHTTP(was, r)
			body := []byte(was.Body.String() + worse)
			var v any
			if json.Unmarshal(was.Body.Bytes(), &v) == nil {
				body, _ = json.Marshal(plant(v))
			}
			w.Header().Set("Content-Type", was.Header().Get("Content-Type"))
			w.WriteHeader(was.Code)
			_, _ = w.Write(body)
		},
		"text": says(200, "text/plain", worse), "kind": says(200, worse, worse), "redirect": says(302, "text/html", worse),
		"JSON of another kind": says(200, "application/json", `{"a":`+string(status)+`}`),
	}
	for i, code := range []int{400, 401, 403, 404, 409, 500, 503} {
		kind, body := "application/json", string(status)
		if i%2 == 1 {
			kind, body = "text/plain", worse
		}
		all[fmt.Sprint(code)] = says(code, kind, body)
	}
	return all
}

// Whatever a server says, in each of its answers, is harmless.
func TestServersReachNoTerminal(t *testing.T) {
	for _, method := range []string{"sso", "oidc"} {
		w, s := clitest.Site(t)
		s.Banner = "Welcome\x1b[31m\u202e" // It has lines of its own.
		s.Replies["POST /apis/authentication.k8s.io/v1/selfsubjectreviews"] = consoletest.Reply(`{"status":{"userInfo":{"username":"u","groups":["g"]}}}`)
		issuer := s.Federate("", consoletest.LDAP())
		issuer.Users[consoletest.User], issuer.Revokes = consoletest.Password, true
		harbor := harbortest.New(t, clitest.Server)
		harbor.Managers[consoletest.User] = consoletest.Password
		harbor.Projects = []string{"ns1"}
		w.Serve("10.0.0.5:443", w.CA, harbor)
		w.Vars[failure.PasswordVariable] = consoletest.Password
		login := []string{"login", "--server", clitest.Server, "-u", consoletest.User, "--auth-method", method, "--certificate-authority", w.CAFile, "--force"}
		get := []string{"get-token", "--server", clitest.Server, "--user", consoletest.User, "--force-refresh"}
		runs := [][]string{
			login, {"whoami"}, get, append(slices.Clone(get), "--cluster", "ns1/tkc1"), {"registry", "add", "10.0.0.5"}, {"registry", "status"},
			{"registry", "robot", "list", "10.0.0.5", "-n", "ns1"}, {"logout"},
		}
		name := func(r *http.Request) string { return r.Method + " " + r.Host + r.URL.Path }
		var mu sync.Mutex
		var asked []map[string]bool // by each run
		w.Between = func(out http.ResponseWriter, r *http.Request, server http.Handler) {
			mu.Lock()
			asked[len(asked)-1][name(r)] = true
			mu.Unlock()
			server.ServeHTTP(out, r)
		}
		before := make([]string, len(runs)) // the state before each run
		for i, args := range runs {
			before[i] = t.TempDir()
			if err := os.CopyFS(before[i], os.DirFS(w.Dir)); err != nil {
				t.Fatal(err)
			}
			mu.Lock()
			asked = append(asked, map[string]bool{})
			mu.Unlock()
			harmless(t, w.Run(args...), fmt.Sprintf("%q", args))
		}
		mu.Lock()
		asked = slices.Clone(asked)
		for i := range asked { // A late request still writes to the last one.
			asked[i] = maps.Clone(asked[i])
		}
		mu.Unlock()
		lied := map[string]bool{}
		for i, args := range runs {
			if len(asked[i]) == 0 && (args[0] != "logout" || method == "oidc") { // It has nothing to revoke at vCenter.
				t.Errorf("%s: %q asks no server", method, args)
			}
			for request := range asked[i] {
				again := lied[request]
				lied[request] = true
				for lie, answer := range lies() {
					if lie == "planted" && strings.HasSuffix(request, "/revoke") {
						continue // It answers nothing, and is strict: the token is gone.
					}
					if again && lie != "planted" && lie != "500" {
						continue // Another command asked it before. What differs is what it makes of an error.
					}
					restore(t, before[i], w.Dir)
					w.Between = func(out http.ResponseWriter, r *http.Request, server http.Handler) {
						switch {
						case name(r) == request:
							answer(out, r, server)
						case strings.HasSuffix(r.URL.Path, "/revoke"):
						case asked[i][name(r)]:
							server.ServeHTTP(out, r)
						default: // The answer led here.
							out.WriteHeader(http.StatusNotFound)
						}
					}
					r := w.Run(args...)
					if strings.HasSuffix(request, "/wcp/loginbanner") {
						r.Err = strings.ReplaceAll(r.Err, "\n"+forged, "\n")
					}
					harmless(t, r, fmt.Sprintf("%s, %s: %q", request, lie, args))
				}
			}
		}
	}
}

// restore makes a directory what it was.
func restore(t *testing.T, was, dir string) {
	t.Helper()
	for _, name := range []string{"store", "kubeconfig", ".docker"} {
		if err := os.RemoveAll(filepath.Join(dir, name)); err != nil {
			t.Fatal(err)
		}
	}
	err := filepath.WalkDir(was, func(path string, d os.DirEntry, err error) error {
		to := filepath.Join(dir, strings.TrimPrefix(path, was))
		if err != nil || d.IsDir() {
			return errors.Join(err, os.MkdirAll(to, 0o700))
		}
		text, err := os.ReadFile(path)
		if _, there := os.Stat(to); there == nil {
			return err
		}
		return errors.Join(err, os.WriteFile(to, text, 0o600))
	})
	if err != nil {
		t.Fatal(err)
	}
}

// A certificate is shown before it is trusted.
func TestCertificatesReachNoTerminal(t *testing.T) {
	w, _ := clitest.Site(t)
	s := w.Supervisor("10.0.0.9")
	w.Serve("10.0.0.9:443", consoletest.NewCA(t, evil), s)
	harmless(t, w.Run("login", "--server", "10.0.0.9"), "nobody to ask")
	w.Person(consoletest.Answer{To: "[y/N]", Keys: "n"})
	harmless(t, w.Run("login", "--server", "10.0.0.9"), "a question")
}
