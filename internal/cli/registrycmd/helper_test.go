package registrycmd_test

import (
	"context"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/kubectl-vsphere/kubectl-vsphere/internal/console"
	"github.com/kubectl-vsphere/kubectl-vsphere/internal/consoletest"
	"github.com/kubectl-vsphere/kubectl-vsphere/internal/failure"
)

// path makes directories below the home directory the PATH.
func (r *rig) path(t *testing.T, dirs ...string) {
	t.Helper()
	var all []string
	for _, dir := range dirs {
		dir = filepath.Join(r.Dir, dir)
		if err := os.MkdirAll(dir, 0o700); err != nil {
			t.Fatal(err)
		}
		all = append(all, dir)
	}
	r.Vars["PATH"] = strings.Join(append(all, "relative"), string(filepath.ListSeparator))
}

// leads is where a link leads.
func (r *rig) leads(t *testing.T, link string) string {
	t.Helper()
	to, err := os.Readlink(filepath.Join(r.Dir, link))
	if err != nil {
		t.Error(err)
	}
	return to
}

func TestInstallHelper(t *testing.T) {
	r := newRig(t)
	helper := r.Programs["docker-credential-vsphere"]
	delete(r.Programs, "kubectl-vsphere") // It was started by its path.
	r.path(t, "tools", ".local/bin")
	r.Run("registry", "install-helper").Exits(failure.OK).Says(".local/bin/docker-credential-vsphere").Omits("warning")
	if to := r.leads(t, ".local/bin/docker-credential-vsphere"); to != helper {
		t.Error(to)
	}
	set, err := r.records().Settings()
	if err != nil || set.Link != filepath.Join(r.Dir, ".local/bin/docker-credential-vsphere") {
		t.Errorf("%+v, %v", set, err)
	}
	r.Run("registry", "install-helper").Exits(failure.OK) // It is there.
	r.path(t, "tools")
	r.Run("registry", "install-helper").Exits(failure.OK).Says("tools/docker-credential-vsphere")
	r.path(t)
	r.Run("registry", "install-helper").Exits(failure.Failed).Says("no directory on PATH", "install-helper DIRECTORY")
}

// Beside this program, where PATH finds it, is the best place; there it may be already.
func TestInstallHelperBesideTheProgram(t *testing.T) {
	r := newRig(t)
	r.path(t, "bin")
	r.Run("registry", "install-helper").Exits(failure.OK).Says("bin/docker-credential-vsphere")
	if text := r.ReadFile("bin/docker-credential-vsphere"); !strings.HasPrefix(text, "#!") {
		t.Error(text)
	}
}

func TestInstallHelperInADirectory(t *testing.T) {
	r := newRig(t)
	r.path(t, "tools")
	dir := filepath.Join(r.Dir, "other")
	r.Run("registry", "install-helper", dir).Exits(failure.Failed).Says("other")
	r.WriteFile("other/docker-credential-vsphere", "theirs", 0o755)
	r.Run("registry", "install-helper", filepath.Join(dir, "docker-credential-vsphere")).Exits(failure.Failed).Says("not a directory")
	r.Run("registry", "install-helper", dir).Exits(failure.Failed).Says("is another program", "--force")
	if text := r.ReadFile("other/docker-credential-vsphere"); text != "theirs" {
		t.Error(text)
	}
	r.Run("registry", "install-helper", dir, "--force").Exits(failure.OK).Says("warning: " + dir + " is not on PATH")
	r.leads(t, "other/docker-credential-vsphere")
}

func TestInstallHelperWithoutTheHelper(t *testing.T) {
	r := newRig(t)
	if err := os.Remove(r.Programs["docker-credential-vsphere"]); err != nil {
		t.Fatal(err)
	}
	r.Run("registry", "install-helper").Exits(failure.Failed).Says("is not beside this program", "make build")
}

// A link of an earlier version is ours, also when what it led to is gone; one to another helper is not.
func TestInstallHelperReplacesOurLink(t *testing.T) {
	r := newRig(t)
	r.path(t, "tools")
	delete(r.Programs, "kubectl-vsphere")
	link := filepath.Join(r.Dir, "tools/docker-credential-vsphere")
	old := r.WriteFile("old/docker-credential-vsphere", "old", 0o755)
	for _, c := range []struct {
		prepare func()
		code    int
	}{
		{func() {}, failure.Failed}, // Nothing of ours is beside it.
		{func() { r.WriteFile("old/kubectl-vsphere", "old", 0o755) }, failure.OK},
		{func() { _ = os.RemoveAll(filepath.Dir(old)) }, failure.OK},
	} {
		c.prepare()
		_ = os.Remove(link)
		if err := os.Symlink(old, link); err != nil {
			t.Fatal(err)
		}
		r.Run("registry", "install-helper").Exits(c.code)
		if replaced := r.leads(t, "tools/docker-credential-vsphere") != old; replaced != (c.code == failure.OK) {
			t.Errorf("%+v: replaced %v", c, replaced)
		}
	}
}

