package site

import (
	"net"
	"net/http"

	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/client-go/discovery"

	"github.com/kubectl-vsphere/kubectl-vsphere/test/lab/webconsole"
)

// esxi is the host of every virtual machine. Nothing answers there.
const esxi = "esx1.lab"

// startConsoles answers requests for web consoles, if the Supervisor has VM Operator's kinds. Where VM Operator runs, it answers them.
func (s *Site) startConsoles(sup *supervisor) error {
	kinds, err := consoleKinds(sup.client.Typed.Discovery())
	if err != nil || kinds == (webconsole.Kinds{}) {
		return err
	}
	ip := s.net.ip(addrShared)
	pair, err := s.vmca.Server("webconsole-webhook-service", []net.IP{net.ParseIP(ip)})
	if err != nil {
		return err
	}
	l, err := net.Listen("tcp", net.JoinHostPort(ip, "0"))
	if err != nil {
		return err
	}
	serve(s.ctx, l, http.HandlerFunc(webconsole.Review), &pair)
	except := ""
	if s.provisions(sup) {
		except = provisionNamespace
	}
	hook := webconsole.Hook{URL: "https://" + l.Addr().String(), CA: s.vmca.PEM, Except: except}
	if err := hook.Register(s.ctx, sup.client.Typed); err != nil {
		return err
	}
	sup.consoles = &webconsole.Consoles{Client: sup.client.Dynamic, Kinds: kinds, Proxy: s.net.front(sup.last), Host: esxi, Except: except}
	go sup.consoles.Run(s.ctx)
	return nil
}

// consoleKinds finds the versions that a server prefers.
func consoleKinds(d discovery.DiscoveryInterface) (kinds webconsole.Kinds, err error) {
	groups, err := d.ServerGroups()
	if err != nil {
		return kinds, err
	}
	for _, group := range groups.Groups {
		if group.Name != webconsole.Group {
			continue
		}
		for _, v := range group.Versions {
			list, err := d.ServerResourcesForGroupVersion(v.GroupVersion)
			if err != nil {
				return kinds, err
			}
			prefer(&kinds, v.Version, list)
		}
	}
	return kinds, nil
}

// prefer takes a version for kinds that have none yet.
func prefer(kinds *webconsole.Kinds, version string, list *metav1.APIResourceList) {
	for _, r := range list.APIResources {
		known := map[string]*string{
			"virtualmachines": &kinds.VirtualMachines, "virtualmachinewebconsolerequests": &kinds.Requests, "webconsolerequests": &kinds.OldRequests,
		}[r.Name]
		if known != nil && *known == "" {
			*known = version
		}
	}
}
