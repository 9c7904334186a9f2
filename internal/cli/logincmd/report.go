package logincmd

import (
	"context"
	"fmt"
	"maps"
	"slices"
	"strings"

	"github.com/kubectl-vsphere/kubectl-vsphere/internal/contexts"
	"github.com/kubectl-vsphere/kubectl-vsphere/internal/failure"
	"github.com/kubectl-vsphere/kubectl-vsphere/pkg/kubeconfig"
	"github.com/kubectl-vsphere/kubectl-vsphere/pkg/login"
	"github.com/kubectl-vsphere/kubectl-vsphere/pkg/safetext"
)

// writeContexts writes the contexts and says what a person should know of that.
func (r *run) writeContexts(ctx context.Context, l contexts.Login) (contexts.Written, error) {
	w, err := l.Write(ctx, r.env, r.files)
	if err != nil {
		return w, err
	}
	if w.Command != "" {
		r.env.Notef("PATH does not find this program, so the kubeconfig calls it as %s", w.Command)
	}
	for _, path := range w.Rewritten {
		r.env.Notef("%s has sections in flow style (as JSON), which were laid out anew", path)
	}
	for _, name := range w.Vanished {
		if r.o.Prune {
			r.env.Notef("the context %s is removed: what it was for is not there any more", name)
		} else {
			r.env.Notef("what the context %s is for is not there any more; --prune removes it", name)
		}
	}
	return w, nil
}

// maxName bounds the name of a context on the terminal, in characters.
const maxName = 256

// report says what happened: the list of contexts in the words of VMware's plugin, which scripts read, on standard output, and what did
// not work on standard error.
func (r *run) report(res *login.Result, w contexts.Written) error {
	r.env.Printf("Logged in successfully.\n\nYou have access to the following contexts:")
	for _, name := range slices.Sorted(maps.Keys(w.Config.Contexts)) {
		if kubeconfig.Listed(w.Config, w.Config.Contexts[name]) {
			r.env.Printf("   %s", safetext.Line(name, maxName))
		}
	}
	r.env.Printf("\nIf the context you wish to use is not in this list, you may need to try\n" +
		"logging in again later, or contact your cluster administrator.\n\n" +
		"To change context, use `kubectl config use-context <workload name>`")
	return r.reportFailures(res, w.Unnamed)
}

// reportFailures says what did not work. unnamed are wanted contexts that have no name.
func (r *run) reportFailures(res *login.Result, unnamed []string) error {
	switch {
	case res.Single:
	case res.NamespacesHidden && len(res.Namespaces) == 0:
		r.env.Notef("you may not list the vSphere Namespaces here (403); name yours with --namespaces, once")
	case len(res.Namespaces) == 0 && len(res.Failures) == 0:
		r.env.Notef("you have no vSphere Namespace here; ask your vSphere administrator for a role in one")
	}
	if len(res.Unlisted) > 0 && !r.o.Clusters.Named() {
		r.env.Notef("you may not list the clusters of %s (403); name one with --tanzu-kubernetes-cluster-name or --workload-clusters",
			strings.Join(res.Unlisted, ", "))
	}
	if len(res.Failures)+len(unnamed) == 0 {
		return nil
	}
	r.env.Tellf("Not all cluster/workload sessions were established. Login failed for the following clusters/workloads:")
	for _, f := range res.Failures {
		r.env.Tellf("   %s: %v", f.What, f.Err)
	}
	for _, name := range unnamed {
		r.env.Tellf("   %s: every name for its context is taken by something else in the kubeconfig", name)
	}
	for _, step := range failure.Advices(res.Failures) {
		r.env.Tellf("%s", step)
	}
	return failure.Silent(fmt.Errorf("%w: %d of the clusters or workloads", failure.ErrPartial, len(res.Failures)+len(unnamed)))
}
