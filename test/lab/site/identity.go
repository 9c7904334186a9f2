package site

import (
	"encoding/base64"
	"net"
	"time"

	"github.com/kubectl-vsphere/kubectl-vsphere/test/lab/admin"
	"github.com/kubectl-vsphere/kubectl-vsphere/test/lab/federation"
	"github.com/kubectl-vsphere/kubectl-vsphere/test/lab/front"
	"github.com/kubectl-vsphere/kubectl-vsphere/test/lab/kube"
)

// addIdentity gives a front a FederationDomain of its own.
func (s *Site) addIdentity(c *front.Config, last int, spec admin.FrontSpec) error {
	issuer := "https://" + s.net.front(last) + "/wcp/pinniped"
	service, err := federation.New(federation.Config{Issuer: issuer, Upstreams: []federation.Upstream{s.ldap()}, Lifetimes: lifetimes(spec)})
	if err != nil {
		return err
	}
	s.addIssuer(service)
	c.Federation = service.Handler()
	c.Info = map[string]string{
		"cluster_name": "bc84d5af-6828-4bc6-bcc7-d248ecdece01", "issuer": issuer,
		"issuer_ca_bundle_data": base64.StdEncoding.EncodeToString(s.vmca.PEM),
	}
	if !spec.Minimal {
		c.Info["concierge_endpoint"] = "https://" + net.JoinHostPort(s.net.ip(last), kube.Port)
		c.Info["concierge_is_cluster_scoped"] = "true"
	}
	return nil
}

// ldap is an upstream that knows the vCenter's users by their passwords.
func (s *Site) ldap() federation.Upstream {
	return federation.Upstream{
		Name: "lab-ldap", Type: "ldap", Flows: []string{"cli_password", "browser_authcode"},
		Check: func(name, password string) (federation.User, bool) {
			u, err := s.vcenter.Check(name, password)
			return federation.User{Username: u.Username, Groups: u.Groups}, err == nil
		},
		Again: func(name string) bool {
			_, known := s.vcenter.Lookup(name)
			return known
		},
	}
}

// lifetimes are those of a real issuer, but where a test wants others.
func lifetimes(spec admin.FrontSpec) federation.Lifetimes {
	l := federation.DefaultLifetimes
	for _, one := range []struct {
		to   *time.Duration
		from time.Duration
	}{
		{&l.Code, time.Duration(spec.Lifetimes.Code)}, {&l.Access, time.Duration(spec.Lifetimes.Access)}, {&l.Refresh, time.Duration(spec.Lifetimes.Refresh)},
	} {
		if one.from != 0 {
			*one.to = one.from
		}
	}
	return l
}
