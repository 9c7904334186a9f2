package site

import (
	"context"
	"errors"
	"fmt"
	"net"
	"slices"
	"time"

	"github.com/kubectl-vsphere/kubectl-vsphere/test/lab/admin"
	"github.com/kubectl-vsphere/kubectl-vsphere/test/lab/kube"
	"github.com/kubectl-vsphere/kubectl-vsphere/test/lab/vcenter"
)

// fill creates the namespaces, clusters and users that every lab begins with.
func (s *Site) fill() error {
	if err := s.fillNamespaces(); err != nil {
		return err
	}
	users := []vcenter.User{
		{Username: "administrator@vsphere.local", Password: "Admin!23", Namespaces: []string{"ns1", "ns2", "ns3"}, Groups: []string{administrators}},
		{Username: "dev@vsphere.local", Password: "VMware1!", Namespaces: []string{"ns1", "ns3"}},
		{Username: "ops@vsphere.local", Password: "VMware1!", Namespaces: []string{"ns2"}},
	}
	if s.Provision {
		for i := range users[:2] {
			users[i].Namespaces = append(users[i].Namespaces, provisionNamespace)
		}
	}
	for _, u := range users {
		if err := s.AddUser(s.ctx, u); err != nil {
			return err
		}
	}
	return s.addFakes(s.ctx)
}

// fillNamespaces makes the namespaces and TKG clusters that every lab begins with.
func (s *Site) fillNamespaces() error {
	namespaces := [][]string{{"ns1", "ns2"}, {"ns3"}}
	if s.Provision {
		namespaces[0] = append(namespaces[0], provisionNamespace)
	}
	clusters := []admin.ClusterSpec{{Namespace: "ns1", Name: "tkc1", Twin: true}, {Namespace: "ns3", Name: "tkc2"}}
	return s.together(func(sup *supervisor) error {
		for _, ns := range namespaces[sup.index] {
			if err := s.AddNamespace(s.ctx, sup.index, ns); err != nil {
				return err
			}
		}
		return s.fillCluster(sup, clusters[sup.index])
	})
}

// fillCluster makes the Cluster of the TKG cluster that runs beside a Supervisor, and tells the cluster who it is.
func (s *Site) fillCluster(sup *supervisor, spec admin.ClusterSpec) error {
	c := s.clusters[sup.index]
	uid, err := s.stockCluster(sup, c, spec)
	if err != nil {
		return err
	}
	c.become(spec.Namespace, spec.Name, uid)
	if err := c.publishPinnipedInfo(s.ctx); err != nil {
		return err
	}
	sup.listed = append(sup.listed, LabCluster{spec.Namespace, spec.Name, uid, c.api.AdminKubeconfig})
	return nil
}

func (s *Site) supervisor(i int) (*supervisor, error) {
	if i < 0 || i >= len(s.supervisors) {
		return nil, fmt.Errorf("there is no Supervisor %d: they count from 0", i)
	}
	return s.supervisors[i], nil
}

// AddNamespace implements admin.Site. Users get their rights in it when they are added: add the namespace first.
func (s *Site) AddNamespace(ctx context.Context, index int, name string) error {
	sup, err := s.supervisor(index)
	if err != nil {
		return err
	}
	if err := sup.client.AddNamespace(ctx, name); err != nil {
		return err
	}
	if err := s.stockNamespace(ctx, sup, name); err != nil {
		return err
	}
	sup.mu.Lock()
	defer sup.mu.Unlock()
	if !slices.Contains(sup.namespaces, name) {
		sup.namespaces = append(sup.namespaces, name)
	}
	return nil
}

// AddCluster implements admin.Site. Endpoint "fake" is an address where nothing listens.
func (s *Site) AddCluster(ctx context.Context, c admin.ClusterSpec) (string, error) {
	sup, err := s.supervisor(c.Supervisor)
	if err != nil {
		return "", err
	}
	if c.Endpoint == "fake" {
		c.Endpoint = s.fakes.address()
	}
	// The kubeconfig comes first: Cluster API connects at once, and then again only after a while.
	if c.Endpoint != "" {
		if err := s.addKubeconfig(ctx, sup, c); err != nil {
			return "", err
		}
	}
	return sup.client.AddCluster(ctx, kube.ClusterSpec{Namespace: c.Namespace, Name: c.Name, Endpoint: c.Endpoint, Twin: c.Twin, Paused: c.Paused})
}

// addKubeconfig makes the administrator that Cluster API makes for a cluster: a client of its CA, for a year.
func (s *Site) addKubeconfig(ctx context.Context, sup *supervisor, c admin.ClusterSpec) error {
	ca := s.caOf(c.Endpoint)
	pair, err := ca.ClientFor(time.Now().Add(-5*time.Minute), time.Now().AddDate(1, 0, 0), "kubernetes-admin", "system:masters")
	if err != nil {
		return err
	}
	server := "https://" + net.JoinHostPort(c.Endpoint, kube.Port)
	return sup.client.AddKubeconfig(ctx, c.Namespace, c.Name, server, ca.PEM, pair)
}

// DeleteCluster implements admin.Site.
func (s *Site) DeleteCluster(ctx context.Context, c admin.ClusterSpec) error {
	sup, err := s.supervisor(c.Supervisor)
	if err != nil {
		return err
	}
	s.fakes.remove(c.Namespace, c.Name)
	return sup.client.DeleteCluster(ctx, c.Namespace, c.Name)
}

// nextFront returns the last number of an address that no front has yet. The lock is held.
func (s *Site) nextFront() (int, error) {
	if s.fronts == maxFronts {
		return 0, errors.New("there are no more addresses for fronts")
	}
	s.fronts++
	return addrFront + s.fronts - 1, nil
}

// AddFront implements admin.Site.
func (s *Site) AddFront(_ context.Context, f admin.FrontSpec) (string, error) {
	sup, err := s.supervisor(f.Supervisor)
	if err != nil {
		return "", err
	}
	if err := checkFront(f); err != nil {
		return "", err
	}
	s.mu.Lock()
	defer s.mu.Unlock()
	last, err := s.nextFront()
	if err != nil {
		return "", err
	}
	reach := func() error { return forward(s.ctx, s.net.ip(last), s.net.ip(sup.last)) }
	if f.Filtered {
		reach = func() error { return filter(s.ctx, s.net.ip(last)) }
	}
	if err := reach(); err != nil {
		return "", err
	}
	return s.net.front(last), s.openFront(sup, last, f)
}
