package credhelper

import (
	"encoding/json"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/docker/docker-credential-helpers/credentials"
	"github.com/google/go-cmp/cmp"

	"github.com/kubectl-vsphere/kubectl-vsphere/internal/leak"
	"github.com/kubectl-vsphere/kubectl-vsphere/pkg/registry"
	"github.com/kubectl-vsphere/kubectl-vsphere/pkg/tokens/credfile"
)

func TestMain(m *testing.M) { leak.Main(m) }

const (
	harbor   = "harbor.lab"
	devToken = registry.TokenPrefix + "Dev@vsphere.local"
	notFound = "credentials not found in native keychain"
)

var (
	now    = time.Date(2026, 11, 24, 12, 0, 0, 0, time.UTC)
	devKey = credfile.Key{Server: "10.0.0.1", User: "Dev@vsphere.local"}
)

// rig is a helper with a store of its own. Renewals and backing helpers are refused unless a test allows them.
type rig struct {
	*Helper
	said strings.Builder
}

func newRig(t *testing.T) *rig {
	t.Helper()
	r := &rig{}
	r.Helper = &Helper{
		Store: registry.Store{Dir: filepath.Join(t.TempDir(), "store")}, Now: func() time.Time { return now }, ErrOut: &r.said,
		Renew:   func(credfile.Key) error { return &exitError{1} },
		Backing: func(name string) Backing { t.Errorf("the helper %s is asked", name); return program{} },
	}
	return r
}

// do runs one word of the protocol as Serve does.
func (r *rig) do(action, in string) (out string, err error) {
	var b strings.Builder
	err = credentials.HandleCommand(r.Helper, action, strings.NewReader(in), &b)
	if err != nil {
		return err.Error(), err
	}
	return b.String(), nil
}

// get returns user name and secret, as "user:secret", or the message.
func (r *rig) get(t *testing.T, url string) string {
	t.Helper()
	out, err := r.do("get", url)
	if err != nil {
		return out
	}
	var c credentials.Credentials
	if err := json.Unmarshal([]byte(out), &c); err != nil {
		t.Fatalf("%q: %v", out, err)
	}
	return c.Username + ":" + c.Secret
}

func (r *rig) ok(t *testing.T, action, in string) string {
	t.Helper()
	out, err := r.do(action, in)
	if err != nil {
		t.Errorf("%s: %v", action, err)
	}
	return out
}

// token puts the session's token into the store; it ends in an hour.
func (r *rig) token(t *testing.T, token string) {
	t.Helper()
	end := now.Add(time.Hour)
	text, err := json.Marshal(credfile.File{
		Version: credfile.Version, Server: devKey.Server, User: devKey.User, Issued: now, Expires: end, Until: end,
		Status: json.RawMessage(fmt.Sprintf(`{"expirationTimestamp":%q,"token":%q}`, end.Format(time.RFC3339), token)),
	})
	if err != nil {
		t.Fatal(err)
	}
	path := credfile.Path(r.Store.Dir, devKey)
	if err := os.MkdirAll(filepath.Dir(path), 0o700); err != nil {
		t.Fatal(err)
	}
	if err := os.WriteFile(path, text, 0o600); err != nil {
		t.Fatal(err)
	}
}

// session puts a session into the store.
func (r *rig) session(t *testing.T, text string) {
	t.Helper()
	path := filepath.Join(r.Store.Dir, "sessions", "x.json")
	if err := os.MkdirAll(filepath.Dir(path), 0o700); err != nil {
		t.Fatal(err)
	}
	if err := os.WriteFile(path, []byte(text), 0o600); err != nil {
		t.Fatal(err)
	}
}

func (r *rig) added(t *testing.T, change ...func(*registry.Record)) {
	t.Helper()
	rec := registry.Record{Host: harbor, Server: devKey.Server, User: devKey.User, Username: devToken, AuthMode: registry.HTTPAuth}
	for _, c := range change {
		c(&rec)
	}
	if err := r.Store.SaveRecord(rec); err != nil {
		t.Fatal(err)
	}
}

// stored is what a client sends to store.
func stored(url, username, secret string) string {
	text, _ := json.Marshal(credentials.Credentials{ServerURL: url, Username: username, Secret: secret})
	return string(text)
}

