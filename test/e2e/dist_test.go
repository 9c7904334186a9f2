package e2e

import (
	"io/fs"
	"os"
	"os/exec"
	"path/filepath"
	"runtime"
	"strings"
	"testing"
)

// dist is where make puts the release.
var dist = filepath.Join(bin, "..", "dist")

// archiveHere is the release's archive for this machine.
func archiveHere(t *testing.T) string {
	t.Helper()
	all, err := filepath.Glob(filepath.Join(dist, "kubectl-vsphere_*_"+runtime.GOOS+"_"+runtime.GOARCH+".tar.gz"))
	if err != nil || len(all) != 1 {
		t.Fatalf("%v %v (make dist makes it)", all, err)
	}
	return all[0]
}

// A real krew installs the archive without network, and everything works from there: login, kubectl, the helper.
func TestKrew(t *testing.T) {
	t.Parallel()
	needsRegistry(t)
	h := &registryHome{home: newHome(t, "SSL_CERT_FILE="+site.Registry.CA), user: newUser(t, "ns1"), host: site.Registry.Host}
	krew, validate := filepath.Join(clients, "krew"), filepath.Join(clients, "validate-krew-manifest")
	installed := filepath.Join(h.dir, ".krew", "bin")
	// kubectl, without the plugin that was built beside it.
	tools := filepath.Join(h.dir, "tools")
	if err := os.Mkdir(tools, 0o700); err != nil {
		t.Fatal(err)
	}
	if err := os.Symlink(filepath.Join(bin, "kubectl"), filepath.Join(tools, "kubectl")); err != nil {
		t.Fatal(err)
	}
	h.setenv("PATH", strings.Join([]string{installed, tools, "/usr/bin", "/bin"}, ":"))
	manifest := h.write(t, "vsphere.yaml", read(t, filepath.Join(dist, "vsphere.yaml")))
	h.ok(t, validate, "-skip-install", "-manifest", manifest)

	tampered := h.write(t, filepath.Base(archiveHere(t)), read(t, archiveHere(t))+"\x00")
	if out, code := h.tool("", krew, "install", "--manifest", manifest, "--archive", tampered); code == 0 {
		t.Errorf("an archive of other bytes is installed: %s", out)
	}
	h.ok(t, krew, "install", "--manifest", manifest, "--archive", archiveHere(t))
	if out, code := h.tool("", "kubectl", "vsphere", "version"); code != 0 {
		t.Fatalf("%d %s", code, out)
	}
	h.setenv("KUBECTL_VSPHERE_PASSWORD", h.user.Password)
	h.ok(t, "kubectl", "vsphere", "login", "--server", site.Supervisors[0].Server, "-u", h.user.Username, "--certificate-authority", site.Supervisors[0].CA)
	h.setenv("KUBECTL_VSPHERE_PASSWORD", "")
	h.ok(t, "kubectl", "--context", "ns1", "get", "configmaps")
	h.ok(t, "kubectl", "--context", site.Supervisors[0].Clusters[0].Name, "get", "namespaces")

	out := h.ok(t, "kubectl", "vsphere", "registry", "install-helper")
	if !strings.Contains(out, filepath.Join(installed, "docker-credential-vsphere")) {
		t.Errorf("install-helper: %s", out)
	}
	h.ok(t, "kubectl", "vsphere", "registry", "add", h.host)
	crane := filepath.Join(clients, "crane")
	h.ok(t, crane, "append", "-f", h.layer(t), "-t", h.ref("krew:1"))
	h.ok(t, crane, "manifest", h.ref("krew:1"))
}

