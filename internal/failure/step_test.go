package failure

import (
	"errors"
	"fmt"
	"io/fs"
	"strings"
	"syscall"
	"testing"
	"time"

	"github.com/kubectl-vsphere/kubectl-vsphere/pkg/login"
	"github.com/kubectl-vsphere/kubectl-vsphere/pkg/login/secret"
	"github.com/kubectl-vsphere/kubectl-vsphere/pkg/tokens"
	"github.com/kubectl-vsphere/kubectl-vsphere/pkg/trust"
	"github.com/kubectl-vsphere/kubectl-vsphere/pkg/wire"
)

var errAny = errors.New("it broke")

// explain is what a person reads of an error.
func explain(err error) string {
	var b strings.Builder
	Explain(&b, err)
	return b.String()
}

func TestExplain(t *testing.T) {
	for name, c := range map[string]struct {
		err  error
		want string
	}{
		"nothing to add":             {errAny, "error: it broke\n"},
		"a hint":                     {Hint(errAny, "Type: %s", "this"), "error: it broke\nType: this\n"},
		"a hint below":               {fmt.Errorf("outer: %w", Hint(errAny, "Do.")), "error: outer: it broke\nDo.\n"},
		"the outer one of two":       {Hint(Hint(errAny, "Inner."), "Outer."), "error: it broke\nOuter.\n"},
		"told already":               {Silent(Hint(errAny, "Do.")), ""},
		"told already, deeper":       {fmt.Errorf("outer: %w", Silent(errAny)), ""},
		"advice of pkg":              {login.ErrNoEndpoint, "error: " + login.ErrNoEndpoint.Error() + "\n" + advice(login.ErrNoEndpoint) + "\n"},
		"a flag":                     {&UsageError{Command: "kubectl-vsphere login", Err: errAny}, "error: it broke\nType \"kubectl vsphere login --help\" for the flags.\n"},
		"a command":                  {&UsageError{Command: "kubectl-vsphere registry", Group: true, Err: errAny}, "error: it broke\nType \"kubectl vsphere registry --help\" for the commands.\n"},
		"a flag, command not known":  {Usagef("it broke"), "error: it broke\nType \"kubectl vsphere --help\" for the flags.\n"},
		"a flag with a hint":         {&UsageError{Command: "x", Err: Hint(errAny, "Do.")}, "error: it broke\nDo.\n"},
		"a session that ended":       {fmt.Errorf("%w; type: this", &tokens.LoginRequiredError{Reason: "it has ended"}), "error: it has ended; type: this\n"},
		"a session that ended, hint": {Hint(&tokens.LoginRequiredError{Reason: "it has ended"}, "Do."), "error: it has ended\n"},
	} {
		if got := explain(c.err); got != c.want {
			t.Errorf("%s: %q, want %q", name, got, c.want)
		}
	}
	if Hint(nil, "Do.") != nil {
		t.Error("a hint makes an error of nothing")
	}
	if !Hinted(fmt.Errorf("outer: %w", Hint(errAny, "Do."))) || Hinted(errAny) || Hinted(nil) {
		t.Error("Hinted")
	}
	if err := Silent(errAny); !errors.Is(err, errAny) {
		t.Error("what is silent is not found any more")
	}
}

// A certificate is shown with what a person compares, and what it says about itself does nothing to a terminal.
func TestDescribe(t *testing.T) {
	day := time.Date(2026, 1, 2, 3, 4, 5, 0, time.UTC)
	e := &trust.UntrustedError{Subject: "CN=sup\x1b[2J", Issuer: "CN=ca\u202e", NotBefore: day, NotAfter: day.AddDate(1, 0, 0), SHA256: "AA:BB"}
	got := string(Describe(e))
	for _, want := range []string{"CN=sup", "CN=ca", "2026-01-02 to 2027-01-02", "AA:BB"} {
		if !strings.Contains(got, want) {
			t.Errorf("no %s in\n%s", want, got)
		}
	}
	if strings.ContainsAny(got, "\x1b\u202e") || strings.Contains(got, "CA SHA-256") {
		t.Errorf("%q", got)
	}
	e.IssuerSHA256 = "CC:DD"
	if got := string(Describe(e)); !strings.Contains(got, "CA SHA-256:     CC:DD") {
		t.Errorf("%q", got)
	}
	for unknown, flag := range map[bool]string{true: "--ca-fingerprint", false: "--insecure-skip-tls-verify"} {
		e.UnknownCA = unknown
		got := Untrusted(e)
		if !strings.HasPrefix(got, string(Describe(e))) || !strings.Contains(got, flag) || strings.Contains(got, "--certificate-authority") != unknown {
			t.Errorf("unknown CA %v: %q", unknown, got)
		}
	}
}

// said is an error's text with its next step.
func said(err error) string {
	if err == nil {
		return ""
	}
	return err.Error() + "\n" + NextStep(err)
}

