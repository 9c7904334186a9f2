package logincmd

import (
	"context"
	"fmt"
	"slices"
	"strings"

	"k8s.io/client-go/tools/clientcmd/api"

	"github.com/kubectl-vsphere/kubectl-vsphere/internal/console"
	"github.com/kubectl-vsphere/kubectl-vsphere/internal/contexts"
	"github.com/kubectl-vsphere/kubectl-vsphere/internal/failure"
	"github.com/kubectl-vsphere/kubectl-vsphere/pkg/kubeconfig"
	"github.com/kubectl-vsphere/kubectl-vsphere/pkg/login"
	"github.com/kubectl-vsphere/kubectl-vsphere/pkg/order"
	"github.com/kubectl-vsphere/kubectl-vsphere/pkg/safetext"
)

// writeContexts writes the contexts and prints notes about them.
func (r *run) writeContexts(ctx context.Context, l contexts.Login) (contexts.Written, error) {
	w, err := l.Write(ctx, r.env, r.files)
	if err != nil {
		return w, err
	}
	if w.Command != "" {
		r.env.Notef("this program is not on PATH, so the kubeconfig calls it as %s", w.Command)
	}
	if r.o.StaticTokens {
		r.env.Notef("the kubeconfig holds the tokens themselves (--static-tokens), for whoever can read it. Later logins of this session do the same, until --static-tokens=false.")
	}
	for _, path := range w.Rewritten {
		r.env.Notef("%s has sections in flow style (like JSON), whose layout has changed", path)
	}
	for _, name := range w.Vanished {
		if r.o.Prune {
			r.env.Notef("the context %s is removed: its namespace or cluster no longer exists", name)
		} else {
			r.env.Notef("the namespace or cluster of the context %s no longer exists; --prune removes the context", name)
		}
	}
	return w, nil
}

// tellPorts says where the API servers of the site are reached, if that is not their own port.
func tellPorts(e *console.Env, res *login.Result) {
	for _, h := range res.Hosts {
		if h.Silent != nil {
			e.Notef("%s: %v\nIts contexts use that port, as --api-port says. To have login find the port, add: --api-port auto", h.Address.Host, h.Silent)
		}
		if h.Instead != nil {
			e.Notef("%s: %v\nIts contexts use port %d, whose front passes requests on. The next login tries %d again.",
				h.Address.Host, h.Instead, h.APIPort, h.Instead.Port)
		}
	}
}

// maxName bounds the name of a context on the terminal, in characters.
const maxName = 256

// report prints the list of contexts on standard output, in the words of VMware's plugin. Scripts read it as that prints it: a person at a
// terminal sees it by kind, with a star before the current context. Failures go to standard error.
func (r *run) report(res *login.Result, w contexts.Written) error {
	r.env.Printf("Logged in successfully.\n\nYou have access to the following contexts:")
	listed := contexts.Entries(w.Config, func(c *api.Context) bool { return kubeconfig.Listed(w.Config, c) })
	person := console.Columns(r.env.Out) > 0
	if !person {
		order.By(listed, func(a, b contexts.Entry) int { return strings.Compare(a.Name, b.Name) })
	}
	for _, c := range listed {
		mark := " "
		if person && c.Name == w.Config.CurrentContext {
			mark = "*"
		}
		r.env.Printf("  %s%s", mark, safetext.Line(c.Name, maxName))
	}
	r.env.Printf("\nIf the context you wish to use is not in this list, you may need to try\n" +
		"logging in again later, or contact your cluster administrator.\n\n" +
		"To change context, use `kubectl config use-context <workload name>`")
	return r.reportFailures(res, w.Unnamed)
}

// reportFailures prints what failed. unnamed are wanted contexts that got no name. The error, ErrPartial, sets only the exit code.
func (r *run) reportFailures(res *login.Result, unnamed []string) error {
	switch {
	case res.Single:
	case res.NamespacesHidden && len(res.Namespaces) == 0:
		r.env.Notef("you may not list the vSphere Namespaces here (403); name yours with --namespaces, once")
	case len(res.Namespaces) == 0 && len(res.Failures) == 0:
		r.env.Notef("you have no vSphere Namespace here; ask your vSphere administrator for a role in one,\n"+
			"and then log in again, which adds its contexts: %s", r.again)
	}
	for _, name := range res.Absent {
		r.env.Notef("you have no vSphere Namespace %s here; check the name, or ask your vSphere administrator for a role in it", name)
	}
	if len(res.Unlisted) > 0 && !r.o.Clusters.Named() {
		r.env.Notef("you may not list the clusters of %s (403); name one with --tanzu-kubernetes-cluster-name or --workload-clusters",
			strings.Join(slices.Compact(slices.Sorted(slices.Values(res.Unlisted))), ", ")) // Several Supervisors may have one of a name.
	}
	if len(res.Failures)+len(unnamed) == 0 {
		return nil
	}
	r.env.Tellf("Not all cluster/workload sessions were established. Login failed for the following clusters/workloads:")
	for _, f := range res.Failures {
		r.env.Tellf("   %s: %v", f.What, f.Err)
	}
	for _, name := range unnamed {
		r.env.Tellf("   %s: the kubeconfig has other entries under every name for its context", name)
	}
	for _, step := range failure.Advices(res.Failures) {
		r.env.Tellf("%s", step)
	}
	return failure.Silent(fmt.Errorf("%w: %d of the clusters or workloads", failure.ErrPartial, len(res.Failures)+len(unnamed)))
}
