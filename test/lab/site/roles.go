package site

import (
	"context"
	"errors"

	rbacv1 "k8s.io/api/rbac/v1"

	"github.com/kubectl-vsphere/kubectl-vsphere/test/lab/kube"
)

// The roles of users in a vSphere Namespace (supervisor-objects.md, section 3).
const (
	roleEdit       = "edit"       // the default
	roleView       = "view"       // read all but Secrets
	roleOwner      = "owner"      // everything in the namespace
	roleNoClusters = "noclusters" // as edit, without clusters, which may not even be listed
	roleNoSecrets  = "nosecrets"  // clusters may be read, Secrets may not
	roleLister     = "lister"     // edit, and all namespaces may be listed
	roleAdmin      = "admin"      // everything everywhere
)

// Roles that nobody gets by name.
const (
	roleCatalog       = "lab:catalog"            // what all who are logged in may read of the whole Supervisor
	roleAdministrator = "lab:sso-administrators" // read everything but Secrets, and list namespaces
)

// administrators is the group of the SSO domain whose members administrate every Supervisor.
const administrators = "Administrators@vsphere.local"

var (
	all, read = []string{"*"}, []string{"get", "list", "watch"}

	ofKubernetes = []string{""}
	ofClusters   = []string{"cluster.x-k8s.io", "run.tanzu.vmware.com"}
	ofMachines   = []string{"vmoperator.vmware.com"}
	// What stands behind a cluster, and what a namespace has of vCenter: people read it, controllers write it.
	behind = []string{
		"controlplane.cluster.x-k8s.io", "bootstrap.cluster.x-k8s.io", "vmware.infrastructure.cluster.x-k8s.io",
		"vmoperator.vmware.com", "imageregistry.vmware.com", "topology.tanzu.vmware.com", "cns.vmware.com", "netoperator.vmware.com",
	}
	ordinary = []string{"configmaps", "pods", "services", "persistentvolumeclaims", "events"}
	machines = []string{
		"virtualmachines", "virtualmachineservices", "virtualmachinepublishrequests", "virtualmachinewebconsolerequests", "webconsolerequests",
	}
)

func rule(verbs, groups []string, resources ...string) rbacv1.PolicyRule {
	return rbacv1.PolicyRule{APIGroups: groups, Resources: resources, Verbs: verbs}
}

// looking is what everybody may read of a namespace, clusters and Secrets left out.
func looking() []rbacv1.PolicyRule {
	return []rbacv1.PolicyRule{rule(read, ofKubernetes, ordinary...), rule(read, ofKubernetes, "resourcequotas"), rule(read, behind, "*")}
}

// working is what one also needs to use a namespace, clusters left out.
func working() []rbacv1.PolicyRule {
	return append(looking(), rule(all, ofKubernetes, ordinary...), rule(all, ofKubernetes, "secrets"), rule(all, ofMachines, machines...))
}

func addRoles(ctx context.Context, c *kube.Client) error {
	catalog := []rbacv1.PolicyRule{
		rule(read, ofMachines, "clustervirtualmachineimages"), rule(read, []string{"run.tanzu.vmware.com"}, "tanzukubernetesreleases", "osimages"),
	}
	ofSite := []rbacv1.PolicyRule{
		rule(read, ofClusters, "*"), rule(read, ofKubernetes, "namespaces"), rule(read, []string{"storage.k8s.io"}, "storageclasses"),
		rule(read, []string{"appplatform.vmware.com", "iaas.vmware.com"}, "*"),
	}
	return errors.Join(
		c.AddRole(ctx, "lab:"+roleEdit, append(working(), rule(all, ofClusters, "*"))...),
		c.AddRole(ctx, "lab:"+roleView, append(looking(), rule(read, ofClusters, "*"))...),
		c.AddRole(ctx, "lab:"+roleOwner, rule(all, all, "*")),
		c.AddRole(ctx, "lab:"+roleNoClusters, working()...),
		c.AddRole(ctx, "lab:"+roleNoSecrets, rule(read, ofClusters, "*")),
		c.AddRole(ctx, "lab:"+roleLister, rule([]string{"list"}, ofKubernetes, "namespaces")),
		c.AddRole(ctx, roleCatalog, catalog...),
		c.AddRole(ctx, roleAdministrator, append(looking(), ofSite...)...),
		c.Bind(ctx, "", roleCatalog, kube.Group("system:authenticated")),
		c.Bind(ctx, "", roleAdministrator, kube.Group("sso:"+administrators), kube.Group(administrators)),
	)
}