func TestGetHandsOutTheSessionsToken(t *testing.T) {
	r := newRig(t)
	r.added(t)
	r.token(t, "jwt")
	for _, url := range []string{harbor, harbor + "\r\n", "https://" + harbor + "/v2/", harbor + ":443", harbor + "/ns1/image", "HARBOR.lab"} {
		if got := r.get(t, url); got != devToken+":jwt" {
			t.Errorf("%q: %s", url, got)
		}
	}
	if out := r.ok(t, "get", harbor); !strings.HasSuffix(out, "}\n") || strings.Count(out, "\n") != 1 || !strings.Contains(out, `"ServerURL":"`+harbor+`"`) {
		t.Errorf("%q", out)
	}
	if r.said.Len() > 0 {
		t.Error(r.said.String())
	}
}

// nerdctl also asks for http://HOST:443. What is for a host with TLS does not go to one without.
func TestGetWithoutTLSGivesNothing(t *testing.T) {
	urls := []string{"http://" + harbor, "http://" + harbor + ":443", "HTTP://" + harbor + ":80/v2/", " http://" + harbor}
	r := newRig(t)
	r.added(t)
	r.token(t, "jwt")
	for range 2 { // First the session's token, then what a client stored.
		for _, url := range urls {
			r.said.Reset()
			if got := r.get(t, url); got != notFound || !strings.Contains(r.said.String(), "only over https") {
				t.Errorf("%q: %s\n%s", url, got, r.said.String())
			}
		}
		if got := r.get(t, harbor+":443"); got == notFound {
			t.Error(got)
		}
		r.ok(t, "store", stored(harbor, "robot$ns1+ci", "s3cret"))
	}
	kept := backing{"quay.io": {Username: "ada", Secret: "s"}, "http://old.lab": {Username: "bob", Secret: "s"}, harbor: {Username: "ada", Secret: "s"}}
	kept["http://"+harbor] = kept[harbor]
	r.Backing = func(string) Backing { return kept }
	if err := r.Store.UpdateSettings(func(s *registry.Settings) { s.Backing = "other" }); err != nil {
		t.Fatal(err)
	}
	for url, want := range map[string]string{"http://quay.io": notFound, "quay.io": "ada:s", "http://old.lab": "bob:s", "http://" + harbor: notFound} {
		if got := r.get(t, url); got != want {
			t.Errorf("%s: %s, want %s", url, got, want)
		}
	}
}

func TestGetForOtherHostsGivesNothing(t *testing.T) {
	r := newRig(t)
	r.added(t)
	r.token(t, "jwt")
	for _, url := range []string{"harbor.lab.evil", "evil/harbor.lab", harbor + ":8443", "https://harbor.lab@evil", "x." + harbor, "file://harbor.lab", "https://index.docker.io/v1/"} {
		if got := r.get(t, url); got != notFound {
			t.Errorf("%q: %s", url, got)
		}
	}
	if n := strings.Count(r.said.String(), "\n"); n != 7 {
		t.Errorf("%d lines:\n%s", n, r.said.String())
	}
}

func TestGetSaysWhatToDo(t *testing.T) {
	for name, tc := range map[string]struct {
		change func(*registry.Record)
		token  string
		want   string
	}{
		"the session has ended":   {func(*registry.Record) {}, "", "kubectl vsphere login"},
		"logged out":              {func(r *registry.Record) { r.LoggedOut = true }, "jwt", Name + " login " + harbor},
		"tokens are not taken":    {func(r *registry.Record) { r.Username, r.Reason = "", registry.ReasonRefused }, "jwt", "use a robot account"},
		"a file of somebody else": {func(*registry.Record) {}, "others", "chmod 600"},
	} {
		r := newRig(t)
		r.added(t, tc.change)
		if tc.token != "" {
			r.token(t, tc.token)
		}
		if tc.token == "others" {
			if err := os.Chmod(filepath.Join(r.Store.Dir, "registries", harbor+".json"), 0o644); err != nil {
				t.Fatal(err)
			}
		}
		if got := r.get(t, harbor); got != notFound {
			t.Errorf("%s: %s", name, got)
		}
		if said := r.said.String(); !strings.Contains(said, tc.want) || strings.Count(said, "\n") != 1 || !strings.HasPrefix(said, Name+": "+harbor+": ") {
			t.Errorf("%s: %q", name, said)
		}
	}
}

