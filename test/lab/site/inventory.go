package site

import (
	"context"
	"crypto/ed25519"
	"crypto/rand"
	"encoding/pem"

	"golang.org/x/crypto/ssh"
	"golang.org/x/sync/errgroup"

	"github.com/kubectl-vsphere/kubectl-vsphere/test/lab/admin"
	"github.com/kubectl-vsphere/kubectl-vsphere/test/lab/inventory"
)

// The packages of the network plugins that the clusters have, one each.
var networkPlugins = []string{"antrea.tanzu.vmware.com.2.3.0+vmware.4-vkr.1", "calico.tanzu.vmware.com.3.29.3+vmware.2-vkr.1"}

// ofSupervisor is what a Supervisor has of its own: the first is in one vSphere cluster and has the ClusterClass in each namespace,
// the second is stretched over three zones and has a newer one for all namespaces.
func (s *Site) ofSupervisor(sup *supervisor) inventory.Supervisor {
	if sup.index == 0 {
		return inventory.Supervisor{VirtualIP: s.net.ip(sup.last), Network: "vsphere-network", ControlPlanes: 1, Zones: []string{"domain-c8"}}
	}
	return inventory.Supervisor{
		VirtualIP: s.net.ip(sup.last), Network: "nsx-vpc", ControlPlanes: controlPlanes, Zones: []string{"zone-a", "zone-b", "zone-c"},
		SharedClass: &inventory.Class{
			Namespace: "vmware-system-vks-public", Name: "builtin-generic-v3.4.0", Image: inventory.Current.Image,
			Labels: map[string]string{"kubernetes.vmware.com/min-version-supported": "v1.31", "kubernetes.vmware.com/max-version-supported": "v1.34"},
		},
	}
}

// classOf is the ClusterClass for clusters of a namespace, and whether it is the namespace's own.
func (s *Site) classOf(sup *supervisor, namespace string) (class inventory.Class, own bool) {
	if shared := s.ofSupervisor(sup).SharedClass; shared != nil {
		return *shared, false
	}
	return inventory.Class{Namespace: namespace, Name: "tanzukubernetescluster", Image: inventory.Current.Image}, true
}

// stock fills a Supervisor with what its operators make.
func (s *Site) stock(sup *supervisor) error {
	objects, err := s.ofSupervisor(sup).Objects()
	if err != nil {
		return err
	}
	return sup.client.Apply(s.ctx, objects...)
}

// stockNamespace fills a vSphere Namespace.
func (s *Site) stockNamespace(ctx context.Context, sup *supervisor, name string) error {
	ns := inventory.Namespace{Name: name, Zones: s.ofSupervisor(sup).Zones, Live: s.provisions(sup) && name == provisionNamespace}
	if class, own := s.classOf(sup, name); own && !ns.Live {
		ns.Class = &class
	}
	objects, err := ns.Objects()
	if err != nil {
		return err
	}
	return sup.client.Apply(ctx, objects...)
}

// stockCluster makes everything of a TKG cluster whose API server runs, and returns the UID of its Cluster. The nodes come first:
// Cluster API looks for them at once, and then again only after a while.
func (s *Site) stockCluster(sup *supervisor, c *cluster, spec admin.ClusterSpec) (uid string, err error) {
	key, password, err := sshSecrets()
	if err != nil {
		return "", err
	}
	class, _ := s.classOf(sup, spec.Namespace)
	spec.Endpoint = c.ip
	made := inventory.Cluster{
		Namespace: spec.Namespace, Name: spec.Name, Endpoint: spec.Endpoint, Number: sup.index + 1, Class: class, CNI: networkPlugins[sup.index],
		Zones: s.ofSupervisor(sup).Zones, Twin: spec.Twin, SSHKey: key, SSHPassword: password,
	}
	nodes, err := made.Nodes()
	if err != nil {
		return "", err
	}
	objects, err := made.Objects()
	if err != nil {
		return "", err
	}
	if err := c.client.Apply(s.ctx, nodes...); err != nil {
		return "", err
	}
	if err := s.addKubeconfig(s.ctx, sup, spec); err != nil {
		return "", err
	}
	if err := sup.client.Apply(s.ctx, objects...); err != nil {
		return "", err
	}
	found, _, err := sup.client.FindCluster(s.ctx, spec.Namespace, spec.Name)
	return found.UID, err
}

// sshSecrets are how one gets into the nodes of a cluster.
func sshSecrets() (key, password string, err error) {
	_, private, err := ed25519.GenerateKey(rand.Reader)
	if err != nil {
		return "", "", err
	}
	block, err := ssh.MarshalPrivateKey(private, "")
	if err != nil {
		return "", "", err
	}
	return string(pem.EncodeToMemory(block)), rand.Text(), nil
}

// together runs fn for both Supervisors at once.
func (s *Site) together(fn func(*supervisor) error) error {
	var g errgroup.Group
	for _, sup := range s.supervisors {
		g.Go(func() error { return fn(sup) })
	}
	return g.Wait()
}
