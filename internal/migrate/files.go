package migrate

import (
	"cmp"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io/fs"
	"path/filepath"
	"slices"
	"strings"

	"k8s.io/client-go/tools/clientcmd/api"

	"github.com/kubectl-vsphere/kubectl-vsphere/pkg/bounded"
	"github.com/kubectl-vsphere/kubectl-vsphere/pkg/bounded/boundedyaml"
	"github.com/kubectl-vsphere/kubectl-vsphere/pkg/kubeconfig"
)

// places are the directories below the home directory where tools keep contexts of their own, by tool.
var places = []struct{ tool, dir string }{{Tanzu, ".config/tanzu"}, {VCF, ".config/vcf"}}

// Dirs returns the directories of other tools that Read looks into.
func Dirs(home string) (all []string) {
	for _, p := range places {
		all = append(all, filepath.Join(home, filepath.FromSlash(p.dir)))
	}
	return all
}

// entry is a context in a file of the Tanzu CLI, or of the VCF CLI, which was made of that one. Fields that are not here are not read:
// among them are tokens and passwords.
type entry struct {
	tool string

	Name        string  `json:"name"`
	Target      string  `json:"target"`
	ContextType string  `json:"contextType"`
	Type        string  `json:"type"` // of an older server
	Cluster     options `json:"clusterOpts"`
	Management  options `json:"managementClusterOpts"` // of an older server
}

type options struct {
	Endpoint string `json:"endpoint"`
	Context  string `json:"context"` // in a kubeconfig
}

// readFiles returns the contexts in the files of other tools. A file that is not there has none.
func readFiles(ctx context.Context, home string) (all []entry, errs []error) {
	if home == "" {
		return nil, nil
	}
	for i, dir := range Dirs(home) {
		for _, name := range []string{"config-ng.yaml", "config.yaml"} {
			path := filepath.Join(dir, name)
			entries, err := readFile(ctx, path)
			switch {
			case errors.Is(err, fs.ErrNotExist):
				continue
			case err != nil:
				errs = append(errs, err)
			}
			for _, e := range entries {
				e.tool = places[i].tool
				if !slices.ContainsFunc(all, func(o entry) bool { return o.tool == e.tool && o.Name == e.Name }) {
					all = append(all, e)
				}
			}
		}
	}
	return all, errs
}

// readFile reads one file. An error names it, and never repeats its text: it may hold passwords.
func readFile(ctx context.Context, path string) (all []entry, err error) {
	text, err := bounded.File(ctx, path, boundedyaml.MaxSize, bounded.Regular)
	if err != nil {
		return nil, err
	}
	if blank(string(text)) {
		return nil, nil
	}
	var file struct {
		Contexts []json.RawMessage `json:"contexts"`
		Servers  []json.RawMessage `json:"servers"`
	}
	var limit *bounded.Error
	switch err := boundedyaml.Unmarshal(text, &file); {
	case errors.As(err, &limit):
		return nil, fmt.Errorf("%s is left out: it %w", path, limit)
	case err != nil:
		return nil, fmt.Errorf("%s is left out: it is not YAML of the shape that is known", path)
	}
	odd := 0
	for _, raw := range slices.Concat(file.Contexts, file.Servers) {
		var e entry
		if err := bounded.JSON(raw, &e); err != nil || e.Name == "" {
			odd++
			continue
		}
		if e.kubernetes() {
			all = append(all, e)
		}
	}
	if odd > 0 {
		return all, fmt.Errorf("%s: %d of its contexts are left out: they do not have the shape that is known", path, odd)
	}
	return all, nil
}

// blank reports whether a text has only comments.
func blank(text string) bool {
	for line := range strings.Lines(text) {
		if line = strings.TrimSpace(line); line != "" && line[0] != '#' {
			return false
		}
	}
	return true
}

// kubernetes reports whether a context is for an API server, and not for a service of VMware's.
func (e entry) kubernetes() bool {
	switch strings.ToLower(cmp.Or(e.ContextType, e.Type, e.Target)) {
	case "", "k8s", "kubernetes", "managementcluster":
		return true
	}
	return false
}

// add adds a context of a tool's file to those that were found, or to what was found of it in the kubeconfig.
func (e entry) add(found map[string]*Context, config *api.Config, all []entry) {
	opts := e.Cluster
	if opts == (options{}) {
		opts = e.Management
	}
	name := cmp.Or(opts.Context, e.Name)
	c := found[name]
	if c == nil {
		c = inConfig(config, name)
	}
	if c == nil { // It is in another kubeconfig, or its name there was changed.
		c = &Context{Name: e.Name}
		name = e.tool + "\x00" + e.Name // No context has such a name.
	}
	c.Tool = e.tool
	endpoint := opts.Endpoint
	parent, rest, isPart := strings.Cut(e.Name, ":")
	if isPart = isPart && e.tool == VCF; isPart {
		if i := slices.IndexFunc(all, func(o entry) bool { return o.tool == VCF && o.Name == parent }); i >= 0 {
			endpoint = all[i].Cluster.Endpoint
		}
	}
	c.Server = cmp.Or(c.Server, serverOf(endpoint))
	if isPart {
		c.part(rest)
	}
	if c.Server == "" && c.Cluster == "" {
		c.Server = serverOf(c.APIServer)
	}
	found[name] = c
}

// inConfig returns a context of a kubeconfig that a tool's file names, unless it is ours or not there.
func inConfig(config *api.Config, name string) *Context {
	c := config.Contexts[name]
	if c == nil {
		return nil
	}
	if _, ours := kubeconfig.Ours(config.AuthInfos[c.AuthInfo]); ours {
		return nil
	}
	_, user := splitUser(c.AuthInfo)
	return &Context{Name: name, APIServer: apiOf(config.Clusters[c.Cluster]), User: typeable(user), Namespace: c.Namespace}
}

// part reads what follows the first colon in the name of a context of the VCF CLI: NAMESPACE, CLUSTER or NAMESPACE:CLUSTER. One name alone
// is a cluster's if the API server is not the Supervisor's, and the kubeconfig has no namespace for it.
func (c *Context) part(rest string) {
	namespace, cluster, both := strings.Cut(rest, ":")
	switch {
	case both:
		c.Namespace, c.Cluster = namespace, cluster
	case c.Namespace != "":
	case c.APIServer != "" && hostOf(c.APIServer) != hostOf(c.Server):
		c.Cluster = rest
	default:
		c.Namespace = rest
	}
}
