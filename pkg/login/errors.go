package login

import (
	"errors"
	"fmt"
	"strings"
)

// ErrNoEndpoint is a cluster that exists and has no API server address yet: the Supervisor answers with a token and
// without guest_cluster_server while the control plane is being created.
var ErrNoEndpoint = errors.New("has no API server address yet; it is probably still being created")

// ErrCAUnknown is a cluster that was to tell its CA itself, and could not be asked or believed when somebody logged in.
var ErrCAUnknown = errors.New("its CA is not known, since it could not be asked for it at the last login")

// NoCA words why a context has no CA yet; nil stays nil.
func NoCA(err error) error {
	if err == nil {
		return nil
	}
	return fmt.Errorf("%w; its context is of no use until a login gets its CA", err)
}

// ErrGone is a cluster that the Supervisor does not know any more.
var ErrGone = errors.New("the cluster is not there any more")

// UnknownClusterError is a cluster that the user named and that nobody knows.
type UnknownClusterError struct {
	Known    []Ref    // the clusters that exist
	Unlisted []string // namespaces whose clusters could not be listed
}

// maxNamed bounds how many clusters one error message lists.
const maxNamed = 20

// Error lists what exists.
func (e *UnknownClusterError) Error() string {
	if len(e.Known) == 0 {
		return "no such cluster in the namespaces that you may use"
	}
	var names []string
	for i, r := range e.Known {
		if i == maxNamed {
			names = append(names, fmt.Sprintf("and %d more", len(e.Known)-maxNamed))
			break
		}
		names = append(names, r.String())
	}
	return "no such cluster; there are: " + strings.Join(names, ", ")
}

// AmbiguousError is a cluster name that exists in several namespaces.
type AmbiguousError struct {
	Name string
	In   []string
}

// Error names the namespaces.
func (e *AmbiguousError) Error() string {
	return "exists in the namespaces " + strings.Join(e.In, " and ")
}
