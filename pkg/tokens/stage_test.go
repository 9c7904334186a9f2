package tokens_test

import (
	"io/fs"
	"os"
	"path/filepath"
	"slices"
	"testing"

	"github.com/kubectl-vsphere/kubectl-vsphere/pkg/tokens"
	"github.com/kubectl-vsphere/kubectl-vsphere/pkg/tokens/credfile"
)

// filesOf returns the paths of all files in a store.
func filesOf(t *testing.T, s *tokens.Store) (paths []string) {
	t.Helper()
	err := filepath.WalkDir(s.Dir(), func(path string, d fs.DirEntry, err error) error {
		if err == nil && !d.IsDir() {
			paths = append(paths, path)
		}
		return err
	})
	if err != nil {
		t.Fatal(err)
	}
	return paths
}

// A staged credential is not there until it is saved, and then its file is the staged one.
func TestStage(t *testing.T) {
	s := newStore(t)
	if err := s.Check(); err != nil {
		t.Fatal(err)
	}
	c := credential(clusterKey, "token")
	s.Stage(c)
	if got, there, err := s.Credential(c.Key); there || err != nil {
		t.Fatalf("it is there: %v %v", got, err)
	}
	if _, err := os.Stat(filepath.Join(s.Dir(), credfile.Credentials)); err == nil {
		t.Error("there is a directory for it")
	}
	temp := filesOf(t, s)
	if len(temp) != 1 {
		t.Fatalf("the files are %v", temp)
	}
	other := credential(supervisorKey, "own") // It makes the directory.
	if err := s.SaveCredential(other); err != nil {
		t.Fatal(err)
	}
	before, err := os.Stat(temp[0])
	if err != nil {
		t.Fatal(err)
	}
	if err := s.SaveCredential(c); err != nil {
		t.Fatal(err)
	}
	path := credfile.Path(s.Dir(), c.Key)
	if after, err := os.Stat(path); err != nil || !os.SameFile(before, after) || after.Mode().Perm()&0o077 != 0 {
		t.Errorf("another file, or not private: %v %v", after, err)
	}
	s.Unstage()
	if got, there, err := s.Credential(c.Key); !there || err != nil || got != c {
		t.Errorf("it is not there: %v %v", got, err)
	}
	if all := filesOf(t, s); len(all) != 2 {
		t.Errorf("the files are %v", all)
	}
}

// What was not saved goes, and what somebody swept away, or was staged otherwise, is written.
func TestStagedInVain(t *testing.T) {
	s := newStore(t)
	if err := s.Check(); err != nil {
		t.Fatal(err)
	}
	s.Stage(credential(supervisorKey, "old"))
	s.Stage(credential(supervisorKey, "new"))
	if all := filesOf(t, s); len(all) != 1 {
		t.Errorf("the files are %v", all)
	}
	s.Unstage()
	if all := filesOf(t, s); len(all) != 0 {
		t.Errorf("the files are %v", all)
	}
	s.Stage(credential(supervisorKey, "swept"))
	for _, path := range filesOf(t, s) {
		if err := os.Remove(path); err != nil {
			t.Fatal(err)
		}
	}
	s.Stage(credential(clusterKey, "staged"))
	for _, want := range []tokens.Credential{credential(supervisorKey, "swept"), credential(clusterKey, "saved")} {
		if err := s.SaveCredential(want); err != nil {
			t.Fatal(err)
		}
		if got, there, err := s.Credential(want.Key); !there || err != nil || got != want {
			t.Errorf("got %v %v", got.Token.Reveal(), err)
		}
	}
	s.Unstage()
	want := []string{credfile.Path(s.Dir(), supervisorKey), credfile.Path(s.Dir(), clusterKey)}
	slices.Sort(want)
	if all := filesOf(t, s); !slices.Equal(all, want) {
		t.Errorf("the files are %v, want %v", all, want)
	}
}
