package main

import (
	"bytes"
	"crypto/sha256"
	"encoding/base64"
	"encoding/hex"
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"time"

	cdx "github.com/CycloneDX/cyclonedx-go"
	spdxjson "github.com/spdx/tools-golang/json"
	"github.com/spdx/tools-golang/spdx"
	"github.com/spdx/tools-golang/spdx/v2/common"

	"github.com/kubectl-vsphere/kubectl-vsphere/internal/dist/licence"
)

// sboms write what both programs link on any platform, as CycloneDX (https://cyclonedx.org/docs/1.6/json) and SPDX
// (https://spdx.github.io/spdx-spec/v2.3).
func (r *release) sboms() error {
	parts := licence.Merge(r.linked)
	for _, format := range []func([]licence.Part) (file, error){r.cyclonedx, r.spdx} {
		f, err := format(parts)
		if err != nil {
			return err
		}
		if err := os.WriteFile(filepath.Join(r.out, f.name), f.text, 0o644); err != nil {
			return err
		}
		r.packed = append(r.packed, archive{Name: f.name, SHA256: fmt.Sprintf("%x", sha256.Sum256(f.text))})
	}
	return nil
}

// purl is the name of a part among all software (https://github.com/package-url/purl-spec).
func purl(p licence.Part) string {
	switch {
	case p.Name == "std":
		return "pkg:golang/std@" + strings.TrimPrefix(p.Version, "go")
	case !p.Module():
		return "pkg:generic/" + strings.ReplaceAll(p.Name, " ", "-") + "@" + p.Version
	}
	return "pkg:golang/" + p.Name + "@" + p.Version
}

// hash is the checksum of a module in go.sum, in hexadecimal: SHA-256 over the list of its files (golang.org/x/mod/sumdb/dirhash).
func hash(p licence.Part) string {
	raw, err := base64.StdEncoding.DecodeString(strings.TrimPrefix(p.Sum, "h1:"))
	if err != nil {
		return ""
	}
	return hex.EncodeToString(raw)
}

func (r *release) cyclonedx(parts []licence.Part) (file, error) {
	root := cdx.Component{
		BOMRef: "pkg:golang/github.com/kubectl-vsphere/kubectl-vsphere@v" + r.Version, Type: cdx.ComponentTypeApplication,
		Name: "kubectl-vsphere", Version: r.Version, PackageURL: "pkg:golang/github.com/kubectl-vsphere/kubectl-vsphere@v" + r.Version,
		Licenses: &cdx.Licenses{{Expression: "Apache-2.0"}},
	}
	var all []cdx.Component
	var refs []string
	for _, p := range parts {
		c := cdx.Component{
			BOMRef: purl(p), Type: cdx.ComponentTypeLibrary, Name: p.Name, Version: p.Version, PackageURL: purl(p),
			Licenses: &cdx.Licenses{{Expression: p.Licence()}},
		}
		if p.Module() {
			c.Hashes = &[]cdx.Hash{{Algorithm: cdx.HashAlgoSHA256, Value: hash(p)}}
		}
		all, refs = append(all, c), append(refs, c.BOMRef)
	}
	bom := cdx.NewBOM()
	bom.Metadata = &cdx.Metadata{Timestamp: r.mtime.Format(time.RFC3339), Component: &root}
	bom.Components, bom.Dependencies = &all, &[]cdx.Dependency{{Ref: root.BOMRef, Dependencies: &refs}}
	var b bytes.Buffer
	err := cdx.NewBOMEncoder(&b, cdx.BOMFileFormatJSON).SetPretty(true).EncodeVersion(bom, cdx.SpecVersion1_6)
	return file{"kubectl-vsphere_" + r.Version + ".cdx.json", 0o644, b.Bytes()}, err
}

func (r *release) spdx(parts []licence.Part) (file, error) {
	const none = "NOASSERTION"
	describe := func(id, name, version, is string) *spdx.Package {
		return &spdx.Package{
			PackageName: name, PackageSPDXIdentifier: common.ElementID(id), PackageVersion: version, PackageDownloadLocation: none,
			PackageLicenseConcluded: is, PackageLicenseDeclared: is, PackageCopyrightText: none,
		}
	}
	name := "kubectl-vsphere-" + r.Version
	doc := &spdx.Document{
		SPDXVersion: spdx.Version, DataLicense: spdx.DataLicense, SPDXIdentifier: "DOCUMENT", DocumentName: name,
		DocumentNamespace: home + "/spdx/" + name + "-" + r.commit,
		CreationInfo: &spdx.CreationInfo{
			Created: r.mtime.Format(time.RFC3339), Creators: []common.Creator{{CreatorType: "Organization", Creator: "The authors of kubectl-vsphere"}},
		},
		Packages:      []*spdx.Package{describe("Package-0", "kubectl-vsphere", r.Version, "Apache-2.0")},
		Relationships: []*spdx.Relationship{{RefA: common.MakeDocElementID("", "DOCUMENT"), RefB: common.MakeDocElementID("", "Package-0"), Relationship: "DESCRIBES"}},
	}
	for i, p := range parts {
		id := fmt.Sprintf("Package-%d", i+1)
		pkg := describe(id, p.Name, p.Version, p.Licence())
		pkg.PackageExternalReferences = []*spdx.PackageExternalReference{{Category: "PACKAGE-MANAGER", RefType: "purl", Locator: purl(p)}}
		doc.Packages = append(doc.Packages, pkg)
		doc.Relationships = append(doc.Relationships, &spdx.Relationship{
			RefA: common.MakeDocElementID("", "Package-0"), RefB: common.MakeDocElementID("", id), Relationship: "DEPENDS_ON",
		})
	}
	var b bytes.Buffer
	err := spdxjson.Write(doc, &b, spdxjson.Indent(" "))
	return file{"kubectl-vsphere_" + r.Version + ".spdx.json", 0o644, b.Bytes()}, err
}
