package kubeconfig

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"runtime"
	"slices"
	"strings"

	"k8s.io/client-go/tools/clientcmd/api"

	"github.com/kubectl-vsphere/kubectl-vsphere/pkg/atomicfile"
	"github.com/kubectl-vsphere/kubectl-vsphere/pkg/bounded"
	"github.com/kubectl-vsphere/kubectl-vsphere/pkg/bounded/boundedyaml"
	"github.com/kubectl-vsphere/kubectl-vsphere/pkg/disk"
	"github.com/kubectl-vsphere/kubectl-vsphere/pkg/kubeconfig/splice"
	"github.com/kubectl-vsphere/kubectl-vsphere/pkg/safetext"
)

// Files are the kubeconfig files of a user in the order in which kubectl merges them: the first that has an entry wins.
type Files struct {
	Paths []string // as typed in KUBECONFIG; at least one
	// Lock is the path of a lock file of our own. One of our writers holds it for as long as it works. kubectl's locks
	// would not do: they are held for an instant.
	Lock string
	Warn func(message string) // gets one line for a person; must not be nil

	known map[string]*splice.Document // from Check, by path
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
//
// The null device is an empty file, and the pipe of a shell's <(command) is read to its end, once.
func (f Files) Load() (*api.Config, error) {
	f.known = nil // It changes what it reads.
	docs, err := f.read(readOnce)
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
	odd    string // why it cannot be written, or empty
}

// read reads the files by a function, each once: two paths may lead to one file.
func (f Files) read(by func(path string) ([]byte, error)) ([]*file, error) {
	var docs []*file
	var all boundedyaml.Files
	for i, path := range f.Paths {
		if slices.ContainsFunc(f.Paths[:i], func(other string) bool { return reaches(other, path) }) {
			continue
		}
		text, err := by(path)
		exists := !errors.Is(err, fs.ErrNotExist)
		if exists && err != nil {
			return nil, unreadable(path, err)
		}
		var exceeds *bounded.Error
		if errors.As(all.Check(text), &exceeds) && i > 0 { // What else is wrong with a file, its reader says.
			problem := "cannot be read: with the files before it in KUBECONFIG, it " + exceeds.Error()
			return nil, &FileError{path, problem, "name fewer files; nothing was changed", exceeds}
		}
		doc, err := f.parse(path, text)
		if err != nil {
			return nil, &FileError{path, "cannot be read: " + err.Error(), repair(path, err), err}
		}
		docs = append(docs, &file{Document: doc, path: path, exists: exists, read: text, odd: odd(path)})
	}
	return docs, nil
}

// parse reads a text, unless Check has read the same one.
func (f Files) parse(path string, text []byte) (*splice.Document, error) {
	if known := f.known[path]; known != nil && bytes.Equal(known.Text(), text) {
		return known.Again(), nil
	}
	return splice.Read(text)
}

// repair says what to do about a file that is no kubeconfig that we can edit.
func repair(path string, err error) string {
	if file, err := resolve(path); err == nil && atomicfile.Unfinished(file) {
		return "a login or logout that was killed left it half written: its text from before is in " + atomicfile.OldCopy(file) + ", and the next login or logout restores it"
	}
	if errors.Is(err, splice.ErrUTF16) {
		return "save it as UTF-8; nothing was changed"
	}
	return "repair it or move it away; nothing was changed"
}

// reaches reports whether two paths lead to the same file, which exists.
func reaches(a, b string) bool {
	first, err := os.Stat(a)
	second, secondErr := os.Stat(b)
	return err == nil && secondErr == nil && os.SameFile(first, second)
}

// odd says why login cannot write a file that kubectl can read: the null device keeps nothing, and a pipe is read once. It follows the
// path in a sentence; a regular file is not odd.
func odd(path string) string {
	info, err := os.Stat(path)
	switch {
	case isNUL(runtime.GOOS, path): // For os.Stat it is a regular file.
		return "keeps nothing"
	case err != nil:
		return ""
	case info.Mode()&fs.ModeCharDevice != 0 && reaches(path, os.DevNull):
		return "keeps nothing"
	case info.Mode()&fs.ModeNamedPipe != 0 && isDescriptor(path): // A FIFO with a name may have no writer: kubectl would wait for ever.
		return "is a pipe, which cannot be written to"
	}
	return ""
}

// isNUL reports whether a path names the null device of Windows, which is in every directory, in any case, and with any extension (Naming
// Files, Paths, and Namespaces, learn.microsoft.com).
func isNUL(goos, path string) bool {
	if goos != "windows" {
		return false
	}
	name := path[strings.LastIndexAny(path, `\/`)+1:]
	if i := strings.IndexAny(name, ".:"); i >= 0 {
		name = name[:i]
	}
	return strings.EqualFold(strings.TrimRight(name, " "), "NUL")
}

// isDescriptor reports whether a path is that of an open file of this process, as a shell gives for <(command).
func isDescriptor(path string) bool {
	return path == "/dev/stdin" || strings.HasPrefix(path, "/dev/fd/") || strings.HasPrefix(path, "/proc/self/fd/")
}

// readOnce reads what can be read, as kubectl does.
func readOnce(path string) ([]byte, error) {
	info, err := os.Stat(path)
	if err == nil && info.Mode()&fs.ModeNamedPipe != 0 && odd(path) != "" {
		return bounded.File(context.Background(), path, boundedyaml.MaxFile, bounded.RegularOrPipe)
	}
	return readAgain(path)
}

// readAgain reads a file that is to be edited. Another one is empty then: nothing in it can be changed.
func readAgain(path string) ([]byte, error) {
	if odd(path) != "" {
		return nil, nil
	}
	return readRegular(path)
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
	if foreign := foreign(path, err); foreign != nil {
		return foreign
	}
	var pathErr *fs.PathError
	if errors.As(err, &pathErr) {
		return &FileError{path, "cannot be read: " + pathErr.Err.Error(), "name another file with KUBECONFIG or make it readable", err}
	}
	return &FileError{path, err.Error(), "name another file with KUBECONFIG", err}
}

// foreign names the command if something on the way to a file belongs to somebody else, as root's after a sudo that keeps HOME.
func foreign(path string, err error) error {
	place, owner := disk.Foreign(path)
	if place == "" || !errors.Is(err, fs.ErrPermission) {
		return nil
	}
	return &FileError{path, fmt.Sprintf("cannot be used: %s belongs to user %d", place, owner),
		fmt.Sprintf("type: sudo chown -R %d %s (or name another file with KUBECONFIG)", os.Geteuid(), safetext.Word(place)), err}
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

// destination is the index of the file that gets new entries, by kubectl's rule: the first that exists, else the last. Files that
// cannot be written are left out; -1 means that there is no other.
func destination(docs []*file) int {
	last := -1
	for i, d := range docs {
		switch {
		case d.odd != "":
		case d.exists:
			return i
		default:
			last = i
		}
	}
	return last
}

// nowhere is the error if no file can get new entries.
func nowhere(docs []*file) error {
	return &FileError{docs[0].path, docs[0].odd, "name another file with KUBECONFIG; nothing was changed", fs.ErrInvalid}
}
