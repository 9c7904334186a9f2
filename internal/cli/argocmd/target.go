package argocmd

import (
	"context"
	"errors"
	"fmt"
	"maps"
	"slices"
	"strings"

	"github.com/kubectl-vsphere/kubectl-vsphere/internal/command"
	"github.com/kubectl-vsphere/kubectl-vsphere/internal/console"
	"github.com/kubectl-vsphere/kubectl-vsphere/internal/failure"
	"github.com/kubectl-vsphere/kubectl-vsphere/internal/method"
	"github.com/kubectl-vsphere/kubectl-vsphere/internal/session"
	"github.com/kubectl-vsphere/kubectl-vsphere/internal/site"
	"github.com/kubectl-vsphere/kubectl-vsphere/pkg/tokens"
)

// target is the cluster that a person names.
type target struct {
	Name      string
	Namespace string // empty: any
	Server    string // canonical; empty: any
	Context   string // empty: any
}

// found is a context that leads to the cluster.
type found struct {
	session.Context
	sessions *session.Sessions
	config   *site.APIServer // without a credential
}

// find returns the context that leads to the cluster. Several of one credential are the same.
func (t target) find(ctx context.Context, e *console.Env) (found, error) {
	store, files, err := command.Open(e)
	if err != nil {
		return found{}, err
	}
	kubeconfig, err := files.Load()
	if err != nil {
		return found{}, err
	}
	f := found{sessions: method.Sessions(e, store)}
	var several []string
	for _, name := range slices.Sorted(maps.Keys(kubeconfig.Contexts)) {
		c, err := session.FindContext(kubeconfig, name)
		if err != nil || !t.means(c) || len(several) > 0 && c.Key == f.Key {
			continue
		}
		f.Context, several = c, append(several, c.Name)
	}
	switch {
	case len(several) == 0:
		return found{}, t.missing(f.sessions)
	case len(several) > 1:
		return found{}, failure.Hint(fmt.Errorf("several contexts lead to a cluster %q: %s", t.Name, strings.Join(several, ", ")), "Say which with --context, -n or --server.")
	}
	if f.config, err = f.Config(ctx, e); err != nil {
		return found{}, err
	}
	return f, f.check()
}

// means reports whether a context leads to the cluster.
func (t target) means(c session.Context) bool {
	namespace, name, _ := strings.Cut(c.Key.Cluster, "/")
	return name == t.Name && (t.Namespace == "" || t.Namespace == namespace) && (t.Server == "" || t.Server == c.Key.Server) && (t.Context == "" || t.Context == c.Name)
}

// missing returns the error of a cluster without a context.
func (t target) missing(sessions *session.Sessions) error {
	err := fmt.Errorf("no context of your kubeconfig leads to a cluster %q", t.Name)
	if t.Context != "" {
		err = fmt.Errorf("the context %.80q does not lead to a cluster %q", t.Context, t.Name)
	}
	all, _ := sessions.Store.Sessions()
	all = slices.DeleteFunc(all, func(s tokens.Session) bool { return t.Server != "" && s.Server != t.Server })
	if len(all) != 1 {
		return failure.Hint(err, "To list those that lead to clusters, type: kubectl vsphere status")
	}
	more := ""
	if t.Namespace != "" {
		more = " --workload-clusters " + failure.Quote(t.Namespace+"/"+t.Name)
	}
	return failure.Hint(err, "To write one, type: %s%s", sessions.Command(all[0]), more)
}

// check returns an error if Argo CD cannot go the way that the context goes.
func (f found) check() error {
	switch as := f.config.As; {
	case as.User != "" || as.UID != "" || len(as.Groups) > 0:
		return fmt.Errorf("the context %q impersonates a user, which Argo CD cannot", f.Name)
	case f.config.Insecure:
		return failure.Hint(fmt.Errorf("the context %q does not verify the server, so that Argo CD would give its token to anybody", f.Name),
			"Log in with --certificate-authority.")
	case f.config.Proxy != nil:
		return failure.Hint(fmt.Errorf("the context %q goes by a proxy, which may not be there for Argo CD", f.Name),
			"Make a context without proxy-url, and name it with --context.")
	case !strings.HasPrefix(f.config.Host, "https://"):
		return errors.New("the server has no TLS")
	}
	return nil
}
