package credfile_test

import (
	"bytes"
	"encoding/json"
	"errors"
	"io/fs"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/kubectl-vsphere/kubectl-vsphere/pkg/tokens/credfile"
)

var now = time.Date(2025, 6, 1, 12, 0, 0, 0, time.UTC)

// credential is a good credential of key at now.
func credential(key credfile.Key) credfile.File {
	return credfile.File{
		Version: credfile.Version, Session: "session",
		Server: key.Server, User: key.User, Cluster: key.Cluster,
		Issued: now.Add(-time.Hour), Expires: now.Add(time.Hour), Until: now.Add(59 * time.Minute),
		Status: json.RawMessage(`{"expirationTimestamp":"2025-06-01T12:59:00Z","token":"a.b.c"}`),
	}
}

// writeFile writes a file that only the user can read, and the directories above it.
func writeFile(t testing.TB, path string, text []byte) {
	t.Helper()
	if err := os.MkdirAll(filepath.Dir(path), 0o700); err != nil {
		t.Fatal(err)
	}
	if err := os.WriteFile(path, text, 0o600); err != nil {
		t.Fatal(err)
	}
}

func encode(t testing.TB, f credfile.File) []byte {
	t.Helper()
	text, err := json.Marshal(f)
	if err != nil {
		t.Fatal(err)
	}
	return text
}

func TestReadReturnsWhatWasStored(t *testing.T) {
	path := filepath.Join(t.TempDir(), "c.json")
	want := credential(clusterKey)
	writeFile(t, path, encode(t, want))
	got, err := credfile.Read(path)
	if err != nil {
		t.Fatal(err)
	}
	if diff := cmp.Diff(want, got); diff != "" {
		t.Error(diff)
	}
	if got.Key() != clusterKey {
		t.Errorf("the key is %+v", got.Key())
	}
}

func TestReadTellsAMissingFile(t *testing.T) {
	if _, err := credfile.Read(filepath.Join(t.TempDir(), "none.json")); !errors.Is(err, fs.ErrNotExist) {
		t.Errorf("got %v, want fs.ErrNotExist", err)
	}
}

func TestReadTellsAnotherVersion(t *testing.T) {
	for name, text := range map[string]string{
		"a newer one":                            `{"version":2}`,
		"a newer one with fields of other types": `{"version":2,"server":["a"],"status":"x"}`,
		"none":                                   `{"server":"s"}`,
	} {
		path := filepath.Join(t.TempDir(), "c.json")
		writeFile(t, path, []byte(text))
		_, err := credfile.Read(path)
		var version *credfile.VersionError
		if !errors.As(err, &version) || version.Path != path || !strings.Contains(err.Error(), path) {
			t.Errorf("%s: got %v, want a *VersionError with the path", name, err)
		}
	}
}

func TestReadNamesAFileThatIsGarbage(t *testing.T) {
	for name, text := range map[string]string{
		"empty":              "",
		"binary":             "\x00\xff",
		"cut off":            `{"version":1,"server":"s"`,
		"a list":             `[]`,
		"wrong type":         `{"version":1,"server":7}`,
		"wrong date":         `{"version":1,"expires":"tomorrow"}`,
		"version as text":    `{"version":"1"}`,
		"no status":          `{"version":1,"server":"s"}`,
		"status null":        `{"version":1,"status":null}`,
		"status is a string": `{"version":1,"status":"{}"}`,
	} {
		path := filepath.Join(t.TempDir(), "c.json")
		writeFile(t, path, []byte(text))
		f, err := credfile.Read(path)
		if err == nil || !strings.Contains(err.Error(), path) {
			t.Errorf("%s: %+v, %v; want an error with the path", name, f, err)
		}
	}
}

func TestReadPrivateRefusesADirectory(t *testing.T) {
	if _, err := credfile.ReadPrivate(t.TempDir()); err == nil {
		t.Error("a directory was read")
	}
}

func TestReadPrivateRefusesALargeFile(t *testing.T) {
	path := filepath.Join(t.TempDir(), "c.json")
	writeFile(t, path, bytes.Repeat([]byte(" "), 4<<20+1))
	if text, err := credfile.ReadPrivate(path); err == nil || !strings.Contains(err.Error(), path) {
		t.Errorf("%d bytes, %v; want an error with the path", len(text), err)
	}
}

func FuzzDecode(f *testing.F) {
	good, err := json.Marshal(credential(clusterKey))
	if err != nil {
		f.Fatal(err)
	}
	for _, text := range []string{string(good), `{"version":2}`, `{"version":1,"Version":2}`, "", "null", `{"version":1,"status":null}`} {
		f.Add([]byte(text))
	}
	f.Fuzz(func(t *testing.T, text []byte) {
		const path = "/store/c.json"
		var file credfile.File
		if err := credfile.Decode(path, text, &file, &file.Version); err != nil {
			var version *credfile.VersionError
			if errors.As(err, &version) && version.Version == credfile.Version {
				t.Fatalf("the version that is known is refused: %v", err)
			}
			if !strings.Contains(err.Error(), path) {
				t.Fatalf("the error does not name the file: %v", err)
			}
			return
		}
		if file.Version != credfile.Version {
			t.Fatalf("version %d was read", file.Version)
		}
		// What was read can be written, and is then read as the same.
		text, err := json.Marshal(file)
		if err != nil {
			t.Fatal(err)
		}
		var again credfile.File
		if err := credfile.Decode(path, text, &again, &again.Version); err != nil {
			t.Fatal(err)
		}
		if again.Key() != file.Key() || !again.Expires.Equal(file.Expires) || !again.Until.Equal(file.Until) {
			t.Fatalf("%+v comes back as %+v", file, again)
		}
	})
}
