package main

import (
	"bytes"
	"context"
	"fmt"
	"io"
	"os"
	"text/tabwriter"

	"github.com/kubectl-vsphere/kubectl-vsphere/internal/dist/licence"
)

// linked returns what programs link on a platform, with the licences. What nobody may ship is an error.
func linked(p platform, programs []program) ([]licence.Part, error) {
	var all []licence.Part
	for _, one := range programs {
		from := licence.Program{Module: one.module, Packages: []string{one.pkg}, Env: p.env()}
		parts, err := from.Collect(context.Background())
		if err != nil {
			return nil, fmt.Errorf("licences of %s: %w", one.name, err)
		}
		all = append(all, parts...)
	}
	return licence.Merge(all), nil
}

// licences are our licence, and NOTICE with the texts of all that is linked.
func licences(product string, parts []licence.Part) ([]file, error) {
	files, err := read(map[string]os.FileMode{"LICENSE": 0o644})
	if err != nil {
		return nil, err
	}
	for _, p := range parts {
		for _, t := range p.Texts {
			files = append(files, file{folder(p) + "/" + t.Name, 0o644, t.Text})
		}
	}
	return append(files, file{"NOTICE", 0o644, notice(product, parts)}), nil
}

// folder is where the texts of a part are.
func folder(p licence.Part) string {
	if !p.Module() {
		return "licenses/" + map[bool]string{true: "go", false: "mozilla"}[p.Name == "std"]
	}
	return "licenses/" + p.Name + "@" + p.Version
}

// notice is what the Apache License, section 4 d, calls a NOTICE file: ours, and those of all that is linked.
func notice(product string, parts []licence.Part) []byte {
	var b bytes.Buffer
	fmt.Fprintf(&b, "%s\nCopyright the authors of kubectl-vsphere\nhttps://github.com/kubectl-vsphere/kubectl-vsphere\n\n", product)
	b.WriteString("It has the Apache License 2.0: see LICENSE. It contains software of others. The texts of its licences are in\nlicenses/.\n\n")
	table(&b, parts)
	for _, p := range parts {
		if p.Note != "" {
			fmt.Fprintf(&b, "\n%s %s: %s\n", p.Name, p.Version, p.Note)
		}
	}
	for _, p := range parts {
		for _, t := range p.Texts {
			if t.Notice {
				fmt.Fprintf(&b, "\n--- %s of %s %s ---\n\n%s\n", t.Name, p.Name, p.Version, bytes.TrimSpace(t.Text))
			}
		}
	}
	return b.Bytes()
}

func table(to io.Writer, parts []licence.Part) {
	w := tabwriter.NewWriter(to, 0, 0, 2, ' ', 0)
	for _, p := range parts {
		fmt.Fprintf(w, "%s\t%s\t%s\n", p.Name, p.Version, p.Licence())
	}
	w.Flush() //nolint:errcheck // The writer is a buffer, or standard output.
}

// report prints what all programs of all platforms link.
func (r *release) report() error {
	for _, product := range []struct {
		name      string
		platforms []platform
		linked    func(platform) ([]licence.Part, error)
	}{
		{"kubectl-vsphere", platforms, func(p platform) ([]licence.Part, error) { return linked(p, r.programs()) }},
		{"vsphere-lab", labPlatforms, r.labLinked},
	} {
		var all []licence.Part
		for _, p := range product.platforms {
			parts, err := product.linked(p)
			if err != nil {
				return fmt.Errorf("%s for %s/%s: %w", product.name, p.OS, p.Arch, err)
			}
			all = append(all, parts...)
		}
		fmt.Printf("%s\n\n", product.name)
		table(os.Stdout, licence.Merge(all))
		fmt.Println()
	}
	return nil
}
