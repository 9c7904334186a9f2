package tokens_test

import (
	"errors"
	"io/fs"
	"os"
	"path/filepath"
	"runtime"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/kubectl-vsphere/kubectl-vsphere/pkg/redact"
	"github.com/kubectl-vsphere/kubectl-vsphere/pkg/tokens"
	"github.com/kubectl-vsphere/kubectl-vsphere/pkg/tokens/credfile"
	"github.com/kubectl-vsphere/kubectl-vsphere/pkg/trust"
)

var (
	now           = time.Date(2025, 6, 1, 12, 0, 0, 0, time.UTC)
	supervisorKey = tokens.Key{Server: "10.0.0.1", User: "ada@vsphere.local"}
	clusterKey    = tokens.Key{Server: "10.0.0.2", User: "ada@vsphere.local", Cluster: "team-a/one"}
)

// newStore is an empty store in a directory that does not exist yet.
func newStore(t *testing.T) *tokens.Store {
	t.Helper()
	s, err := tokens.Open(filepath.Join(t.TempDir(), "state", "store"))
	if err != nil {
		t.Fatal(err)
	}
	return s
}

// session is Ada's, at 10.0.0.1, and covers 10.0.0.2.
func session() tokens.Session {
	return tokens.Session{
		Server: "10.0.0.1", User: "Ada@vsphere.local", Method: "sso", Account: "https://issuer ada@vsphere.local",
		Trust: trust.Trust{Mode: trust.Bundle, CA: "pem"}, Hosts: []string{"10.0.0.1", "10.0.0.2"},
		Created: now, Updated: now,
	}
}

// credential is good for an hour from now on.
func credential(key tokens.Key, token string) tokens.Credential {
	return tokens.Credential{
		Key: key, Session: tokens.SessionID("10.0.0.1", "ada@vsphere.local"), Token: secretOf(token),
		Issued: now, Expires: now.Add(time.Hour),
	}
}

func saveSession(t *testing.T, s *tokens.Store, session tokens.Session) tokens.Session {
	t.Helper()
	saved, err := s.SaveSession(session)
	if err != nil {
		t.Fatal(err)
	}
	return saved
}

func saveCredential(t *testing.T, s *tokens.Store, c tokens.Credential) {
	t.Helper()
	if err := s.SaveCredential(c); err != nil {
		t.Fatal(err)
	}
}

func TestStoreReturnsTheSessionThatWasSaved(t *testing.T) {
	s := newStore(t)
	saved := saveSession(t, s, session())
	want := session()
	want.Version, want.ID = credfile.Version, tokens.SessionID("10.0.0.1", "ada@vsphere.local")
	if diff := cmp.Diff(want, saved); diff != "" {
		t.Error(diff)
	}
	got, found, err := s.FindSession(supervisorKey)
	if err != nil || !found {
		t.Fatalf("found is %v, %v", found, err)
	}
	if diff := cmp.Diff(want, got); diff != "" {
		t.Error(diff)
	}
}

func TestSaveSessionKeepsWhenItWasCreated(t *testing.T) {
	s := newStore(t)
	saveSession(t, s, session())
	later := session()
	later.Created, later.Updated = now.Add(time.Hour), now.Add(time.Hour)
	if got := saveSession(t, s, later); !got.Created.Equal(now) || !got.Updated.Equal(later.Updated) {
		t.Errorf("created %v, updated %v", got.Created, got.Updated)
	}
}

// What could not be read back is not written: the session stays as it is.
func TestSessionThatIsTooLarge(t *testing.T) {
	store := newStore(t)
	s := saveSession(t, store, session())
	s.Renewal = redact.JSON(`"` + strings.Repeat("x", credfile.MaxFile) + `"`)
	var failed *tokens.WriteError
	if _, err := store.UpdateSession(s); !errors.As(err, &failed) {
		t.Errorf("%v", err)
	}
	if got, found := store.Session(s.Server, s.User); !found || len(got.Renewal) != 0 {
		t.Errorf("%v %v", found, got)
	}
}

