package registrycmd

import (
	"crypto/sha256"
	"encoding/hex"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"os"
	"path/filepath"
	"slices"
	"strings"

	"github.com/spf13/cobra"

	"github.com/kubectl-vsphere/kubectl-vsphere/internal/console"
	"github.com/kubectl-vsphere/kubectl-vsphere/internal/failure"
	"github.com/kubectl-vsphere/kubectl-vsphere/pkg/atomicfile"
	"github.com/kubectl-vsphere/kubectl-vsphere/pkg/disk"
	"github.com/kubectl-vsphere/kubectl-vsphere/pkg/registry"
)

const (
	helperName    = "vsphere" // in docker's config.json
	helperProgram = "docker-credential-" + helperName
)

func (d Deps) installHelperCommand() *cobra.Command {
	var force bool
	c := &cobra.Command{
		Use:   "install-helper [DIRECTORY]",
		Short: "Links docker-credential-vsphere into a directory on PATH.",
		Long: `Links docker-credential-vsphere, which was installed beside this program, into a directory on PATH.
Registry clients look for it there, but krew links only one program of a plugin. Without DIRECTORY
it uses the directory of this program on PATH, else ~/.local/bin, else another directory on PATH in
your home.

On Windows it copies the program. After an upgrade the next login renews the link or copy.`,
		Example: "  kubectl vsphere registry install-helper\n  sudo kubectl vsphere registry install-helper /usr/local/bin",
		Args: func(c *cobra.Command, args []string) error {
			if len(args) > 1 {
				return &failure.UsageError{Command: c.CommandPath(), Err: fmt.Errorf("%q is one word too many: one directory", args[1])}
			}
			return nil
		},
		RunE: func(_ *cobra.Command, args []string) error {
			dir := ""
			if len(args) > 0 {
				dir = args[0]
			}
			return d.with(func(a *action) error { return a.helperLink().install(dir, force) })
		},
	}
	c.Flags().BoolVar(&force, "force", false, "Replace another program of that name.")
	return c
}

// helperLink is the link to docker-credential-vsphere in a directory on PATH.
type helperLink struct {
	env     *console.Env
	records registry.Store
}

func (a *action) helperLink() helperLink { return helperLink{a.env, a.records} }

// install makes the link in a directory, and remembers it.
func (l helperLink) install(dir string, force bool) error {
	target, err := l.sibling()
	if err != nil {
		return err
	}
	if dir, err = l.dir(dir); err != nil {
		return err
	}
	link := filepath.Join(dir, filepath.Base(target))
	sum, err := l.place(link, target, force)
	if err != nil {
		return err
	}
	l.env.Printf("%s is now at %s.", helperProgram, link)
	if !slices.ContainsFunc(l.pathDirs(), func(d string) bool { return l.samePath(d, dir) }) {
		l.env.Tellf("warning: %s is not on PATH", dir)
	}
	return l.records.UpdateSettings(func(set *registry.Settings) { set.Link, set.Copy = link, sum })
}

// samePath reports whether two clean paths are one. Windows has no case.
func (l helperLink) samePath(a, b string) bool {
	return a == b || l.env.GOOS == "windows" && strings.EqualFold(a, b)
}

// place puts the helper at link: a link to target or, on Windows, a copy. The sum is that of the copy, else empty.
func (l helperLink) place(link, target string, force bool) (sum string, err error) {
	if l.env.GOOS != "windows" || link == target { // Most users may not create links there.
		return "", l.link(link, target, force)
	}
	return l.copy(link, target, force)
}

// sibling returns the path of the helper in this program's directory.
func (l helperLink) sibling() (string, error) {
	self, err := l.env.Executable()
	if err == nil {
		self, err = filepath.EvalSymlinks(self)
	}
	if err != nil {
		return "", err
	}
	path := filepath.Join(filepath.Dir(self), helperProgram+filepath.Ext(self))
	if info, err := os.Stat(path); err != nil || !info.Mode().IsRegular() {
		return "", failure.Hint(fmt.Errorf("%s is not beside this program, in %s", helperProgram, filepath.Dir(self)),
			"Both are in the archive of a release, and \"make build\" builds both.")
	}
	return path, nil
}

// dir returns the named directory, else the best one on PATH that the user can write to.
func (l helperLink) dir(named string) (string, error) {
	if named != "" {
		dir, err := filepath.Abs(named)
		if err != nil {
			return "", err
		}
		info, err := os.Stat(dir)
		if err == nil && !info.IsDir() {
			err = fmt.Errorf("%s is not a directory", dir)
		}
		return dir, err
	}
	candidates := []string{}
	if self, err := l.env.LookPath("kubectl-vsphere"); err == nil {
		candidates = append(candidates, filepath.Dir(self))
	}
	dirs := l.pathDirs()
	if local := filepath.Join(l.env.Home, ".local", "bin"); slices.Contains(dirs, local) {
		candidates = append(candidates, local)
	}
	for _, dir := range dirs {
		if below, err := filepath.Rel(l.env.Home, dir); err == nil && !strings.HasPrefix(below, "..") {
			candidates = append(candidates, dir)
		}
	}
	for _, dir := range candidates {
		if writable(dir) {
			return dir, nil
		}
	}
	return "", failure.Hint(errors.New("there is no directory on PATH that you can write to"), "Name one: kubectl vsphere registry install-helper DIRECTORY")
}

