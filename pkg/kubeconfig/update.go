package kubeconfig

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"io/fs"

	"k8s.io/client-go/tools/clientcmd/api"
	clientcmdv1 "k8s.io/client-go/tools/clientcmd/api/v1"
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
			report.Texts = append(report.Texts, Text{doc.path, doc.read, doc.text})
		}
	}
	return report, nil
}

// Text is a kubeconfig with the change and nothing else.
func (c Change) Text() ([]byte, error) {
	text, _, err := Splice(nil, c)
	return text, err
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
	if err := destination(docs).writable(); err != nil {
		return err
	}
	const name = "kubectl-vsphere-check"
	current := name
	var report Report
	return destination(docs).edit(Change{
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
		if err := edits(docs, change, &report); err != nil {
			return nil, Report{}, err
		}
	}
	report.Config = merge(docs)
	return docs, report, nil
}

// changed tells whether the file is to be written.
func (d *file) changed() bool {
	return !bytes.Equal(d.read, d.text) || !d.exists && len(d.text) > 0
}

// edits puts a change of the merged view into the files.
func edits(docs []*file, c Change, report *Report) error {
	parts := make(map[*file]*Change, len(docs))
	part := func(doc *file) *Change {
		if parts[doc] == nil {
			parts[doc] = &Change{}
		}
		return parts[doc]
	}
	for _, e := range c.edits() {
		part(home(docs, e)).add(e)
	}
	if c.CurrentContext != nil {
		if *c.CurrentContext != "" {
			part(destination(docs)).CurrentContext = c.CurrentContext
		} else {
			gone := merge(docs).CurrentContext
			for _, doc := range docs {
				if doc.config.CurrentContext == gone {
					part(doc).CurrentContext = c.CurrentContext
				}
			}
		}
	}
	for _, doc := range docs {
		if parts[doc] == nil {
			continue
		}
		if err := doc.edit(*parts[doc], report); err != nil {
			return err
		}
	}
	return nil
}

// home is the file that an entry comes from, or where a new one goes.
func home(docs []*file, e edit) *file {
	for _, doc := range docs {
		if doc.has(e) {
			return doc
		}
	}
	return destination(docs)
}

func (d *file) has(e edit) bool {
	switch e.section {
	case clusters:
		return d.config.Clusters[e.name] != nil
	case contexts:
		return d.config.Contexts[e.name] != nil
	default:
		return d.config.AuthInfos[e.name] != nil
	}
}

func (d *file) edit(c Change, report *Report) error {
	var text []byte
	var config *api.Config
	var rewritten bool
	doc, err := d.take()
	if err == nil {
		text, config, rewritten, err = doc.editVerified(d.config, c)
	}
	if err != nil {
		return &FileError{d.path, "cannot be edited: " + err.Error(), "mend the file, or name another one with KUBECONFIG", err}
	}
	d.text, d.config = text, config
	if rewritten {
		report.Rewritten = append(report.Rewritten, d.path)
	}
	return nil
}

// take gives the document for one edit. That of the file as it was read is there already: to parse a large one takes as long
// as kubectl takes to read it.
func (d *file) take() (*document, error) {
	doc := d.document
	d.document = nil
	if doc == nil {
		return parse(d.text)
	}
	return doc, nil
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
