package main

import (
	"bytes"
	"crypto/sha256"
	"fmt"
	"os"
	"path"
	"path/filepath"

	"github.com/goreleaser/nfpm/v2"
	_ "github.com/goreleaser/nfpm/v2/apk" // Each registers itself.
	_ "github.com/goreleaser/nfpm/v2/deb"
	"github.com/goreleaser/nfpm/v2/files"
	_ "github.com/goreleaser/nfpm/v2/rpm"
)

// formats are the kinds of packages for Linux.
var formats = []string{"deb", "rpm", "apk"}

// completionPlaces are where a system's shells look for completions of packages. Debian has another directory for zsh than all others.
func completionPlaces(format string) map[string]string {
	places := map[string]string{
		"bash": "/usr/share/bash-completion/completions", "zsh": "/usr/share/zsh/site-functions", "fish": "/usr/share/fish/vendor_completions.d",
	}
	if format == "deb" {
		places["zsh"] = "/usr/share/zsh/vendor-completions"
	}
	return places
}

// installed are the files of a package, with the paths that they get.
func (r *release) installed(format string, programs, texts []file) ([]file, error) {
	const doc = "/usr/share/doc/kubectl-vsphere"
	all := append(below("/usr/bin", programs), below(doc, texts)...)
	pages, err := filepath.Glob("docs/*.md")
	if err != nil {
		return nil, err
	}
	modes := map[string]os.FileMode{"README.md": 0o644}
	for _, p := range pages {
		if filepath.Base(p) != "README.md" {
			modes[p] = 0o644
		}
	}
	docs, err := read(modes)
	if err != nil {
		return nil, err
	}
	for _, f := range docs {
		if f.name != "README.md" {
			f.name = "docs/" + f.name
		}
		all = append(all, below(doc, []file{f})...)
	}
	for _, page := range r.man {
		z, err := squeeze(page)
		if err != nil {
			return nil, err
		}
		all = append(all, below("/usr/share/man/man1", []file{z})...)
	}
	for shell, dir := range completionPlaces(format) {
		all = append(all, below(dir, []file{r.completions[shell]})...)
	}
	return sorted(all), nil
}

// packages writes a package of each format for a platform. texts are the licences.
func (r *release) packages(p platform, programs, texts []file) error {
	for _, format := range formats {
		if err := r.packageOf(format, p, programs, texts); err != nil {
			return fmt.Errorf("%s: %w", format, err)
		}
	}
	return nil
}

func (r *release) packageOf(format string, p platform, programs, texts []file) error {
	if format == "deb" { // Debian looks for it under this name.
		for _, f := range texts {
			if f.name == "NOTICE" {
				texts = append(texts[:len(texts):len(texts)], file{"copyright", f.mode, f.text})
			}
		}
	}
	all, err := r.installed(format, programs, texts)
	if err != nil {
		return err
	}
	dir, err := os.MkdirTemp("", "dist-")
	if err != nil {
		return err
	}
	defer os.RemoveAll(dir) //nolint:errcheck // A temporary directory that stays does no harm.
	info := nfpm.WithDefaults(&nfpm.Info{
		Name: "kubectl-vsphere", Arch: p.Arch, Platform: p.OS, Version: r.Version, Section: "utils", Priority: "optional",
		Maintainer: "The authors of kubectl-vsphere <https://github.com/kubectl-vsphere/kubectl-vsphere/issues>",
		Vendor:     "kubectl-vsphere", Homepage: "https://github.com/kubectl-vsphere/kubectl-vsphere", License: "Apache-2.0",
		Description: "Log in to vSphere Supervisors and TKG clusters\n" +
			"One login for kubectl and docker: it writes kubeconfig contexts for a Supervisor,\nits vSphere Namespaces and their clusters, and renews their credentials.",
		MTime: r.mtime, DisableGlobbing: true,
	})
	info.Recommends, info.RPM.Group, info.RPM.BuildHost = nil, "Applications/System", "localhost"
	for i, f := range all {
		source := filepath.Join(dir, fmt.Sprint(i))
		if err := os.WriteFile(source, f.text, 0o600); err != nil {
			return err
		}
		info.Contents = append(info.Contents, &files.Content{
			Source: source, Destination: f.name,
			FileInfo: &files.ContentFileInfo{Owner: "root", Group: "root", Mode: f.mode, MTime: r.mtime},
		})
	}
	for _, own := range []string{"/usr/share/doc/kubectl-vsphere"} { // Removed with the package.
		info.Contents = append(info.Contents, &files.Content{
			Destination: own, Type: files.TypeDir, FileInfo: &files.ContentFileInfo{Owner: "root", Group: "root", Mode: 0o755, MTime: r.mtime},
		})
	}
	if err := nfpm.PrepareForPackager(info, format); err != nil {
		return err
	}
	maker, err := nfpm.Get(format)
	if err != nil {
		return err
	}
	var b bytes.Buffer
	if err := maker.Package(info, &b); err != nil {
		return err
	}
	name := path.Base(maker.ConventionalFileName(info))
	r.packed = append(r.packed, archive{platform: p, Name: name, SHA256: fmt.Sprintf("%x", sha256.Sum256(b.Bytes()))})
	return os.WriteFile(filepath.Join(r.out, name), b.Bytes(), 0o644)
}
