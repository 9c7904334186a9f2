package cli

import (
	"context"
	"fmt"
	"net"
	"os"
	"os/exec"
	"strings"

	"k8s.io/client-go/tools/clientcmd/api"

	"github.com/kubectl-vsphere/kubectl-vsphere/pkg/kubeconfig"
	"github.com/kubectl-vsphere/kubectl-vsphere/pkg/login"
	"github.com/kubectl-vsphere/kubectl-vsphere/pkg/supervisor"
	"github.com/kubectl-vsphere/kubectl-vsphere/pkg/tokens"
	"github.com/kubectl-vsphere/kubectl-vsphere/pkg/trust"
)

// written is what login did to the kubeconfig.
type written struct {
	kubeconfig.Report
	unnamed []string // wanted contexts for which every name belongs to something else
}

// writeContexts puts the contexts of everything that was reached into the kubeconfig.
func (a *App) writeContexts(ctx context.Context, files kubeconfig.Files, s tokens.Session, o loginOptions, res *login.Result) (written, error) {
	wanted := wantedContexts(s, o, res)
	command, told := execCommand()
	var plan kubeconfig.Planned
	var gone []string
	report, err := files.Update(ctx, o.staticTokens, func(old *api.Config) (kubeconfig.Change, error) {
		plan = o.plan(old, command, wanted)
		if found := vanished(old, s, o, res); len(found) > 0 {
			gone = found // Once they are pruned there are none.
		}
		if plan.Change.Empty() && o.prune {
			return kubeconfig.RemoveContexts(old, gone), nil
		}
		return plan.Change, nil
	})
	if err != nil {
		return written{}, fmt.Errorf("you are logged in, but the contexts could not be written: %w", err)
	}
	if told && !o.staticTokens && len(report.Written) > 0 {
		fmt.Fprintf(a.ErrOut, "note: PATH does not find this program, so the kubeconfig calls it as %s\n", command)
	}
	for _, path := range report.Rewritten {
		fmt.Fprintf(a.ErrOut, "note: %s has sections in flow style (as JSON), which were laid out anew\n", path)
	}
	a.reportVanished(gone, o)
	w := written{Report: report}
	for i, name := range plan.Names {
		if name == "" {
			w.unnamed = append(w.unnamed, wanted[i].Name)
		}
	}
	return w, nil
}

// plan is what changes in a kubeconfig.
func (o loginOptions) plan(old *api.Config, command string, wanted []kubeconfig.Wanted) kubeconfig.Planned {
	p := kubeconfig.Plan(old, command, wanted)
	if o.keepContext && old.CurrentContext != "" {
		p.Change.CurrentContext = nil
	}
	return p
}

// wantedContexts is one context for the Supervisor, one for each namespace and one for each cluster.
func wantedContexts(s tokens.Session, o loginOptions, res *login.Result) []kubeconfig.Wanted {
	var wanted []kubeconfig.Wanted
	for _, h := range res.Hosts {
		if h.Address == o.server {
			wanted = append(wanted, kubeconfig.Wanted{Name: o.prefix + h.Address.Host, Target: hostTarget(h, s.Trust, o)})
		}
	}
	for _, ns := range res.Namespaces {
		wanted = append(wanted, kubeconfig.Wanted{Name: o.prefix + ns.Name, Namespace: ns.Name, Target: hostTarget(ns.Host, s.Trust, o)})
	}
	for _, c := range res.Clusters {
		wanted = append(wanted, kubeconfig.Wanted{
			Name: o.prefix + c.Name, Target: clusterTarget(c, o),
			Current: o.current != "" && (o.current == c.Name || o.current == c.Namespace+"/"+c.Name),
		})
	}
	return wanted
}

func hostTarget(h login.Host, t trust.Trust, o loginOptions) kubeconfig.Target {
	server := h.Address.API(h.APIPort)
	target := kubeconfig.Target{Key: h.Credential.Key, CA: apiCA(h, server, t), Insecure: t.Mode == trust.Insecure, Token: static(h.Credential, o)}
	return o.reached(target, server)
}

// apiCA is what the API server of a host is verified by; nothing leaves it to the system's roots. What was pinned for it wins;
// else what the Supervisor tells is believed as the Supervisor's front is.
func apiCA(h login.Host, server string, t trust.Trust) []byte {
	if pin, ok := t.Pins[trust.ServerOf(strings.TrimPrefix(server, "https://"))]; ok {
		return []byte(pin)
	}
	front := t.For(trust.ServerOf(strings.TrimPrefix(h.Address.URL(""), "https://")))
	switch {
	case front.Mode == trust.Insecure:
		return nil
	case len(h.APICA) == 0, front.Mode == trust.System && trust.SystemKnows(h.APICA):
		return []byte(front.CA)
	case front.Mode == trust.Bundle:
		return trust.Merge([]byte(front.CA), h.APICA)
	}
	return h.APICA
}

// clusterTarget is a TKG cluster, whose server is verified by the CA that the Supervisor told, or by the system's roots when it
// told none: never by nothing.
func clusterTarget(c login.Cluster, o loginOptions) kubeconfig.Target {
	t := kubeconfig.Target{Key: c.Credential.Key, CA: c.CA, Token: static(c.Credential, o)}
	if c.URL != "" {
		return o.reached(t, c.URL)
	}
	if a, err := supervisor.ParseAddress(c.Server); err == nil {
		return o.reached(t, a.API(a.Port))
	}
	return t
}

// reached fills in where kubectl reaches a server (a URL).
func (o loginOptions) reached(t kubeconfig.Target, server string) kubeconfig.Target {
	t.Server = server
	name := strings.TrimPrefix(server, "https://")
	if at := o.aliases.Reach(name); at != name {
		t.Server = "https://" + at
		t.Name, _, _ = net.SplitHostPort(name) // It has a port.
	}
	return t
}

// execCommand is what kubectl runs for a token: the bare name when PATH finds this very file, else the path of this file,
// since VMware's plugin has the same name. absolute tells which.
func execCommand() (command string, absolute bool) {
	self, err := os.Executable()
	if err != nil {
		return programName, false
	}
	if found, err := exec.LookPath(programName); err == nil && sameFile(found, self) {
		return programName, false
	}
	return self, true
}

const programName = "kubectl-vsphere"

func sameFile(a, b string) bool {
	x, errX := os.Stat(a)
	y, errY := os.Stat(b)
	return errX == nil && errY == nil && os.SameFile(x, y)
}
