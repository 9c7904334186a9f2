package dockerconfig

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"sync"
	"testing"

	"github.com/google/go-cmp/cmp"
	"github.com/google/go-cmp/cmp/cmpopts"

	"github.com/kubectl-vsphere/kubectl-vsphere/internal/leak"
)

// writerVariable makes the test binary a process that edits a file.
const writerVariable = "DOCKERCONFIG_TEST_WRITER"

func TestMain(m *testing.M) {
	if path := os.Getenv(writerVariable); path != "" {
		f := File{Path: path, Lock: path + ".lock"}
		for i := range 10 {
			if _, err := f.Set(context.Background(), []string{fmt.Sprintf("%s-%d.lab", os.Getenv("NAME"), i)}, "vsphere", false); err != nil {
				fmt.Println(err)
				os.Exit(1)
			}
		}
		os.Exit(0)
	}
	leak.Main(m)
}

const host = "harbor.lab:5000"

// Each text, and what it becomes when the helper is set for host.
var edits = map[string]struct{ before, after string }{
	"no file":         {"", "{\n\t\"credHelpers\": {\n\t\t\"harbor.lab:5000\": \"vsphere\"\n\t}\n}\n"},
	"white space":     {" \n", "{\n\t\"credHelpers\": {\n\t\t\"harbor.lab:5000\": \"vsphere\"\n\t}\n}\n"},
	"an empty object": {"{}\n", "{\n\t\"credHelpers\": {\n\t\t\"harbor.lab:5000\": \"vsphere\"\n\t}\n}\n"},
	"as docker writes": {
		"{\n\t\"auths\": {\n\t\t\"x\": {}\n\t},\n\t\"HttpHeaders\": {\n\t\t\"A\": \"b\"\n\t}\n}",
		"{\n\t\"auths\": {\n\t\t\"x\": {}\n\t},\n\t\"HttpHeaders\": {\n\t\t\"A\": \"b\"\n\t},\n\t\"credHelpers\": {\n\t\t\"harbor.lab:5000\": \"vsphere\"\n\t}\n}",
	},
	"two spaces and other helpers": {
		"{\n  \"credHelpers\": {\n    \"gcr.io\": \"gcloud\"\n  },\n  \"z\": 1.50e3\n}\n",
		"{\n  \"credHelpers\": {\n    \"gcr.io\": \"gcloud\",\n    \"harbor.lab:5000\": \"vsphere\"\n  },\n  \"z\": 1.50e3\n}\n",
	},
	"an empty section": {
		"{\n    \"credHelpers\": {},\n    \"b\": [1,  2]\n}",
		"{\n    \"credHelpers\": {\n        \"harbor.lab:5000\": \"vsphere\"\n    },\n    \"b\": [1,  2]\n}",
	},
	"null":              {`{"credHelpers":null}`, `{"credHelpers":{"harbor.lab:5000":"vsphere"}}`},
	"one line":          {`{"credsStore":"desktop"}`, `{"credsStore":"desktop","credHelpers":{"harbor.lab:5000":"vsphere"}}`},
	"one line, spaces":  {`{"a": 1, "b": 2}`, `{"a": 1, "b": 2, "credHelpers": {"harbor.lab:5000": "vsphere"}}`},
	"one entry, spaces": {`{"a": 1}`, `{"a": 1, "credHelpers": {"harbor.lab:5000": "vsphere"}}`},
	"line ends of Windows": {
		"{\r\n\t\"a\": \"\\u00e9\\\"}\"\r\n}\r\n",
		"{\r\n\t\"a\": \"\\u00e9\\\"}\",\r\n\t\"credHelpers\": {\r\n\t\t\"harbor.lab:5000\": \"vsphere\"\r\n\t}\r\n}\r\n",
	},
	"a name that looks like an end": {
		`{"a\\\"": "{", "credHelpers": {"x\"y": "z"}}`,
		`{"a\\\"": "{", "credHelpers": {"x\"y": "z", "harbor.lab:5000": "vsphere"}}`,
	},
}

func file(t *testing.T, text string) File {
	t.Helper()
	f := File{Path: filepath.Join(t.TempDir(), "config.json")}
	f.Lock = f.Path + ".lock"
	if text != "" {
		if err := os.WriteFile(f.Path, []byte(text), 0o600); err != nil {
			t.Fatal(err)
		}
	}
	return f
}

