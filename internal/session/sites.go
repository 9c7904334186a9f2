package session

import (
	"context"
	"maps"
	"time"

	"github.com/kubectl-vsphere/kubectl-vsphere/pkg/login"
	"github.com/kubectl-vsphere/kubectl-vsphere/pkg/safetext"
	"github.com/kubectl-vsphere/kubectl-vsphere/pkg/supervisor"
	"github.com/kubectl-vsphere/kubectl-vsphere/pkg/tokens"
	"github.com/kubectl-vsphere/kubectl-vsphere/pkg/trust"
)

// Sites is what the store knows of Supervisors.
type Sites struct{ *Sessions }

// Of returns the site of a Supervisor: from its file, or else from its sessions, where earlier versions kept it.
// The error is a *tokens.SiteError.
func (s Sites) Of(server string) (tokens.Site, error) {
	site, found, err := s.Store.Site(server)
	if err != nil || found {
		return site, err
	}
	return s.ofSessions(server), nil
}

// Update changes the site of a Supervisor (tokens.Store.UpdateSite).
func (s Sites) Update(ctx context.Context, server string, change func(*tokens.Site)) error {
	_, err := s.Store.UpdateSite(ctx, s.ofSessions(server), change)
	return err
}

// Name gives the site of a Supervisor a name (tokens.Store.NameSite).
func (s Sites) Name(ctx context.Context, server, name string) error {
	_, err := s.Store.NameSite(ctx, s.ofSessions(server), name)
	return err
}

// ofSessions returns a site from the sessions at a Supervisor, of any user. A session without verification says nothing about it. The
// last login with a CA of its own goes before those that the system's roots verified.
func (s Sites) ofSessions(server string) tokens.Site {
	site := tokens.Site{Server: server}
	for _, at := range s.Store.SessionsAt(server) {
		if at.Trust.Mode == trust.Insecure {
			continue
		}
		if m, err := s.Method(at); err == nil && site.Issuer == "" {
			facts, _ := m.Facts(at)
			site.Issuer = facts.Issuer
		}
		if len(site.Aliases) == 0 {
			site.Aliases = at.Aliases
		}
		if site.Known() && site.Trust.Mode != trust.System {
			continue
		}
		if at.Trust.Mode == "" {
			at.Trust.Mode = trust.System
		}
		if !site.Known() || at.Trust.Mode != trust.System {
			site.Trust, site.Hosts = at.Trust, at.Hosts
		}
	}
	return site
}

// Aliases returns the aliases of a Supervisor's servers: those of its site, else of the last login that had any.
func (s Sites) Aliases(site tokens.Site) supervisor.Aliases {
	if len(site.Aliases) > 0 {
		return site.Aliases
	}
	for _, at := range s.Store.SessionsAt(site.Server) {
		if len(at.Aliases) > 0 && at.Trust.Mode != trust.Insecure {
			return at.Aliases
		}
	}
	return nil
}

// maxReason bounds the reason for a port, in characters.
const maxReason = 500

// KeepPorts keeps in a site where a login reached its API servers. given is the port that the user named; 0: none. A host that the login
// did not reach keeps what was known of it, unless the user named its port before and does not any more.
func KeepPorts(site *tokens.Site, hosts []login.Host, given int, now time.Time) {
	maps.DeleteFunc(site.APIPorts, func(_ string, at tokens.APIPort) bool { return given == 0 && at.Reason == "" })
	for _, h := range hosts {
		address := h.Address.String()
		was := site.APIPorts[address]
		at := tokens.APIPort{Port: given, Since: now.UTC().Truncate(time.Second)}
		if given == 0 && h.Instead != nil {
			at.Port, at.Reason = h.APIPort, safetext.Line(h.Instead.Error(), maxReason)
		}
		switch {
		case at.Port == 0:
			delete(site.APIPorts, address)
			continue
		case was.Port == at.Port && (was.Reason == "") == (at.Reason == ""):
			at.Since = was.Since
		}
		if site.APIPorts == nil {
			site.APIPorts = map[string]tokens.APIPort{}
		}
		site.APIPorts[address] = at
	}
}
