package licence

import (
	"context"
	_ "embed"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"slices"
	"strings"
)

// mozilla is the part that golang.org/x/crypto makes Go code of.
const mozilla = "Mozilla CA certificates"

// bundle is the package with them.
const bundle = "golang.org/x/crypto/x509roots/fallback/bundle"

//go:embed texts/MPL-2.0.txt
var mpl []byte

// Program is what is linked: packages of a module, which is named by its directory here, for a system.
type Program struct {
	Module   string
	Packages []string
	Env      []string // GOOS=, GOARCH=
}

// listed is what we read of `go list -json`.
type listed struct {
	ImportPath, Dir string
	Standard        bool
	Module          *module
}

type module struct {
	Path, Version, Dir, Sum string
	Main                    bool
	Replace                 *module
}

// foreign returns the module of a package that is not ours: what replaces a module is linked, and a directory is one of ours.
func (l listed) foreign() *module {
	m := l.Module
	if m != nil && m.Replace != nil {
		m = m.Replace
	}
	if l.Standard || m == nil || m.Main || m.Version == "" {
		return nil
	}
	return m
}

// Collect returns all that a program links, its own module left out. A part without a licence that we may ship is an error.
func (p Program) Collect(ctx context.Context) ([]Part, error) {
	packages, err := p.list(ctx)
	if err != nil {
		return nil, err
	}
	std, err := standard(ctx)
	if err != nil {
		return nil, err
	}
	parts := []Part{std}
	type place struct{ root, dir string }
	read := map[place]bool{} // Most packages have no text of their own.
	for _, one := range packages {
		m := one.foreign()
		if m == nil {
			continue
		}
		if one.ImportPath == bundle {
			parts = append(parts, certificates(m.Version))
		}
		dirs, err := above(m.Dir, one.Dir)
		if err != nil {
			return nil, err
		}
		for _, dir := range dirs {
			if read[place{m.Dir, dir}] {
				continue
			}
			read[place{m.Dir, dir}] = true
			part, err := Part{Name: m.Path, Version: m.Version, Sum: m.Sum}.read(m.Dir, dir)
			if err != nil {
				return nil, err
			}
			parts = append(parts, part)
		}
	}
	parts = Merge(parts)
	for _, part := range parts {
		if err := part.licensed(); err != nil {
			return nil, err
		}
	}
	return parts, nil
}

// above returns a directory and all above it, up to a root.
func above(root, dir string) ([]string, error) {
	all := []string{dir}
	for dir != root {
		if len(dir) <= len(root) {
			return nil, fmt.Errorf("%s is not below %s", all[0], root)
		}
		dir = filepath.Dir(dir)
		all = append(all, dir)
	}
	return all, nil
}

func (p Program) list(ctx context.Context) ([]listed, error) {
	c := exec.CommandContext(ctx, "go", append([]string{"list", "-deps", "-json=ImportPath,Dir,Standard,Module"}, p.Packages...)...)
	c.Dir, c.Env, c.Stderr = p.Module, append(os.Environ(), p.Env...), os.Stderr
	out, err := c.Output()
	if err != nil {
		return nil, fmt.Errorf("go list %s in %s: %w", strings.Join(p.Packages, " "), p.Module, err)
	}
	var all []listed
	for d := json.NewDecoder(strings.NewReader(string(out))); ; {
		var one listed
		switch err := d.Decode(&one); {
		case errors.Is(err, io.EOF):
			return all, nil
		case err != nil:
			return nil, err
		}
		all = append(all, one)
	}
}

// standard is Go's own library.
func standard(ctx context.Context) (Part, error) {
	out, err := exec.CommandContext(ctx, "go", "env", "GOROOT", "GOVERSION").Output()
	if err != nil {
		return Part{}, fmt.Errorf("go env: %w", err)
	}
	root, version, _ := strings.Cut(strings.TrimSpace(string(out)), "\n")
	return Part{Name: "std", Version: strings.TrimSpace(version)}.Read(strings.TrimSpace(root))
}

// certificates is the data of Mozilla, of the version of what holds it.
func certificates(version string) Part {
	e := exceptions[mozilla]
	return Part{Name: mozilla, Version: version, IDs: []string{e.id}, Note: e.note, Texts: []Text{{Name: "LICENSE", Text: mpl}}}
}

// Names of files that hold a licence. Go files never do, and documents are not shipped.
var (
	licences = regexp.MustCompile(`(?i)^(licen[cs]e|copying|unlicense|patents)`)
	notices  = regexp.MustCompile(`(?i)^notice`)
	other    = regexp.MustCompile(`(?i)\.(docs|go|s|c|h|json|ya?ml|sh|py)$`)
)

// Read returns the part with the texts of its module's root.
func (p Part) Read(root string) (Part, error) {
	p, err := p.read(root, root)
	if err == nil {
		err = p.licensed()
	}
	return p, err
}

func (p Part) licensed() error {
	if len(p.IDs) == 0 {
		return fmt.Errorf("%s %s has no licence", p.Name, p.Version)
	}
	return nil
}

// read returns the part with the texts of one of its directories.
func (p Part) read(root, dir string) (Part, error) {
	var err error
	if p.Texts, err = p.texts(root, dir); err != nil {
		return p, fmt.Errorf("%s %s: %w", p.Name, p.Version, err)
	}
	for _, t := range p.Texts {
		if t.Notice || strings.HasPrefix(strings.ToUpper(filepath.Base(t.Name)), "PATENTS") { // A grant beside a licence.
			continue
		}
		ids, err := classify(p.Name, t.Text)
		if err != nil {
			return p, fmt.Errorf("%s %s: %s: %w", p.Name, p.Version, t.Name, err)
		}
		p.IDs = append(p.IDs, ids...)
	}
	slices.Sort(p.IDs)
	p.IDs, p.Note = slices.Compact(p.IDs), exceptions[p.Name].note
	return p, nil
}

func (p Part) texts(root, dir string) ([]Text, error) {
	entries, err := os.ReadDir(dir)
	if err != nil {
		return nil, err
	}
	var all []Text
	for _, e := range entries {
		notice := notices.MatchString(e.Name())
		if e.IsDir() || other.MatchString(e.Name()) || !notice && !licences.MatchString(e.Name()) {
			continue
		}
		path := filepath.Join(dir, e.Name())
		text, err := os.ReadFile(path)
		if err != nil {
			return nil, err
		}
		name, err := filepath.Rel(root, path)
		if err != nil {
			return nil, err
		}
		all = append(all, Text{Name: filepath.ToSlash(name), Text: text, Notice: notice})
	}
	return all, nil
}
