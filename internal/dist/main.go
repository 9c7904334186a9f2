// Command dist builds the files of a release: an archive for each platform, packages for Linux, archives of the lab, SBOMs, SHA256SUMS,
// and what Homebrew, Scoop, winget and krew need (https://krew.sigs.k8s.io/docs/developer-guide/plugin-manifest/), with the checksums.
// The same sources give the same bytes on every machine and at any time.
//
// It is not GoReleaser: licences, manual pages, completions, the lab's modules, and SBOMs with our licences would be the same code, called
// by hooks. What GoReleaser would save is templates and the lists of platforms and packages. Packages are nfpm's, as GoReleaser's are.
package main

import (
	"bytes"
	"crypto/sha256"
	"errors"
	"flag"
	"fmt"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"text/template"
	"time"

	"github.com/kubectl-vsphere/kubectl-vsphere/internal/dist/licence"
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
	packed       []archive      // packages for Linux
	linked       []licence.Part // by the programs, on any platform
	extras
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
	root := flag.String("root", ".", "directory of the repository")
	lab := flag.Bool("lab", true, "with the archives of the lab")
	check := flag.Bool("licences", false, "only print what is linked and its licences; a licence that may not be shipped is an error")
	flag.Parse()
	if !*lab {
		labPlatforms = nil
	}
	do := r.make
	if *check {
		do = r.report
	}
	if err := errors.Join(os.Chdir(*root), do()); err != nil {
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
	if err := r.makeExtras(); err != nil {
		return fmt.Errorf("manual pages and completions: %w", err)
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
	return errors.Join(r.sboms(), r.installers(), r.sums(), r.manifest())
}

// file is a file in an archive.
type file struct {
	name string
	mode os.FileMode
	text []byte
}

// programs are both programs.
func (r *release) programs() []program {
	flags := fmt.Sprintf("-s -w -X main.version=%s -X main.commit=%s -X main.date=%s", r.Version, r.commit, r.date)
	return []program{
		{name: "kubectl-vsphere", module: ".", pkg: "./cmd/kubectl-vsphere", ldflags: flags},
		{name: "docker-credential-vsphere", module: ".", pkg: "./cmd/docker-credential-vsphere", ldflags: flags},
	}
}

// pack builds both programs for a platform and puts them into an archive, with the shim that completes `kubectl vsphere` and the licences.
func (r *release) pack(p platform) error {
	shim := "kubectl_complete-vsphere"
	if p.OS == "windows" {
		shim += ".cmd"
	}
	files, err := read(map[string]os.FileMode{"completion/" + shim: 0o755})
	if err != nil {
		return err
	}
	programs := r.programs()
	parts, err := linked(p, programs)
	if err != nil {
		return err
	}
	r.linked = append(r.linked, parts...)
	texts, err := licences("kubectl-vsphere", parts)
	if err != nil {
		return err
	}
	built, err := buildAll(p, programs)
	if err != nil {
		return err
	}
	if p.OS == "linux" {
		if err := r.packages(p, slices.Concat(files, built), texts); err != nil {
			return err
		}
	}
	a, err := r.write(p, fmt.Sprintf("kubectl-vsphere_%s_%s_%s", r.Version, p.OS, p.Arch), slices.Concat(files, texts, built, r.files(p)))
	a.Bin = "kubectl-vsphere" + p.exe()
	r.Archives = append(r.Archives, a)
	return err
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

// sums writes SHA256SUMS, for sha256sum -c.
func (r *release) sums() error {
	var b bytes.Buffer
	for _, a := range slices.Concat(r.Archives, r.packed, r.labs) {
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
