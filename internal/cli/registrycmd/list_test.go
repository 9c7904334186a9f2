package registrycmd_test

import (
	"encoding/json"
	"strings"
	"testing"
	"time"

	"sigs.k8s.io/yaml"

	"github.com/kubectl-vsphere/kubectl-vsphere/internal/cli/registrycmd"
	"github.com/kubectl-vsphere/kubectl-vsphere/internal/consoletest"
	"github.com/kubectl-vsphere/kubectl-vsphere/internal/failure"
	"github.com/kubectl-vsphere/kubectl-vsphere/pkg/redact"
	"github.com/kubectl-vsphere/kubectl-vsphere/pkg/registry"
)

// infos is the output of list or status for a program.
func (r *rig) infos(t *testing.T, code int, args ...string) (all []registrycmd.Info, warnings []string) {
	t.Helper()
	var out struct {
		Registries []registrycmd.Info `json:"registries"`
		Warnings   []string           `json:"warnings"`
	}
	for format, parse := range map[string]func([]byte, any) error{
		"json": json.Unmarshal, "yaml": func(text []byte, into any) error { return yaml.UnmarshalStrict(text, into) },
	} {
		result := r.Run(append(args, "-o", format)...).Exits(code)
		if err := parse([]byte(result.Out), &out); err != nil || !strings.HasSuffix(result.Out, "\n") {
			t.Errorf("%s: %v\n%s", format, err, result.Out)
		}
	}
	return out.Registries, out.Warnings
}

func (r *rig) info(t *testing.T, code int, args ...string) registrycmd.Info {
	t.Helper()
	all, _ := r.infos(t, code, args...)
	if len(all) != 1 {
		t.Fatalf("%+v", all)
	}
	return all[0]
}

func TestListOfNothing(t *testing.T) {
	r := newRig(t)
	r.Run("registry", "list").Exits(failure.OK).Says("registry add")
	if result := r.Run("registry", "list", "-o", "json"); !strings.Contains(result.Out, `"registries": []`) {
		t.Error(result.Out)
	}
	r.Run("registry", "status").Exits(failure.OK).Says("registry add")
}

func TestList(t *testing.T) {
	r := added(t)
	r.Run("registry", "list").Exits(failure.OK).Says("REGISTRY", host, consoletest.User, "good for 10h", "configured").Omits("tokenreview$", token)
	i := r.info(t, failure.OK, "registry", "list")
	if i.Registry != host || i.Username != asToken || i.Source != "login" || i.Server != supervisor || i.User != consoletest.User || !i.Valid ||
		i.Docker != "configured" || i.AuthMode != registry.HTTPAuth || i.Version != "v2.12.2" || i.Checked.IsZero() || i.Problem != "" || i.ValidUntil.IsZero() {
		t.Errorf("%+v", i)
	}
	if len(r.harbor.Requests()) > 0 {
		t.Error("list asks the registry")
	}
	r.Run("registry", "list", "-u", "DEV@vsphere.local").Says(host)
	r.Run("registry", "list", "-u", "eve").Exits(failure.OK).Omits(host)
	r.Run("registry", "list", "--tlscacert", "x", "--service", "x").Exits(failure.OK) // Old command lines go on working.
}

// Each state has a word in the table, and a next step below it.
func TestListStates(t *testing.T) {
	for name, c := range map[string]struct {
		change func(*testing.T, *rig)
		source string
		valid  bool
		says   []string
	}{
		"ended": {func(_ *testing.T, r *rig) { r.Advance(11 * time.Hour) }, "login", false,
			[]string{"ended", "kubectl vsphere login --server " + supervisor + " -u " + consoletest.User}},
		"logged out": {func(_ *testing.T, r *rig) { r.Run("registry", "logout", host) }, "none", false,
			[]string{"none", "docker-credential-vsphere login " + host}},
		"refused": {func(t *testing.T, r *rig) {
			r.save(t, func(rec *registry.Record) { rec.Username, rec.Reason = "", registry.ReasonRefused })
		}, "none", false,
			[]string{"none", "robot create"}},
		"stored": {func(t *testing.T, r *rig) { r.store(t, "ada") }, "stored", true, []string{"ada", "stored"}},
		"a robot": {func(t *testing.T, r *rig) {
			r.store(t, "robot$ci", func(l *registry.Login) { l.Expires = r.Now().Add(48 * time.Hour) })
		}, "stored", true, []string{"robot$ci", "good for 2d"}},
		"a robot that ended": {func(t *testing.T, r *rig) {
			r.store(t, "robot$ci", func(l *registry.Login) { l.Expires = r.Now().Add(-time.Hour) })
		}, "stored", false, []string{"robot$ci", "ended", "docker logout " + host}},
		"another helper": {func(_ *testing.T, r *rig) { r.WriteFile(dockerFile, `{"credHelpers":{"10.0.0.5":"pass"}}`, 0o600) }, "login", true, []string{"pass"}},
		"not configured": {func(_ *testing.T, r *rig) { r.WriteFile(dockerFile, `{}`, 0o600) }, "login", true, []string{"missing"}},
		"a broken file":  {func(_ *testing.T, r *rig) { r.WriteFile(dockerFile, `{`, 0o600) }, "login", true, []string{"missing", "warning: "}},
	} {
		t.Run(name, func(t *testing.T) {
			r := added(t)
			c.change(t, r)
			r.Run("registry", "list").Exits(failure.OK).Says(c.says...)
			if i := r.info(t, failure.OK, "registry", "list"); i.Source != c.source || i.Valid != c.valid {
				t.Errorf("%+v", i)
			}
		})
	}
}

