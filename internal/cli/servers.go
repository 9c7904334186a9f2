package cli

import (
	"fmt"
	"slices"

	"github.com/kubectl-vsphere/kubectl-vsphere/internal/console"
	"github.com/kubectl-vsphere/kubectl-vsphere/internal/failure"
	"github.com/kubectl-vsphere/kubectl-vsphere/internal/session"
	"github.com/kubectl-vsphere/kubectl-vsphere/pkg/tokens"
	"github.com/kubectl-vsphere/kubectl-vsphere/pkg/trust"
)

// serverStatus is a Supervisor that logins verified, or that has a name, with or without a session.
type serverStatus struct {
	Server string     `json:"server"`
	Name   string     `json:"name,omitempty"` // of the site
	Trust  trust.Mode `json:"trust"`
	CAs    []string   `json:"caSHA256,omitempty"` // of the Supervisor; none for the system's
	Issuer string     `json:"issuer,omitempty"`
}

// knownServers returns what the store knows of servers. A file that cannot be read is a warning.
func knownServers(e *console.Env, store *tokens.Store) (all []serverStatus) {
	for _, server := range store.SiteServers() {
		site, found, err := store.Site(server)
		if err != nil {
			e.Warn(err)
		}
		if !found || !site.Known() && site.Name == "" {
			continue
		}
		front := site.Trust
		if servers := session.ServersOf([]string{server}); len(servers) > 0 {
			front = site.Trust.For(servers[0])
		}
		all = append(all, serverStatus{Server: server, Name: site.Name, Trust: front.Mode, CAs: front.Fingerprints(), Issuer: site.Issuer})
	}
	return all
}

// printKnown prints the servers that are known without a session.
func printKnown(e *console.Env, info statusInfo) {
	for _, k := range info.Servers {
		if !slices.ContainsFunc(info.Sessions, func(s sessionStatus) bool { return s.Server == k.Server }) {
			e.Printf("\n%s To forget it: %s", k.known(), failure.ForgetCommand(k.Server))
		}
	}
}

// known says in a sentence what is known of a server.
func (k serverStatus) known() string {
	switch {
	case k.Trust == "":
		return fmt.Sprintf("%s is called %s.", k.Server, k.Name)
	case k.Name != "":
		return fmt.Sprintf("How %s (%s) is verified is known from an earlier login.", k.Name, k.Server)
	}
	return fmt.Sprintf("How %s is verified is known from an earlier login.", k.Server)
}

// loginHint returns the command for a first session: at the server that is known, if there is only one.
func (s statusInfo) loginHint() string {
	if len(s.Servers) == 1 && s.Servers[0].Name != "" {
		return "kubectl vsphere login " + s.Servers[0].Name
	}
	if len(s.Servers) == 1 {
		return failure.LoginCommand(s.Servers[0].Server, "")
	}
	return "kubectl vsphere login --server ADDRESS -u USER"
}
