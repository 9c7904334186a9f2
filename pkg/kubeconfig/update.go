package kubeconfig

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"io/fs"
	"slices"

	"k8s.io/client-go/tools/clientcmd/api"
	clientcmdv1 "k8s.io/client-go/tools/clientcmd/api/v1"

	"github.com/kubectl-vsphere/kubectl-vsphere/pkg/kubeconfig/splice"
)

// Report says what Update did.
type Report struct {
	Written   []string    // the files that were replaced
	Rewritten []string    // those of them where a section or the file, being in flow style, was laid out anew
	Config    *api.Config // all files merged, as they are now
	Texts     []Text      // of Preview: the files that would be replaced
}

// Text is a file as it is and as it is to become.
type Text struct {
	Path     string
	Old, New []byte
}

// Preview works out what Update would do, and writes nothing.
func (f Files) Preview(plan func(*api.Config) (Change, error)) (Report, error) {
	docs, report, err := f.planned(plan)
	if err != nil {
		return Report{}, err
	}
	for _, doc := range docs {
		if doc.changed() {
			report.Texts = append(report.Texts, Text{doc.path, doc.read, doc.Text()})
		}
	}
	return report, nil
}

// rounds bounds how often plan is asked again: an entry of a later file comes to light when the first one's goes.
const rounds = 10

// Update changes the files in one go: it reads them, asks plan what is to change in their merged view, until that is
// nothing, and replaces each file that changed, once. An entry is changed in the file that it comes from; a new one goes
// where kubectl would put it. private makes each written file readable by its owner only.
//
// Nothing is written when anything stands in the way; the error is a *FileError then. A file whose text changed while we
// worked, by a program that takes no lock, is read anew.
func (f Files) Update(ctx context.Context, private bool, plan func(*api.Config) (Change, error)) (Report, error) {
	unlock, err := f.lock(ctx)
	if err != nil {
		return Report{}, err
	}
	defer unlock()
	f.recover() // Our other writers wait for the lock: what is left there is not in use.
	for range rounds {
		report, err := f.update(ctx, private, plan)
		if !errors.Is(err, errChanged) {
			return report, err
		}
	}
	return Report{}, &FileError{f.Paths[0], "is being changed by another program all the time", "try again", errChanged}
}

// Check tells, before anything is asked or sent, whether entries can be put into the file that new ones go to: a file that
// kubectl reads may be written in a way that cannot be edited safely. Nothing is written.
func (f Files) Check() error {
	docs, err := f.read()
	if err != nil {
		return err
	}
	doc := docs[destination(docs)]
	if err := doc.writable(); err != nil {
		return err
	}
	const name = "kubectl-vsphere-check"
	current := name
	var report Report
	return doc.edit(Change{
		Clusters:       []clientcmdv1.NamedCluster{{Name: name, Cluster: clientcmdv1.Cluster{Server: "https://" + name}}},
		Contexts:       []clientcmdv1.NamedContext{{Name: name, Context: clientcmdv1.Context{Cluster: name, AuthInfo: name}}},
		Users:          []clientcmdv1.NamedAuthInfo{{Name: name}},
		CurrentContext: &current,
	}, &report)
}

// errChanged is a file that is not what was read any more.
var errChanged = errors.New("changed by another program meanwhile")

func (f Files) update(ctx context.Context, private bool, plan func(*api.Config) (Change, error)) (Report, error) {
	release, locked, err := f.lockLikeKubectl(ctx)
	if err != nil {
		return Report{}, err
	}
	defer release()
	docs, report, err := f.planned(plan)
	if err != nil {
		return Report{}, err
	}
	for _, doc := range docs {
		if !doc.changed() {
			continue
		}
		if err := locked[doc.path]; err != nil {
			return Report{}, err
		}
		if err := doc.replace(private); err != nil {
			return Report{}, err
		}
		report.Written = append(report.Written, doc.path)
	}
	return report, nil
}

// planned reads the files and makes the changes in memory.
func (f Files) planned(plan func(*api.Config) (Change, error)) ([]*file, Report, error) {
	docs, err := f.read()
	if err != nil {
		return nil, Report{}, err
	}
	var report Report
	for range rounds {
		change, err := plan(merge(docs))
		if err != nil {
			return nil, Report{}, err
		}
		if change.Empty() {
			break
		}
		if err := edit(docs, change, &report); err != nil {
			return nil, Report{}, err
		}
	}
	report.Config = merge(docs)
	return docs, report, nil
}

// changed tells whether the file is to be written.
func (d *file) changed() bool {
	return !bytes.Equal(d.read, d.Text())
}

// edit makes a change of the merged view in the files, each entry where it is at home.
func edit(docs []*file, c Change, report *Report) error {
	parts := c.Split(len(docs), func(s splice.Section, name string) int {
		if i := slices.IndexFunc(docs, func(d *file) bool { return d.Has(s, name) }); i >= 0 {
			return i
		}
		return destination(docs)
	})
	switch {
	case c.CurrentContext == nil:
	case *c.CurrentContext != "":
		parts[destination(docs)].CurrentContext = c.CurrentContext
	default:
		gone := merge(docs).CurrentContext
		for i, doc := range docs {
			if doc.Config().CurrentContext == gone {
				parts[i].CurrentContext = c.CurrentContext
			}
		}
	}
	for i, doc := range docs {
		if err := doc.edit(parts[i], report); err != nil {
			return err
		}
	}
	return nil
}

func (d *file) edit(c Change, report *Report) error {
	rewritten, err := d.Edit(c)
	if err != nil {
		return &FileError{d.path, "cannot be edited: " + err.Error(), "repair the file, or name another one with KUBECONFIG", err}
	}
	if rewritten {
		report.Rewritten = append(report.Rewritten, d.path)
	}
	return nil
}

// unchanged looks once more at what will be replaced.
func (d *file) unchanged() error {
	text, err := readRegular(d.path)
	switch {
	case errors.Is(err, fs.ErrNotExist) && !d.exists:
		return nil
	case err != nil && !errors.Is(err, fs.ErrNotExist):
		return err
	case err != nil || !d.exists || !bytes.Equal(text, d.read):
		return fmt.Errorf("%s: %w", d.path, errChanged)
	}
	return nil
}