func TestGetRenewsOnce(t *testing.T) {
	r := newRig(t)
	r.added(t)
	asked := 0
	r.Renew = func(key credfile.Key) error {
		asked++
		if key != devKey {
			t.Errorf("asked for %v", key)
		}
		r.token(t, "new")
		return nil
	}
	for range 2 {
		if got := r.get(t, harbor); got != devToken+":new" {
			t.Error(got)
		}
	}
	if asked != 1 {
		t.Errorf("renewed %d times", asked)
	}
}

// "docker login" gets what we have and stores the same.
func TestStoreOfOurOwnKeepsNothing(t *testing.T) {
	r := newRig(t)
	r.added(t)
	r.token(t, "jwt")
	r.ok(t, "store", stored(harbor, devToken, "jwt"))
	if _, found, err := r.Store.Login(harbor); found || err != nil {
		t.Errorf("%v %v", found, err)
	}
}

func TestALoginOfItsOwnGoesFirst(t *testing.T) {
	r := newRig(t)
	r.added(t)
	r.token(t, "jwt")
	for range 2 { // It can be repeated.
		r.ok(t, "store", stored("https://"+harbor, "robot$ns1+ci", "s3cret"))
	}
	if got := r.get(t, harbor); got != "robot$ns1+ci:s3cret" {
		t.Error(got)
	}
	if out := r.ok(t, "list", ""); out != `{"harbor.lab":"robot$ns1+ci"}`+"\n" {
		t.Error(out)
	}
	for range 3 {
		r.ok(t, "erase", "http://"+harbor)
		if got := r.get(t, harbor); got != notFound {
			t.Error(got)
		}
	}
	if out := r.ok(t, "list", ""); out != "{}\n" {
		t.Error(out)
	}
	r.ok(t, "store", stored(harbor, devToken, "jwt"))
	if got := r.get(t, harbor); got != devToken+":jwt" {
		t.Errorf("after another login: %s", got)
	}
}

// The password of an account of vCenter goes into no file; the login that it was for is there all the same.
func TestThePasswordOfAPersonIsNotKept(t *testing.T) {
	for _, name := range []string{"dev@vsphere.local", `VSPHERE.LOCAL\Dev`, "dev"} {
		r := newRig(t)
		r.added(t, func(rec *registry.Record) { rec.LoggedOut = true })
		r.token(t, "jwt")
		r.session(t, `{"version":1,"server":"`+devKey.Server+`","user":"`+devKey.User+`","names":["dev"]}`) // A login with dev has proven that it is the same.
		r.ok(t, "store", stored(harbor, name, "pass-w0rd"))
		if got := r.get(t, harbor); got != devToken+":jwt" {
			t.Errorf("%s: %s", name, got)
		}
		_ = filepath.WalkDir(r.Store.Dir, func(path string, d os.DirEntry, err error) error {
			if err == nil && !d.IsDir() {
				if text, _ := os.ReadFile(path); strings.Contains(string(text), "pass-w0rd") {
					t.Errorf("%s holds the password", path)
				}
			}
			return err
		})
		if !strings.Contains(r.said.String(), "is not kept") || strings.Contains(r.said.String(), "pass-w0rd") {
			t.Errorf("%s: %s", name, r.said.String())
		}
	}
}

// Where a registry takes no token the password is all there is: it goes into a keychain that the user chose, or nowhere.
func TestThePasswordOfAPersonIsForAKeychain(t *testing.T) {
	r := newRig(t)
	kept := backing{}
	r.Backing = func(string) Backing { return kept }
	r.added(t, func(rec *registry.Record) { rec.Username, rec.Reason = "", registry.ReasonRefused })
	for service, ok := range map[string]bool{"": false, "other": false, "secretservice": true} {
		if err := r.Store.UpdateSettings(func(s *registry.Settings) { s.Backing = service }); err != nil {
			t.Fatal(err)
		}
		err := r.Add(&credentials.Credentials{ServerURL: harbor, Username: "dev@vsphere.local", Secret: "pass-w0rd"})
		if (err == nil) != ok || (len(kept) == 1) != ok || err != nil && strings.Contains(err.Error(), "pass-w0rd") {
			t.Errorf("%q: %v, %d kept", service, err, len(kept))
		}
		clear(kept)
		if _, err := r.Store.RemoveLogin(harbor); err != nil {
			t.Fatal(err)
		}
	}
	if err := r.Store.UpdateSettings(func(s *registry.Settings) { s.Backing = "secretservice" }); err != nil {
		t.Fatal(err)
	}
	r.ok(t, "store", stored(harbor, "dev@vsphere.local", "pass-w0rd"))
	if got := r.get(t, harbor); got != "dev@vsphere.local:pass-w0rd" {
		t.Error(got)
	}
}

