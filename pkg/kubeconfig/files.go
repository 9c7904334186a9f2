package kubeconfig

import (
	"context"
	"errors"
	"io/fs"
	"os"
	"path/filepath"
	"slices"

	"k8s.io/client-go/tools/clientcmd/api"

	"github.com/kubectl-vsphere/kubectl-vsphere/pkg/bounded"
	"github.com/kubectl-vsphere/kubectl-vsphere/pkg/bounded/boundedyaml"
	"github.com/kubectl-vsphere/kubectl-vsphere/pkg/kubeconfig/splice"
)

// Files are the kubeconfig files of a user in the order in which kubectl merges them: the first that has an entry wins.
type Files struct {
	Paths []string // as typed in KUBECONFIG; at least one
	// Lock is the path of a lock file of our own. One of our writers holds it for as long as it works. kubectl's locks
	// would not do: they are held for an instant.
	Lock string
	Warn func(message string) // gets one line for a person; must not be nil
}

// Locate returns the paths of the files: those in KUBECONFIG, each once, else .kube/config in the home directory. With
// neither, it returns an error.
// https://kubernetes.io/docs/concepts/configuration/organize-cluster-access-kubeconfig/
func Locate(getenv func(string) string, home string) ([]string, error) {
	var paths []string
	for _, path := range filepath.SplitList(getenv("KUBECONFIG")) {
		if path != "" && !slices.Contains(paths, path) {
			paths = append(paths, path)
		}
	}
	if len(paths) > 0 {
		return paths, nil
	}
	if home == "" {
		return nil, errors.New("no kubeconfig: neither KUBECONFIG nor the home directory is set")
	}
	return []string{filepath.Join(home, ".kube", "config")}, nil
}

// Load reads all files and merges them as kubectl does. A missing file is an empty one. Each cluster has its file as LocationOfOrigin:
// paths in it are relative to that. An error is a *FileError.
func (f Files) Load() (*api.Config, error) {
	docs, err := f.read()
	if err != nil {
		return nil, err
	}
	for _, doc := range docs {
		for _, cluster := range doc.Config().Clusters {
			cluster.LocationOfOrigin = doc.path
		}
	}
	return merge(docs), nil
}

// file is one kubeconfig while it is edited.
type file struct {
	*splice.Document // with the changes made so far

	path   string
	exists bool
	read   []byte // as it is on disk
}

func (f Files) read() ([]*file, error) {
	var docs []*file
	var all boundedyaml.Files
	for i, path := range f.Paths {
		text, err := readRegular(path)
		exists := !errors.Is(err, fs.ErrNotExist)
		if exists && err != nil {
			return nil, unreadable(path, err)
		}
		var exceeds *bounded.Error
		if errors.As(all.Check(text), &exceeds) && i > 0 { // What else is wrong with a file, its reader says.
			problem := "cannot be read: with the files before it in KUBECONFIG, it " + exceeds.Error()
			return nil, &FileError{path, problem, "name fewer files; nothing was changed", exceeds}
		}
		doc, err := splice.Read(text)
		if err != nil {
			return nil, &FileError{path, "cannot be read: " + err.Error(), "repair it or move it away; nothing was changed", err}
		}
		docs = append(docs, &file{Document: doc, path: path, exists: exists, read: text})
	}
	return docs, nil
}

var errNotRegular = errors.New("is not a regular file")

func readRegular(path string) ([]byte, error) {
	info, err := os.Stat(path)
	if err != nil {
		return nil, err
	}
	if !info.Mode().IsRegular() {
		return nil, errNotRegular
	}
	return bounded.File(context.Background(), path, boundedyaml.MaxFile, bounded.Regular) // No pipe: it does not wait.
}

func unreadable(path string, err error) error {
	var pathErr *fs.PathError
	if errors.As(err, &pathErr) {
		return &FileError{path, "cannot be read: " + pathErr.Err.Error(), "name another file with KUBECONFIG or make it readable", err}
	}
	return &FileError{path, err.Error(), "name another file with KUBECONFIG", err}
}

// merge joins the files: for each entry and for the current context the first file that has one wins.
func merge(docs []*file) *api.Config {
	all := api.NewConfig()
	for _, doc := range docs {
		if all.CurrentContext == "" {
			all.CurrentContext = doc.Config().CurrentContext
		}
		addMissing(all.Clusters, doc.Config().Clusters)
		addMissing(all.Contexts, doc.Config().Contexts)
		addMissing(all.AuthInfos, doc.Config().AuthInfos)
	}
	return all
}

func addMissing[T any](all, more map[string]*T) {
	for name, v := range more {
		if _, there := all[name]; !there {
			all[name] = v
		}
	}
}

// destination is the index of the file that gets new entries, by kubectl's rule: the first that exists, else the last.
func destination(docs []*file) int {
	if i := slices.IndexFunc(docs, func(d *file) bool { return d.exists }); i >= 0 {
		return i
	}
	return len(docs) - 1
}
