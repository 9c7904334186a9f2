// Package contexts writes the contexts of a login into a kubeconfig: one for the Supervisor, one for each vSphere Namespace, one for
// each TKG cluster. It also finds the session's contexts whose namespace or cluster no longer exists.
package contexts

import (
	"context"
	"fmt"
	"net"
	"strings"

	"k8s.io/client-go/tools/clientcmd/api"

	"github.com/kubectl-vsphere/kubectl-vsphere/internal/console"
	"github.com/kubectl-vsphere/kubectl-vsphere/internal/site"
	"github.com/kubectl-vsphere/kubectl-vsphere/pkg/kubeconfig"
	"github.com/kubectl-vsphere/kubectl-vsphere/pkg/login"
	"github.com/kubectl-vsphere/kubectl-vsphere/pkg/redact"
	"github.com/kubectl-vsphere/kubectl-vsphere/pkg/supervisor"
	"github.com/kubectl-vsphere/kubectl-vsphere/pkg/tokens"
	"github.com/kubectl-vsphere/kubectl-vsphere/pkg/trust"
)

// Login is a login whose contexts are to be written.
type Login struct {
	Session tokens.Session
	Others  []tokens.Session // of the store, which own what they own
	Result  *login.Result
	Options
}

// Options are what a login's contexts look like.
type Options struct {
	Server       supervisor.Address
	Aliases      supervisor.Aliases // other addresses of servers (NAT)
	Clusters     login.Selection    // the clusters that the login looked for
	Names        map[string]string  // what a person calls servers, by canonical address
	Prefix       string             // of context names
	PrefixSet    bool               // it was asked for: contexts with another prefix are renamed
	Exec         Exec               // how contexts call this program
	Current      string             // the cluster whose context becomes the current one, NAME or NAMESPACE/NAME
	KeepCurrent  bool
	StaticTokens bool
	Prune        bool // remove contexts whose namespace or cluster no longer exists
}

// Written is what Write changed in the kubeconfig.
type Written struct {
	kubeconfig.Report
	Unnamed  []string // wanted contexts that got no name: other entries have every possible one
	Vanished []string // contexts whose namespace or cluster no longer exists; with Options.Prune they are removed
	// Command is the path that the contexts call, if the program is not on PATH; else "".
	Command string
}

// Write writes the contexts of a login into the kubeconfig files, in one step.
func (l Login) Write(ctx context.Context, e *console.Env, files kubeconfig.Files) (Written, error) {
	wanted, look := l.wanted(), l.look(e)
	var plan kubeconfig.Planned
	var w Written
	report, err := files.Update(ctx, l.StaticTokens, func(old *api.Config) (kubeconfig.Change, error) {
		plan = l.plan(old, look, wanted)
		if gone := l.vanished(old); len(gone) > 0 {
			w.Vanished = gone // Kept, since a second run after pruning finds none.
		}
		if plan.Change.Empty() && l.Prune {
			return kubeconfig.RemoveContexts(old, w.Vanished), nil
		}
		return plan.Change, nil
	})
	if err != nil {
		return Written{}, fmt.Errorf("you are logged in, but the contexts could not be written: %w", err)
	}
	w.Report = report
	if look.Command != programName && l.Exec.Command == "" && len(report.Written) > 0 && calls(report.Config, look.Command) {
		w.Command = look.Command
	}
	for i, name := range plan.Names {
		if name == "" {
			w.Unnamed = append(w.Unnamed, l.Prefix+wanted[i].Name)
		}
	}
	return w, nil
}

// calls reports whether an entry calls the command: others keep the one that they have.
func calls(cfg *api.Config, command string) bool {
	for _, u := range cfg.AuthInfos {
		if u.Exec != nil && u.Exec.Command == command {
			return true
		}
	}
	return false
}

// Preview returns what Write would do: the new entries, and the texts of the files before and after.
func (l Login) Preview(e *console.Env, files kubeconfig.Files) (kubeconfig.Change, kubeconfig.Report, error) {
	wanted, look := l.wanted(), l.look(e)
	var first *kubeconfig.Change
	report, err := files.Preview(func(old *api.Config) (kubeconfig.Change, error) {
		plan := l.plan(old, look, wanted)
		if first == nil {
			first = &plan.Change
		}
		return plan.Change, nil
	})
	if first == nil {
		first = new(kubeconfig.Change)
	}
	return *first, report, err
}

// Standalone returns a kubeconfig (YAML) with only this login.
func (l Login) Standalone() ([]byte, error) {
	return kubeconfig.Plan(api.NewConfig(), kubeconfig.Options{Command: programName, Prefix: l.Prefix}, l.wanted()).Change.Text()
}

// plan returns the changes to a kubeconfig.
func (l Login) plan(old *api.Config, look kubeconfig.Options, wanted []kubeconfig.Wanted) kubeconfig.Planned {
	p := kubeconfig.Plan(old, look, wanted)
	if l.KeepCurrent && old.CurrentContext != "" {
		p.Change.CurrentContext = nil
	}
	return p
}

// wanted returns one context for the Supervisor, one for each namespace and one for each cluster.
func (l Login) wanted() []kubeconfig.Wanted {
	var wanted []kubeconfig.Wanted
	for _, h := range l.Result.Hosts {
		if h.Address == l.Server {
			wanted = append(wanted, kubeconfig.Wanted{Name: h.Address.Host, Target: l.hostTarget(h)})
		}
	}
	for _, ns := range l.Result.Namespaces {
		wanted = append(wanted, kubeconfig.Wanted{Name: ns.Name, Namespace: ns.Name, Target: l.hostTarget(ns.Host)})
	}
	for _, c := range l.Result.Clusters {
		wanted = append(wanted, kubeconfig.Wanted{
			Name: c.Name, Target: l.clusterTarget(c),
			Current: l.Current != "" && (l.Current == c.Name || l.Current == c.Namespace+"/"+c.Name),
		})
	}
	return wanted
}

func (l Login) hostTarget(h login.Host) kubeconfig.Target {
	server, t := h.Address.API(h.APIPort), l.Session.Trust
	target := kubeconfig.Target{
		Key: h.Credential.Key, Site: l.Names[h.Credential.Key.Server], CA: site.APICA(h, server, t), Insecure: t.Mode == trust.Insecure, Token: l.static(h.Credential),
	}
	return l.withServer(target, server)
}

// clusterTarget returns the target of a TKG cluster. The CA that the Supervisor names verifies its server, else the system's roots do.
// It is always verified.
func (l Login) clusterTarget(c login.Cluster) kubeconfig.Target {
	t := kubeconfig.Target{Key: c.Credential.Key, Site: l.Names[c.Credential.Key.Server], CA: c.CA, Token: l.static(c.Credential)}
	if c.URL != "" {
		return l.withServer(t, c.URL)
	}
	if a, err := supervisor.ParseAddress(c.Server); err == nil {
		return l.withServer(t, a.API(a.Port))
	}
	return t
}

func (l Login) static(c tokens.Credential) redact.Secret {
	if l.StaticTokens {
		return c.Token
	}
	return ""
}

// withServer fills in the server (a URL). If the server has an alias, kubectl connects to that and verifies the server's own name.
func (l Login) withServer(t kubeconfig.Target, server string) kubeconfig.Target {
	t.Server = server
	name := strings.TrimPrefix(server, "https://")
	if at := l.Aliases.Reach(name); at != name {
		t.Server = "https://" + at
		t.Name, _, _ = net.SplitHostPort(name) // It has a port.
	}
	return t
}
