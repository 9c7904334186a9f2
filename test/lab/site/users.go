package site

import (
	"context"
	"errors"
	"fmt"
	"slices"

	rbacv1 "k8s.io/api/rbac/v1"

	"github.com/kubectl-vsphere/kubectl-vsphere/test/lab/admin"
	"github.com/kubectl-vsphere/kubectl-vsphere/test/lab/kube"
	"github.com/kubectl-vsphere/kubectl-vsphere/test/lab/vcenter"
)

// subjects are the names of a user: a token of the vCenter gets a prefix, a certificate of a Concierge none or that of a transform,
// and a token of Dex another one.
func subjects(u vcenter.User) []rbacv1.Subject {
	return []rbacv1.Subject{
		kube.User("sso:" + u.Username), kube.User(u.Username), kube.User(admin.NamePrefix + u.Username), kube.User(dexPrefix + u.Username),
	}
}

// AddUser implements admin.Site: the account, and its rights in its namespaces and their clusters.
func (s *Site) AddUser(ctx context.Context, u vcenter.User) error {
	if u.Role == "" {
		u.Role = roleEdit
	}
	if !slices.Contains([]string{roleEdit, roleView, roleOwner, roleNoClusters, roleNoSecrets, roleLister, roleAdmin}, u.Role) {
		return fmt.Errorf("there is no role %q", u.Role)
	}
	if err := s.vcenter.AddUser(u); err != nil {
		return err
	}
	s.dex.AddUser(u.Username, u.Password, u.Groups)
	s.mu.Lock()
	s.users = append(s.users, u)
	s.mu.Unlock()
	for i, sup := range s.supervisors {
		if err := sup.allow(ctx, u); err != nil {
			return err
		}
		if len(sup.listed) > 0 && slices.Contains(u.Namespaces, sup.listed[0].Namespace) {
			if err := s.clusters[i].allow(ctx, u); err != nil {
				return err
			}
		}
	}
	return s.allowInGuests(ctx, u)
}

// allow makes a user an administrator of the cluster.
func (c *cluster) allow(ctx context.Context, u vcenter.User) error {
	return errors.Join(c.client.Bind(ctx, "", "cluster-admin", subjects(u)...), c.client.AwaitRight(ctx, u.Username, "", "", "pods"))
}

// allow gives a user the rights of its role in its namespaces.
func (sup *supervisor) allow(ctx context.Context, u vcenter.User) error {
	role := u.Role
	if role == roleAdmin {
		return errors.Join(sup.client.Bind(ctx, "", "cluster-admin", subjects(u)...), sup.client.AwaitRight(ctx, u.Username, "", "", "pods"))
	}
	if role == roleLister {
		role = roleEdit
		if err := errors.Join(
			sup.client.Bind(ctx, "", "lab:"+roleLister, subjects(u)...), sup.client.AwaitRight(ctx, u.Username, "", "", "namespaces"),
		); err != nil {
			return err
		}
	}
	group, resource := "", "pods"
	if role == roleNoSecrets {
		group, resource = "cluster.x-k8s.io", "clusters"
	}
	for _, ns := range sup.listNamespaces() {
		if slices.Contains(u.Namespaces, ns) {
			if err := errors.Join(sup.client.Bind(ctx, ns, "lab:"+role, subjects(u)...), sup.client.AwaitRight(ctx, u.Username, ns, group, resource)); err != nil {
				return err
			}
		}
	}
	return nil
}
