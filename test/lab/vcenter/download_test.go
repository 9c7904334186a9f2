package vcenter

import (
	"archive/zip"
	"bytes"
	"io"
	"maps"
	"net/http"
	"net/http/httptest"
	"slices"
	"strings"
	"testing"
)

// The archive is laid out as that of a real vCenter: reference/supervisor-objects.md, section 1.
func TestDownload(t *testing.T) {
	s, _ := newService(t)
	s.Roots = [][]byte{[]byte("root one"), []byte("root two")}
	w := httptest.NewRecorder()
	s.Handler().ServeHTTP(w, httptest.NewRequest(http.MethodGet, "/certs/download.zip", nil))
	archive, err := zip.NewReader(bytes.NewReader(w.Body.Bytes()), int64(w.Body.Len()))
	if err != nil {
		t.Fatal(err)
	}
	kinds := map[string]int{}
	roots := map[string]bool{}
	for _, f := range archive.File {
		dir, name, _ := strings.Cut(strings.TrimPrefix(f.Name, "certs/"), "/")
		_, end, _ := strings.Cut(name, ".")
		kinds[dir+" "+end]++
		if r, err := f.Open(); err == nil && strings.HasPrefix(end, "0") {
			text, _ := io.ReadAll(r)
			roots[string(text)] = true
		}
	}
	want := map[string]int{"lin 0": 2, "lin r0": 2, "mac 0": 2, "mac r0": 2, "win 0.crt": 2, "win r0.crl": 2}
	if !maps.Equal(kinds, want) || !slices.Equal(slices.Sorted(maps.Keys(roots)), []string{"root one", "root two"}) {
		t.Errorf("%v %v", kinds, roots)
	}
}