func (f File) text(t *testing.T) string {
	t.Helper()
	text, err := os.ReadFile(f.Path)
	if err != nil {
		t.Fatal(err)
	}
	return string(text)
}

func set(t *testing.T, f File) bool {
	t.Helper()
	changed, err := f.Set(t.Context(), []string{host}, "vsphere", false)
	if err != nil {
		t.Fatal(err)
	}
	return changed
}

func TestSetChangesNothingElse(t *testing.T) {
	for name, tc := range edits {
		t.Run(name, func(t *testing.T) {
			f := file(t, tc.before)
			if !set(t, f) {
				t.Error("it says that nothing changed")
			}
			if diff := cmp.Diff(tc.after, f.text(t)); diff != "" {
				t.Error(diff)
			}
			if set(t, f) {
				t.Error("set twice, it changes again")
			}
			if changed, err := f.Remove(t.Context(), []string{host}, "vsphere"); err != nil || !changed {
				t.Fatal(changed, err)
			}
			if len(strings.TrimSpace(tc.before)) > 2 && !strings.Contains(tc.before, `"credHelpers": {}`) && !strings.Contains(tc.before, "null") {
				if diff := cmp.Diff(tc.before, f.text(t)); diff != "" {
					t.Error("after remove: " + diff)
				}
			}
		})
	}
}

func TestAnotherHelperStays(t *testing.T) {
	text := `{"credHelpers":{"harbor.lab\u003a5000":"other","b":"vsphere"}}`
	f := file(t, text)
	var other *OtherHelperError
	if _, err := f.Set(t.Context(), []string{"new.lab", host}, "vsphere", false); !errors.As(err, &other) || other.Helper != "other" || f.text(t) != text {
		t.Fatalf("%v %s", err, f.text(t))
	}
	if _, err := f.Remove(t.Context(), []string{host}, "vsphere"); err != nil || f.text(t) != text {
		t.Fatalf("%v %s", err, f.text(t))
	}
	if _, err := f.Set(t.Context(), []string{host}, "vsphere", true); err != nil {
		t.Fatal(err)
	}
	if got, want := f.text(t), strings.Replace(text, "other", "vsphere", 1); got != want {
		t.Error(got)
	}
	if _, err := f.Remove(t.Context(), []string{host, "b"}, "vsphere"); err != nil || f.text(t) != "{}" {
		t.Errorf("%v %s", err, f.text(t))
	}
}

func TestWhatCannotBeEditedStays(t *testing.T) {
	for name, text := range map[string]string{
		"no JSON": "{", "an array": "[]", "a text": `"x"`, "more behind": "{} {}", "a byte order mark": "\ufeff{}", "comments": "{// x\n}",
		"twice": `{"credHelpers":{},"credHelpers":{}}`, "no object": `{"credHelpers":[]}`, "another case": `{"CredHelpers":{"harbor.lab:5000":"ecr-login"}}`, "no texts": `{"credHelpers":{"a":1}}`,
		"a host twice": `{"credHelpers":{"a":"x","a":"y"}}`, "too large": `{"a":"` + strings.Repeat("x", maxFile) + `"}`,
	} {
		f := file(t, text)
		if _, err := f.Set(t.Context(), []string{host}, "vsphere", true); err == nil || !strings.Contains(err.Error(), f.Path) {
			t.Errorf("%s: %v", name, err)
		}
		if f.text(t) != text {
			t.Errorf("%s: it is changed", name)
		}
	}
}

func TestModeAndLinkStay(t *testing.T) {
	f := file(t, "")
	real := filepath.Join(t.TempDir(), "dotfiles.json")
	if err := os.WriteFile(real, []byte("{}"), 0o640); err != nil {
		t.Fatal(err)
	}
	if err := os.Symlink(real, f.Path); err != nil {
		t.Fatal(err)
	}
	set(t, f)
	info, err := os.Lstat(f.Path)
	if err != nil || info.Mode()&os.ModeSymlink == 0 {
		t.Errorf("%v %v", info, err)
	}
	if info, err := os.Stat(real); err != nil || info.Mode().Perm() != 0o640 || !strings.Contains(f.text(t), host) {
		t.Errorf("%v %v", info.Mode(), err)
	}
	if err := os.Remove(real); err != nil {
		t.Fatal(err)
	}
	if _, err := f.Set(t.Context(), []string{host}, "vsphere", false); err == nil {
		t.Error("a link to nothing is written through")
	}
}

