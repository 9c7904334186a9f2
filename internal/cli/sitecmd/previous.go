package sitecmd

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"strings"

	"k8s.io/client-go/tools/clientcmd/api"

	"github.com/kubectl-vsphere/kubectl-vsphere/internal/contexts"
	"github.com/kubectl-vsphere/kubectl-vsphere/internal/failure"
	"github.com/kubectl-vsphere/kubectl-vsphere/pkg/atomicfile"
	"github.com/kubectl-vsphere/kubectl-vsphere/pkg/bounded"
)

// previous is the context that was current before the last "use", for each set of kubeconfig files. It holds no secret.
type previous struct {
	dir   string   // the store
	files []string // the kubeconfig files
}

// previousFile is the file of previous in the store.
type previousFile struct {
	Version  int               `json:"version"`
	Contexts map[string]string `json:"contexts"` // by the paths of the files, as in KUBECONFIG
}

const (
	previousVersion = 1
	maxPreviousFile = 1 << 20 // bytes
	maxPrevious     = 200     // sets of files
)

func (p previous) path() string { return filepath.Join(p.dir, "previous.json") }

func (p previous) id() string { return strings.Join(p.files, string(os.PathListSeparator)) }

// read returns what was kept; a file that cannot be read is as good as none.
func (p previous) read() previousFile {
	none := previousFile{Version: previousVersion, Contexts: map[string]string{}}
	text, err := bounded.File(context.Background(), p.path(), maxPreviousFile, bounded.Regular)
	if err != nil {
		return none
	}
	var f previousFile
	if bounded.JSON(text, &f) != nil || f.Version != previousVersion || f.Contexts == nil {
		return none
	}
	return f
}

// entry returns the context that was current before.
func (p previous) entry(config *api.Config) (contexts.Entry, error) {
	name := p.read().Contexts[p.id()]
	if name == "" {
		return contexts.Entry{}, failure.Hint(errors.New("no context was current before"), "Choose one: kubectl vsphere use NAME")
	}
	for _, t := range entriesOf(config, true) {
		if t.Name == name {
			return t, nil
		}
	}
	return contexts.Entry{}, fmt.Errorf("context %q, which was current before, is no longer in the kubeconfig", name)
}

// keep remembers the context that was current.
func (p previous) keep(name string) error {
	f := p.read()
	if len(f.Contexts) >= maxPrevious {
		f.Contexts = map[string]string{}
	}
	if f.Contexts[p.id()] = name; name == "" {
		delete(f.Contexts, p.id())
	}
	text, err := json.MarshalIndent(f, "", "  ")
	if err != nil {
		return err
	}
	return atomicfile.Write(p.path(), append(text, '\n'), atomicfile.Options{Mode: fs.FileMode(0o600)})
}