// Whatever may be the name of a person there is refused where it would go into a file; a robot's is not.
func TestWhoMayBeAPerson(t *testing.T) {
	for name, tc := range map[string]struct {
		change func(*registry.Record) // nil: the registry was not added
		users  map[string]bool        // whether the secret is kept in a file
	}{
		"a Supervisor is asked": {func(*registry.Record) {}, map[string]bool{
			"other@vsphere.local": false, `VSPHERE.LOCAL\Administrator`: false, "administrator": false, "svc$build@vsphere.local": false, "robot$x@corp": false,
			"robot$ns1+ci": true, "robot$ci": true, "bot-ns1+ci": true, "admin": true, "Admin": false, "admin\u200b": false, "\u200brobot$ci": false,
		}},
		"accounts of its own": {func(r *registry.Record) { r.AuthMode, r.Username = "db_auth", "" }, map[string]bool{
			"admin": true, "dev": true, "ada": true, "dev@vsphere.local": false, `VSPHERE.LOCAL\dev`: false, `CORP\ada`: false, " ada@corp.example": false,
		}},
		"accounts of a directory": {func(r *registry.Record) { r.AuthMode, r.Username = "ldap_auth", "" }, map[string]bool{"dev": true, "ada": false}},
		"an identity provider":    {func(r *registry.Record) { r.AuthMode, r.Username = registry.OIDCAuth, "" }, map[string]bool{"dev@vsphere.local": true}},
		"not added": {nil, map[string]bool{
			"Administrator@VSPHERE.local": false, "ada@corp.example": false, "ADA@corp.example": false, "bob@corp.example": true, "bob": true,
			"ada": false, "Ada": false, `CORP\ada`: false, `corp.example\ADA`: false, " ada@corp.example": false, "ada@corp.example\u200b": false,
			"\u200bada": false, "ada@corp.exam\u00adple": false, "ada ": false, `VSPHERE.LOCAL\x`: false, "x@vsphere.local ": false, "x@\u200bvsphere.local": false,
			"\x00ada": false, "ada@other.example": true, `other.example\ada`: true, "adam": true,
		}},
	} {
		for user, kept := range tc.users {
			r := newRig(t)
			if tc.change != nil {
				r.added(t, tc.change)
			}
			path := filepath.Join(r.Store.Dir, "sessions", "x.json")
			if err := errors.Join(os.MkdirAll(filepath.Dir(path), 0o700), os.WriteFile(path, []byte(`{"version":1,"user":"Ada@corp.example"}`), 0o600)); err != nil {
				t.Fatal(err)
			}
			out, err := r.do("store", stored(harbor, user, "pass-w0rd"))
			if (err == nil) != kept || strings.Contains(out, "pass-w0rd") {
				t.Errorf("%s, %s: %v", name, user, err)
			}
			if l, found, err := r.Store.Login(harbor); err != nil || found != kept || kept && l.Username != user {
				t.Errorf("%s, %s: %+v %v", name, user, l, err)
			}
		}
	}
}

// What somebody else logs in with is no word against what is stored.
func TestARefusedStoreChangesNothing(t *testing.T) {
	r := newRig(t)
	r.added(t)
	r.token(t, "jwt")
	r.ok(t, "store", stored(harbor, "robot$ns1+ci", "s3cret"))
	if out, err := r.do("store", stored(harbor, "ops@vsphere.local", "pw")); err == nil || !strings.Contains(out, "kubectl vsphere registry add "+harbor+" -u ops@vsphere.local") {
		t.Error(out)
	}
	if got := r.get(t, harbor); got != "robot$ns1+ci:s3cret" {
		t.Error(got)
	}
}

