package site

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"net"
	"os"
	"path/filepath"
	"slices"
	"strconv"
	"sync"

	"golang.org/x/sync/errgroup"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/apis/meta/v1/unstructured"
	"k8s.io/apimachinery/pkg/runtime/schema"
	"k8s.io/apimachinery/pkg/types"

	"github.com/kubectl-vsphere/kubectl-vsphere/test/lab/inventory"
	"github.com/kubectl-vsphere/kubectl-vsphere/test/lab/kube"
	"github.com/kubectl-vsphere/kubectl-vsphere/test/lab/provision"
	"github.com/kubectl-vsphere/kubectl-vsphere/test/lab/vcenter"
)

// provisionNamespace is the vSphere Namespace of the first Supervisor in which real controllers make clusters.
const provisionNamespace = "provision"

// provisionClass is its ClusterClass.
const provisionClass = "tanzukubernetescluster"

// The ports of the controllers that only this Supervisor has.
const (
	capvPort, capvHealthPort = 9446, 9441
	vmopPort, vmopHealthPort = 9878, 9442
)

// provisioner is what a site has beside where clusters are made.
type provisioner struct {
	vcenter inventory.VCenter
	checks  *kube.Definitions

	mu     sync.Mutex
	guests []*cluster
}

// provisions reports whether clusters are made in a Supervisor.
func (s *Site) provisions(sup *supervisor) bool { return s.Provision && sup.index == 0 }

// defineProvisioning creates the kinds that only the controllers know, before Cluster API starts.
func (s *Site) defineProvisioning(sup *supervisor) error {
	path, err := besideProgram("lab-provision.json")
	if err != nil {
		return err
	}
	if s.provisioner.checks, err = kube.ReadDefinitions(path); err != nil {
		return fmt.Errorf("%s: %w", path, err)
	}
	return sup.client.Define(s.ctx, s.provisioner.checks, kube.Webhook{})
}

// startSimulator starts the vCenter of VM Operator. It is another one than that of the people, which knows them.
func (s *Site) startSimulator() error {
	program, err := besideProgram("vcsim")
	if err != nil {
		return err
	}
	out, log := filepath.Join(s.Dir, "vcsim.json"), filepath.Join(s.Dir, "vcsim.log")
	if err := os.RemoveAll(out); err != nil {
		return err
	}
	args := []string{"-listen=" + net.JoinHostPort(s.net.ip(addrShared), "0"), "-out=" + out}
	for image, version := range inventory.Images() {
		args = append(args, image+"="+version)
	}
	ended, err := s.processes.Run(s.ctx, log, program, args...)
	if err != nil {
		return err
	}
	return kube.Eventually(s.ctx, func() error {
		select {
		case err := <-ended:
			return fmt.Errorf("vcsim ended (%w); see %s", err, log)
		default:
		}
		text, err := os.ReadFile(out)
		if err != nil {
			return err
		}
		return json.Unmarshal(text, &s.provisioner.vcenter)
	})
}

// startProvisioning starts what makes clusters.
func (s *Site) startProvisioning() error {
	sup := s.supervisors[0]
	made := inventory.Provision{Namespace: provisionNamespace, Class: provisionClass, VCenter: s.provisioner.vcenter}
	if err := s.markNamespace(sup); err != nil {
		return err
	}
	if err := s.apply(sup, made.Operator); err != nil {
		return err
	}
	if err := s.startProviders(sup); err != nil {
		return err
	}
	for server, port := range map[string]int{"bootstrap": capiPort, "controlplane": capiPort, "capv": capvPort, "vmop": vmopPort} {
		hook := kube.Webhook{URL: "https://" + net.JoinHostPort(sup.api.IP, strconv.Itoa(port)), CA: s.vmca.PEM}
		if err := sup.client.Check(s.ctx, s.provisioner.checks.Of(server), hook); err != nil {
			return err
		}
	}
	if err := s.apply(sup, made.Objects); err != nil {
		return err
	}
	if err := s.completeImages(sup); err != nil {
		return err
	}
	return s.startAgent(sup)
}

func (s *Site) apply(sup *supervisor, objects func() ([]*unstructured.Unstructured, error)) error {
	all, err := objects()
	if err != nil {
		return err
	}
	return sup.client.Apply(s.ctx, all...)
}

// markNamespace makes the webhooks look at what is in the namespace.
func (s *Site) markNamespace(sup *supervisor) error {
	patch := []byte(`{"metadata":{"labels":{"vsphere-lab/provision":"true"}}}`) // as in test/controllers/crds
	_, err := sup.client.Typed.CoreV1().Namespaces().Patch(s.ctx, provisionNamespace, types.MergePatchType, patch, metav1.PatchOptions{})
	return err
}