func TestNotKept(t *testing.T) {
	if err := NotKept("/s", errAny); err != errAny {
		t.Error(err)
	}
	if err := NotKept("/s", nil); err != nil {
		t.Error(err)
	}
	for cause, step := range map[error]string{syscall.ENOSPC: "no room in /s", fs.ErrPermission: "Make /s writable"} {
		got := said(NotKept("/s", fmt.Errorf("save: %w", &tokens.WriteError{Dir: "/s/deeper", Err: cause})))
		if !strings.HasPrefix(got, "you are logged in, but") || !strings.Contains(got, cause.Error()) || !strings.Contains(got, step) {
			t.Errorf("%q", got)
		}
	}
}

func TestNoTerminal(t *testing.T) {
	err := NoTerminal(fmt.Errorf("ask: %w", secret.ErrNoTerminal), "give it with -u")
	if Code(err) != Usage || !strings.Contains(err.Error(), "give it with -u") {
		t.Error(err)
	}
	if err := NoTerminal(secret.ErrEmpty, "x"); Code(err) != Failed || !strings.Contains(err.Error(), "nothing was typed") {
		t.Error(err)
	}
	if err := NoTerminal(secret.ErrCancelled, "x"); err != secret.ErrCancelled {
		t.Error(err)
	}
	if NoTerminal(nil, "x") != nil {
		t.Error("nothing is an error")
	}
}

func TestLogin(t *testing.T) {
	for kind, want := range map[error][]string{
		wire.ErrRefused:   {"ada", "was refused", "after five refusals"},
		wire.ErrForbidden: {"ada may not log in", "administrator"},
		wire.ErrServer:    {"contact your vSphere server administrator"},
	} {
		err := Password{User: "ada"}.Explain(answer(kind))
		if !errors.Is(err, kind) {
			t.Errorf("%v became %v", kind, err)
		}
		for _, part := range want {
			if !strings.Contains(said(err), part) {
				t.Errorf("no %q in %q", part, said(err))
			}
		}
	}
	if err := (Password{User: "ada"}).Explain(errAny); err != errAny {
		t.Error(err)
	}
}

func TestNoPassword(t *testing.T) {
	hinted := Hint(errAny, "Closer.")
	for name, c := range map[string]struct {
		err  error
		want string // a part
		code int
	}{
		"a hint stays":        {hinted, "it broke\nCloser.", Failed},
		"refused before":      {&secret.NoPasswordError{Known: true, Reasons: []string{"it was refused a moment ago"}}, "--force", Refused},
		"no source":           {&secret.NoPasswordError{}, "no password to log in with\nSet " + PasswordVariable, Failed},
		"sources in vain":     {&secret.NoPasswordError{Reasons: []string{"the keychain: nothing"}}, "no password to log in with: the keychain: nothing\nSet", Failed},
		"an empty line":       {secret.ErrEmpty, "nothing was typed", Failed},
		"refused just now":    {&secret.RefusedError{Err: answer(wire.ErrRefused)}, "ada was refused", Refused},
		"the server is ill":   {answer(wire.ErrServer), "administrator", Server},
		"something unrelated": {errAny, "it broke\n", Failed},
	} {
		err := (Password{User: "ada"}).Explain(c.err)
		if !strings.Contains(said(err), c.want) || Code(err) != c.code {
			t.Errorf("%s: %d %q", name, Code(err), said(err))
		}
	}
	if err := (Password{User: "ada"}).Explain(nil); err != nil {
		t.Error(err)
	}
}

// A name without its domain is the likely reason of a refusal.
func TestNameWithoutADomain(t *testing.T) {
	for user, hinted := range map[string]bool{"dev": true, "dev@vsphere.local": false, `CORP\dev`: false} {
		got := said(Password{User: user}.Explain(answer(wire.ErrRefused)))
		if strings.Contains(got, "may need its domain: "+user+"@vsphere.local") != hinted {
			t.Errorf("%s: %s", user, got)
		}
	}
}

// vCenter's rules are not those of an identity provider, and a caller may know what helps.
func TestPasswordOfSomebodyElse(t *testing.T) {
	known := &secret.NoPasswordError{Known: true, Reasons: []string{"it was refused a moment ago"}}
	if got := said(Password{User: "ada", Provider: true}.Explain(known)); strings.Contains(got, "vCenter") || !strings.Contains(got, "--force") {
		t.Error(got)
	}
	if got := said(Password{User: "ada", Step: "Do this."}.Explain(known)); !strings.HasSuffix(got, "\nDo this.") {
		t.Error(got)
	}
	refused := &secret.RefusedError{Source: "the keychain", Err: answer(wire.ErrRefused)}
	if got := said(Password{User: "ada", Provider: true}.Explain(refused)); !strings.Contains(got, "the password from the keychain for ada was refused") || strings.Contains(got, "vCenter") {
		t.Error(got)
	}
}