func TestStoreReturnsTheCredentialThatWasSaved(t *testing.T) {
	s := newStore(t)
	want := credential(clusterKey, "a.b.c")
	saveCredential(t, s, want)
	got, found, err := s.Credential(clusterKey)
	if err != nil || !found {
		t.Fatalf("found is %v, %v", found, err)
	}
	if got != want { // cmp.Diff would print both tokens as [redacted]
		t.Errorf("got %+v, want %+v", got, want)
	}
	if got.Token.Reveal() != "a.b.c" {
		t.Error("the token is another one")
	}
}

func TestStoreFindsTheCredentialOfAUserInAnotherCase(t *testing.T) {
	s := newStore(t)
	saveCredential(t, s, credential(clusterKey, "t"))
	key := clusterKey
	key.User = "ADA@VSPHERE.LOCAL"
	if _, found, err := s.Credential(key); !found || err != nil {
		t.Errorf("found is %v, %v", found, err)
	}
}

func TestStoreHasNoCredentialBeforeOneIsSaved(t *testing.T) {
	s := newStore(t)
	if _, found, err := s.Credential(clusterKey); found || err != nil {
		t.Errorf("found is %v, %v", found, err)
	}
	if all, errs := s.Credentials(); len(all)+len(errs) > 0 {
		t.Errorf("%v, %v", all, errs)
	}
	if _, err := os.Stat(s.Dir()); !errors.Is(err, fs.ErrNotExist) {
		t.Errorf("looking made the directory: %v", err)
	}
}

func TestStoreTakesAnUnreadableCredentialForAMiss(t *testing.T) {
	other := credential(supervisorKey, "t")
	for name, text := range map[string]string{
		"garbage":  "garbage",
		"empty":    "",
		"no token": `{"version":1,"server":"10.0.0.2","user":"ada@vsphere.local","cluster":"team-a/one","status":{}}`,
	} {
		s := newStore(t)
		saveCredential(t, s, credential(clusterKey, "t"))
		overwrite(t, credfile.Path(s.Dir(), clusterKey), text)
		if _, found, err := s.Credential(clusterKey); found || err != nil {
			t.Errorf("%s: found is %v, %v", name, found, err)
		}
	}
	// A file that was moved to another name answers for nobody.
	s := newStore(t)
	saveCredential(t, s, other)
	if err := os.Rename(credfile.Path(s.Dir(), supervisorKey), credfile.Path(s.Dir(), clusterKey)); err != nil {
		t.Fatal(err)
	}
	if _, found, err := s.Credential(clusterKey); found || err != nil {
		t.Errorf("a moved file: found is %v, %v", found, err)
	}
}

func TestStoreTellsACredentialOfANewerProgram(t *testing.T) {
	s := newStore(t)
	saveCredential(t, s, credential(clusterKey, "t"))
	overwrite(t, credfile.Path(s.Dir(), clusterKey), `{"version":2}`)
	var version *credfile.VersionError
	if _, found, err := s.Credential(clusterKey); found || !errors.As(err, &version) {
		t.Errorf("found is %v, %v", found, err)
	}
}

func overwrite(t *testing.T, path, text string) {
	t.Helper()
	if err := os.WriteFile(path, []byte(text), 0o600); err != nil {
		t.Fatal(err)
	}
}