// Windows has no links for everybody: there the helper is copied, the copy is known as ours, and a login renews it after an upgrade.
func TestInstallHelperOnWindows(t *testing.T) {
	r := newRig(t)
	r.path(t, "Tools")
	delete(r.Programs, "kubectl-vsphere")
	const link = "Tools/docker-credential-vsphere"
	r.WriteFile(link, "older", 0o755)
	r.on("windows")
	t.Chdir(r.Dir) // Here, a path with a drive is one below it.
	r.Vars["KUBECTL_VSPHERE_HOME"] = "C:/store"
	upgrade := func(text string) {
		if err := os.WriteFile(r.Programs["docker-credential-vsphere"], []byte(text), 0o755); err != nil {
			t.Fatal(err)
		}
	}
	holds := func(text string) {
		t.Helper()
		info, err := os.Lstat(filepath.Join(r.Dir, link))
		if err != nil || !info.Mode().IsRegular() || r.ReadFile(link) != text || info.Mode().Perm() != 0o755 {
			t.Errorf("%v, %v: %q, want %q", info, err, r.ReadFile(link), text)
		}
	}
	login := func() {
		r.Supervisor(supervisor)
		r.Vars[failure.PasswordVariable] = consoletest.Password
		r.Run("login", "--server", supervisor, "-u", consoletest.User, "--certificate-authority", r.CAFile).Exits(failure.OK)
	}
	r.Run("registry", "install-helper").Exits(failure.Failed).Says("is another program")
	holds("older")
	r.Run("registry", "install-helper", "--force").Exits(failure.OK).Omits("not on PATH")
	holds("#!/bin/sh\n")
	r.Run("registry", "install-helper").Exits(failure.OK) // It is there.
	upgrade("second")
	r.Run("registry", "install-helper").Exits(failure.OK) // Ours, of an earlier version.
	holds("second")
	upgrade("third")
	login()
	holds("third")
	upgrade("fourth")
	login()
	holds("fourth")
	r.WriteFile(link, "theirs", 0o755)
	login()
	holds("theirs")
	r.Run("registry", "install-helper").Exits(failure.Failed).Says("is another program")
	if err := os.Remove(filepath.Join(r.Dir, link)); err != nil {
		t.Fatal(err)
	}
	login()
	if _, err := os.Stat(filepath.Join(r.Dir, link)); err == nil {
		t.Error("what was taken away is back")
	}
	// Windows has no case.
	r.Vars["PATH"] = filepath.Join(r.Dir, "TOOLS")
	r.Run("registry", "install-helper", filepath.Join(r.Dir, "Tools")).Exits(failure.OK).Omits("not on PATH")
}

// on runs the commands from now on as on another operating system.
func (r *rig) on(goos string) {
	program := r.Program
	r.Program = func(ctx context.Context, e *console.Env, args []string) int {
		e.GOOS = goos
		return program(ctx, e, args)
	}
}

// A login repairs the link after an upgrade removed what it led to.
func TestLoginRepairsTheLink(t *testing.T) {
	r := newRig(t)
	r.path(t, "tools")
	delete(r.Programs, "kubectl-vsphere")
	r.Run("registry", "install-helper").Exits(failure.OK)
	link := filepath.Join(r.Dir, "tools/docker-credential-vsphere")
	for _, lost := range []string{"gone/docker-credential-vsphere", "gone/another"} {
		_ = os.Remove(link)
		if err := os.Symlink(filepath.Join(r.Dir, lost), link); err != nil {
			t.Fatal(err)
		}
		r.Supervisor(supervisor)
		r.Vars[failure.PasswordVariable] = consoletest.Password
		r.Run("login", "--server", supervisor, "-u", consoletest.User, "--certificate-authority", r.CAFile).Exits(failure.OK)
		repaired := r.leads(t, "tools/docker-credential-vsphere") == r.Programs["docker-credential-vsphere"]
		if repaired != strings.HasSuffix(lost, "vsphere") {
			t.Errorf("%s: repaired %v", lost, repaired)
		}
	}
}
