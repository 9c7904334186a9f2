package site

import (
	"github.com/kubectl-vsphere/kubectl-vsphere/internal/failure"
	"github.com/kubectl-vsphere/kubectl-vsphere/pkg/trust"
)

// rootVariables are the environment variables that replace the system's roots (package crypto/x509).
var rootVariables = [...]string{"SSL_CERT_FILE", "SSL_CERT_DIR"}

// sayShellRoots says that a CA is one of this shell alone: contexts hold none then, and kubectl in another shell does not have it. The CA is
// not kept instead. Whoever sets the variable once would have it count for good. No context leads to a vCenter.
func (s Site) sayShellRoots() {
	server := s.contact.server()
	ca := s.Transport.Roots()[server]
	if mode := s.Trust().For(server).Mode; ca == "" || s.contact.VCenter != nil || mode != trust.System && mode != "" || trust.Public(ca) {
		return
	}
	for _, name := range rootVariables {
		value := s.contact.Env.Getenv(name)
		if value == "" {
			continue
		}
		s.contact.Env.Notef("%s verifies %s in this shell alone, and contexts do not have its CA", name, s.Address)
		if name == rootVariables[0] {
			s.contact.Env.Tellf("To have it in the contexts, add: --certificate-authority %s", failure.Quote(value))
		}
		return
	}
}
