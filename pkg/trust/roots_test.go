package trust_test

import (
	"archive/zip"
	"bytes"
	"encoding/pem"
	"errors"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/kubectl-vsphere/kubectl-vsphere/pkg/trust"
)

// entry is a file of an archive.
type entry struct{ name, text string }

func archive(t *testing.T, entries ...entry) string {
	t.Helper()
	var out bytes.Buffer
	w := zip.NewWriter(&out)
	for _, e := range entries {
		f, err := w.Create(e.name)
		if err != nil {
			t.Fatal(err)
		}
		if _, err := f.Write([]byte(e.text)); err != nil {
			t.Fatal(err)
		}
	}
	if err := w.Close(); err != nil {
		t.Fatal(err)
	}
	return out.String()
}

// der is the DER of the first certificate of a PEM text.
func der(text string) string {
	block, _ := pem.Decode([]byte(text))
	return string(block.Bytes)
}

const crl = "-----BEGIN X509 CRL-----\nAAAA\n-----END X509 CRL-----\n"

// What vCenter offers at /certs/download.zip is taken as it is: each of its roots once, wherever and in whatever form it stands there.
func TestFromFileTakesTheArchiveOfAVCenter(t *testing.T) {
	one, two := newAuthority(t, "one").pem, newAuthority(t, "two").pem
	bad := "-----BEGIN CERTIFICATE-----\nAAAA\n-----END CERTIFICATE-----\n"
	for name, tc := range map[string]struct {
		entries []entry
		want    string
	}{
		"as it is": {[]entry{
			{"certs/", ""}, {"certs/lin/1a2b.0", one}, {"certs/lin/1a2b.r0", crl}, {"certs/lin/9f.0", two}, {"certs/lin/9f.r1", crl},
			{"certs/mac/1a2b.0", one}, {"certs/mac/1a2b.r0", crl}, {"certs/win/1a2b.0.crt", one}, {"certs/win/1a2b.r0.crl", crl}, {"certs/win/9f.0.crt", two},
		}, one + two},
		"for Windows alone, in DER":         {[]entry{{"certs/win/1a2b.0.crt", der(one)}, {"certs/win/1A2B.R0.CRL", "\x30\x03\x02\x01\x01"}}, one},
		"two in one file":                   {[]entry{{"certs/lin/1.0", one + two}}, one + two},
		"line ends of DOS":                  {[]entry{{"certs/win/1.0.crt", strings.ReplaceAll(one, "\n", "\r\n")}}, one},
		"a note, and one that is not known": {[]entry{{"README.txt", "hello"}, {"certs/lin/0.0", bad}, {"certs/lin/1.0", one}}, one},
		"a revocation list of a good form":  {[]entry{{"certs/lin/1.r0", two}, {"certs/lin/1.0", one}}, one}, // It is not read.
		"a revocation list that is huge":    {[]entry{{"certs/lin/1.r0", strings.Repeat("A", 5<<20)}, {"certs/lin/1.0", one}}, one},
	} {
		got, err := trust.FromFile(t.Context(), write(t, archive(t, tc.entries...)))
		if diff := cmp.Diff(trust.Trust{Mode: trust.Bundle, CA: tc.want}, got); diff != "" || err != nil {
			t.Errorf("%s: %v %s", name, err, diff)
		}
	}
	if got, err := trust.FromFile(t.Context(), write(t, der(one))); err != nil || got.CA != one {
		t.Errorf("DER: %v", err)
	}
}

// An archive costs no more than a bundle, however much it holds.
func TestFromFileBoundsAnArchive(t *testing.T) {
	one := newAuthority(t, "one").pem
	many := make([]entry, 1001)
	for i := range many {
		many[i] = entry{"certs/lin/" + strings.Repeat("x", i+1), one}
	}
	half := strings.Repeat(strings.Repeat("# comment\n", 100), 3<<10)
	for name, tc := range map[string]struct{ text, want string }{
		"a bomb":              {archive(t, entry{"1.0", one}, entry{"2.0", strings.Repeat("\x00", 64<<20)}), "has more than 4 MiB when it is unpacked"},
		"bombs together":      {archive(t, entry{"1.0", half}, entry{"2.0", half}), "has more than 4 MiB when it is unpacked"},
		"more files":          {archive(t, many...), "has more than 1000 files"},
		"revocation lists":    {archive(t, entry{"certs/lin/1.r0", crl}), "holds no certificate"},
		"nothing of use":      {archive(t, entry{"a.txt", "hello"}), "holds no certificate"},
		"cut off":             {archive(t, entry{"1.0", one})[:200], "cannot be read as ZIP"},
		"the start of one":    {"PK\x03\x04", "cannot be read as ZIP"},
		"another, at its end": {archive(t, entry{"1.0", one}) + strings.Repeat("x", 1<<17), "cannot be read as ZIP"},
	} {
		path := write(t, tc.text)
		if _, err := trust.FromFile(t.Context(), path); err == nil || !strings.Contains(err.Error(), tc.want) || !strings.Contains(err.Error(), path) {
			t.Errorf("%s: %v", name, err)
		}
	}
	large := filepath.Join(t.TempDir(), "large.zip")
	if err := os.WriteFile(large, append([]byte("PK\x03\x04"), make([]byte, 4<<20)...), 0o600); err != nil {
		t.Fatal(err)
	}
	if _, err := trust.FromFile(t.Context(), large); err == nil || !strings.Contains(err.Error(), "is larger than 4 MiB") {
		t.Error(err)
	}
	// What is declared is not believed: the content counts.
	lies := []byte(archive(t, entry{"1.0", strings.Repeat("\x00", 64<<20)}))
	directory := bytes.Index(lies, []byte("PK\x01\x02"))
	copy(lies[directory+24:], []byte{10, 0, 0, 0}) // The size when it is unpacked.
	if _, err := trust.FromFile(t.Context(), write(t, string(lies))); err == nil {
		t.Error("a bomb that names another size is taken")
	}
}

// The CA that somebody else offers is shown and taken as if the server had shown it, if it verifies what the server showed, and else not.
func TestWith(t *testing.T) {
	root, other := newAuthority(t, "root"), newAuthority(t, "other")
	server := root.serve(t, nil)
	shown := &server.TLS.Certificates[0].Certificate
	*shown = (*shown)[:1] // Its own certificate alone.
	var e *trust.UntrustedError
	if err := trust.Explain("sup", get(t, trust.Trust{Mode: trust.Pinned}, server.URL)); !errors.As(err, &e) || e.IssuerSHA256 != "" {
		t.Fatalf("%v, or the server shows its CA", err)
	}
	more, signed := e.With([]byte(other.pem + root.pem))
	if !signed || more.Shown() != (trust.Trust{CA: root.pem}).Fingerprints()[0] || !slices.Equal(more.Names, e.Names) || len(e.Names) == 0 {
		t.Errorf("%v %+v", signed, more)
	}
	if ca, ok := more.Pin(more.Shown()); !ok || ca != root.pem {
		t.Error("it cannot be pinned")
	}
	for name, offered := range map[string]string{"another": other.pem, "none": "", "garbage": "-----BEGIN CERTIFICATE-----\nAAAA\n-----END CERTIFICATE-----\n"} {
		if same, signed := e.With([]byte(offered)); signed || same.Shown() != e.SHA256 {
			t.Errorf("%s: %v %s", name, signed, same.Shown())
		}
	}
}
