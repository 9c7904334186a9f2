package main

import (
	"context"
	"errors"
	"os"
	"os/exec"
	"path/filepath"
	"runtime"
	"strings"
	"testing"
)

// built are the files of `make dist`.
func built(t *testing.T, pattern string) string {
	t.Helper()
	all, err := filepath.Glob(filepath.Join("../../dist", pattern))
	if err != nil {
		t.Fatal(err)
	}
	if len(all) != 1 {
		t.Skipf("%d files are dist/%s: run it after make dist", len(all), pattern)
	}
	path, err := filepath.Abs(all[0])
	if err != nil {
		t.Fatal(err)
	}
	return path
}

// debian is the root of a fresh Debian, which is made once: tests change copies of it.
func debian(t *testing.T) string {
	t.Helper()
	for _, tool := range []string{"debootstrap", "unshare"} {
		if _, err := exec.LookPath(tool); err != nil || os.Getuid() != 0 {
			t.Skip("no debootstrap, or not root: install it (apt-get install debootstrap) and run it as root")
		}
	}
	root, err := filepath.Abs("../../.cache/debian")
	if err != nil {
		t.Fatal(err)
	}
	if _, err := os.Stat(root); err == nil {
		return root
	} else if !errors.Is(err, os.ErrNotExist) {
		t.Fatal(err)
	}
	if err := os.MkdirAll(filepath.Dir(root), 0o755); err != nil {
		t.Fatal(err)
	}
	fresh := root + ".new" // Left by a run that was interrupted.
	if err := os.RemoveAll(fresh); err != nil {
		t.Fatal(err)
	}
	c := exec.CommandContext(t.Context(), "debootstrap", "--variant=minbase", "--include=man-db,bash-completion", "bookworm", fresh)
	if out, err := c.CombinedOutput(); err != nil {
		t.Fatalf("%v\n%s", err, out)
	}
	if err := os.Rename(fresh, root); err != nil {
		t.Fatal(err)
	}
	return root
}

// inDebian runs a script in a copy of a fresh Debian, which is in memory and ends with it. Files are copied to /in.
func inDebian(t *testing.T, script string, files ...string) string {
	t.Helper()
	root, dir := debian(t), t.TempDir()
	const enter = `set -eu
mount --make-rprivate /
mount -t tmpfs tmpfs "$2"
mkdir "$2/upper" "$2/work" "$2/root"
mount -t overlay -o "lowerdir=$1,upperdir=$2/upper,workdir=$2/work" overlay "$2/root"
root=$2/root script=$3
shift 3
mkdir "$root/in"
cp "$@" "$root/in/"
mount -t proc proc "$root/proc"
exec env -i PATH=/usr/sbin:/usr/bin:/sbin:/bin HOME=/root LC_ALL=C.UTF-8 chroot "$root" sh -euc "$script"`
	// A process namespace of its own: what the script starts ends with it.
	args := append([]string{"--mount", "--pid", "--fork", "--net", "sh", "-c", enter, "enter", root, dir, script}, files...)
	out, err := exec.CommandContext(context.WithoutCancel(t.Context()), "unshare", args...).CombinedOutput()
	if err != nil {
		t.Fatalf("%v\n%s", err, out)
	}
	return string(out)
}

// On a fresh Debian without network, the package brings programs, manual pages and completions, and takes all of it away again.
func TestDebianPackage(t *testing.T) {
	out := inDebian(t, `
all() { find / -xdev -path /proc -prune -o -path /in -prune -o -path /tmp -prune -o -path /var/cache -prune -o \
	-path /var/log -prune -o -path /var/lib/dpkg -prune -o -print | sort; }
all >/tmp/before
dpkg --install /in/*.deb >/tmp/dpkg
test "$(command -v kubectl-vsphere)" = /usr/bin/kubectl-vsphere
kubectl-vsphere version
docker-credential-vsphere version
test -x "$(command -v kubectl_complete-vsphere)"
man kubectl-vsphere-login | grep '^NAME$'
man --where docker-credential-vsphere
bash -c '. /usr/share/bash-completion/bash_completion; _completion_loader kubectl-vsphere || true; complete -p kubectl-vsphere'
test -s /usr/share/zsh/vendor-completions/_kubectl-vsphere
test -s /usr/share/fish/vendor_completions.d/kubectl-vsphere.fish
test -s /usr/share/doc/kubectl-vsphere/copyright
test -s /usr/share/doc/kubectl-vsphere/licenses/go/LICENSE
dpkg --verify kubectl-vsphere
dpkg --purge kubectl-vsphere >>/tmp/dpkg
all >/tmp/after
diff /tmp/before /tmp/after
echo nothing is left
`, built(t, "kubectl-vsphere_*_"+runtime.GOARCH+".deb"))
	for _, want := range []string{"kubectl-vsphere: version ", "NAME\n", "/man1/docker-credential-vsphere.1.gz", "complete -o default -F __start_kubectl-vsphere kubectl-vsphere", "nothing is left"} {
		if !strings.Contains(out, want) {
			t.Errorf("no %q in\n%s", want, out)
		}
	}
}
