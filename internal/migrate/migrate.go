// Package migrate finds what other tools left for Supervisors on this machine: contexts of VMware's plugin, of the Tanzu CLI, the VCF CLI
// and the Pinniped CLI. It only reads, and takes names and addresses. What those files say is believed for a table, and for nothing else:
// tokens and passwords in them are not looked at.
package migrate

import (
	"cmp"
	"context"
	"slices"
	"strings"

	"k8s.io/client-go/tools/clientcmd/api"

	"github.com/kubectl-vsphere/kubectl-vsphere/pkg/order"
	"github.com/kubectl-vsphere/kubectl-vsphere/pkg/supervisor"
	"github.com/kubectl-vsphere/kubectl-vsphere/pkg/tokens"
)

// The tools whose contexts are found.
const (
	Plugin   = "VMware's plugin" // and tcli, which gives the same names
	Tanzu    = "Tanzu CLI"
	VCF      = "VCF CLI"
	Pinniped = "Pinniped CLI"
)

// Context is a context that another tool left.
type Context struct {
	Name      string `json:"name"` // in the kubeconfig, else in the tool's own file
	Tool      string `json:"tool"`
	Server    string `json:"server,omitempty"`    // the Supervisor: a canonical address; empty: the context does not say
	APIServer string `json:"apiServer,omitempty"` // HOST, or HOST:PORT if that is not 443
	User      string `json:"user,omitempty"`      // empty: an identity provider says who it is, or nothing does
	Namespace string `json:"namespace,omitempty"`
	Cluster   string `json:"cluster,omitempty"`
	Ours      string `json:"ours,omitempty"` // our context for the same, if there is one
}

// ofSupervisor reports whether a context is for a Supervisor itself.
func (c Context) ofSupervisor() bool { return c.Namespace == "" && c.Cluster == "" }

// Site is what a person would log in to for contexts of ours.
type Site struct {
	Server string `json:"server"`
	User   string `json:"user,omitempty"`
}

// Read returns the contexts of other tools in a kubeconfig and in their own files, by server, tool and name; those that name no server
// come last. Each error is about a file of
// theirs that was left out.
func Read(ctx context.Context, home string, config *api.Config) ([]Context, []error) {
	entries, errs := readFiles(ctx, home)
	found := inKubeconfig(config)
	for _, e := range entries {
		e.add(found, config, entries)
	}
	mine := oursIn(config)
	all := make([]Context, 0, len(found))
	for _, c := range found {
		all = append(all, mine.join(*c))
	}
	order.By(all, func(a, b Context) int {
		return cmp.Or(cmp.Compare(unsaid(a), unsaid(b)), cmp.Compare(a.Server, b.Server), cmp.Compare(a.Tool, b.Tool), cmp.Compare(a.Name, b.Name))
	})
	return all, errs
}

// unsaid is 1 for a context that names no server, to be sorted.
func unsaid(c Context) int {
	if c.Server == "" {
		return 1
	}
	return 0
}

// Sites returns where a login would bring contexts that are missing: a Supervisor and a user each. A vSphere Namespace may have a control
// plane host of its own: the login to the Supervisor covers it, so that such a host is left out while the user has a Supervisor to log in to.
func Sites(all []Context) (sites []Site) {
	type user struct{ tool, name string }
	supervisors := map[user]bool{}
	for _, c := range all {
		if missing(c) && c.ofSupervisor() {
			supervisors[user{c.Tool, c.User}] = true
		}
	}
	seen, named := map[Site]bool{}, map[string]bool{}
	for _, c := range all {
		at := Site{c.Server, tokens.Fold(c.User)}
		if !missing(c) || seen[at] || c.Tool == Plugin && !c.ofSupervisor() && supervisors[user{c.Tool, c.User}] {
			continue
		}
		seen[at] = true
		named[c.Server] = named[c.Server] || c.User != ""
		sites = append(sites, Site{c.Server, c.User})
	}
	return slices.DeleteFunc(sites, func(s Site) bool { return s.User == "" && named[s.Server] }) // Contexts of anybody do for it.
}

// missing reports whether a login could bring a context that we do not have.
func missing(c Context) bool { return c.Ours == "" && c.Server != "" }

// serverOf returns the canonical address of a Supervisor, by any address of it: port 6443 is its API's. It is empty for what is no address.
func serverOf(address string) string {
	at, err := supervisor.ParseTyped(address)
	if err != nil {
		return ""
	}
	if at.IsAPIPort() {
		at.Port = 0
	}
	return at.String()
}

// hostOf returns the host of a canonical address.
func hostOf(server string) string {
	at, err := supervisor.ParseAddress(server)
	if err != nil {
		return server
	}
	return at.Host
}

// apiOf returns the canonical address of the server of a cluster entry. It is empty if that is no address, or one that gets no token of kubectl.
func apiOf(c *api.Cluster) string {
	if c == nil || !strings.HasPrefix(strings.ToLower(c.Server), "https://") {
		return ""
	}
	at, err := supervisor.ServerOf(c.Server)
	if err != nil {
		return ""
	}
	return at.String()
}