// save changes what is remembered of the registry.
func (r *rig) save(t *testing.T, change func(*registry.Record)) {
	t.Helper()
	if err := r.records().UpdateRecord(host, func(rec registry.Record) registry.Record { change(&rec); return rec }); err != nil {
		t.Fatal(err)
	}
}

// A login for a registry that was not added is listed too, and what cannot be read is told.
func TestListWhatWasNotAdded(t *testing.T) {
	r := newRig(t)
	if err := r.records().SaveLogin(registry.Login{Host: "quay.io", Username: "ada", Secret: redact.Stored{Secret: "x"}}); err != nil {
		t.Fatal(err)
	}
	r.WriteFile("store/registries/broken.lab.json", "{", 0o600)
	r.Run("registry", "list").Exits(failure.OK).Says("quay.io", "ada", "stored", "warning: ", "broken.lab").Omits(`"x"`)
}

// Names of a registry's own choice do nothing to a terminal.
func TestListIsHarmless(t *testing.T) {
	r := newRig(t)
	r.store(t, "a\x1b[2Jb\u202e")
	r.Run("registry", "list").Exits(failure.OK).Says("a").Omits("\x1b", "\u202e")
	r.Run("registry", "list", "-o", "yaml").Omits("\x1b", "\u202e")
}

func TestStatusAsks(t *testing.T) {
	r := added(t)
	r.harbor.Version = "v3.0.0"
	if i := r.info(t, failure.OK, "registry", "status"); i.Version != "v3.0.0" || i.Username != asToken {
		t.Errorf("%+v", i)
	}
	if len(r.harbor.Requests()) == 0 {
		t.Error("status does not ask the registry")
	}
	r.harbor.Logins = nil // News: it is told, and nothing is wrong with the command.
	if i := r.info(t, failure.OK, "registry", "status"); i.Source != "none" || !strings.Contains(i.Problem, "robot create") {
		t.Errorf("%+v", i)
	}
}

// A registry that does not answer makes the command one that worked in part, and keeps what was known.
func TestStatusOfNobody(t *testing.T) {
	r := added(t)
	r.Down(host + ":443")
	i := r.info(t, failure.Partial, "registry", "status")
	if i.Username != asToken || i.Problem == "" {
		t.Errorf("%+v", i)
	}
	r.Run("registry", "status").Exits(failure.Partial).Says(host).Omits("error:")
	if r.record(t).Username != asToken {
		t.Error("what was known is lost")
	}
}

// Nobody is asked for a password by status, also at a terminal, and a registry that was logged out of is not asked.
func TestStatusAsksNobody(t *testing.T) {
	r := added(t)
	r.Advance(11 * time.Hour)
	r.Person()
	r.Run("registry", "status").Exits(failure.Partial).Says("has ended").Omits("Password")
	r.Run("registry", "logout", host)
	r.harbor.Forget()
	r.Run("registry", "status").Exits(failure.OK)
	if len(r.harbor.Requests()) > 0 {
		t.Error("it is asked")
	}
}

func TestStatusWarns(t *testing.T) {
	r := added(t)
	r.Run("registry", "ca", host, "--install").Exits(failure.OK)
	delete(r.Programs, "docker-credential-vsphere")
	_, warnings := r.infos(t, failure.OK, "registry", "status")
	if len(warnings) != 1 || !strings.Contains(warnings[0], "install-helper") {
		t.Errorf("%q", warnings)
	}
	if result := r.Run("registry", "status"); !strings.Contains(result.Err, "warning: docker-credential-vsphere") || strings.Contains(result.Out, "warning") {
		t.Errorf("%q %q", result.Out, result.Err)
	}
	r.Run("registry", "list").Omits("warning")
}