// "docker login" stores what it got; what is known of that beside stays.
func TestStoreOfTheSameChangesNothing(t *testing.T) {
	r := newRig(t)
	end := now.Add(time.Hour)
	was := registry.Login{Host: harbor, Username: "robot$ns1+ci", Expires: end, Fetched: true}
	was.Secret.Secret = "s3cret"
	if err := r.Store.SaveLogin(was); err != nil {
		t.Fatal(err)
	}
	r.ok(t, "store", stored("https://"+harbor, "robot$ns1+ci", "s3cret"))
	if l, _, err := r.Store.Login(harbor); err != nil || !l.Fetched || !l.Expires.Equal(end) {
		t.Errorf("%+v %v", l, err)
	}
	r.ok(t, "store", stored(harbor, "robot$ns1+ci", "another"))
	if l, _, err := r.Store.Login(harbor); err != nil || l.Fetched || !l.Expires.IsZero() {
		t.Errorf("%+v %v", l, err)
	}
}

// A robot of ours that has ended is told, and not handed out.
func TestARobotThatHasEnded(t *testing.T) {
	r := newRig(t)
	r.added(t)
	if err := r.Store.SaveLogin(registry.Login{Host: harbor, Username: "robot$ns1+ci", Expires: now}); err != nil {
		t.Fatal(err)
	}
	if got := r.get(t, harbor); got != notFound || !strings.Contains(r.said.String(), "robot$ns1+ci has ended") || !strings.Contains(r.said.String(), "docker logout "+harbor) {
		t.Errorf("%s %s", got, r.said.String())
	}
	if out := r.ok(t, "list", ""); out != "{}\n" {
		t.Error(out)
	}
}

func TestUnknownRegistriesAreKeptInAPrivateFile(t *testing.T) {
	r := newRig(t)
	r.ok(t, "erase", "other.lab:5000")
	r.ok(t, "store", stored("other.lab:5000", "me", "pw"))
	if got := r.get(t, "https://other.lab:5000/v2/"); got != "me:pw" {
		t.Error(got)
	}
	info, err := os.Stat(filepath.Join(r.Store.Dir, "registries", "other.lab=5000=login.json"))
	if err != nil || info.Mode().Perm() != 0o600 {
		t.Errorf("%v %v", info, err)
	}
	r.ok(t, "erase", "other.lab:5000")
	if got := r.get(t, "other.lab:5000"); got != notFound {
		t.Error(got)
	}
}

// backing keeps things in memory.
type backing map[string]credentials.Credentials

func (b backing) Get(url string) (string, string, error) {
	if c, ok := b[url]; ok {
		return c.Username, c.Secret, nil
	}
	return "", "", credentials.NewErrCredentialsNotFound()
}
func (b backing) Store(c credentials.Credentials) error { b[c.ServerURL] = c; return nil }
func (b backing) Erase(url string) error                { delete(b, url); return nil }
func (b backing) List() (map[string]string, error) {
	all := map[string]string{}
	for url, c := range b {
		all[url] = c.Username
	}
	return all, nil
}

func TestABackingHelperKeepsSecrets(t *testing.T) {
	r := newRig(t)
	kept := backing{"old.lab": {ServerURL: "old.lab", Username: "me", Secret: "pw"}}
	r.Backing = func(name string) Backing {
		if name != "pass" {
			t.Errorf("the helper %s is asked", name)
		}
		return kept
	}
	if err := r.Store.UpdateSettings(func(s *registry.Settings) { s.Backing = "pass" }); err != nil {
		t.Fatal(err)
	}
	r.added(t)
	r.token(t, "jwt")
	if got := r.get(t, "old.lab"); got != "me:pw" {
		t.Error(got)
	}
	if got := r.get(t, "none.lab"); got != notFound || r.said.Len() > 0 {
		t.Errorf("%s %s", got, r.said.String())
	}
	r.ok(t, "store", stored(harbor, "robot$ci", "s3cret"))
	if got := r.get(t, harbor); got != "robot$ci:s3cret" || kept[harbor].Secret != "s3cret" {
		t.Errorf("%s %v", got, kept)
	}
	if l, _, _ := r.Store.Login(harbor); l.Secret.Secret != "" || l.Service != "pass" {
		t.Errorf("%+v", l)
	}
	if out := r.ok(t, "list", ""); out != `{"harbor.lab":"robot$ci","old.lab":"me"}`+"\n" {
		t.Error(out)
	}
	r.ok(t, "erase", harbor)
	r.ok(t, "erase", "old.lab")
	if diff := cmp.Diff(backing{}, kept); diff != "" {
		t.Error(diff)
	}
}