func TestStoreIsForTheUserAlone(t *testing.T) {
	if runtime.GOOS == "windows" {
		t.Skip("on Windows, the access control list decides")
	}
	s := newStore(t)
	saveSession(t, s, session())
	saveCredential(t, s, credential(clusterKey, "t"))
	if err := s.SetMark("account", tokens.Mark{Time: now}); err != nil {
		t.Fatal(err)
	}
	unlock, err := s.LockAccount(t.Context(), "account", nil, nil)
	if err != nil {
		t.Fatal(err)
	}
	unlock()
	files := 0
	err = filepath.WalkDir(s.Dir(), func(path string, d fs.DirEntry, err error) error {
		if err != nil {
			return err
		}
		info, err := d.Info()
		if err != nil {
			return err
		}
		want := fs.FileMode(0o600)
		if d.IsDir() {
			want = 0o700
		} else {
			files++
		}
		if info.Mode().Perm() != want {
			t.Errorf("%s has mode %o, want %o", path, info.Mode().Perm(), want)
		}
		if strings.HasPrefix(d.Name(), ".tmp-") {
			t.Errorf("%s was left behind", path)
		}
		return nil
	})
	if err != nil || files != 4 {
		t.Errorf("%d files, %v; want 4", files, err)
	}
}

func TestOpenRefusesADirectoryThatOthersCanUse(t *testing.T) {
	if runtime.GOOS == "windows" {
		t.Skip("on Windows, the access control list decides")
	}
	dir := t.TempDir()
	if err := os.Chmod(dir, 0o755); err != nil {
		t.Fatal(err)
	}
	_, err := tokens.Open(dir)
	var permission *credfile.PermissionError
	if !errors.As(err, &permission) || permission.Remedy != "chmod 700 '"+dir+"'" {
		t.Fatalf("got %v, want a *PermissionError with the chmod to type", err)
	}
	if err := os.Chmod(dir, 0o700); err != nil {
		t.Fatal(err)
	}
	if _, err := tokens.Open(dir); err != nil {
		t.Errorf("the remedy does not help: %v", err)
	}
}

// Somebody else may make the directory after the store was opened.
func TestWriteRefusesADirectoryThatOthersCanUse(t *testing.T) {
	if runtime.GOOS == "windows" {
		t.Skip("on Windows, the access control list decides")
	}
	s := newStore(t)
	if err := os.MkdirAll(s.Dir(), 0o700); err != nil {
		t.Fatal(err)
	}
	if err := os.Chmod(s.Dir(), 0o777); err != nil {
		t.Fatal(err)
	}
	_, saved := s.SaveSession(session())
	for name, err := range map[string]error{
		"Check": s.Check(), "SaveSession": saved, "SaveCredential": s.SaveCredential(credential(clusterKey, "a.b.c")), "SetMark": s.SetMark("a", tokens.Mark{}),
	} {
		var permission *credfile.PermissionError
		if !errors.As(err, &permission) {
			t.Errorf("%s: %v", name, err)
		}
	}
	if left, _ := filepath.Glob(filepath.Join(s.Dir(), "*", "*")); len(left) > 0 {
		t.Errorf("written: %q", left)
	}
}

func TestOpenRefusesAFile(t *testing.T) {
	path := filepath.Join(t.TempDir(), "store")
	overwrite(t, path, "")
	if _, err := tokens.Open(path); err == nil || !strings.Contains(err.Error(), credfile.HomeVariable) {
		t.Errorf("got %v", err)
	}
}

func TestStoreRefusesACredentialThatOthersCanRead(t *testing.T) {
	if runtime.GOOS == "windows" {
		t.Skip("on Windows, the access control list decides")
	}
	s := newStore(t)
	saveCredential(t, s, credential(clusterKey, "t"))
	if err := os.Chmod(credfile.Path(s.Dir(), clusterKey), 0o644); err != nil {
		t.Fatal(err)
	}
	var permission *credfile.PermissionError
	if _, found, err := s.Credential(clusterKey); found || !errors.As(err, &permission) {
		t.Errorf("found is %v, %v", found, err)
	}
}

