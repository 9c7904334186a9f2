// Package contexts writes the contexts of a login into a kubeconfig: one for the Supervisor, one for each vSphere Namespace, one for
// each TKG cluster. It also finds the session's contexts whose namespace or cluster no longer exists.
package contexts

import (
	"context"
	"fmt"
	"net"
	"os"
	"path/filepath"
	"strings"

	"k8s.io/client-go/tools/clientcmd/api"

	"github.com/kubectl-vsphere/kubectl-vsphere/internal/console"
	"github.com/kubectl-vsphere/kubectl-vsphere/internal/failure"
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
	Result  *login.Result
	Options
}

// Options are what a login's contexts look like.
type Options struct {
	Server       supervisor.Address
	Aliases      supervisor.Aliases // other addresses of servers (NAT)
	Clusters     login.Selection    // the clusters that the login looked for
	Prefix       string             // of context names
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
	wanted := l.wanted()
	command, absolute := ExecCommand(e)
	var plan kubeconfig.Planned
	var w Written
	report, err := files.Update(ctx, l.StaticTokens, func(old *api.Config) (kubeconfig.Change, error) {
		plan = l.plan(old, command, wanted)
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
	if absolute && !l.StaticTokens && len(report.Written) > 0 {
		w.Command = command
	}
	for i, name := range plan.Names {
		if name == "" {
			w.Unnamed = append(w.Unnamed, wanted[i].Name)
		}
	}
	return w, nil
}

// Preview returns what Write would do: the new entries, and the texts of the files before and after.
func (l Login) Preview(e *console.Env, files kubeconfig.Files) (kubeconfig.Change, kubeconfig.Report, error) {
	wanted := l.wanted()
	command, _ := ExecCommand(e)
	var first *kubeconfig.Change
	report, err := files.Preview(func(old *api.Config) (kubeconfig.Change, error) {
		plan := l.plan(old, command, wanted)
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
	return kubeconfig.Plan(api.NewConfig(), programName, l.wanted()).Change.Text()
}

// plan returns the changes to a kubeconfig.
func (l Login) plan(old *api.Config, command string, wanted []kubeconfig.Wanted) kubeconfig.Planned {
	p := kubeconfig.Plan(old, command, wanted)
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
			wanted = append(wanted, kubeconfig.Wanted{Name: l.Prefix + h.Address.Host, Target: l.hostTarget(h)})
		}
	}
	for _, ns := range l.Result.Namespaces {
		wanted = append(wanted, kubeconfig.Wanted{Name: l.Prefix + ns.Name, Namespace: ns.Name, Target: l.hostTarget(ns.Host)})
	}
	for _, c := range l.Result.Clusters {
		wanted = append(wanted, kubeconfig.Wanted{
			Name: l.Prefix + c.Name, Target: l.clusterTarget(c),
			Current: l.Current != "" && (l.Current == c.Name || l.Current == c.Namespace+"/"+c.Name),
		})
	}
	return wanted
}

func (l Login) hostTarget(h login.Host) kubeconfig.Target {
	server, t := h.Address.API(h.APIPort), l.Session.Trust
	target := kubeconfig.Target{
		Key: h.Credential.Key, CA: site.APICA(h, server, t), Insecure: t.Mode == trust.Insecure, Token: l.static(h.Credential),
	}
	return l.withServer(target, server)
}

// clusterTarget returns the target of a TKG cluster. The CA that the Supervisor names verifies its server, else the system's roots do.
// It is always verified.
func (l Login) clusterTarget(c login.Cluster) kubeconfig.Target {
	t := kubeconfig.Target{Key: c.Credential.Key, CA: c.CA, Token: l.static(c.Credential)}
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

const programName = "kubectl-vsphere"

// ExecCommand returns the command that kubectl runs for a token: the bare name if PATH finds this file, else the path of this file.
// PATH may find VMware's plugin, which has the same name. absolute reports whether it is a path.
func ExecCommand(e *console.Env) (command string, absolute bool) {
	self, err := e.Executable()
	if err != nil {
		return programName, false
	}
	if found, err := e.LookPath(programName); err == nil && sameFile(found, self) {
		return programName, false
	}
	return self, true
}

// CheckProgram returns an error if the contexts of a login would run this program under another name: then no later login would know
// that they are ours.
func CheckProgram(e *console.Env) error {
	command, absolute := ExecCommand(e)
	name := filepath.Base(command)
	if !absolute || strings.TrimSuffix(name, filepath.Ext(name)) == programName && (filepath.Ext(name) == "" || filepath.Ext(name) == ".exe") {
		return nil
	}
	return failure.Hint(fmt.Errorf("this program is called %s, and contexts call it as %s", name, programName),
		"Rename it, or put it on PATH under that name.")
}

func sameFile(a, b string) bool {
	x, errX := os.Stat(a)
	y, errY := os.Stat(b)
	return errX == nil && errY == nil && os.SameFile(x, y)
}
