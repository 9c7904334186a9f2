package main

import (
	"encoding/json"
	"fmt"
	"os"
	"os/exec"
	"slices"
	"strings"

	"github.com/kubectl-vsphere/kubectl-vsphere/internal/dist/licence"
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

// packLab builds the lab for a platform, and puts it into an archive with its manual and the licences.
func (r *release) packLab(p platform) error {
	files, err := read(map[string]os.FileMode{"test/lab/README.md": 0o644})
	if err != nil {
		return err
	}
	parts, err := r.labLinked(p)
	if err != nil {
		return err
	}
	texts, err := licences("vsphere-lab", parts)
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
	a, err := r.write(p, fmt.Sprintf("vsphere-lab_%s_%s_%s", r.Version, p.OS, p.Arch), slices.Concat(files, texts, []file{kinds}, built))
	r.labs = append(r.labs, a)
	return err
}

// labLinked is what the programs of the lab link, and what its kinds are read from.
func (r *release) labLinked(p platform) ([]licence.Part, error) {
	parts, err := linked(p, r.labPrograms())
	if err != nil {
		return nil, err
	}
	c := exec.Command("go", "run", ".", "sources")
	c.Dir = kinds
	out, err := c.Output()
	if err != nil {
		return nil, fmt.Errorf("sources of the lab's kinds: %w", err)
	}
	for line := range strings.Lines(string(out)) {
		var from struct{ Module, Version, Sum, Dir string }
		if err := json.Unmarshal([]byte(line), &from); err != nil {
			return nil, err
		}
		part, err := licence.Part{Name: from.Module, Version: from.Version, Sum: from.Sum}.Read(from.Dir)
		if err != nil {
			return nil, err
		}
		parts = append(parts, part)
	}
	return licence.Merge(parts), nil
}

// kinds is the module that reads the kinds of a Supervisor out of other people's modules.
const kinds = "test/controllers/crds"

// readKinds makes the file with the kinds of a Supervisor, which the lab looks for beside itself: its source is other people's modules.
func readKinds() (file, error) {
	text, err := goMakes(kinds, nil, func(out string) []string { return []string{"run", ".", out} })
	return file{name: "lab-crds.json", mode: 0o644, text: text}, err
}
