package e2e

import (
	"encoding/json"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strings"
	"syscall"
	"testing"
)

// container is a container of the image. Nothing in it has a shell.
type container struct {
	*registryHome
	id string
	ca string // of the first Supervisor, for the container's user too
}

// newContainer builds the image as CI does, on a base with the layout of distroless/static: no network is here to pull that one.
func newContainer(t *testing.T) *container {
	t.Helper()
	needsRoot(t)
	h := &registryHome{home: newHome(t)}
	h.found(t, "buildah")
	h.containers(t)
	base := filepath.Join(h.dir, "base")
	for _, dir := range []string{"etc", "tmp", "home/nonroot"} {
		if err := os.MkdirAll(filepath.Join(base, "rootfs", dir), 0o755); err != nil {
			t.Fatal(err)
		}
	}
	h.write(t, "base/rootfs/etc/passwd", "root:x:0:0:root:/root:/sbin/nologin\nnonroot:x:65532:65532:nonroot:/home/nonroot:/sbin/nologin\n")
	h.write(t, "base/Dockerfile", "FROM scratch\nCOPY rootfs /\nENTRYPOINT [\"/of-the-base\"]\nUSER 0\n")
	h.ok(t, "buildah", "bud", "-q", "--isolation", "chroot", "-t", "localhost/base:1", base)
	script, err := filepath.Abs("../../scripts/image")
	if err != nil {
		t.Fatal(err)
	}
	h.ok(t, script, "localhost/vsphere:1", "-q", "--build-arg", "BASE=localhost/base:1")
	c := &container{registryHome: h, id: strings.TrimSpace(h.ok(t, "buildah", "from", "localhost/vsphere:1"))}
	c.ca = filepath.Join(c.volume(t, "ca", 65532), "ca.pem")
	if err := os.WriteFile(c.ca, readFile(t, site.Supervisors[0].CA), 0o444); err != nil {
		t.Fatal(err)
	}
	return c
}

// volume is a directory as Kubernetes makes it for an emptyDir with fsGroup: root's, and writable for a group.
func (c *container) volume(t *testing.T, name string, group int) string {
	t.Helper()
	dir := filepath.Join(t.TempDir(), name)
	if err := os.Mkdir(dir, 0o700); err != nil {
		t.Fatal(err)
	}
	for d := dir; d != os.TempDir() && d != "/"; d = filepath.Dir(d) { // The container's user has to get there.
		if err := os.Chmod(d, 0o755); err != nil {
			t.Fatal(err)
		}
	}
	if err := os.Chown(dir, 0, group); err != nil {
		t.Fatal(err)
	}
	if err := os.Chmod(dir, 0o777|os.ModeSetgid); err != nil {
		t.Fatal(err)
	}
	return dir
}

// in runs a command in the container. flags are those of buildah run, up to "--".
func (c *container) in(stdin string, args ...string) (string, int) {
	end := slices.Index(args, "--")
	all := slices.Concat([]string{"buildah", "run", "--isolation", "chroot"}, args[:end], []string{c.id}, args[end:])
	return c.tool(stdin, all...)
}

func (c *container) must(t *testing.T, args ...string) string {
	t.Helper()
	out, code := c.in("", args...)
	if code != 0 {
		t.Fatalf("%q: exit %d\n%s", args, code, out)
	}
	return out
}

// The image: both programs and kubectl, for a user who is not root, with a HOME that can be a mount. No part of it needs a shell.
func TestImage(t *testing.T) {
	t.Parallel()
	c := newContainer(t)
	var image struct {
		OCIv1 struct {
			Config struct {
				User, WorkingDir     string
				Env, Entrypoint, Cmd []string
			} `json:"config"`
		}
	}
	if err := json.Unmarshal([]byte(c.ok(t, "buildah", "inspect", "--type", "image", "localhost/vsphere:1")), &image); err != nil {
		t.Fatal(err)
	}
	if got := image.OCIv1.Config; got.User != "65532:65532" || got.WorkingDir != "/home/vsphere" || !slices.Contains(got.Env, "HOME=/home/vsphere") ||
		len(got.Entrypoint) > 0 || !slices.Equal(got.Cmd, []string{"kubectl", "vsphere", "help"}) {
		t.Errorf("%+v", got)
	}
	if out, code := c.in("", "--", "sh", "-c", "true"); code == 0 {
		t.Errorf("there is a shell: %s", out)
	}
	root := strings.TrimSpace(c.ok(t, "buildah", "mount", c.id))
	for _, name := range []string{"kubectl", "kubectl-vsphere", "docker-credential-vsphere"} {
		if info, err := os.Stat(filepath.Join(root, "usr/local/bin", name)); err != nil || info.Mode() != 0o755 || info.Sys().(*syscall.Stat_t).Uid != 0 {
			t.Errorf("%s: %v %v", name, info, err)
		}
	}
	c.must(t, "--", "docker-credential-vsphere", "version")

	// Subtests share the container, so they run one after the other.
	t.Run("password", func(t *testing.T) { c.password(t) })
	t.Run("client", func(t *testing.T) { c.client(t) })
	t.Run("no mount", func(t *testing.T) { c.noMount(t) })
	t.Run("another user", func(t *testing.T) { c.anotherUser(t) })
}

