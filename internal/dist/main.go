// Command dist builds the files of a release: an archive for each platform, those of the lab, SHA256SUMS, and the krew manifest with
// the checksums (https://krew.sigs.k8s.io/docs/developer-guide/plugin-manifest/). The same sources give the same bytes on every
// machine and at any time.
package main

import (
	"bytes"
	"crypto/sha256"
	"errors"
	"flag"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strings"
	"text/template"
	"time"
)

// platform is an operating system and a processor, as Go and krew call them.
type platform struct{ OS, Arch string }

var platforms = []platform{
	{"linux", "amd64"}, {"linux", "arm64"}, {"darwin", "amd64"}, {"darwin", "arm64"}, {"windows", "amd64"}, {"windows", "arm64"},
}

func (p platform) exe() string {
	if p.OS == "windows" {
		return ".exe"
	}
	return ""
}

// release is one version of the programs, with its archives.
type release struct {
	Version      string // without v
	commit, date string
	out          string
	labFlags     string // of the lab's linker
	mtime        time.Time
	Archives     []archive // of the programs
	labs         []archive
}

// archive is the archive of one platform, as the template of the manifest uses it.
type archive struct {
	platform
	Name, SHA256 string
	Bin          string // the program in it that krew links to
}

func main() {
	var r release
	flag.StringVar(&r.Version, "version", "", "version, as 0.1.0")
	flag.StringVar(&r.commit, "commit", "unknown", "commit")
	flag.StringVar(&r.date, "date", "unknown", "date of the commit, as 2006-01-02")
	flag.StringVar(&r.out, "out", "dist", "directory to write to")
	flag.StringVar(&r.labFlags, "lab-ldflags", "-s -w", "-ldflags of vsphere-lab, the same as for its tests")
	flag.Parse()
	if err := r.make(); err != nil {
		fmt.Fprintln(os.Stderr, "dist:", err)
		os.Exit(1)
	}
}

func (r *release) make() error {
	r.Version = strings.TrimPrefix(r.Version, "v")
	if r.Version == "" {
		return errors.New("-version is missing")
	}
	// Files in an archive carry the date of the commit. zip has no time before 1980.
	r.mtime = time.Date(1980, 1, 1, 0, 0, 0, 0, time.UTC)
	if day, err := time.Parse(time.DateOnly, r.date); err == nil {
		r.mtime = day
	}
	if err := errors.Join(os.RemoveAll(r.out), os.MkdirAll(r.out, 0o755)); err != nil {
		return err
	}
	for _, p := range platforms {
		if err := r.pack(p); err != nil {
			return fmt.Errorf("%s/%s: %w", p.OS, p.Arch, err)
		}
	}
	for _, p := range labPlatforms {
		if err := r.packLab(p); err != nil {
			return fmt.Errorf("vsphere-lab, %s/%s: %w", p.OS, p.Arch, err)
		}
	}
	return errors.Join(r.sums(), r.manifest())
}

// file is a file in an archive.
type file struct {
	name string
	mode os.FileMode
	text []byte
}

// pack builds both programs for a platform and puts them into an archive, with the shim that completes `kubectl vsphere` and the licence.
func (r *release) pack(p platform) error {
	shim := "kubectl_complete-vsphere"
	if p.OS == "windows" {
		shim += ".cmd"
	}
	files, err := read(map[string]os.FileMode{"completion/" + shim: 0o755, "LICENSE": 0o644})
	if err != nil {
		return err
	}
	flags := fmt.Sprintf("-s -w -X main.version=%s -X main.commit=%s -X main.date=%s", r.Version, r.commit, r.date)
	built, err := buildAll(p, []program{
		{name: "kubectl-vsphere", module: ".", pkg: "./cmd/kubectl-vsphere", ldflags: flags},
		{name: "docker-credential-vsphere", module: ".", pkg: "./cmd/docker-credential-vsphere", ldflags: flags},
	})
	if err != nil {
		return err
	}
	a, err := r.write(p, fmt.Sprintf("kubectl-vsphere_%s_%s_%s", r.Version, p.OS, p.Arch), append(files, built...))
	a.Bin = "kubectl-vsphere" + p.exe()
	r.Archives = append(r.Archives, a)
	return err
}

// read reads files that go into an archive, with the mode that each gets there.
func read(modes map[string]os.FileMode) ([]file, error) {
	var files []file
	for path, mode := range modes {
		text, err := os.ReadFile(path)
		if err != nil {
			return nil, err
		}
		files = append(files, file{filepath.Base(path), mode, text})
	}
	return files, nil
}

// write writes an archive. Its name has no suffix.
func (r *release) write(p platform, name string, files []file) (archive, error) {
	write, suffix := writeTar, ".tar.gz"
	if p.OS == "windows" {
		write, suffix = writeZip, ".zip"
	}
	text, err := write(sorted(files), r.mtime)
	if err != nil {
		return archive{}, err
	}
	a := archive{platform: p, Name: name + suffix, SHA256: fmt.Sprintf("%x", sha256.Sum256(text))}
	return a, os.WriteFile(filepath.Join(r.out, a.Name), text, 0o644)
}

// program is what is built: a package of a module, which is named by its directory here.
type program struct{ name, module, pkg, ldflags string }

func buildAll(p platform, programs []program) ([]file, error) {
	var files []file
	for _, one := range programs {
		text, err := one.build(p)
		if err != nil {
			return nil, err
		}
		files = append(files, file{one.name + p.exe(), 0o755, text})
	}
	return files, nil
}

// build compiles one program.
func (one program) build(p platform) ([]byte, error) {
	env := []string{"CGO_ENABLED=0", "GOFLAGS=", "GOOS=" + p.OS, "GOARCH=" + p.Arch, "GOAMD64=v1", "GOARM64=v8.0"}
	return goMakes(one.module, env, func(out string) []string {
		return []string{"build", "-trimpath", "-buildvcs=false", "-ldflags", one.ldflags, "-o", out, one.pkg}
	})
}

// goMakes runs the go command in a module, with more environment, and returns the file that it makes. args get the file's path.
func goMakes(module string, env []string, args func(out string) []string) ([]byte, error) {
	dir, err := os.MkdirTemp("", "dist-")
	if err != nil {
		return nil, err
	}
	defer os.RemoveAll(dir) //nolint:errcheck // A temporary directory that stays does no harm.
	out := filepath.Join(dir, "out")
	c := exec.Command("go", args(out)...)
	c.Dir = module
	c.Env = append(os.Environ(), env...)
	if said, err := c.CombinedOutput(); err != nil {
		return nil, fmt.Errorf("%w\n%s", err, said)
	}
	return os.ReadFile(out)
}

// sums writes SHA256SUMS, for sha256sum -c.
func (r *release) sums() error {
	var b bytes.Buffer
	for _, a := range slices.Concat(r.Archives, r.labs) {
		fmt.Fprintf(&b, "%s  %s\n", a.SHA256, a.Name)
	}
	return os.WriteFile(filepath.Join(r.out, "SHA256SUMS"), b.Bytes(), 0o644)
}

// manifest fills krew/vsphere.yaml.
func (r *release) manifest() error {
	t, err := template.ParseFiles("krew/vsphere.yaml")
	if err != nil {
		return err
	}
	var b bytes.Buffer
	if err := t.Execute(&b, r); err != nil {
		return err
	}
	return os.WriteFile(filepath.Join(r.out, "vsphere.yaml"), b.Bytes(), 0o644)
}
