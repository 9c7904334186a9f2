package doctor

import (
	"context"
	"errors"
	"fmt"
	"net/http"
	"time"

	"github.com/kubectl-vsphere/kubectl-vsphere/internal/console"
	"github.com/kubectl-vsphere/kubectl-vsphere/internal/failure"
	"github.com/kubectl-vsphere/kubectl-vsphere/internal/site"
	"github.com/kubectl-vsphere/kubectl-vsphere/pkg/safetext"
	"github.com/kubectl-vsphere/kubectl-vsphere/pkg/supervisor"
	"github.com/kubectl-vsphere/kubectl-vsphere/pkg/tokens"
	"github.com/kubectl-vsphere/kubectl-vsphere/pkg/trust"
	"github.com/kubectl-vsphere/kubectl-vsphere/pkg/wire"
)

// server is a Supervisor, another control plane host, or an API server without a Supervisor.
type server struct {
	supervisor.Address
	name    string // canonical
	site    tokens.Site
	siteErr error
	session *tokens.Session // that covers it; may be nil
	trust   trust.Trust
	aliases supervisor.Aliases
	plain   bool // there is no Supervisor: an API server trusts an issuer
	// provider is the identity provider behind the issuer by which the user logged in; empty: not known.
	provider string
	ask      func() answer
}

// answer is that of a server to a request without credentials.
type answer struct {
	err         error
	reply       wire.Reply
	from, until time.Time // our clock before the request and after the reply
}

// loginCommand is what to type for a server.
func (p *patient) loginCommand(s *server) string {
	if s.session != nil && p.sessions != nil {
		return p.sessions.Command(*s.session)
	}
	return failure.LoginCommand(s.name, "")
}

// front is a client of a server that has no credentials.
func (p *patient) front(s *server) (*supervisor.Client, error) {
	w, err := site.Client(p.env, s.trust, s.aliases.Reach)
	if err != nil {
		return nil, err
	}
	return &supervisor.Client{Wire: w, Address: s.Address}, nil
}

// askServer asks for the login banner, as the first request of a login does. An API server is asked for its version.
func (p *patient) askServer(ctx context.Context, s *server) (a answer) {
	leave, err := p.forServers.enter(ctx)
	if err != nil {
		return answer{err: err}
	}
	defer leave()
	front, err := p.front(s)
	if err != nil {
		return answer{err: err}
	}
	defer front.Wire.HTTP.CloseIdleConnections()
	path := "/wcp/loginbanner"
	if s.plain {
		path = "/version"
	}
	a.from = p.env.Now()
	a.reply, a.err = front.Wire.Exchange(ctx, wire.Request{Method: http.MethodGet, URL: s.URL(path), Accept: "*/*"})
	a.until, a.err = p.env.Now(), inTime(ctx, a.err)
	var status *wire.Error
	refusal := errors.As(a.err, &status) && status.Status != 0 && status.Status < 500
	switch {
	case s.plain && refusal:
		a.err = nil // That is an answer.
	case refusal:
		a.err = fmt.Errorf("%s is %w: %w", s.name, supervisor.ErrNotSupervisor, a.err)
	case a.err == nil && !s.plain:
		_, a.err = front.Banner(ctx)
		a.err = inTime(ctx, a.err)
	}
	return a
}

// How long before its end a certificate is told of.
const expiresSoon = 30 * 24 * time.Hour

// certificates looks at the certificates of servers, verified as a login verifies them.
func certificates(_ context.Context, p *patient) []Finding {
	return each(p.servers, func(s *server) []Finding {
		if s.siteErr != nil {
			return nil // The store has a problem, and nobody knows how to verify it.
		}
		a := s.ask()
		var untrusted *trust.UntrustedError
		switch {
		case errors.As(a.err, &untrusted):
			return []Finding{distrusted(p, s, untrusted)}
		case a.reply.Certificate == nil:
			return nil
		case s.trust.Mode == trust.Insecure:
			return []Finding{note(s.name, "its certificate is not verified: whoever answers there gets your tokens").
				do("Log in with the CA. Type: %s --certificate-authority FILE", p.loginCommand(s))}
		}
		left := a.reply.Certificate.NotAfter.Sub(p.env.Now())
		if left < expiresSoon {
			return []Finding{note(s.name, "its certificate ends in %s", console.Span(left)).do("Ask your vSphere administrator to renew it.")}
		}
		return []Finding{ok(s.name, "its certificate is verified, and good for %s", console.Span(left))}
	})
}