func TestFindSession(t *testing.T) {
	s := newStore(t)
	ada := saveSession(t, s, session())
	// Another Supervisor of the same vCenter, used later, names the same hosts.
	newer := session()
	newer.Server, newer.Hosts, newer.Updated = "10.0.0.9", []string{"10.0.0.1", "10.0.0.2", "10.0.0.3"}, now.Add(time.Hour)
	newer = saveSession(t, s, newer)
	for name, tc := range map[string]struct {
		key  tokens.Key
		want string // a session's ID; empty for none
	}{
		"the very Supervisor, though the other is newer": {tokens.Key{Server: "10.0.0.1", User: "ada@vsphere.local"}, ada.ID},
		"the user in another case":                       {tokens.Key{Server: "10.0.0.1", User: "ADA@vsphere.local"}, ada.ID},
		"a host of both: the newer":                      {clusterKey, newer.ID},
		"a host of one":                                  {tokens.Key{Server: "10.0.0.3", User: "ada@vsphere.local"}, newer.ID},
		"another user":                                   {tokens.Key{Server: "10.0.0.2", User: "bob@vsphere.local"}, ""},
		"another host":                                   {tokens.Key{Server: "10.0.0.4", User: "ada@vsphere.local"}, ""},
		"another port":                                   {tokens.Key{Server: "10.0.0.1:8443", User: "ada@vsphere.local"}, ""},
	} {
		got, found, err := s.FindSession(tc.key)
		if err != nil || got.ID != tc.want || found != (tc.want != "") {
			t.Errorf("%s: %q, %v, %v; want %q", name, got.ID, found, err, tc.want)
		}
	}
}

func TestFindSessionTellsWhatIsWrongWithTheVerySession(t *testing.T) {
	s := newStore(t)
	saved := saveSession(t, s, session())
	path := filepath.Join(s.Dir(), "sessions", saved.ID+".json")
	overwrite(t, path, `{"version":2}`)
	var version *credfile.VersionError
	if _, found, err := s.FindSession(supervisorKey); found || !errors.As(err, &version) {
		t.Errorf("found is %v, %v", found, err)
	}
	if _, errs := s.Sessions(); len(errs) != 1 || !strings.Contains(errs[0].Error(), path) {
		t.Errorf("got %v, want one error with the path", errs)
	}
}

func TestDeleteSessionTakesItsCredentialsAlong(t *testing.T) {
	s := newStore(t)
	saved := saveSession(t, s, session())
	saveCredential(t, s, credential(supervisorKey, "t"))
	saveCredential(t, s, credential(clusterKey, "t"))
	foreign := credential(tokens.Key{Server: "10.0.0.9", User: "bob"}, "t")
	foreign.Session = "another"
	saveCredential(t, s, foreign)
	if err := s.DeleteSession(saved.ID); err != nil {
		t.Fatal(err)
	}
	if _, found, err := s.FindSession(supervisorKey); found || err != nil {
		t.Errorf("the session is found: %v, %v", found, err)
	}
	all, errs := s.Credentials()
	if len(errs) > 0 || len(all) != 1 || all[0].Key != foreign.Key {
		t.Errorf("%v are left, %v; want the other session's", all, errs)
	}
	if err := s.DeleteSession(saved.ID); err != nil {
		t.Errorf("once more: %v", err)
	}
}

// An update does not bring back a session that was logged out.
func TestUpdateSessionAfterALogout(t *testing.T) {
	s := newStore(t)
	saved := saveSession(t, s, session())
	if err := s.DeleteSession(saved.ID); err != nil {
		t.Fatal(err)
	}
	var required *tokens.LoginRequiredError
	if _, err := s.UpdateSession(saved); !errors.As(err, &required) {
		t.Errorf("%v", err)
	}
	if _, found, err := s.FindSession(supervisorKey); found || err != nil {
		t.Errorf("the session is back: %v", err)
	}
}

