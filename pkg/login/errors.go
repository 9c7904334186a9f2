package login

import (
	"errors"
	"fmt"
	"strings"
)

// ErrNoEndpoint means that a cluster exists and has no API server address yet: while the control plane is being
// created, the Supervisor answers with a token and without guest_cluster_server.
var ErrNoEndpoint = errors.New("has no API server address yet; it is probably still being created")

// ErrCAUnknown means that the CA of a cluster is known to the cluster alone, and that it was not reachable or not
// trusted at the last login.
var ErrCAUnknown = errors.New("its CA is not known, since it could not be asked for it at the last login")

// NoCA words why a context has no CA yet. NoCA(nil) is nil.
func NoCA(err error) error {
	if err == nil {
		return nil
	}
	return fmt.Errorf("%w; its context is of no use until a login gets its CA", err)
}

// ErrGone means that the Supervisor does not have the cluster any more.
var ErrGone = errors.New("the cluster is not there any more")

// UnknownClusterError is a cluster that the user named and that does not exist.
type UnknownClusterError struct {
	Known    []Ref    // the clusters that exist
	Unlisted []string // namespaces whose clusters could not be listed
}

// maxNamed bounds how many clusters one error lists.
const maxNamed = 20

// Error lists the clusters that exist.
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
