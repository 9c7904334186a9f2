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

// Report is the result of Update or Preview.
type Report struct {
	Written   []string    // the files that were replaced
	Rewritten []string    // the files with flow style (JSON, for example) that was written in a new layout
	Config    *api.Config // all files merged, as they are now
	Texts     []Text      // from Preview: the files that Update would replace
}

// Text is one kubeconfig file before and after a change. It may hold secrets: see package mask.
type Text struct {
	Path     string
	Old, New []byte
}

// Preview works out what Update would do, and writes nothing. Errors are as with Update.
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

// rounds bounds how often plan is called. When an entry is deleted, one of the same name in a later file counts instead,
// and plan must see it.
const rounds = 10

// Update changes the files: it reads them, calls plan with their merged view until plan changes nothing more, and
// replaces each changed file once. An entry is changed in the file that it comes from; a new one goes where kubectl
// would put it. With private, written files get the mode 0600.
//
// An error about a file is a *FileError; that file is as it was. If a program that takes no lock changes a file
// meanwhile, Update starts again with the new text. It returns the error of plan, and ctx.Err() when ctx ends while it
// waits for a lock.
func (f Files) Update(ctx context.Context, private bool, plan func(*api.Config) (Change, error)) (Report, error) {
	unlock, err := f.lock(ctx)
	if err != nil {
		return Report{}, err
	}
	defer unlock()
	f.removeLeftovers() // Nothing of ours is in use: our other writers wait for the lock.
	for range rounds {
		report, err := f.update(ctx, private, plan)
		if !errors.Is(err, errChanged) {
			return report, err
		}
	}
	return Report{}, &FileError{f.Paths[0], "keeps being changed by another program", "try again", errChanged}
}

// Check reports, as a *FileError, why Update could not add entries. It is for the time before a password is asked for: a
// file that kubectl can read may still be read-only, or not safe to edit. A file of another form than kubectl's is edited in
// memory, to see that. Check leaves the files as they are, but for one
// that a process of ours was killed over: its text from before comes back. Update of the files that it returns parses only
// what has changed since: a file with a thousand clusters takes a tenth of a second.
func (f Files) Check(ctx context.Context) (Files, error) {
	if err := f.recover(ctx); err != nil {
		return f, err
	}
	docs, err := f.read(readAgain)
	if err != nil {
		return f, err
	}
	to := destination(docs)
	if to < 0 {
		return f, nowhere(docs)
	}
	f.known = map[string]*splice.Document{}
	for _, d := range docs {
		f.known[d.path] = d.Again()
	}
	doc := docs[to]
	if err := doc.writable(); err != nil || doc.Plain() {
		return f, err
	}
	const name = "kubectl-vsphere-check"
	current := name
	var report Report
	return f, doc.edit(Change{
		Clusters:       []clientcmdv1.NamedCluster{{Name: name, Cluster: clientcmdv1.Cluster{Server: "https://" + name}}},
		Contexts:       []clientcmdv1.NamedContext{{Name: name, Context: clientcmdv1.Context{Cluster: name, AuthInfo: name}}},
		Users:          []clientcmdv1.NamedAuthInfo{{Name: name}},
		CurrentContext: &current,
	}, &report)
}

// errChanged means that the file on disk is no longer the one that was read.
var errChanged = errors.New("another program changed it meanwhile")

func (f Files) update(ctx context.Context, private bool, plan func(*api.Config) (Change, error)) (Report, error) {
	release, unlocked, err := f.takeKubectlLocks(ctx)
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
		if err := unlocked[doc.path]; err != nil {
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
	docs, err := f.read(readAgain)
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

// changed reports whether the file must be written.
func (d *file) changed() bool {
	return !bytes.Equal(d.read, d.Text())
}

// edit makes a change of the merged view in the files: an entry in the first file that has it, a new one in destination.
func edit(docs []*file, c Change, report *Report) error {
	if destination(docs) < 0 { // They have no entries that could go: these are new.
		return nowhere(docs)
	}
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

// unchanged returns errChanged if the file is no longer the one that was read.
func (d *file) unchanged() error {
	text, err := readAgain(d.path)
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
