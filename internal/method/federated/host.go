package federated

import (
	"context"
	"errors"
	"fmt"
	"slices"

	"github.com/kubectl-vsphere/kubectl-vsphere/internal/console"
	"github.com/kubectl-vsphere/kubectl-vsphere/internal/failure"
	"github.com/kubectl-vsphere/kubectl-vsphere/pkg/disclose"
	"github.com/kubectl-vsphere/kubectl-vsphere/pkg/login/oidc"
	"github.com/kubectl-vsphere/kubectl-vsphere/pkg/safetext"
)

// otherHost is a server that the document of an issuer names for a login, and that may not have what the login needs there.
type otherHost struct {
	name string // HOST or HOST:PORT, canonical; empty if no other server is meant
	what string // it does
}

// otherHostOf returns the server on which a login with a flow depends: the page at which a person proves who they are, or the endpoint
// that gets a password or the client's secret. Its name is empty if that is the issuer's own, or one of hosts, which a person or a flag
// named. A hostile issuer could name a good one's page there, and take its code.
func otherHostOf(s oidc.Session, flow Flow, hosts []string) otherHost {
	kind, url, what := disclose.Login, s.Provider.Authorize, "has its login page"
	switch {
	case s.TokenFile != "" || s.TokenVariable != "":
		return otherHost{}
	case s.HasSecret():
		kind, url, what = disclose.ClientSecret, s.Provider.Token, "wants the client's secret"
	case flow == Password:
		kind, url, what = disclose.ProviderPassword, s.Provider.Token, "wants the password"
	case flow == Device:
		url, what = s.Provider.Device, "gives out its codes"
	}
	if url == "" {
		return otherHost{}
	}
	return otherHostAt(s, kind, url, hosts).that(what)
}

// otherHostAt returns the server of a URL unless it may have what a login needs there: a kind of secret, or a login on its page.
func otherHostAt(s oidc.Session, kind disclose.Kind, url string, hosts []string) otherHost {
	ground := s.Provider.Ground(s.Plain, hosts)
	if _, err := disclose.Decide(disclose.Question{Kind: kind, URL: url, Ground: ground, Over: disclose.Over{Verified: true}}); err == nil {
		return otherHost{}
	}
	return otherHost{name: safetext.Line(s.Provider.Elsewhere(url), 300)}
}

// that returns the server with what it does.
func (o otherHost) that(does string) otherHost { return otherHost{o.name, does} }

// checkHost asks about a server that is not the issuer's own, unless the command line or an earlier login names it. The session remembers it.
func (a *discovery) checkHost(ctx context.Context) error {
	other := otherHostOf(a.issuer.Session, a.Options.Flow, nil)
	if other.name == "" {
		return nil
	}
	if otherHostOf(a.issuer.Session, a.Options.Flow, a.trustedHosts()).name != "" {
		if err := askHost(ctx, a.Sessions.Env, a.issuer, other); err != nil {
			return err
		}
	}
	a.issuer.Hosts = []string{other.name}
	return nil
}

// codePage is the page for a device code, and the servers beside the issuer's own that may have it.
type codePage struct {
	url   string
	hosts []string
}

// checkPage asks about the page for a device code if that is at another server. A hostile issuer could show the code of a good one, and get
// its tokens (RFC 8628, section 5.4). The session remembers the server.
func checkPage(ctx context.Context, env *console.Env, issuer *oidc.Client, page codePage) error {
	s := issuer.Session
	other := otherHostAt(s, disclose.Login, page.url, s.Hosts).that("has its login page")
	if !s.Plain || other.name == "" { // Of a Pinniped, package oidc takes no other page.
		return nil
	}
	if otherHostAt(s, disclose.Login, page.url, page.hosts).name != "" {
		if err := askHost(ctx, env, issuer, other); err != nil {
			return err
		}
	}
	issuer.Hosts = append(issuer.Hosts, other.name)
	return nil
}

// askHost asks a person about a server that is not the issuer's own.
func askHost(ctx context.Context, env *console.Env, of *oidc.Client, other otherHost) error {
	issuer := safetext.Line(of.Provider.Issuer, 300)
	if env.Terminal == nil {
		return failure.Hint(fmt.Errorf("the issuer %s %s at another server, %s", issuer, other.what, other.name),
			"Ask the administrator of the issuer. If that is right, add: --oidc-trust-host %s", failure.Quote(other.name))
	}
	env.Tellf("The issuer %s %s at another server, %s. Whoever runs the issuer may then get what is meant for that server.", issuer, other.what, other.name)
	switch yes, err := env.Confirm(ctx, "Is that meant?"); {
	case err != nil:
		return err
	case !yes:
		return errors.New("you did not log in there")
	}
	return nil
}

// trustedHosts returns the servers that the command line or earlier logins with the same issuer allow.
func (a *discovery) trustedHosts() []string {
	hosts := slices.Clone(a.Options.Issuer.Hosts)
	for _, s := range a.storedSessions() {
		if s.oidc.Plain && s.oidc.Provider.Issuer == a.issuer.Provider.Issuer {
			hosts = append(hosts, s.oidc.Hosts...)
		}
	}
	return hosts
}

// checkStored applies the rules of a login to what an older version of this program, or somebody else, has stored.
func checkStored(s oidc.Session) error {
	if s.Provider.Issuer == "" { // A runner provides the token.
		return nil
	}
	if err := s.Provider.CheckEndpoints(s.Plain); err != nil {
		return fmt.Errorf("the issuer %s: %w", safetext.Line(s.Provider.Issuer, 300), err)
	}
	if other := otherHostOf(s, Flow(s.Flow), s.Hosts); s.Plain && other.name != "" {
		return fmt.Errorf("the issuer %s %s at another server, %s, and nobody has allowed that", safetext.Line(s.Provider.Issuer, 300), other.what, other.name)
	}
	return nil
}
