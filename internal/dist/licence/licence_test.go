package licence

import (
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"
)

// What both programs link may be shipped, and the texts of what has no module are there.
func TestPrograms(t *testing.T) {
	p := Program{Module: "../../..", Packages: []string{"./cmd/kubectl-vsphere", "./cmd/docker-credential-vsphere"}}
	parts, err := p.Collect(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	if len(parts) < 30 {
		t.Errorf("%d parts", len(parts))
	}
	for _, part := range parts {
		if part.Name != mozilla && slices.Contains(part.IDs, "MPL-2.0") {
			t.Errorf("the programs link %s, %s", part.Name, part.Licence())
		}
	}
	for _, name := range []string{"std", mozilla, "github.com/spf13/cobra", "k8s.io/client-go"} {
		at := slices.IndexFunc(parts, func(p Part) bool { return p.Name == name })
		if at < 0 {
			t.Errorf("there is no %s", name)
			continue
		}
		if part := parts[at]; part.Version == "" || part.Licence() == "" || len(part.Texts) == 0 {
			t.Errorf("%+v", part)
		}
	}
}

const isc = `Permission to use, copy, modify, and/or distribute this software for any
purpose with or without fee is hereby granted, provided that the above
copyright notice and this permission notice appear in all copies.

THE SOFTWARE IS PROVIDED "AS IS" AND THE AUTHOR DISCLAIMS ALL WARRANTIES WITH
REGARD TO THIS SOFTWARE INCLUDING ALL IMPLIED WARRANTIES OF MERCHANTABILITY AND
FITNESS. IN NO EVENT SHALL THE AUTHOR BE LIABLE FOR ANY SPECIAL, DIRECT,
INDIRECT, OR CONSEQUENTIAL DAMAGES OR ANY DAMAGES WHATSOEVER RESULTING FROM
LOSS OF USE, DATA OR PROFITS, WHETHER IN AN ACTION OF CONTRACT, NEGLIGENCE OR
OTHER TORTIOUS ACTION, ARISING OUT OF OR IN CONNECTION WITH THE USE OR
PERFORMANCE OF THIS SOFTWARE.
`

func TestRefused(t *testing.T) {
	for name, c := range map[string]struct {
		files map[string]string
		want  string // part of the error, or nothing
	}{
		"known":               {files: map[string]string{"LICENSE": isc}},
		"beside a notice":     {files: map[string]string{"LICENSE": isc, "NOTICE": "Of Example, Inc."}},
		"none":                {files: map[string]string{"README": isc}, want: "has no licence"},
		"only code":           {files: map[string]string{"license.go": isc}, want: "has no licence"},
		"unknown":             {files: map[string]string{"LICENSE": "Ask Example, Inc., before you use it."}, want: "0% of the text"},
		"more than is known":  {files: map[string]string{"LICENSE": isc + strings.Repeat("And you owe us a tenth of your income, each year. ", 20)}, want: "of the text is of a known licence"},
		"copyleft":            {files: map[string]string{"COPYING": string(mpl)}, want: "MPL-2.0 is not one of"},
		"copyleft beside":     {files: map[string]string{"LICENSE": isc, "pkg/COPYING": string(mpl)}, want: "MPL-2.0 is not one of"},
		"copyleft in one":     {files: map[string]string{"LICENSE": isc + string(mpl)}, want: "MPL-2.0 is not one of"},
		"of another package":  {files: map[string]string{"LICENSE": isc, "cmd/COPYING": string(mpl)}},
		"British, with a dot": {files: map[string]string{"licence.md": isc}},
	} {
		t.Run(name, func(t *testing.T) {
			root := t.TempDir()
			dir := filepath.Join(root, "pkg", "sub")
			for name, text := range c.files {
				path := filepath.Join(root, name)
				if err := os.MkdirAll(filepath.Dir(path), 0o700); err != nil {
					t.Fatal(err)
				}
				if err := os.WriteFile(path, []byte(text), 0o600); err != nil {
					t.Fatal(err)
				}
			}
			if err := os.MkdirAll(dir, 0o700); err != nil {
				t.Fatal(err)
			}
			part, err := example(root, dir)
			switch {
			case c.want == "" && (err != nil || part.Licence() != "ISC"):
				t.Errorf("%+v %v", part, err)
			case c.want != "" && (err == nil || !strings.Contains(err.Error(), c.want)):
				t.Errorf("%+v %v", part, err)
			}
		})
	}
}

// example reads a module as Collect does.
func example(root, dir string) (Part, error) {
	dirs, err := above(root, dir)
	if err != nil {
		return Part{}, err
	}
	var parts []Part
	for _, dir := range dirs {
		part, err := Part{Name: "example.com/a", Version: "v1.0.0"}.read(root, dir)
		if err != nil {
			return part, err
		}
		parts = append(parts, part)
	}
	part := Merge(parts)[0]
	return part, part.licensed()
}

func TestMerge(t *testing.T) {
	text := func(name string) []Text { return []Text{{Name: name}} }
	got := Merge([]Part{
		{Name: "b", Version: "v1", IDs: []string{"MIT"}, Texts: text("LICENSE")},
		{Name: "b", Version: "v1", IDs: []string{"ISC"}, Texts: append(text("x/LICENSE"), text("LICENSE")...)}, {Name: "a", Version: "v2"}, {Name: "b", Version: "v0"},
	})
	if len(got) != 3 || got[0].Name != "a" || got[1].Version != "v0" || got[2].Licence() != "ISC AND MIT" || len(got[2].Texts) != 2 {
		t.Errorf("%+v", got)
	}
}
