package credfile_test

import (
	"bytes"
	"encoding/json"
	"errors"
	"strings"
	"testing"

	"github.com/kubectl-vsphere/kubectl-vsphere/pkg/tokens/credfile"
)

const (
	askV1      = `{"kind":"ExecCredential","apiVersion":"client.authentication.k8s.io/v1","spec":{"interactive":true}}`
	askV1beta1 = `{"kind":"ExecCredential","apiVersion":"client.authentication.k8s.io/v1beta1","spec":{"cluster":{"server":"https://x"}}}`
)

func TestParseExecInfo(t *testing.T) {
	for value, want := range map[string]credfile.ExecInfo{
		"":         {APIVersion: credfile.V1},
		" \n\t":    {APIVersion: credfile.V1},
		askV1:      {APIVersion: credfile.V1, Interactive: true, Asked: true},
		askV1beta1: {APIVersion: credfile.V1beta1, Asked: true},
		`{"kind":"ExecCredential","apiVersion":"client.authentication.k8s.io/v1"}`: {APIVersion: credfile.V1, Asked: true},
		// As the clients for .NET and Rust send it.
		`{"kind":"ExecCredentials","apiVersion":"client.authentication.k8s.io/v1"}`: {APIVersion: credfile.V1, Asked: true},
		`{"kind":null,"apiVersion":"client.authentication.k8s.io/v1beta1"}`:         {APIVersion: credfile.V1beta1, Asked: true},
		`{"kind":7,"apiVersion":"client.authentication.k8s.io/v1"}`:                 {APIVersion: credfile.V1, Asked: true},
		// As some programs on Windows write a text.
		"\ufeff" + askV1: {APIVersion: credfile.V1, Interactive: true, Asked: true},
	} {
		got, err := credfile.ParseExecInfo(value)
		if err != nil || got != want {
			t.Errorf("ParseExecInfo(%q) = %+v, %v; want %+v", value, got, err, want)
		}
	}
}

// Only the version decides whether there is an answer. What cannot be read as interactive is as if it were absent.
func TestParseExecInfoOfAnySpec(t *testing.T) {
	for spec, interactive := range map[string]bool{
		`{"interactive":true}`: true, `{"interactive":false}`: false, `{}`: false, `null`: false, `[]`: false, `""`: false, `1`: false, `true`: false,
		`[{"interactive":true}]`: false, `{"interactive":"true"}`: false, `{"interactive":1}`: false, `{"interactive":0}`: false,
		`{"interactive":null}`: false, `{"interactive":[true]}`: false, `{"cluster":7,"interactive":true}`: true,
	} {
		got, err := credfile.ParseExecInfo(`{"apiVersion":"client.authentication.k8s.io/v1beta1","spec":` + spec + `}`)
		if want := (credfile.ExecInfo{APIVersion: credfile.V1beta1, Interactive: interactive, Asked: true}); err != nil || got != want {
			t.Errorf("spec %s: %+v, %v; want %+v", spec, got, err, want)
		}
	}
}

func TestParseExecInfoNamesTheVariableInItsErrors(t *testing.T) {
	for name, value := range map[string]string{
		"not JSON":        "yes",
		"cut off":         askV1[:20],
		"two values":      askV1 + askV1,
		"null":            "null",
		"a list":          "[]",
		"another version": `{"kind":"ExecCredential","apiVersion":"client.authentication.k8s.io/v2"}`,
		"no version":      `{"kind":"ExecCredential"}`,
		"v1alpha1":        `{"kind":"ExecCredential","apiVersion":"client.authentication.k8s.io/v1alpha1"}`,
		"a mark alone":    "\ufeff", "two marks": "\ufeff\ufeff" + askV1,
	} {
		got, err := credfile.ParseExecInfo(value)
		if err == nil || got != (credfile.ExecInfo{}) || !strings.Contains(err.Error(), credfile.ExecInfoVariable) {
			t.Errorf("%s: %+v, %v", name, got, err)
		}
	}
}

func TestParseExecInfoRepeatsLittleOfALongVersion(t *testing.T) {
	value := `{"kind":"ExecCredential","apiVersion":"` + strings.Repeat("v", 5000) + `"}`
	if _, err := credfile.ParseExecInfo(value); err == nil || len(err.Error()) > 400 {
		t.Errorf("the error is missing or too long: %v", err)
	}
}

// oneWrite fails the test when the answer comes in parts: a reader could see the first one alone.
type oneWrite struct {
	t      *testing.T
	buffer bytes.Buffer
	writes int
}

func (w *oneWrite) Write(p []byte) (int, error) {
	if w.writes++; w.writes > 1 {
		w.t.Error("the answer is written in parts")
	}
	return w.buffer.Write(p)
}

func TestWritePrintsOneObjectInOneWrite(t *testing.T) {
	out := &oneWrite{t: t}
	if err := credfile.Write(out, credfile.V1beta1, json.RawMessage(`{"token":"t"}`)); err != nil {
		t.Fatal(err)
	}
	const want = `{"kind":"ExecCredential","apiVersion":"client.authentication.k8s.io/v1beta1",` +
		`"spec":{"interactive":false},"status":{"token":"t"}}` + "\n"
	if got := out.buffer.String(); got != want {
		t.Errorf("got %s, want %s", got, want)
	}
}

type fullDisk struct{}

var errFull = errors.New("no space left on device")

func (fullDisk) Write([]byte) (int, error) { return 0, errFull }

func TestWritePassesTheErrorOn(t *testing.T) {
	if err := credfile.Write(fullDisk{}, credfile.V1, json.RawMessage(`{}`)); !errors.Is(err, errFull) {
		t.Errorf("got %v, want %v", err, errFull)
	}
}

func FuzzParseExecInfo(f *testing.F) {
	for _, value := range []string{"", " ", askV1, askV1beta1, "null", "\ufeff" + askV1,
		`{"kind":"ExecCredential","apiVersion":"\u0000"}`, `{"apiVersion":"client.authentication.k8s.io/v1","spec":[{"interactive":"true"}]}`} {
		f.Add(value)
	}
	f.Fuzz(func(t *testing.T, value string) {
		info, err := credfile.ParseExecInfo(value)
		if err != nil {
			if info != (credfile.ExecInfo{}) || !strings.Contains(err.Error(), credfile.ExecInfoVariable) {
				t.Fatalf("%+v, %v", info, err)
			}
			return
		}
		if info.Asked == (strings.TrimSpace(value) == "") || info.Interactive && !info.Asked {
			t.Fatalf("%q is taken as %+v", value, info)
		}
		// Whatever was asked in is what can be answered in.
		var out bytes.Buffer
		var answer struct {
			Kind, APIVersion string
		}
		if err := credfile.Write(&out, info.APIVersion, json.RawMessage(`{}`)); err != nil {
			t.Fatal(err)
		}
		if err := json.Unmarshal(out.Bytes(), &answer); err != nil {
			t.Fatal(err)
		}
		if answer.APIVersion != credfile.V1 && answer.APIVersion != credfile.V1beta1 {
			t.Fatalf("the answer has version %q", answer.APIVersion)
		}
	})
}
