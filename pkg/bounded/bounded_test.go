package bounded_test

import (
	"encoding/json"
	"errors"
	"io"
	"reflect"
	"strings"
	"testing"

	"github.com/kubectl-vsphere/kubectl-vsphere/internal/costtest"
	"github.com/kubectl-vsphere/kubectl-vsphere/internal/leak"
	"github.com/kubectl-vsphere/kubectl-vsphere/pkg/bounded"
)

func TestMain(m *testing.M) { leak.Main(m) }

// Each bound holds at its edge: the largest text within it is read, the next one is not.
func TestJSONBounds(t *testing.T) {
	list := func(n int) string { return "[" + strings.TrimSuffix(strings.Repeat("1,", n), ",") + "]" }
	lists := func(n, each int) string {
		return "[" + strings.TrimSuffix(strings.Repeat(list(each)+",", n), ",") + "]"
	}
	nested := func(n int) string { return strings.Repeat("[", n) + strings.Repeat("]", n) }
	for name, c := range map[string]struct{ text, want string }{
		"as deep as allowed":       {nested(bounded.MaxDepth), ""},
		"deeper":                   {nested(bounded.MaxDepth + 1), "is nested deeper than 64 levels"},
		"as deep, twice":           {"[" + nested(bounded.MaxDepth-1) + "," + nested(bounded.MaxDepth-1) + "]", ""},
		"as many items":            {list(bounded.MaxItems), ""},
		"more items":               {list(bounded.MaxItems + 1), "has a list of more than 20000 items"},
		"more members":             {`{"a":1` + strings.Repeat(`,"a":1`, bounded.MaxItems) + "}", "has a list of more than 20000 items"},
		"many lists":               {lists(9, bounded.MaxItems), ""},
		"more values":              {lists(11, bounded.MaxItems), "has more than 200000 values"},
		"brackets within a string": {`"` + strings.Repeat(`[{,\"`, 100_000) + `"`, ""},
		"as large":                 {`"` + strings.Repeat("a", bounded.MaxSize-2) + `"`, ""},
		"larger":                   {`"` + strings.Repeat("a", bounded.MaxSize-1) + `"`, "is larger than 4 MiB"},
	} {
		var v any
		err := bounded.JSON([]byte(c.text), &v)
		var exceeds *bounded.Error
		if got := ""; c.want == "" && err != nil || c.want != "" && (!errors.As(err, &exceeds) || err.Error() != c.want || v != nil) {
			t.Errorf("%s: %v%s, want %q", name, err, got, c.want)
		}
	}
}

// Within the bounds it is json.Unmarshal, and what is no JSON is refused by it.
func FuzzJSON(f *testing.F) {
	costtest.Seed(f)
	f.Add([]byte(`{"a":[1,"]",{"b":"\\"}],"c":"\""}`))
	f.Add([]byte(`]]]],[[{"`))
	f.Fuzz(func(t *testing.T, text []byte) {
		var got, want any
		var err error
		costtest.Limit(t, "JSON", func() { err = bounded.JSON(text, &got) })
		var exceeds *bounded.Error
		if errors.As(err, &exceeds) {
			return
		}
		if wantErr := json.Unmarshal(text, &want); !reflect.DeepEqual(err, wantErr) || !reflect.DeepEqual(got, want) {
			t.Errorf("%v, %v; encoding/json: %v, %v", got, err, want, wantErr)
		}
	})
}

func FuzzPEM(f *testing.F) {
	costtest.Seed(f)
	f.Fuzz(func(t *testing.T, text []byte) {
		costtest.Limit(t, "PEM", func() {
			if blocks, err := bounded.PEM(text); err == nil && len(blocks) > bounded.MaxBlocks {
				t.Error("too many blocks")
			}
		})
		costtest.Limit(t, "certificates", func() { _, _ = bounded.Certificates(text) })
	})
}

func TestPEMBounds(t *testing.T) {
	const block = "-----BEGIN X-----\nAAAA\n-----END X-----\n"
	large := "-----BEGIN X-----\n" + strings.Repeat(strings.Repeat("A", 64)+"\n", 1400) + "-----END X-----\n"
	for name, c := range map[string]struct {
		text, want string
		blocks     int
	}{
		"two among words":    {"hello\n" + block + "# note\n" + block, "", 2},
		"two of editors":     {"\ufeff" + block + "\ufeff" + block, "", 2},
		"none":               {"hello", "", 0},
		"as many as allowed": {strings.Repeat(block, bounded.MaxBlocks), "", bounded.MaxBlocks},
		"more":               {strings.Repeat(block, bounded.MaxBlocks+1), "has more than 1000 blocks of PEM", 0},
		"a large block":      {large, "has a block of PEM that is larger than 64 KiB", 0},
		"a large text":       {strings.Repeat("a", bounded.MaxPEM+1), "is larger than 1 MiB", 0},
	} {
		blocks, err := bounded.PEM([]byte(c.text))
		if len(blocks) != c.blocks || (err == nil) != (c.want == "") || err != nil && err.Error() != c.want {
			t.Errorf("%s: %d blocks, %v", name, len(blocks), err)
		}
	}
}

// endless is a sender that does not stop.
type endless struct{ read int64 }

func (e *endless) Read(p []byte) (int, error) {
	e.read += int64(len(p))
	return len(p), nil
}

func TestRead(t *testing.T) {
	if text, err := bounded.Read(strings.NewReader("abc"), 3, 3); err != nil || string(text) != "abc" {
		t.Errorf("%q, %v", text, err)
	}
	if text, err := bounded.Read(strings.NewReader("abc"), -1, 3); err != nil || string(text) != "abc" {
		t.Errorf("%q, %v", text, err)
	}
	var exceeds *bounded.Error
	for _, known := range []int64{-1, 0, 3, 1 << 40} { // A sender may name another length.
		from := &endless{}
		if _, err := bounded.Read(from, known, 1<<20); !errors.As(err, &exceeds) || err.Error() != "is larger than 1 MiB" || from.read > 4<<20 {
			t.Errorf("%v after %d bytes", err, from.read)
		}
	}
	if _, err := bounded.Read(io.MultiReader(strings.NewReader("a"), failing{}), -1, 10); !errors.Is(err, io.ErrUnexpectedEOF) {
		t.Error(err)
	}
	costtest.Limit(t, "4 MiB", func() { _, _ = bounded.Read(&endless{}, -1, 4<<20) })
}

type failing struct{}

func (failing) Read([]byte) (int, error) { return 0, io.ErrUnexpectedEOF }