func TestCredentialsAreListedByServerAndCluster(t *testing.T) {
	s := newStore(t)
	want := []tokens.Key{
		{Server: "a", User: "u"}, {Server: "a", User: "u", Cluster: "n/a"}, {Server: "a", User: "u", Cluster: "n/b"}, {Server: "b", User: "u"},
	}
	for _, i := range []int{2, 0, 3, 1} {
		saveCredential(t, s, credential(want[i], "t"))
	}
	all, errs := s.Credentials()
	var got []tokens.Key
	for _, c := range all {
		got = append(got, c.Key)
	}
	if diff := cmp.Diff(want, got); diff != "" || len(errs) > 0 {
		t.Errorf("%v %s", errs, diff)
	}
}

func TestPruneRemovesWhatEndedLongAgo(t *testing.T) {
	s := newStore(t)
	saveCredential(t, s, credential(supervisorKey, "t"))
	old := credential(clusterKey, "t")
	old.Expires = now.Add(-25 * time.Hour)
	saveCredential(t, s, old)
	recent := credential(tokens.Key{Server: "recent", User: "ada"}, "t")
	recent.Expires = now.Add(-24 * time.Hour) // just as old as is kept
	saveCredential(t, s, recent)
	for _, key := range []tokens.Key{supervisorKey, clusterKey, recent.Key} {
		written := now.Add(-48 * time.Hour)
		if err := os.Chtimes(credfile.Path(s.Dir(), key), written, written); err != nil {
			t.Fatal(err)
		}
	}
	gone, err := s.Prune(now, 24*time.Hour)
	if err != nil || len(gone) != 1 {
		t.Fatal(err)
	}
	for key, want := range map[tokens.Key]bool{supervisorKey: true, clusterKey: false, recent.Key: true} {
		if _, found, err := s.Credential(key); found != want || err != nil {
			t.Errorf("%v is kept: %v, %v; want %v", key, found, err, want)
		}
	}
}

func TestSaveReplacesAFileWithoutTouchingTheOldOne(t *testing.T) {
	if runtime.GOOS == "windows" {
		t.Skip("on Windows, an open file cannot be replaced")
	}
	s := newStore(t)
	saveCredential(t, s, credential(clusterKey, "old"))
	old, err := os.ReadFile(credfile.Path(s.Dir(), clusterKey))
	if err != nil {
		t.Fatal(err)
	}
	reader, err := os.Open(credfile.Path(s.Dir(), clusterKey))
	if err != nil {
		t.Fatal(err)
	}
	defer reader.Close()
	saveCredential(t, s, credential(clusterKey, "new"))
	// A reader that opened the file before still reads all of it.
	text := make([]byte, len(old)+1)
	n, _ := reader.Read(text)
	if string(text[:n]) != string(old) {
		t.Errorf("the open file holds %q, want %q", text[:n], old)
	}
}

// Whether the store takes a login is known before there is one, and looking leaves nothing there.
func TestCheck(t *testing.T) {
	s := newStore(t)
	for range 2 { // It is not there yet; then it is.
		if err := s.Check(); err != nil {
			t.Error(err)
		}
	}
	saveSession(t, s, session())
	saveCredential(t, s, credential(clusterKey, "t"))
	for _, sub := range []string{"sessions", credfile.Credentials} {
		if err := s.Check(); err != nil {
			t.Error(err)
		}
		dir := filepath.Join(s.Dir(), sub)
		if left, _ := os.ReadDir(dir); len(left) != 1 {
			t.Errorf("left: %v", left)
		}
		if err := os.RemoveAll(dir); err != nil {
			t.Fatal(err)
		}
		if err := os.WriteFile(dir, nil, 0o600); err != nil { // Where a directory belongs.
			t.Fatal(err)
		}
		var unwritten *tokens.WriteError
		if err := s.Check(); !errors.As(err, &unwritten) || unwritten.Dir != s.Dir() {
			t.Errorf("%s: %v", sub, err)
		}
		if err := os.Remove(dir); err != nil {
			t.Fatal(err)
		}
	}
	if left, _ := os.ReadDir(s.Dir()); len(left) != 0 {
		t.Errorf("left: %v", left)
	}
}