func TestANewFileIsPrivate(t *testing.T) {
	f := File{Path: filepath.Join(t.TempDir(), "new", "config.json"), Lock: filepath.Join(t.TempDir(), "lock")}
	set(t, f)
	for path, want := range map[string]os.FileMode{f.Path: 0o600, filepath.Dir(f.Path): 0o700} {
		if info, err := os.Stat(path); err != nil || info.Mode().Perm() != want {
			t.Errorf("%s: %v %v", path, info, err)
		}
	}
}

func TestAReadOnlyFileStays(t *testing.T) {
	f := file(t, "{}")
	if err := os.Chmod(f.Path, 0o400); err != nil {
		t.Fatal(err)
	}
	if _, err := f.Set(t.Context(), []string{host}, "vsphere", false); err == nil || !strings.Contains(err.Error(), "read-only") {
		t.Error(err)
	}
}

// What somebody writes in between is not lost: the edit begins anew.
func TestSomebodyElseWrites(t *testing.T) {
	f := file(t, `{"a":1}`)
	first := true
	changed, err := f.edit(t.Context(), func(d *document) ([]byte, error) {
		if first {
			first = false
			if err := os.WriteFile(f.Path, []byte(`{"a":1,"b":2}`), 0o600); err != nil {
				t.Fatal(err)
			}
		}
		return d.set(host, "vsphere"), nil
	}, func(e map[string]string) { e[host] = "vsphere" })
	if err != nil || !changed || f.text(t) != `{"a":1,"b":2,"credHelpers":{"harbor.lab:5000":"vsphere"}}` {
		t.Errorf("%v %v %s", changed, err, f.text(t))
	}
}

func TestAnEditThatDoesMoreIsRefused(t *testing.T) {
	f := file(t, `{"a":1}`)
	_, err := f.edit(t.Context(), func(*document) ([]byte, error) {
		return []byte(`{"a":2,"credHelpers":{"harbor.lab:5000":"vsphere"}}`), nil
	}, func(e map[string]string) { e[host] = "vsphere" })
	if !errors.Is(err, errVerify) || f.text(t) != `{"a":1}` {
		t.Errorf("%v %s", err, f.text(t))
	}
}

func TestManyProcesses(t *testing.T) {
	f := file(t, `{"auths":{}}`)
	const n = 8
	var all sync.WaitGroup
	for i := range n {
		all.Go(func() {
			c := exec.CommandContext(t.Context(), os.Args[0])
			c.Env = append(os.Environ(), writerVariable+"="+f.Path, fmt.Sprintf("NAME=p%d", i))
			if out, err := c.CombinedOutput(); err != nil {
				t.Errorf("%v %s", err, out)
			}
		})
	}
	all.Wait()
	helpers, err := f.Helpers()
	if err != nil || len(helpers) != 10*n {
		t.Errorf("%d %v", len(helpers), err)
	}
}