// mounts are flags of buildah run, with the CA mounted.
func (c *container) mounts(more ...string) []string {
	return append([]string{"-v", c.ca + ":/run/ca.pem:ro"}, more...)
}

// One command logs in with a password file; the next ones, with the same mount, use the session.
func (c *container) password(t *testing.T) {
	u, home := newUser(t, "ns1"), c.volume(t, "home", 65532)
	flags := c.mounts("-v", home+":/home/vsphere", "--")
	login := []string{"kubectl", "vsphere", "login", "--server", site.Supervisors[0].Server, "-u", u.Username, "--password-stdin", "--certificate-authority", "/run/ca.pem"}
	if out, code := c.in(u.Password+"\n", append(flags, login...)...); code != 0 || !strings.Contains(out, "Logged in successfully.") {
		t.Fatalf("%d %s", code, out)
	}
	c.must(t, append(flags, "kubectl", "--context", "ns1", "get", "configmaps")...)
	c.must(t, append(flags, "kubectl", "--context", site.Supervisors[0].Clusters[0].Name, "get", "namespaces")...)
	out := c.must(t, append(flags, "kubectl-vsphere", "get-token", "--server", site.Supervisors[0].Server, "--user", u.Username)...)
	if !strings.Contains(out, `"token":"ey`) {
		t.Errorf("get-token: %s", out)
	}
	for _, path := range []string{".kube/config", ".local/state/kubectl-vsphere/sessions"} {
		info, err := os.Stat(filepath.Join(home, path))
		if err != nil || info.Sys().(*syscall.Stat_t).Uid != 65532 || info.Mode().Perm()&0o077 != 0 {
			t.Errorf("%s: %v %v", path, info, err)
		}
	}
}

// A client of its own, whose secret is a mounted file that only the container's group can read.
func (c *container) client(t *testing.T) {
	r, home, secrets := newRevoker(t), c.volume(t, "home", 65532), c.volume(t, "secrets", 65532)
	for name, text := range map[string]string{"secret": "verysecret\n", "issuer.pem": string(readFile(t, r.ca)), "api.pem": string(readFile(t, filepath.Join(labDir(), "tkg1", "ca.crt")))} {
		file := filepath.Join(secrets, name)
		if err := os.WriteFile(file, []byte(text), 0o440); err != nil {
			t.Fatal(err)
		}
		if err := os.Chown(file, 0, 65532); err != nil {
			t.Fatal(err)
		}
	}
	flags := []string{"-v", home + ":/home/vsphere", "-v", secrets + ":/run/secrets/vsphere:ro", "--"}
	c.must(t, append(flags, "kubectl", "vsphere", "login", "--server", tkc1(t), "--certificate-authority", "/run/secrets/vsphere/api.pem",
		"--oidc-issuer-url", r.URL, "--oidc-ca", "/run/secrets/vsphere/issuer.pem", "--oidc-client-id", "sid1", "--oidc-client-secret-file", "/run/secrets/vsphere/secret")...)
	out := c.must(t, append(flags, "kubectl-vsphere", "get-token", "--server", tkc1(t), "--user", "sid1")...)
	if !strings.Contains(out, `"token":"ey`) {
		t.Errorf("get-token: %s", out)
	}
}

// Without a mount, HOME is a directory of the image, which belongs to its user. The password comes from the environment.
func (c *container) noMount(t *testing.T) {
	u := newUser(t, "ns1")
	c.must(t, c.mounts("--env", "KUBECTL_VSPHERE_PASSWORD="+u.Password, "--", "kubectl", "vsphere", "login", "--server", site.Supervisors[0].Server, "-u", u.Username,
		"--certificate-authority", "/run/ca.pem", "--workload-clusters", "none")...)
	c.must(t, c.mounts("--", "kubectl", "--context", "ns1", "get", "configmaps")...)
}

// Some platforms choose the user. HOME is then a mount, and the user has no name.
func (c *container) anotherUser(t *testing.T) {
	u, home := newUser(t, "ns1"), c.volume(t, "home", 0)
	flags := c.mounts("--user", "1000650000:0", "--env", "KUBECTL_VSPHERE_PASSWORD="+u.Password, "-v", home+":/home/vsphere", "--")
	c.must(t, append(flags, "kubectl", "vsphere", "login", "--server", site.Supervisors[0].Server, "-u", u.Username,
		"--certificate-authority", "/run/ca.pem", "--workload-clusters", "none")...)
	c.must(t, append(flags, "kubectl", "--context", "ns1", "get", "configmaps")...)
}

// What the Dockerfile takes by default is what the documents say, and no test pulls it.
func TestImageBase(t *testing.T) {
	t.Parallel()
	text := read(t, "../../Dockerfile")
	_, base, _ := strings.Cut(text, "\nARG BASE=")
	base, _, _ = strings.Cut(base, "\n")
	if page := read(t, "../../docs/tools.md"); base == "" || !strings.Contains(page, base) {
		t.Errorf("docs/tools.md does not name %q", base)
	}
	if out, err := exec.Command("../../scripts/image").CombinedOutput(); exitCode(err) != 2 || !strings.HasPrefix(string(out), "usage: ") {
		t.Errorf("%v %s", err, out)
	}
}
