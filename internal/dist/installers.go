package main

import (
	"bytes"
	"embed"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"text/template"
)

// templates are the files for other installers: Homebrew's formula (.rb), Scoop's manifest (.json), winget's manifests (.yaml).
//
//go:embed templates
var templates embed.FS

const home = "https://github.com/kubectl-vsphere/kubectl-vsphere"

// installer is what the templates use.
type installer struct {
	Version, Home string
	archives      []archive
}

// system is an operating system as Homebrew calls it, with its archives.
type system struct {
	Name     string
	Archives []archive
}

// URL is where a file of the release is.
func (i installer) URL(name string) string {
	return i.Home + "/releases/download/v" + i.Version + "/" + name
}

// Upper is a checksum in winget's spelling.
func (i installer) Upper(sum string) string { return strings.ToUpper(sum) }

// Windows is the archive for a processor under Windows.
func (i installer) Windows(arch string) archive { return i.of("windows", arch) }

// Systems are those that Homebrew runs on.
func (i installer) Systems() []system {
	return []system{
		{"macos", []archive{i.of("darwin", "arm64"), i.of("darwin", "amd64")}},
		{"linux", []archive{i.of("linux", "arm64"), i.of("linux", "amd64")}},
	}
}

func (i installer) of(system, arch string) archive {
	return i.archives[slices.IndexFunc(i.archives, func(a archive) bool { return a.OS == system && a.Arch == arch })]
}

// installers writes the files for other installers.
func (r *release) installers() error {
	all, err := template.ParseFS(templates, "templates/*")
	if err != nil {
		return err
	}
	for _, t := range all.Templates() {
		var b bytes.Buffer
		if err := t.Execute(&b, installer{r.Version, home, r.Archives}); err != nil {
			return err
		}
		if err := os.WriteFile(filepath.Join(r.out, t.Name()), b.Bytes(), 0o644); err != nil {
			return err
		}
	}
	return nil
}
