//go:build unix

package credhelper

import (
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/kubectl-vsphere/kubectl-vsphere/pkg/process"
)

// Another helper gets neither the password nor what a session finds in a variable. kubectl-vsphere, which the password is for, gets it.
func TestWhoGetsThePassword(t *testing.T) {
	p, _ := backed(t, `env > "$(dirname "$0")/env"; echo '{"ServerURL":"x","Username":"ada","Secret":"s"}'`)
	path := os.Getenv("PATH")
	t.Setenv(process.PasswordVariable, "S3CRET-1")
	t.Setenv("CI_JOB_TOKEN", "S3CRET-2")
	t.Setenv("CI_CLIENT", "S3CRET-3")
	t.Setenv("CI_NAME", "kept")
	r := newRig(t)
	p.store = r.Store
	for name, text := range map[string]string{
		"a": `{"version":1,"server":"10.0.0.1","user":"ci","method":"oidc","renewal":{"tokenVariable":"CI_JOB_TOKEN"}}`,
		"b": `{"version":1,"server":"10.0.0.1","user":"ci2","method":"oidc","renewal":{"secretVariable":"CI_CLIENT"}}`,
		"c": `{"version":1,"server":"10.0.0.1","user":"ci3","method":"later","renewal":"odd"}`,
	} {
		file := filepath.Join(r.Store.Dir, "sessions", name+".json")
		if err := os.MkdirAll(filepath.Dir(file), 0o700); err != nil {
			t.Fatal(err)
		}
		if err := os.WriteFile(file, []byte(text), 0o600); err != nil {
			t.Fatal(err)
		}
	}
	if _, _, err := p.Get("x"); err != nil {
		t.Fatal(err)
	}
	dir, _, _ := strings.Cut(path, ":")
	seen, err := os.ReadFile(filepath.Join(dir, "env"))
	if err != nil || strings.Contains(string(seen), "S3CRET") || !strings.Contains(string(seen), "CI_NAME=kept") {
		t.Errorf("%v\n%s", err, seen)
	}
	child(t, `[ "$`+process.PasswordVariable+`" = S3CRET-1 ]`)
	if err := renew(devKey, time.Minute); err != nil {
		t.Error(err)
	}
}
