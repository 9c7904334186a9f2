package migrate

import (
	"net/url"
	"path"
	"strings"

	"k8s.io/client-go/tools/clientcmd/api"

	"github.com/kubectl-vsphere/kubectl-vsphere/pkg/kubeconfig"
	"github.com/kubectl-vsphere/kubectl-vsphere/pkg/login/sso"
	"github.com/kubectl-vsphere/kubectl-vsphere/pkg/supervisor"
)

// inKubeconfig returns what other tools wrote into a kubeconfig, by the name of the context.
func inKubeconfig(config *api.Config) map[string]*Context {
	found, hosts := map[string]*Context{}, pluginHosts(config)
	for name, c := range config.Contexts {
		u := config.AuthInfos[c.AuthInfo]
		if _, ours := kubeconfig.Ours(u); ours || u == nil {
			continue
		}
		one := &Context{Name: name, APIServer: apiOf(config.Clusters[c.Cluster]), Namespace: c.Namespace}
		switch {
		case kubeconfig.Listed(config, c):
			one.plugin(c, hosts)
		case u.Exec == nil || !one.issued(c, u.Exec):
			continue
		}
		found[name] = one
	}
	return found
}

// pluginHosts returns the control plane hosts among those of VMware's plugin: the names of its entries do not say which are clusters.
// Contexts of a control plane host have its name, or a namespace; those of clusters have neither.
func pluginHosts(config *api.Config) map[string]bool {
	hosts := map[string]bool{}
	for name, c := range config.Contexts {
		if !kubeconfig.Listed(config, c) {
			continue
		}
		if host, _ := splitUser(c.AuthInfo); c.Namespace != "" || name == host {
			hosts[host] = true
		}
	}
	return hosts
}

// splitUser takes the name of a user entry of VMware's plugin apart: wcp:HOST:USER. An IPv6 address has colons, and a user has none.
func splitUser(entry string) (host, user string) {
	rest, ok := strings.CutPrefix(entry, "wcp:")
	last := strings.LastIndexByte(rest, ':')
	if !ok || last < 0 {
		return "", ""
	}
	return rest[:last], rest[last+1:]
}

// plugin fills in a context of VMware's plugin.
func (c *Context) plugin(entry *api.Context, hosts map[string]bool) {
	host, user := splitUser(entry.AuthInfo)
	c.Tool, c.User = Plugin, typeable(user)
	if hosts[host] {
		c.Server = serverOf(host)
		return
	}
	c.Cluster = strings.TrimSuffix(c.Name, "-"+host) // The plugin's suffix for a name that is taken.
}

// typeable returns a user name that somebody can log in with, and no other one: it becomes a part of commands to type.
func typeable(user string) string {
	if sso.CheckUser(user) != nil {
		return ""
	}
	return user
}

// issued fills in a context whose command logs in at the issuer of a Supervisor, and reports whether it does.
func (c *Context) issued(entry *api.Context, exec *api.ExecConfig) bool {
	switch strings.TrimSuffix(path.Base(strings.ReplaceAll(exec.Command, `\`, "/")), ".exe") {
	case "tanzu":
		c.Tool = Tanzu
	case "vcf":
		c.Tool = VCF
	case "pinniped":
		c.Tool = Pinniped
	default:
		return false
	}
	if c.Server = ofIssuer(flag(exec.Args, "--issuer")); c.Server == "" {
		return false
	}
	if c.APIServer != "" && hostOf(c.APIServer) != hostOf(c.Server) {
		c.Cluster = entry.Cluster
	}
	return true
}

// ofIssuer returns the Supervisor of an issuer, https://SERVER/wcp/pinniped. Another issuer has none.
func ofIssuer(issuer string) string {
	u, err := url.Parse(issuer)
	if err != nil || u.Scheme != "https" || strings.TrimSuffix(u.Path, "/") != "/wcp/pinniped" {
		return ""
	}
	at, err := supervisor.ServerOf(issuer)
	if err != nil {
		return ""
	}
	return at.String()
}

// flag returns the value of a flag, in either form.
func flag(args []string, name string) string {
	for i, arg := range args {
		if value, ok := strings.CutPrefix(arg, name+"="); ok {
			return value
		}
		if arg == name && i+1 < len(args) {
			return args[i+1]
		}
	}
	return ""
}
