package cli

import (
	"errors"
	"fmt"
	"maps"
	"slices"
	"strings"

	"github.com/kubectl-vsphere/kubectl-vsphere/pkg/kubeconfig"
	"github.com/kubectl-vsphere/kubectl-vsphere/pkg/login"
	"github.com/kubectl-vsphere/kubectl-vsphere/pkg/redact"
	"github.com/kubectl-vsphere/kubectl-vsphere/pkg/safetext"
	"github.com/kubectl-vsphere/kubectl-vsphere/pkg/tokens"
)

func static(c tokens.Credential, o loginOptions) redact.Secret {
	if o.staticTokens {
		return c.Token
	}
	return ""
}

// report says what happened: the list of contexts in the words of VMware's plugin, which scripts read, on standard output,
// and what did not work on standard error.
func (a *App) report(res *login.Result, w written, o loginOptions) error {
	fmt.Fprintln(a.Out, "Logged in successfully.")
	fmt.Fprintln(a.Out)
	fmt.Fprintln(a.Out, "You have access to the following contexts:")
	for _, name := range slices.Sorted(maps.Keys(w.Config.Contexts)) {
		if kubeconfig.Listed(w.Config, w.Config.Contexts[name]) {
			fmt.Fprintln(a.Out, "   "+safetext.Line(name, maxName))
		}
	}
	fmt.Fprintln(a.Out)
	fmt.Fprintln(a.Out, "If the context you wish to use is not in this list, you may need to try")
	fmt.Fprintln(a.Out, "logging in again later, or contact your cluster administrator.")
	fmt.Fprintln(a.Out)
	fmt.Fprintln(a.Out, "To change context, use `kubectl config use-context <workload name>`")
	return a.reportFailures(res, w, o.clusters.Named())
}

// noteEnd says when a session ends that nothing renews, neither the issuer nor a password that is at hand.
func (l *federatedLogin) noteEnd(s tokens.Session) {
	password := flow(l.issuer.Flow) == flowPassword && (len(s.PasswordCommand) > 0 || s.Keychain)
	if l.issuer.Renews() || l.issuer.Unattended() || password {
		return
	}
	fmt.Fprintf(l.ErrOut, "note: the issuer gave no refresh token, so this session ends with its token, at %s; for a longer one it must grant the scope offline_access to the client %s\n",
		l.until(s.Ends), l.issuer.Client)
}

// reportFailures says what did not work. named is a login for clusters that the user named.
func (a *App) reportFailures(res *login.Result, w written, named bool) error {
	switch {
	case res.Single:
	case res.NamespacesHidden && len(res.Namespaces) == 0:
		fmt.Fprintln(a.ErrOut, "note: you may not list the vSphere Namespaces here (403); name yours with --namespaces, once")
	case len(res.Namespaces) == 0 && len(res.Failures) == 0:
		fmt.Fprintln(a.ErrOut, "note: you have no vSphere Namespace here; ask your vSphere administrator for a role in one")
	}
	if len(res.Unlisted) > 0 && !named {
		fmt.Fprintf(a.ErrOut, "note: you may not list the clusters of %s (403); name one with --tanzu-kubernetes-cluster-name or --workload-clusters\n",
			strings.Join(res.Unlisted, ", "))
	}
	if len(res.Failures)+len(w.unnamed) == 0 {
		return nil
	}
	fmt.Fprintln(a.ErrOut, "Not all cluster/workload sessions were established. Login failed for the following clusters/workloads:")
	for _, f := range res.Failures {
		fmt.Fprintf(a.ErrOut, "   %s: %v\n", f.What, f.Err)
	}
	for _, name := range w.unnamed {
		fmt.Fprintf(a.ErrOut, "   %s: every name for its context is taken by something else in the kubeconfig\n", name)
	}
	for _, step := range advices(res.Failures) {
		fmt.Fprintln(a.ErrOut, step)
	}
	return &silentError{fmt.Errorf("%w: %d of the clusters or workloads", errPartial, len(res.Failures)+len(w.unnamed))}
}

// errPartial is a login that reached some of what it wanted.
var errPartial = errors.New("not everything worked")
