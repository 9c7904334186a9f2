package main

import (
	"fmt"
	"os"
	"path/filepath"
)

// labPlatforms are those that the lab runs on: it needs all of 127.0.0.0/8, as Linux has it.
var labPlatforms = []platform{{"linux", "amd64"}, {"linux", "arm64"}}

// labPrograms are the programs of the lab. It looks for the others beside itself.
func (r *release) labPrograms() []program {
	return []program{
		{name: "vsphere-lab", module: "test/lab", pkg: ".", ldflags: r.labFlags},
		{name: "capi", module: "test/controllers/capi", pkg: ".", ldflags: "-s -w"},
		{name: "registry", module: "test/clients", pkg: "./registry", ldflags: "-s -w"},
	}
}

// packLab builds the lab for a platform, and puts it into an archive with its manual and the licence.
func (r *release) packLab(p platform) error {
	files, err := read(map[string]os.FileMode{"test/lab/README.md": 0o644, "LICENSE": 0o644})
	if err != nil {
		return err
	}
	kinds, err := readKinds()
	if err != nil {
		return err
	}
	built, err := buildAll(p, r.labPrograms())
	if err != nil {
		return err
	}
	files = append(files, kinds)
	a, err := r.write(p, fmt.Sprintf("vsphere-lab_%s_%s_%s", r.Version, p.OS, p.Arch), append(files, built...))
	r.labs = append(r.labs, a)
	return err
}

// readKinds makes the file with the kinds of a Supervisor, which the lab looks for beside itself: its source is other people's modules.
func readKinds() (file, error) {
	text, err := goMakes(filepath.Join("test", "controllers", "crds"), nil, func(out string) []string { return []string{"run", ".", out} })
	return file{name: "lab-crds.json", mode: 0o644, text: text}, err
}
