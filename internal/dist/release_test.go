package main

import (
	"bytes"
	"encoding/json"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"strings"
	"testing"
	"time"

	cdx "github.com/CycloneDX/cyclonedx-go"
	spdxjson "github.com/spdx/tools-golang/json"

	"github.com/kubectl-vsphere/kubectl-vsphere/internal/dist/licence"
)

// example is a release of all platforms, whose checksums have a digit for each.
func example(t *testing.T) *release {
	t.Helper()
	r := &release{Version: "1.2.3", commit: "abc", out: t.TempDir(), mtime: time.Date(2026, 11, 27, 0, 0, 0, 0, time.UTC)}
	for i, p := range platforms {
		suffix := map[bool]string{true: ".zip", false: ".tar.gz"}[p.OS == "windows"]
		r.Archives = append(r.Archives, archive{platform: p, Name: "kubectl-vsphere_1.2.3_" + p.OS + "_" + p.Arch + suffix, SHA256: strings.Repeat(string(rune('a'+i)), 64)})
	}
	r.linked = []licence.Part{
		{Name: "std", Version: "go1.26.8", IDs: []string{"BSD-3-Clause"}},
		{Name: "example.com/a", Version: "v1.0.0", Sum: "h1:o3GFNaeNFAOEEMpDPfhCK+2CjmV6gtQ8yLEcUwCg7bA=", IDs: []string{"Apache-2.0", "MIT"}},
	}
	return r
}

func text(t *testing.T, r *release, name string) []byte {
	t.Helper()
	text, err := os.ReadFile(filepath.Join(r.out, name))
	if err != nil {
		t.Fatal(err)
	}
	return text
}

// Each file for another installer names each archive beside its own checksum.
func TestInstallers(t *testing.T) {
	r := example(t)
	if err := r.installers(); err != nil {
		t.Fatal(err)
	}
	formula := string(text(t, r, "kubectl-vsphere.rb"))
	scoop := text(t, r, "kubectl-vsphere.json")
	winget := string(text(t, r, "kubectl-vsphere.kubectl-vsphere.installer.yaml"))
	for _, a := range r.Archives {
		in, sum := formula, `"\s+sha256 "`+a.SHA256+`"`
		if a.OS == "windows" {
			in, sum = winget, `\s+InstallerSha256: `+strings.ToUpper(a.SHA256)+`\n`
		}
		if !regexp.MustCompile(regexp.QuoteMeta("/releases/download/v1.2.3/"+a.Name) + sum).MatchString(in) {
			t.Errorf("%s is not there with its checksum:\n%s", a.Name, in)
		}
	}
	var manifest struct {
		Version, Homepage, License string
		Architecture               map[string]struct{ URL, Hash string }
		Bin                        []string
	}
	if err := json.Unmarshal(scoop, &manifest); err != nil || manifest.Version != "1.2.3" || len(manifest.Bin) != 3 {
		t.Errorf("%v %s", err, scoop)
	}
	for key, a := range map[string]archive{"64bit": r.Archives[4], "arm64": r.Archives[5]} {
		if got := manifest.Architecture[key]; !strings.HasSuffix(got.URL, "/v1.2.3/"+a.Name) || got.Hash != a.SHA256 {
			t.Errorf("%s: %+v", key, got)
		}
	}
	if ruby, err := exec.LookPath("ruby"); err == nil {
		if out, err := exec.CommandContext(t.Context(), ruby, "-c", filepath.Join(r.out, "kubectl-vsphere.rb")).CombinedOutput(); err != nil {
			t.Errorf("%v %s", err, out)
		}
	}
}

// Readers of both formats find each part with its licence.
func TestSBOMs(t *testing.T) {
	r := example(t)
	if err := r.sboms(); err != nil {
		t.Fatal(err)
	}
	var bom cdx.BOM
	if err := cdx.NewBOMDecoder(bytes.NewReader(text(t, r, "kubectl-vsphere_1.2.3.cdx.json")), cdx.BOMFileFormatJSON).Decode(&bom); err != nil {
		t.Fatal(err)
	}
	if bom.SpecVersion != cdx.SpecVersion1_6 || bom.Components == nil || len(*bom.Components) != 2 {
		t.Fatalf("%+v", bom)
	}
	if c := (*bom.Components)[0]; c.PackageURL != "pkg:golang/example.com/a@v1.0.0" || (*c.Licenses)[0].Expression != "Apache-2.0 AND MIT" ||
		!strings.HasPrefix((*c.Hashes)[0].Value, "a3718535a78d140384") {
		t.Errorf("%+v", c)
	}
	if c := (*bom.Components)[1]; c.PackageURL != "pkg:golang/std@1.26.8" || c.Hashes != nil {
		t.Errorf("%+v", c)
	}
	doc, err := spdxjson.Read(bytes.NewReader(text(t, r, "kubectl-vsphere_1.2.3.spdx.json")))
	if err != nil {
		t.Fatal(err)
	}
	if len(doc.Packages) != 3 || len(doc.Relationships) != 3 || doc.Packages[1].PackageName != "example.com/a" || doc.Packages[1].PackageLicenseDeclared != "Apache-2.0 AND MIT" {
		t.Errorf("%+v", doc)
	}
	if len(r.packed) != 2 {
		t.Errorf("checksums of %+v", r.packed)
	}
}
