package site

import (
	"encoding/base64"
	"errors"
	"fmt"
	"net"
	"slices"
	"time"

	"github.com/kubectl-vsphere/kubectl-vsphere/test/lab/admin"
	"github.com/kubectl-vsphere/kubectl-vsphere/test/lab/dex"
	"github.com/kubectl-vsphere/kubectl-vsphere/test/lab/federation"
	"github.com/kubectl-vsphere/kubectl-vsphere/test/lab/kube"
)

// addIdentity gives a front a FederationDomain of its own. Its one upstream is of the kind of LDAP, and knows the vCenter's users.
func (s *Site) addIdentity(c *front.Config, sup *supervisor, last int) error {
	issuer := "https://" + s.net.front(last) + "/wcp/pinniped"
	service, err := federation.New(federation.Config{
		Issuer: issuer,
		Upstreams: []federation.Upstream{{
			Name: "lab-ldap", Type: "ldap", Flows: []string{"cli_password", "browser_authcode"},
			Check: func(name, password string) (federation.User, bool) {
				u, err := s.vcenter.Check(name, password)
				return federation.User{Username: u.Username, Groups: u.Groups}, err == nil
			},
			Again: func(name string) bool {
				_, known := s.vcenter.Lookup(name)
				return known
			},
		}},
	})
	if err != nil {
		return err
	}
	sup.issuers.add(service)
	c.Federation = service.Handler()
	c.Info = map[string]string{
		"cluster_name": "bc84d5af-6828-4bc6-bcc7-d248ecdece01", "issuer": issuer,
		"issuer_ca_bundle_data": base64.StdEncoding.EncodeToString(s.vmca.PEM),
	}
	if spec.InfoKeys != minimal {
		info["concierge_endpoint"] = "https://" + net.JoinHostPort(s.net.ip(last), kube.Port)
		info["concierge_is_cluster_scoped"] = "true"
	}
	return info
}

const minimal = "minimal"

// checkFront finds switches that would do nothing.
func checkFront(spec admin.FrontSpec) error {
	switch {
	case spec.InfoKeys != "" && spec.InfoKeys != minimal:
		return fmt.Errorf("infoKeys is %q: only %q is known", spec.InfoKeys, minimal)
	case slices.ContainsFunc(spec.Providers, func(name string) bool { return name != admin.ProviderLDAP && name != admin.ProviderDex }):
		return fmt.Errorf("providers are %q: only %q and %q are known", spec.Providers, admin.ProviderLDAP, admin.ProviderDex)
	case !spec.Identity && (spec.InfoKeys != "" || len(spec.Providers) > 0 || spec.Lifetimes != admin.Lifetimes{}):
		return errors.New("providers, lifetimes and infoKeys are for a front with identity")
	}
	return nil
}