// startProviders starts CAPV and VM Operator. VM Operator changes what its own webhook lets nobody change but a Kubernetes administrator.
func (s *Site) startProviders(sup *supervisor) error {
	operator := filepath.Join(s.Dir, sup.api.Name, "vmop.kubeconfig")
	if err := sup.api.Administrator(operator, "kubernetes-admin"); err != nil {
		return err
	}
	var g errgroup.Group
	namespace := "--namespace=" + provisionNamespace
	g.Go(func() error {
		return s.startController(sup, controller{"capv", sup.api.AdminKubeconfig, capvPort, capvHealthPort}, namespace)
	})
	g.Go(func() error {
		return s.startController(sup, controller{"vmop", operator, vmopPort, vmopHealthPort}, namespace, "--proxy="+s.net.front(sup.last))
	})
	return g.Wait()
}

// completeImages waits until VM Operator has read the images, and says of each what it cannot: it does not know the field.
func (s *Site) completeImages(sup *supervisor) error {
	images := sup.client.Dynamic.Resource(schema.GroupVersionResource{Group: "vmoperator.vmware.com", Version: "v1alpha3", Resource: "clustervirtualmachineimages"})
	for image, item := range s.provisioner.vcenter.Items {
		if err := kube.Eventually(s.ctx, func() error {
			o, err := images.Get(s.ctx, image, metav1.GetOptions{})
			if err != nil {
				return err
			}
			if got, _, err := unstructured.NestedString(o.Object, "status", "providerItemID"); err != nil || got != item {
				return errors.Join(fmt.Errorf("image %s is item %q", image, got), err)
			}
			_, err = images.Patch(s.ctx, image, types.MergePatchType, []byte(`{"status":{"type":"OVF"}}`), metav1.PatchOptions{}, "status")
			return err
		}); err != nil {
			return err
		}
	}
	return nil
}

// startAgent plays what is not there, until the site ends.
func (s *Site) startAgent(sup *supervisor) error {
	log, err := os.Create(filepath.Join(s.Dir, "provision.log"))
	if err != nil {
		return err
	}
	var addresses []string
	for i := range maxBalancers {
		addresses = append(addresses, s.net.ip(addrBalancer+i))
	}
	agent := provision.New(provision.Config{
		Supervisor: sup.client, Namespace: provisionNamespace, Addresses: addresses, Class: provisionClass, Log: log, Boot: s.bootGuest, SSH: sshSecrets,
		Release: func(version string) (name, upgrades string) {
			r, _ := inventory.FindRelease(version)
			return r.Name, r.Upgrades
		},
	})
	go func() {
		defer log.Close() //nolint:errcheck // Nothing is left to do about it.
		if err := agent.Run(s.ctx); err != nil {
			fmt.Fprintln(log, err)
		}
	}()
	return nil
}

// bootGuest starts the API server of a cluster that Cluster API made, until ctx ends.
func (s *Site) bootGuest(ctx context.Context, c provision.Cluster) (*kube.Client, error) {
	g := &cluster{
		part: "guest-" + c.Name + "-" + c.UID, ip: c.Address, issuers: &s.supervisors[0].issuers, ca: c.CA, serviceAccountKey: c.ServiceAccountKey,
	}
	g.become(c.Namespace, c.Name, c.UID)
	if err := s.startCluster(ctx, g); err != nil {
		return nil, err
	}
	if err := g.publishPinnipedInfo(ctx); err != nil {
		return nil, err
	}
	p := &s.provisioner
	p.mu.Lock()
	p.guests = append(p.guests, g)
	p.mu.Unlock()
	context.AfterFunc(ctx, func() {
		p.mu.Lock()
		defer p.mu.Unlock()
		p.guests = slices.DeleteFunc(p.guests, func(other *cluster) bool { return other == g })
	})
	s.mu.Lock()
	users := slices.Clone(s.users)
	s.mu.Unlock()
	for _, u := range users {
		if slices.Contains(u.Namespaces, provisionNamespace) {
			if err := g.allow(ctx, u); err != nil {
				return nil, err
			}
		}
	}
	return g.client, nil
}

// allowInGuests gives a user rights in the clusters that were made. One that boots meanwhile sees the user.
func (s *Site) allowInGuests(ctx context.Context, u vcenter.User) error {
	if !slices.Contains(u.Namespaces, provisionNamespace) {
		return nil
	}
	s.provisioner.mu.Lock()
	guests := slices.Clone(s.provisioner.guests)
	s.provisioner.mu.Unlock()
	var errs []error
	for _, g := range guests {
		errs = append(errs, g.allow(ctx, u))
	}
	return errors.Join(errs...)
}

// describeProvisioning is what a script must know to write a Cluster.
func describeProvisioning() *LabProvision {
	return &LabProvision{
		Namespace: provisionNamespace, Class: provisionClass, Release: inventory.Current.Version, Upgrade: inventory.Next().Version,
		VMClass: "best-effort-small", StorageClass: "wcpglobal",
	}
}