// pathDirs returns the absolute directories of PATH. A relative one depends on the working directory.
func (l helperLink) pathDirs() (all []string) {
	for _, dir := range filepath.SplitList(l.env.Getenv("PATH")) {
		if filepath.IsAbs(dir) {
			all = append(all, filepath.Clean(dir))
		}
	}
	return all
}

// writable reports whether a file can be created in dir. It tries, since mode bits are not enough to know.
func writable(dir string) bool {
	f, err := disk.CreateTemp(dir, ".kubectl-vsphere-*.tmp")
	if err != nil {
		return false
	}
	return errors.Join(f.Close(), disk.Remove(f.Name())) == nil
}

// link makes link point to target, in one step. Another program or link under that name stays, unless force is set.
func (l helperLink) link(link, target string, force bool) error {
	info, err := os.Lstat(link)
	switch {
	case errors.Is(err, fs.ErrNotExist):
	case err != nil:
		return err
	case os.SameFile(info, stat(target)):
		return nil // Both programs are in this directory.
	case os.SameFile(stat(link), stat(target)) && info.Mode()&fs.ModeSymlink != 0:
		return nil
	case !force && !linkOfOurs(link):
		return failure.Hint(fmt.Errorf("%s is another program", link), "Use --force to replace it, or name another directory.")
	}
	temp := fmt.Sprintf("%s.%d.tmp", link, os.Getpid())
	if err := disk.Symlink(target, temp); err != nil {
		return err
	}
	if err := disk.Rename(temp, link); err != nil {
		return errors.Join(err, disk.Remove(temp))
	}
	return nil
}

// linkOfOurs reports whether a link points, or pointed, to a helper that was installed with a kubectl-vsphere.
func linkOfOurs(link string) bool {
	target, err := os.Readlink(link)
	if err != nil || strings.TrimSuffix(filepath.Base(target), ".exe") != helperProgram {
		return false
	}
	path, err := filepath.EvalSymlinks(link)
	return err != nil || stat(filepath.Join(filepath.Dir(path), "kubectl-vsphere"+filepath.Ext(path))) != nil
}

func stat(path string) os.FileInfo {
	info, _ := os.Stat(path)
	return info
}

// copy writes a copy of target to link, and returns its sum. Another program of that name stays, unless force is set. Ours is the present
// one, or the one that an earlier version has copied.
func (l helperLink) copy(link, target string, force bool) (sum string, err error) {
	text, err := os.ReadFile(target)
	if err != nil {
		return "", err
	}
	ours := sha256.Sum256(text)
	sum = hex.EncodeToString(ours[:])
	now, err := sumOf(link)
	switch {
	case errors.Is(err, fs.ErrNotExist):
	case err != nil:
		return "", err
	case now == sum:
		return sum, nil
	case !force && !l.isCopy(link, now):
		return "", failure.Hint(fmt.Errorf("%s is another program", link), "Use --force to replace it, or name another directory.")
	}
	return sum, atomicfile.Write(link, text, atomicfile.Options{Mode: 0o755})
}

// isCopy reports whether a file at link, with that sum, is the copy that install-helper made.
func (l helperLink) isCopy(link, sum string) bool {
	set, err := l.records.Settings()
	return err == nil && l.samePath(set.Link, link) && set.Copy == sum
}

// sumOf returns the SHA-256 of a file, in hexadecimal. What is no regular file has none.
func sumOf(path string) (string, error) {
	if info, err := os.Stat(path); err != nil || !info.Mode().IsRegular() {
		return "", err
	}
	f, err := os.Open(path)
	if err != nil {
		return "", err
	}
	defer f.Close() //nolint:errcheck // It was only read.
	h := sha256.New()
	if _, err := io.Copy(h, f); err != nil {
		return "", err
	}
	return hex.EncodeToString(h.Sum(nil)), nil
}

// repair repairs the link that install-helper made if its target no longer exists. Package managers such as krew remove an old
// version. A copy is renewed if it is not the present version.
func (l helperLink) repair() {
	set, err := l.records.Settings()
	switch {
	case err != nil || set.Link == "":
		return
	case set.Copy != "":
		l.renewCopy(set)
		return
	}
	old, err := os.Readlink(set.Link)
	if _, statErr := os.Stat(set.Link); err != nil || !errors.Is(statErr, fs.ErrNotExist) {
		return
	}
	target, err := l.sibling()
	if err == nil && filepath.Base(old) == filepath.Base(target) {
		err = l.link(set.Link, target, true)
	}
	if err != nil {
		l.env.Notef("the link %s points to %s, which no longer exists, and cannot be repaired: %v", set.Link, old, err)
	}
}

// renewCopy replaces the copy of an earlier version. What somebody else put there, or took away, stays so.
func (l helperLink) renewCopy(set registry.Settings) {
	if now, err := sumOf(set.Link); err != nil || now != set.Copy {
		return
	}
	target, err := l.sibling()
	if err != nil {
		return // Another copy of this program runs, without a helper beside it.
	}
	sum, err := l.copy(set.Link, target, false)
	if err == nil && sum != set.Copy {
		err = l.records.UpdateSettings(func(now *registry.Settings) { now.Copy = sum })
	}
	if err != nil {
		l.env.Notef("%s is of an earlier version, and cannot be renewed: %v", set.Link, err)
	}
}
