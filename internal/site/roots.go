package site

import (
	"github.com/kubectl-vsphere/kubectl-vsphere/pkg/trust"
)

// rootVariables are the environment variables that replace the system's roots (package crypto/x509).
var rootVariables = [...]string{"SSL_CERT_FILE", "SSL_CERT_DIR"}

// rootVariable returns the variable of the environment that replaces the system's roots, or "".
func (c Contact) rootVariable() string {
	for _, name := range rootVariables {
		if c.Env.Getenv(name) != "" {
			return name
		}
	}
	return ""
}

// shellRoots returns the CAs (PEM) that verified servers (HOST:PORT) by the system's roots, where the environment replaces those and the CA
// is none that every system has.
func (s Site) shellRoots() map[string]string {
	all := map[string]string{}
	if s.contact.rootVariable() == "" {
		return all
	}
	t := s.Transport.Trust()
	for server, ca := range s.Transport.Roots() {
		if mode := t.For(server).Mode; (mode == trust.System || mode == "") && !trust.Public(ca) {
			all[server] = ca
		}
	}
	return all
}

// sayShellRoots says that a CA of this shell is remembered.
func (s Site) sayShellRoots() {
	if _, pinned := s.shellRoots()[s.contact.server()]; pinned {
		s.contact.Env.Notef("%s verified %s: its CA is remembered, so that later commands need no such variable", s.contact.rootVariable(), s.Address)
	}
}