// The lab's archives have all that it runs. What the one for this machine holds starts.
func TestLabArchive(t *testing.T) {
	t.Parallel()
	all, err := filepath.Glob(filepath.Join(dist, "vsphere-lab_*_linux_*.tar.gz"))
	if err != nil || len(all) != 2 {
		t.Fatalf("%v %v (make dist makes them)", all, err)
	}
	for _, path := range all {
		dir := t.TempDir()
		if out, err := exec.Command("tar", "-xzf", path, "-C", dir).CombinedOutput(); err != nil {
			t.Fatalf("%v %s", err, out)
		}
		for name, mode := range map[string]fs.FileMode{"vsphere-lab": 0o755, "capi": 0o755, "lab-crds.json": 0o644, "registry": 0o755, "README.md": 0o644, "LICENSE": 0o644,
			"NOTICE": 0o644, "licenses/go/LICENSE": 0o644} {
			if info, err := os.Stat(filepath.Join(dir, name)); err != nil || info.Mode() != mode {
				t.Errorf("%s in %s: %v %v", name, path, info, err)
			}
		}
		if !strings.HasSuffix(path, "_"+runtime.GOARCH+".tar.gz") {
			continue
		}
		out, err := exec.Command(filepath.Join(dir, "vsphere-lab")).CombinedOutput()
		if err == nil || !strings.HasPrefix(string(out), "usage: vsphere-lab up --dir DIR") {
			t.Errorf("%v %s", err, out)
		}
	}
}

// Built again elsewhere, by another user, a release has the same bytes: archives, packages and what names them.
func TestDistIsReproducible(t *testing.T) {
	root := filepath.Join(bin, "..")
	elsewhere := filepath.Join(t.TempDir(), "another directory", "of another name")
	err := filepath.WalkDir(root, func(path string, d fs.DirEntry, err error) error {
		if err != nil {
			return err
		}
		below, err := filepath.Rel(root, path)
		if err != nil {
			return err
		}
		switch {
		case d.IsDir() && (below == "bin" || below == "dist" || below == ".cache"):
			return filepath.SkipDir
		case d.IsDir():
			return os.MkdirAll(filepath.Join(elsewhere, below), 0o755)
		case !d.Type().IsRegular():
			return nil
		}
		text, err := os.ReadFile(path)
		if err != nil {
			return err
		}
		return os.WriteFile(filepath.Join(elsewhere, below), text, 0o600)
	})
	if err != nil {
		t.Fatal(err)
	}
	make := exec.Command("sh", append([]string{"-c", `umask 077; exec "$@"`, "sh"}, append(asNobody(), "make", "-C", elsewhere, "dist")...)...)
	make.Env = append(os.Environ(), "TZ=Asia/Seoul", "LANG=ko_KR.UTF-8", "HOME="+t.TempDir())
	for _, place := range []string{"GOCACHE", "GOMODCACHE", "GOPATH"} { // What is compiled once is not again.
		value, err := exec.Command("go", "env", place).Output()
		if err != nil {
			t.Fatal(err)
		}
		make.Env = append(make.Env, place+"="+strings.TrimSpace(string(value)))
	}
	if out, err := make.CombinedOutput(); err != nil {
		t.Fatalf("%v\n%s", err, out)
	}
	for _, name := range []string{"SHA256SUMS", "vsphere.yaml"} {
		if one, two := read(t, filepath.Join(dist, name)), read(t, filepath.Join(elsewhere, "dist", name)); one != two {
			t.Errorf("%s differs (is dist/ of now? make dist):\n%s\n%s", name, one, two)
		}
	}
	check := exec.Command("sha256sum", "--check", "--strict", "SHA256SUMS")
	check.Dir = dist
	if out, err := check.CombinedOutput(); err != nil {
		t.Errorf("%v\n%s", err, out)
	}
}

// asNobody is a command line that runs another one as the user nobody, who owns what the caller does: only the user's number and name
// differ. It is empty on a kernel that does not let us.
func asNobody() []string {
	words := []string{"unshare", "--user", "--map-user=65534", "--map-group=65534"}
	if exec.Command(words[0], append(words[1:], "true")...).Run() != nil {
		return nil
	}
	return words
}
