package credfile_test

import (
	"bytes"
	"encoding/json"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"runtime"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/kubectl-vsphere/kubectl-vsphere/pkg/tokens/credfile"
)

// stored is a store with one file at the place of key, and the environment that leads to it.
func stored(t testing.TB, key credfile.Key, f credfile.File) (dir string, env map[string]string) {
	t.Helper()
	dir = t.TempDir()
	writeFile(t, credfile.Path(dir, key), encode(t, f))
	for _, d := range []string{dir, filepath.Join(dir, credfile.Credentials)} {
		if err := os.Chmod(d, 0o700); err != nil {
			t.Fatal(err)
		}
	}
	return dir, map[string]string{credfile.HomeVariable: dir}
}

func TestAnswerPrintsOneLineInTheVersionThatWasAsked(t *testing.T) {
	for version, ask := range map[string]string{credfile.V1: askV1, credfile.V1beta1: askV1beta1} {
		_, env := stored(t, clusterKey, credential(clusterKey))
		env[credfile.ExecInfoVariable] = ask
		var out bytes.Buffer
		if answered, err := credfile.Answer(clusterKey.Args(), environment(env), now, &out); !answered || err != nil {
			t.Fatalf("%s: no answer", version)
		}
		if n := bytes.Count(out.Bytes(), []byte("\n")); n != 1 || !bytes.HasSuffix(out.Bytes(), []byte("\n")) {
			t.Errorf("%s: %d line ends in %q", version, n, out.String())
		}
		var got any
		if err := json.Unmarshal(out.Bytes(), &got); err != nil {
			t.Fatal(err)
		}
		want := map[string]any{
			"kind": "ExecCredential", "apiVersion": version, "spec": map[string]any{"interactive": false},
			"status": map[string]any{"expirationTimestamp": "2025-06-01T12:59:00Z", "token": "a.b.c"},
		}
		if diff := cmp.Diff(want, got); diff != "" {
			t.Errorf("%s: %s", version, diff)
		}
	}
}

func TestAnswerPrintsV1WhenAPersonAsks(t *testing.T) {
	_, env := stored(t, supervisorKey, credential(supervisorKey))
	var out bytes.Buffer
	if answered, err := credfile.Answer(supervisorKey.Args(), environment(env), now, &out); !answered || err != nil || !bytes.Contains(out.Bytes(), []byte(`"`+credfile.V1+`"`)) {
		t.Errorf("got %q", out.String())
	}
}

func TestAnswerFindsTheUserInAnotherCase(t *testing.T) {
	_, env := stored(t, supervisorKey, credential(supervisorKey))
	key := supervisorKey
	key.User = "ADA@VSPHERE.LOCAL"
	if answered, err := credfile.Answer(key.Args(), environment(env), now, &bytes.Buffer{}); !answered || err != nil {
		t.Error("no answer")
	}
}

func TestAnswerTakesAClientCertificate(t *testing.T) {
	f := credential(clusterKey)
	f.Status = json.RawMessage(`{"expirationTimestamp":"2025-06-01T12:59:00Z","clientCertificateData":"c","clientKeyData":"k"}`)
	_, env := stored(t, clusterKey, f)
	if answered, err := credfile.Answer(clusterKey.Args(), environment(env), now, &bytes.Buffer{}); !answered || err != nil {
		t.Error("no answer")
	}
}

// silent fails the test when Answer answers or prints anything.
func silent(t *testing.T, args []string, env map[string]string) {
	t.Helper()
	var out bytes.Buffer
	if answered, err := credfile.Answer(args, environment(env), now, &out); answered || err != nil {
		t.Errorf("it says that it answered: %v, %v", answered, err)
	}
	if out.Len() > 0 {
		t.Errorf("it printed %q", out.String())
	}
}

func TestAnswerLeavesABadFileToTheLongWay(t *testing.T) {
	status := func(s string) func(*credfile.File) { return func(f *credfile.File) { f.Status = json.RawMessage(s) } }
	for name, change := range map[string]func(*credfile.File){
		"the server stops accepting it now": func(f *credfile.File) { f.Expires = now },
		"we stop handing it out now":        func(f *credfile.File) { f.Until = now },
		"it ended":                          func(f *credfile.File) { f.Expires, f.Until = now.Add(-time.Hour), now.Add(-time.Hour) },
		"the stamp is over":                 status(`{"expirationTimestamp":"2025-06-01T12:00:00Z","token":"t"}`),
		"there is no stamp":                 status(`{"token":"t"}`),
		"the stamp is no time":              status(`{"expirationTimestamp":"soon","token":"t"}`),
		"there is no token":                 status(`{"expirationTimestamp":"2025-06-01T12:59:00Z"}`),
		"there is a certificate alone":      status(`{"expirationTimestamp":"2025-06-01T12:59:00Z","clientCertificateData":"c"}`),
		"the token is a number":             status(`{"expirationTimestamp":"2025-06-01T12:59:00Z","token":1}`),
		"it is for another server":          func(f *credfile.File) { f.Server = "10.0.0.2" },
		"it is for another user":            func(f *credfile.File) { f.User = "bob" },
		"it is for another cluster":         func(f *credfile.File) { f.Cluster = "team-a/two" },
		"it is for the Supervisor":          func(f *credfile.File) { f.Cluster = "" },
		"it has another version":            func(f *credfile.File) { f.Version = 2 },
	} {
		t.Run(name, func(t *testing.T) {
			f := credential(clusterKey)
			change(&f)
			_, env := stored(t, clusterKey, f)
			silent(t, clusterKey.Args(), env)
		})
	}
}

