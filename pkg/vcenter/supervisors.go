package vcenter

import (
	"cmp"
	"context"
	"net/url"
	"slices"
	"strings"

	"golang.org/x/sync/errgroup"

	"github.com/kubectl-vsphere/kubectl-vsphere/pkg/order"
	"github.com/kubectl-vsphere/kubectl-vsphere/pkg/safetext"
	"github.com/kubectl-vsphere/kubectl-vsphere/pkg/supervisor"
)

// Supervisor is a Supervisor as the vCenter tells it. Texts are harmless on a terminal; what is not known is empty.
type Supervisor struct {
	Name       string
	Address    supervisor.Address // zero: it has none that can be one, or none yet
	Zones      []string
	Version    string
	Networking string   // in the words of the API, such as VSPHERE_NETWORK
	Config     string   // RUNNING, CONFIGURING, REMOVING, ERROR
	Kubernetes string   // READY, WARNING, ERROR
	Clusters   []string // names of its vSphere clusters
	Namespaces []string // of the user, where only these tell the address

	id string
}

// List is what a vCenter tells about its Supervisors.
type List struct {
	Supervisors []Supervisor // sorted by name and address
	// Own means that the user may not see all: addresses are those of the user's vSphere Namespaces.
	Own bool
	// Odd counts addresses that cannot be those of a Supervisor. They are left out.
	Odd int
	// More counts Supervisors beyond the bound, which were not looked at.
	More int
}

const (
	maxSupervisors = 100 // that are looked at; a vCenter has a handful
	maxNames       = 20  // zones, clusters and namespaces of each
	maxText        = 100 // characters of a name, a version, a state
	inFlight       = 8   // requests at once
)

// Supervisors lists the Supervisors of the vCenter. Users who may not see them get the addresses of their own vSphere Namespaces, which
// may be those of linked vCenters too.
func (c *Client) Supervisors(ctx context.Context) (List, error) {
	var all List
	err := c.managed(ctx, &all)
	switch {
	case isClosed(err):
		all.Own = true
	case err != nil:
		return List{}, err
	}
	if all.Own {
		if err := c.own(ctx, &all); err != nil && (!isClosed(err) || len(all.Supervisors) == 0) {
			return List{}, err
		}
	}
	order.By(all.Supervisors, func(a, b Supervisor) int {
		return cmp.Or(strings.Compare(a.Name, b.Name), strings.Compare(a.Address.String(), b.Address.String()))
	})
	return all, nil
}

func line(s string) string { return safetext.Line(s, maxText) }

// add adds a name to a list that has room for it.
func add(all []string, name string) []string {
	if name = line(name); name == "" || len(all) >= maxNames || slices.Contains(all, name) {
		return all
	}
	return append(all, name)
}

// cluster is a vSphere cluster with a Supervisor on it.
type cluster struct {
	ID         string `json:"cluster"`
	Name       string `json:"cluster_name"`
	Config     string `json:"config_status"`
	Kubernetes string `json:"kubernetes_status"`
}

// details are the fields of a cluster's own page that say where the Supervisor is.
type details struct {
	Endpoint string `json:"api_server_cluster_endpoint"`
	Network  string `json:"network_provider"`
	err      error
}

// software is the version of a cluster's Supervisor.
type software struct {
	ID      string `json:"cluster"`
	Version string `json:"current_version"`
}

// summary is a Supervisor, since vSphere 8.
type summary struct {
	ID   string `json:"supervisor"`
	Info struct {
		Name string `json:"name"`
	} `json:"info"`
	zones []zone
}

// zone has the vSphere clusters of a vSphere Zone.
type zone struct {
	Name     string   `json:"zone"`
	Clusters []string `json:"clusters"`
}

const management = "/api/vcenter/namespace-management/"

