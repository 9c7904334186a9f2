package login

import (
	"fmt"
	"slices"
	"strings"

	"github.com/kubectl-vsphere/kubectl-vsphere/pkg/safetext"
)

// maxTyped bounds what an error repeats of a selection, in characters.
const maxTyped = 300

// Selection is the TKG clusters that a login is for. The zero value is all of them.
type Selection struct {
	nothing bool
	only    []Ref
}

// Ref names a cluster. Namespace is empty when the user did not say it.
type Ref struct{ Namespace, Name string }

// String is NAMESPACE/NAME, or NAME alone.
func (r Ref) String() string {
	if r.Namespace == "" {
		return r.Name
	}
	return r.Namespace + "/" + r.Name
}

// ParseSelection reads "all", "none" or a comma-separated list of NAMESPACE/NAME or NAME.
func ParseSelection(s string) (Selection, error) {
	switch strings.TrimSpace(s) {
	case "", "all":
		return Selection{}, nil
	case "none":
		return Selection{nothing: true}, nil
	}
	var sel Selection
	for part := range strings.SplitSeq(s, ",") {
		ref, err := parseRef(strings.TrimSpace(part))
		if err != nil {
			return Selection{}, err
		}
		sel = sel.With(ref)
	}
	return sel, nil
}

func parseRef(s string) (Ref, error) {
	namespace, name, found := strings.Cut(s, "/")
	if !found {
		namespace, name = "", s
	}
	if name == "" || (found && namespace == "") || strings.Contains(name, "/") {
		return Ref{}, fmt.Errorf("%s is not NAMESPACE/NAME", safetext.Quote(s, maxTyped))
	}
	return Ref{Namespace: namespace, Name: name}, nil
}

// String returns the form that ParseSelection reads; empty for all.
func (s Selection) String() string {
	if s.nothing {
		return "none"
	}
	var refs []string
	for _, r := range s.only {
		refs = append(refs, r.String())
	}
	return strings.Join(refs, ",")
}

// With returns the selection narrowed to ref, or with ref beside the clusters that it names already.
func (s Selection) With(ref Ref) Selection {
	if slices.Contains(s.only, ref) {
		return s
	}
	return Selection{only: append(slices.Clone(s.only), ref)}
}

// All reports whether every cluster is selected.
func (s Selection) All() bool { return !s.nothing && len(s.only) == 0 }

// Named reports whether the user named the clusters.
func (s Selection) Named() bool { return len(s.only) > 0 }

// none reports whether no cluster is selected.
func (s Selection) none() bool { return s.nothing }
