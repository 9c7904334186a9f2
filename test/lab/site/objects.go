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
		{Username: "administrator@vsphere.local", Password: "Admin!23", Namespaces: []string{"ns1", "ns2", "ns3"}, Groups: []string{"Administrators@vsphere.local"}},
		{Username: "dev@vsphere.local", Password: "VMware1!", Namespaces: []string{"ns1", "ns3"}},
		{Username: "ops@vsphere.local", Password: "VMware1!", Namespaces: []string{"ns2"}},
	}
	for _, u := range users {
		if err := s.AddUser(s.ctx, u); err != nil {
			return err
		}
	}
	return s.addFakes(s.ctx)
}

func (s *Site) fillNamespaces() error {
	for _, ns := range []struct {
		supervisor int
		name       string
	}{{0, "ns1"}, {0, "ns2"}, {1, "ns3"}} {
		if err := s.AddNamespace(s.ctx, ns.supervisor, ns.name); err != nil {
			return err
		}
	}
	for i, spec := range []admin.ClusterSpec{
		{Supervisor: 0, Namespace: "ns1", Name: "tkc1", Twin: true},
		{Supervisor: 1, Namespace: "ns3", Name: "tkc2"},
	} {
		c := s.clusters[i]
		spec.Endpoint = s.net.ip(c.last)
		uid, err := s.AddCluster(s.ctx, spec)
		if err != nil {
			return err
		}
		c.become(spec.Namespace, spec.Name, uid)
		info := map[string]string{"cluster_name": spec.Name, "issuer": "", "concierge_is_cluster_scoped": "true"}
		if err := c.client.PublishInfo(s.ctx, "pinniped-info", info); err != nil {
			return err
		}
		sup := s.supervisors[spec.Supervisor]
		sup.listed = append(sup.listed, LabCluster{spec.Namespace, spec.Name, uid, c.api.AdminKubeconfig})
	}
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
	uid, err := sup.client.AddCluster(ctx, c.Namespace, c.Name, c.Endpoint, c.Twin)
	if err != nil || c.Endpoint == "" {
		return uid, err
	}
	return uid, s.addKubeconfig(ctx, sup, c)
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
	if s.fronts == maxFronts {
		return "", errors.New("there are no more addresses for fronts")
	}
	last := addrFront + s.fronts
	s.fronts++
	reach := func() error { return forward(s.ctx, s.net.ip(last), s.net.ip(sup.last)) }
	if f.Filtered {
		reach = func() error { return filter(s.ctx, s.net.ip(last)) }
	}
	if err := reach(); err != nil {
		return "", err
	}
	return s.net.front(last), s.openFront(sup, last, f)
}