func TestWarnings(t *testing.T) {
	f := file(t, `{"credsStore":"vsphere","auths":{"https://harbor.lab:5000":{"auth":"eA=="},"other":{"auth":"eA=="},"marked":{}}}`)
	home := t.TempDir()
	podman := filepath.Join(home, ".config", "containers", "auth.json")
	if err := os.MkdirAll(filepath.Dir(podman), 0o700); err != nil {
		t.Fatal(err)
	}
	if err := os.WriteFile(podman, []byte(`{"auths":{"harbor.lab:5000":{"auth":"eA=="}}}`), 0o600); err != nil {
		t.Fatal(err)
	}
	env := map[string]string{"REGISTRY_AUTH_FILE": podman, "DOCKER_AUTH_CONFIG": "{}", "SUDO_USER": "ada"}
	got := f.Warnings([]string{host, "marked"}, "vsphere", World{
		Getenv: func(name string) string { return env[name] }, Home: home, Root: true,
		LookPath: func(name string) (string, error) {
			if name == "docker" {
				return "/snap/bin/docker", nil
			}
			return "", exec.ErrNotFound
		},
	})
	want := []Warning{
		{HelperNotFound, f.Path, "", "docker-credential-vsphere"},
		{LoginInFile, f.Path, host, "docker-credential-vsphere"},
		{PodmanLogin, podman, host, ""},
		{HelperIsStore, f.Path, "", ""},
		{OtherAuthFile, f.Path, "", podman},
		{AuthInVariable, f.Path, "", ""},
		{DockerIsSnap, f.Path, "", "/snap/bin/docker"},
		{RunsBySudo, f.Path, "", "ada"},
	}
	if diff := cmp.Diff(want, got); diff != "" {
		t.Error(diff)
	}
	for name, value := range map[string]string{"": "", "XDG_CONFIG_HOME": filepath.Join(home, ".config"), "XDG_RUNTIME_DIR": filepath.Join(home, ".config")} {
		w := World{Home: home, LookPath: func(string) (string, error) { return "/usr/bin/x", nil }, Getenv: func(n string) string {
			if n == name {
				return value
			}
			return ""
		}}
		if got := file(t, "{}").Warnings([]string{host}, "vsphere", w); len(got) == 0 || got[0] != (Warning{Code: PodmanLogin, File: podman, Host: host}) {
			t.Errorf("%s: %v", name, got)
		}
	}
	bare := World{Home: home, Root: true, LookPath: func(name string) (string, error) {
		if name == "docker-credential-vsphere" {
			return "/usr/bin/x", nil
		}
		return "", exec.ErrNotFound
	}, Getenv: func(n string) string { return map[string]string{"DOCKER_HOST": "unix:///run/user/1000/docker.sock"}[n] }}
	const engine = "unix:///run/user/1000/docker.sock"
	for text, want := range map[string][]Warning{
		"{}":                       {{DockerIsRootless, "", "", engine}},
		`{"credsStore":"desktop"}`: {{StoreNotFound, "", "", "desktop"}, {DockerIsRootless, "", "", engine}},
	} {
		got := file(t, text).Warnings([]string{"x"}, "vsphere", bare)
		if diff := cmp.Diff(want, got, cmpopts.IgnoreFields(Warning{}, "File")); diff != "" {
			t.Errorf("%s: %s", text, diff)
		}
	}
	clean := file(t, `{"credsStore":"desktop","auths":{"harbor.lab:5000":{}}}`)
	none := World{Getenv: func(string) string { return "" }, Home: t.TempDir(), LookPath: func(string) (string, error) { return "/usr/bin/x", nil }}
	if got := clean.Warnings([]string{host}, "vsphere", none); len(got) != 0 {
		t.Errorf("%v", got)
	}
}

func TestPath(t *testing.T) {
	if got := Path(func(string) string { return "/etc/d" }, "/home/ada"); got != "/etc/d/config.json" {
		t.Error(got)
	}
	if got := Path(func(string) string { return "" }, "/home/ada"); got != "/home/ada/.docker/config.json" {
		t.Error(got)
	}
}

// Whatever JSON object there is: the entry is set and removed, and nothing else changes.
func FuzzSet(f *testing.F) {
	for _, e := range edits {
		f.Add(e.before)
		f.Add(e.after)
	}
	f.Fuzz(func(t *testing.T, text string) {
		d, err := parse([]byte(text))
		if err != nil {
			return
		}
		before := d.all()
		edited := d.set(host, "vsphere")
		if !json.Valid(edited) {
			t.Fatalf("%q becomes %q", text, edited)
		}
		wanted := d.all()
		wanted[host] = "vsphere"
		if err := verify(d.text, edited, wanted); err != nil {
			t.Fatalf("%q becomes %q: %v", text, edited, err)
		}
		again, err := parse(edited)
		if err != nil {
			t.Fatalf("%q becomes %q: %v", text, edited, err)
		}
		delete(before, host)
		if err := verify(edited, again.remove(host), before); err != nil {
			t.Fatalf("%q becomes %q, then %q: %v", text, edited, again.remove(host), err)
		}
	})
}

// Where the directory is a file, as with DOCKER_CONFIG=/dev/null, the error says which, and what to set.
func TestNoDirectory(t *testing.T) {
	place := filepath.Join(t.TempDir(), "file")
	if err := os.WriteFile(place, nil, 0o600); err != nil {
		t.Fatal(err)
	}
	f := File{Path: filepath.Join(place, "config.json"), Variable: Variable, Lock: filepath.Join(t.TempDir(), "lock")}
	want := f.Path + " cannot be used: " + place + " is not a directory; set DOCKER_CONFIG to another place"
	if _, err := f.Set(t.Context(), []string{host}, "vsphere", false); err == nil || err.Error() != want {
		t.Errorf("%v", err)
	}
	if err := f.Check(t.Context()); err == nil || err.Error() != want {
		t.Errorf("%v", err)
	}
}