// Whatever is in the file: a token that is given out is that of the key, and none of its times is over.
func FuzzToken(f *testing.F) {
	good := string(encode(f, credential(clusterKey)))
	for _, text := range []string{
		good, strings.Replace(good, `"version":1`, `"version":1,"Version":2`, 1), strings.Replace(good, `"server"`, `"Server"`, 1),
		strings.Replace(good, `"a.b.c"`, `"a.b.c","token":""`, 1), strings.Replace(good, `"a.b.c"`, `"a.b.c","TOKEN":7`, 1),
		strings.Replace(good, `"until"`, `"until":null,"until"`, 1), strings.Replace(good, `2025`, `2024`, 1), "null", "{}", "", good + good,
	} {
		f.Add([]byte(text))
	}
	dir, _ := stored(f, clusterKey, credential(clusterKey))
	f.Fuzz(func(t *testing.T, text []byte) {
		writeFile(t, credfile.Path(dir, clusterKey), text)
		token, err := credfile.Token(dir, clusterKey, now)
		if err != nil {
			return
		}
		var file map[string]any
		if err := json.Unmarshal(text, &file); err != nil {
			t.Fatal(err)
		}
		status, _ := file["status"].(map[string]any)
		if file["version"] != 1.0 || file["server"] != clusterKey.Server || file["cluster"] != clusterKey.Cluster || status["token"] != token {
			t.Fatalf("%q of %v", token, file)
		}
		for _, end := range []any{file["until"], file["expires"], status["expirationTimestamp"]} {
			if when, err := time.Parse(time.RFC3339, fmt.Sprint(end)); err != nil || !now.Before(when) {
				t.Fatalf("%v is over", end)
			}
		}
	})
}

func TestAnswerLeavesWhatItDoesNotKnowToTheLongWay(t *testing.T) {
	dir, good := stored(t, clusterKey, credential(clusterKey))
	with := func(name, value string) map[string]string {
		return map[string]string{credfile.HomeVariable: good[credfile.HomeVariable], name: value}
	}
	for name, tc := range map[string]struct {
		args []string
		env  map[string]string
	}{
		"another command":         {[]string{"login"}, good},
		"another flag":            {append(clusterKey.Args(), "--force"), good},
		"another key":             {supervisorKey.Args(), good},
		"no store":                {clusterKey.Args(), map[string]string{credfile.HomeVariable: filepath.Join(dir, "none")}},
		"no place for a store":    {clusterKey.Args(), nil},
		"exec info is garbage":    {clusterKey.Args(), with(credfile.ExecInfoVariable, "{")},
		"exec info of a new kind": {clusterKey.Args(), with(credfile.ExecInfoVariable, `{"kind":"ExecCredential","apiVersion":"x/v9"}`)},
	} {
		t.Run(name, func(t *testing.T) { silent(t, tc.args, tc.env) })
	}
}

func TestAnswerLeavesGarbageToTheLongWay(t *testing.T) {
	dir, env := stored(t, clusterKey, credential(clusterKey))
	if err := os.WriteFile(credfile.Path(dir, clusterKey), []byte("garbage"), 0o600); err != nil {
		t.Fatal(err)
	}
	silent(t, clusterKey.Args(), env)
}

func TestAnswerIsFalseWhenItCannotPrint(t *testing.T) {
	_, env := stored(t, clusterKey, credential(clusterKey))
	if answered, err := credfile.Answer(clusterKey.Args(), environment(env), now, fullDisk{}); answered || err != nil {
		t.Errorf("it says that it answered: %v, %v", answered, err)
	}
}

// A long way that followed would print a second answer behind half of the first.
func TestAnswerSaysThatItPrintedHalf(t *testing.T) {
	_, env := stored(t, clusterKey, credential(clusterKey))
	if answered, err := credfile.Answer(clusterKey.Args(), environment(env), now, halfDisk{}); !answered || !errors.Is(err, errFull) {
		t.Errorf("got %v, %v", answered, err)
	}
}

// halfDisk takes the half of what it is given.
type halfDisk struct{}

func (halfDisk) Write(p []byte) (int, error) { return len(p) / 2, errFull }

func TestAnswerLeavesADirectoryThatOthersCanUse(t *testing.T) {
	if runtime.GOOS == "windows" {
		t.Skip("on Windows, logins and renewals check the access control list (package owned)")
	}
	for _, sub := range []string{"", credfile.Credentials} {
		dir, env := stored(t, clusterKey, credential(clusterKey))
		if err := os.Chmod(filepath.Join(dir, sub), 0o770); err != nil {
			t.Fatal(err)
		}
		var out bytes.Buffer
		if answered, _ := credfile.Answer(clusterKey.Args(), environment(env), now, &out); answered || out.Len() > 0 {
			t.Errorf("%q: answers %q", sub, out.String())
		}
	}
}
