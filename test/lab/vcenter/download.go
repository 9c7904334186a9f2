package vcenter

import (
	"archive/zip"
	"crypto/sha256"
	"encoding/hex"
	"net/http"
)

// revoked stands for a revocation list: clients of the archive leave it out.
const revoked = "-----BEGIN X509 CRL-----\nMAA=\n-----END X509 CRL-----\n"

// download is the archive with the trusted roots, as a vCenter lays it out: for Linux and macOS HASH.0 beside a revocation list HASH.r0, for
// Windows both with one more extension. HASH is that of the subject on a real one, and any eight digits here.
func (s *Service) download(w http.ResponseWriter, _ *http.Request) {
	w.Header().Set("Content-Type", "application/zip")
	out := zip.NewWriter(w)
	for _, place := range []struct{ dir, root, list string }{{"certs/lin/", "", ""}, {"certs/mac/", "", ""}, {"certs/win/", ".crt", ".crl"}} {
		for _, root := range s.Roots {
			sum := sha256.Sum256(root)
			name := place.dir + hex.EncodeToString(sum[:4])
			for file, text := range map[string][]byte{name + ".0" + place.root: root, name + ".r0" + place.list: []byte(revoked)} {
				if f, err := out.Create(file); err == nil {
					_, _ = f.Write(text)
				}
			}
		}
	}
	_ = out.Close()
}