// distrusted is a certificate that a login would refuse.
func distrusted(p *patient, s *server, e *trust.UntrustedError) Finding {
	command := p.loginCommand(s)
	fingerprint := e.IssuerSHA256
	if fingerprint == "" {
		fingerprint = e.SHA256
	}
	switch remembered := s.trust.For(trust.ServerOf(s.HostPort())); {
	case e.UnknownCA && remembered.CA != "":
		return problem(s.name, "it shows another CA than the one that you trusted: signed by %s, SHA-256 %s", safetext.Quote(e.Issuer, maxAbout), fingerprint).
			do("Ask your vSphere administrator whether the CA was changed. If the fingerprint is right, type: %s --replace-ca", command)
	case e.UnknownCA:
		return problem(s.name, "%s", e.Error()).do("Log in with its CA. Type: %s --certificate-authority FILE", command)
	case e.WrongName:
		return problem(s.name, "%s", e.Error()).do("Use one of those names with --server, or ask your vSphere administrator for a certificate with this one.")
	}
	return problem(s.name, "%s", e.Error()).do("Check the clock of this machine. If it is right, ask your vSphere administrator for another certificate.")
}

// maxSkew is how wrong a clock may be: tokens are used until 45 seconds before their end.
const maxSkew = 30 * time.Second

// clocks compares the clock of this machine with that of each server.
func clocks(_ context.Context, p *patient) []Finding {
	return each(p.servers, func(s *server) []Finding {
		a := s.ask()
		if a.reply.Date.IsZero() {
			return nil
		}
		// The header has whole seconds, and was written at some time between from and until.
		skew := time.Duration(0)
		if ahead := a.from.Sub(a.reply.Date.Add(time.Second)); ahead > 0 {
			skew = ahead
		} else if behind := a.reply.Date.Sub(a.until); behind > 0 {
			skew = -behind
		}
		if skew.Abs() > 2*time.Minute {
			skew = skew.Round(time.Minute)
		}
		switch {
		case skew > maxSkew:
			return []Finding{problem(s.name, "the clock of this machine is %s ahead of the server's: tokens end early, and may count as ended", console.Span(skew)).
				do("Set the clocks by NTP.")}
		case skew < -maxSkew:
			return []Finding{problem(s.name, "the clock of this machine is %s behind the server's: kubectl sends tokens that have ended", console.Span(-skew)).
				do("Set the clocks by NTP.")}
		}
		return []Finding{ok(s.name, "the clocks agree")}
	})
}

// supervisors looks whether each server answers as a Supervisor does.
func supervisors(_ context.Context, p *patient) []Finding {
	return each(p.servers, func(s *server) []Finding {
		a := s.ask()
		var untrusted *trust.UntrustedError
		switch {
		case errors.As(a.err, &untrusted):
			return nil // The check of certificates tells it.
		case errors.Is(a.err, errLate):
			return []Finding{unseen(s)}
		case errors.Is(a.err, supervisor.ErrNotSupervisor):
			return []Finding{problem(s.name, "%s", safetext.Error(a.err)).do("Check the address: it is that of the Supervisor's control plane, not of vCenter or of a cluster.")}
		case errors.Is(a.err, wire.ErrUnreachable):
			return []Finding{problem(s.name, "%s", safetext.Error(a.err)).do("See the checks of the proxy, names and ports.")}
		case a.err != nil:
			return []Finding{problem(s.name, "%s", safetext.Error(a.err)).do("Ask your vSphere administrator to look at Workload Management.")}
		case s.plain:
			return []Finding{ok(s.name, "an API server answers")}
		}
		return []Finding{ok(s.name, "a Supervisor answers%s", p.versionAt(s))}
	})
}

// versionAt returns the version of a Supervisor's API, if a context knows it.
func (p *patient) versionAt(s *server) string {
	for _, x := range p.contexts {
		if x.key.Server == s.name && x.key.Cluster == "" {
			if version := x.look().version; version != "" {
				return ", with Kubernetes " + version
			}
		}
	}
	return ""
}