// A client may spell a registry in another way than it did when it stored.
func TestABackingHelperIsAskedByTheSpellingThatItKnows(t *testing.T) {
	r := newRig(t)
	kept := backing{"old.lab": {ServerURL: "old.lab", Username: "me", Secret: "pw"}}
	r.Backing = func(string) Backing { return kept }
	if err := r.Store.UpdateSettings(func(s *registry.Settings) { s.Backing = "pass" }); err != nil {
		t.Fatal(err)
	}
	if got := r.get(t, "https://old.lab/v2/"); got != "me:pw" {
		t.Error(got)
	}
	r.ok(t, "store", stored("https://new.lab/v2/", "carol", "pw3"))
	for _, url := range []string{"new.lab", "https://new.lab/v2/", "new.lab:443"} {
		if got := r.get(t, url); got != "carol:pw3" {
			t.Errorf("%s: %s", url, got)
		}
	}
	r.ok(t, "store", stored("new.lab", "carol", "pw4"))
	if len(kept) != 2 {
		t.Errorf("what was stored before is left: %v", kept)
	}
	r.ok(t, "erase", "https://new.lab")
	r.ok(t, "erase", "https://old.lab/v1/")
	if len(kept) != 0 {
		t.Errorf("%v", kept)
	}
}

// A helper that hangs, or whose children do, is not waited for.
func TestABackingHelperIsBounded(t *testing.T) {
	dir := t.TempDir()
	script := "#!/bin/sh\nsleep 60\n"
	if err := os.WriteFile(filepath.Join(dir, "docker-credential-slow"), []byte(script), 0o700); err != nil {
		t.Fatal(err)
	}
	t.Setenv("PATH", dir+":/usr/bin:/bin")
	p := program{name: "slow", timeout: 50 * time.Millisecond}
	ended := make(chan error, 1)
	go func() { ended <- p.Erase("x.lab") }()
	select {
	case err := <-ended:
		if err == nil || !strings.Contains(err.Error(), "takes longer") {
			t.Error(err)
		}
	case <-time.After(30 * time.Second):
		t.Error("it is waited for")
	}
}

// Without a home nothing is kept, least of all where the client happens to be.
func TestHomeless(t *testing.T) {
	t.Chdir(t.TempDir())
	var said strings.Builder
	h := noStore{errors.New("there is no place"), &said}
	for action, want := range map[string]string{"get": notFound, "erase": "", "list": "{}\n", "store": "there is no place"} {
		var b strings.Builder
		in := harbor
		if action == "store" {
			in = stored(harbor, "ci", "s3cret")
		}
		var out string
		if err := credentials.HandleCommand(h, action, strings.NewReader(in), &b); err != nil {
			out = err.Error()
		} else {
			out = b.String()
		}
		if out != want {
			t.Errorf("%s: %q", action, out)
		}
	}
	if left, err := os.ReadDir("."); err != nil || len(left) > 0 {
		t.Errorf("%v %v", left, err)
	}
}

func TestInputThatIsNone(t *testing.T) {
	r := newRig(t)
	for action, in := range map[string]string{"store": `{"ServerURL":"a b","Username":"u","Secret":"s"}`, "get": "", "erase": ""} {
		if out, err := r.do(action, in); err == nil {
			t.Errorf("%s: %q", action, out)
		}
	}
	if out, err := r.do("get", "  \n"); err == nil || out != "no credentials server URL" {
		t.Error(out)
	}
}

func TestTimeout(t *testing.T) {
	for text, want := range map[string]time.Duration{"": 10 * time.Second, "3": 3 * time.Second, "1m": time.Minute, "1.5": 1500 * time.Millisecond} {
		if got, err := timeout(func(string) string { return text }); err != nil || got != want {
			t.Errorf("%q: %v %v", text, got, err)
		}
	}
	for _, text := range []string{"x", "0", "-1s"} {
		if got, err := timeout(func(string) string { return text }); err == nil || got != defaultTimeout {
			t.Errorf("%q: %v %v", text, got, err)
		}
	}
}