// managed lists the Supervisors as administrators see them. The error says that the vCenter does not tell it.
func (c *Client) managed(ctx context.Context, all *List) error {
	var clusters []cluster
	if err := c.get(ctx, management+"clusters", &clusters); err != nil {
		return err
	}
	if all.More = max(0, len(clusters)-maxSupervisors); all.More > 0 {
		clusters = clusters[:maxSupervisors]
	}
	var versions []software
	var known struct {
		Items []summary `json:"items"`
	}
	found := make([]details, len(clusters))
	var g errgroup.Group
	g.SetLimit(inFlight)
	for i, one := range clusters {
		g.Go(func() error {
			found[i].err = c.get(ctx, management+"clusters/"+url.PathEscape(one.ID), &found[i])
			return nil
		})
	}
	// Older ones do not have the following, and rights may differ. The addresses are what counts.
	g.Go(func() error { _ = c.get(ctx, management+"software/clusters", &versions); return nil })
	if c.get(ctx, management+"supervisors/summaries", &known) == nil {
		known.Items = known.Items[:min(len(known.Items), maxSupervisors)]
		for i := range known.Items {
			one := &known.Items[i]
			g.Go(func() error {
				_ = c.get(ctx, management+"supervisors/"+url.PathEscape(one.ID)+"/topology", &one.zones)
				return nil
			})
		}
	}
	_ = g.Wait()
	var failed error
	told := len(clusters) == 0
	for i, one := range clusters {
		switch err := found[i].err; {
		case err == nil:
			told = true
		case isClosed(err):
			all.Own = true
		default:
			failed = err
		}
		all.join(c.supervisorOf(one, found[i], known.Items, versions), found[i].Endpoint)
	}
	if err := ctx.Err(); err != nil || told || all.Own {
		return err
	}
	return failed
}

// supervisorOf returns the Supervisor of a vSphere cluster.
func (c *Client) supervisorOf(one cluster, d details, known []summary, versions []software) Supervisor {
	s := Supervisor{
		Name: line(one.Name), Networking: line(d.Network), Config: line(one.Config), Kubernetes: line(one.Kubernetes), Clusters: add(nil, one.Name),
	}
	s.Address, _ = c.addressOf(d.Endpoint)
	if i := slices.IndexFunc(versions, func(v software) bool { return v.ID == one.ID }); i >= 0 {
		s.Version = line(versions[i].Version)
	}
	for _, k := range known {
		for _, z := range k.zones {
			if slices.Contains(z.Clusters, one.ID) {
				s.id, s.Name, s.Zones = k.ID, cmp.Or(line(k.Info.Name), s.Name), add(s.Zones, z.Name)
			}
		}
	}
	return s
}

// join adds a Supervisor. One that spans several vSphere clusters is one: it has one ID, or one address.
func (l *List) join(s Supervisor, endpoint string) {
	if s.Address == (supervisor.Address{}) && endpoint != "" {
		l.Odd++
	}
	i := slices.IndexFunc(l.Supervisors, func(other Supervisor) bool {
		return s.id != "" && s.id == other.id && (s.Address == other.Address || s.Address == supervisor.Address{}) ||
			s.Address != supervisor.Address{} && s.Address == other.Address
	})
	if i < 0 {
		l.Supervisors = append(l.Supervisors, s)
		return
	}
	other := &l.Supervisors[i]
	for _, name := range s.Zones {
		other.Zones = add(other.Zones, name)
	}
	for _, name := range s.Clusters {
		other.Clusters = add(other.Clusters, name)
	}
}

// own adds the addresses of the user's vSphere Namespaces.
func (c *Client) own(ctx context.Context, all *List) error {
	var namespaces []struct {
		Name string `json:"namespace"`
		Host string `json:"master_host"`
	}
	if err := c.get(ctx, "/api/vcenter/namespaces-user/namespaces", &namespaces); err != nil {
		return err
	}
	of := map[supervisor.Address]int{}
	for i, s := range all.Supervisors {
		of[s.Address] = i
	}
	odd, more := map[string]bool{}, map[supervisor.Address]bool{}
	for _, ns := range namespaces {
		at, ok := c.addressOf(ns.Host)
		if !ok {
			odd[ns.Host] = true
			continue
		}
		i, there := of[at]
		switch {
		case !there && len(of) >= maxSupervisors:
			more[at] = true
			continue
		case !there:
			i = len(all.Supervisors)
			of[at], all.Supervisors = i, append(all.Supervisors, Supervisor{Address: at})
		}
		all.Supervisors[i].Namespaces = add(all.Supervisors[i].Namespaces, ns.Name)
	}
	all.Odd, all.More = all.Odd+len(odd), all.More+len(more)
	return nil
}
