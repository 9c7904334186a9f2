package kubeconfig

import (
	"errors"
	"os"
	"path/filepath"
	"runtime"
	"strings"
	"testing"

	"k8s.io/client-go/tools/clientcmd/api"

	"github.com/kubectl-vsphere/kubectl-vsphere/pkg/bounded/boundedyaml"
	"github.com/kubectl-vsphere/kubectl-vsphere/pkg/disk"
	"github.com/kubectl-vsphere/kubectl-vsphere/pkg/disk/disktest"
	"github.com/kubectl-vsphere/kubectl-vsphere/pkg/safetext"
	"github.com/kubectl-vsphere/kubectl-vsphere/pkg/tokens/credfile"
)

// A user entry that somebody else made stays, whatever its name.
func TestPlanLeavesUsersOfOthers(t *testing.T) {
	ours := func(user string) []string { return credfile.Key{Server: "10.0.0.1", User: user}.Args() }
	for name, foreign := range map[string]api.AuthInfo{
		"a password":      {Username: "a", Password: "b"},
		"a certificate":   {ClientCertificateData: []byte("c"), ClientKeyData: []byte("k")},
		"another program": {Exec: &api.ExecConfig{Command: "other", Args: ours("a@b")}},
		"another user":    {Exec: &api.ExecConfig{Command: "kubectl-vsphere", Args: ours("c@d")}},
	} {
		cfg := api.NewConfig()
		cfg.AuthInfos["wcp:10.0.0.1:a@b"] = foreign.DeepCopy()
		p := Plan(cfg, Options{Command: command}, []Wanted{supervisor("10.0.0.1", "a@b")})
		if len(p.Change.Users) != 1 || p.Change.Users[0].Name != "wcp:10.0.0.1:6443:a@b" {
			t.Errorf("%s: %+v", name, p.Change.Users)
		}
	}
}

// A current context that is not there is another program's, and stays.
func TestRemoveLeavesAnotherCurrentContext(t *testing.T) {
	cfg, _ := apply(t, api.NewConfig(), supervisor("10.0.0.1", "a@b"))
	cfg.CurrentContext = "elsewhere"
	if change := Remove(cfg, func(string, *api.AuthInfo) bool { return true }); change.CurrentContext != nil {
		t.Errorf("it becomes %q", *change.CurrentContext)
	}
}

func TestAHugeFileIsRefused(t *testing.T) {
	f := files(t, "config")
	write(t, f.Paths[0], small, 0o600)
	if err := os.Truncate(f.Paths[0], boundedyaml.MaxFile+1); err != nil {
		t.Fatal(err)
	}
	if _, err := f.Load(); err == nil || !strings.Contains(err.Error(), "larger than 20 MiB") {
		t.Errorf("%v", err)
	}
}

// Somebody may give you a directory of kubeconfigs: the bounds are for all files together.
func TestManyLargeFilesAreRefused(t *testing.T) {
	for name, text := range map[string]string{
		"values":  small + "x: [" + strings.Repeat("1,", 250_000) + "]\n",
		"lines":   small + strings.Repeat("\n", 600_000),
		"bytes":   small + "# " + strings.Repeat("x", boundedyaml.MaxFile*2/3) + "\n",
		"aliases": small + "x: &x " + strings.Repeat("x", 10_000) + "\ny: [" + strings.Repeat("*x,", 300) + "]\n",
	} {
		f := files(t, "a", "b")
		write(t, f.Paths[0], text, 0o600)
		if _, err := f.Load(); err != nil {
			t.Errorf("%s, one: %v", name, err)
		}
		write(t, f.Paths[1], text, 0o600)
		_, err := f.Load()
		var failed *FileError
		if !errors.As(err, &failed) || failed.Path != f.Paths[1] || !strings.Contains(err.Error(), "with the files before it") {
			t.Errorf("%s, two: %v", name, err)
		}
	}
}

// A path is a word of the command to type, whatever it holds: somebody may give you the directory.
func TestPathsInCommandsAreWords(t *testing.T) {
	at := func(t *testing.T) Files {
		f := files(t)
		dir := filepath.Join(filepath.Dir(f.Lock), "a b;touch PWN;'&")
		if err := os.Mkdir(dir, 0o700); err != nil {
			t.Fatal(err)
		}
		f.Paths = []string{filepath.Join(dir, "config")}
		return f
	}
	for name, prepare := range map[string]func(t *testing.T, path string) (word string){
		"chmod u+w ": func(t *testing.T, path string) string { write(t, path, small, 0o400); return path },
		"rm ":        func(t *testing.T, path string) string { write(t, path+".lock", "", 0); return path + ".lock" },
		"mkdir -p ": func(t *testing.T, path string) string {
			missing := filepath.Join(filepath.Dir(path), "missing")
			if err := os.Symlink(filepath.Join(missing, "config"), path); err != nil {
				t.Fatal(err)
			}
			return missing
		},
	} {
		f := at(t)
		if name == "mkdir -p " && runtime.GOOS == "windows" {
			continue // It takes a right to make symbolic links.
		}
		word := prepare(t, f.Paths[0])
		_, err := f.Update(t.Context(), false, login("ns1"))
		if runtime.GOOS == "windows" {
			name, word = map[string]string{"chmod u+w ": "type: attrib -r ", "rm ": "delete "}[name], map[bool]string{true: safetext.Word(word), false: word}[name != "rm "]
		} else {
			name, word = "type: "+name, safetext.Word(word)
		}
		if err == nil || !strings.Contains(err.Error(), name) || !strings.Contains(err.Error(), " "+word) {
			t.Errorf("%s: %v", name, err)
		}
	}
}

// A directory that cannot be made for a symbolic link to nothing is no lock of another program's.
func TestUpdateBelowALinkToNothing(t *testing.T) {
	f := files(t)
	dir := filepath.Dir(f.Lock)
	gone := filepath.Join(dir, "gone")
	disktest.Linked(t, os.Symlink("gone", filepath.Join(dir, ".kube")))
	f.Paths = []string{filepath.Join(dir, ".kube", "config")}
	_, updateErr := f.Update(t.Context(), false, login("ns1"))
	_, checkErr := f.Check(t.Context())
	for _, err := range []error{checkErr, updateErr} {
		var failed *FileError
		var link *disk.DanglingError
		if !errors.As(err, &failed) || !errors.As(err, &link) || link.Target != gone || !strings.Contains(failed.Remedy, gone) {
			t.Errorf("%v", err)
		}
	}
	if err := os.Mkdir(gone, 0o700); err != nil {
		t.Fatal(err)
	}
	if _, err := f.Update(t.Context(), false, login("ns1")); err != nil {
		t.Error(err)
	}
}
