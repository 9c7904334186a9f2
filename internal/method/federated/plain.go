package federated

import (
	"context"
	"errors"

	"github.com/kubectl-vsphere/kubectl-vsphere/internal/failure"
	"github.com/kubectl-vsphere/kubectl-vsphere/pkg/login"
	"github.com/kubectl-vsphere/kubectl-vsphere/pkg/login/oidc"
	"github.com/kubectl-vsphere/kubectl-vsphere/pkg/tokens"
	"github.com/kubectl-vsphere/kubectl-vsphere/pkg/trust"
)

// discoverPlain asks the issuer for its document, unless a CI job provides the token.
func (a *discovery) discoverPlain(ctx context.Context) error {
	o := a.Options.Issuer
	kept := oidc.Session{
		Plain: true, Client: o.Client, Scopes: o.Scopes, Params: o.Params, CA: o.LastCA,
		TokenFile: o.TokenFile, TokenVariable: o.TokenVariable, SecretFile: o.SecretFile, SecretVariable: o.SecretVariable,
	}
	a.Sessions.Env.HideVariables(o.TokenVariable, o.SecretVariable)
	// The trust of the API server does not apply to the issuer.
	t := trust.Trust{Mode: trust.System}
	if o.CAFile != "" {
		var err error
		if t, err = trust.FromFile(ctx, o.CAFile); err != nil {
			return failure.Usagef("--oidc-ca: %w", err)
		}
		kept.CA = t.CA
	}
	w, err := a.issuerClient(kept.CA, t, nil)
	if err != nil {
		return err
	}
	a.issuer = &oidc.Client{Wire: w, Now: a.Sessions.Env.Now, Session: kept}
	if o.URL == "" {
		return nil
	}
	if a.issuer.Provider, err = oidc.Discover(ctx, w, o.URL, true); err != nil {
		var untrusted *trust.UntrustedError
		if errors.As(err, &untrusted) {
			err = failure.Hint(err, "%sUse --oidc-ca FILE with the CA of the issuer.", failure.Describe(untrusted))
		}
		return err
	}
	a.idp.Flows = []string{oidc.FlowBrowser}
	if a.Options.Flow == Password {
		a.idp.Flows = []string{oidc.FlowPassword}
	}
	if err := a.checkHost(ctx); err != nil {
		return err
	}
	_ = a.issuer.FetchKeys(ctx) // Now, so that the login does not wait for them later.
	return nil
}

// httpsPort is the port of a URL without a port.
const httpsPort = 443

// findPlain returns only the API server and the namespaces of the command line.
func (a *attempt) findPlain(ctx context.Context, l *live) (*login.Result, error) {
	host := login.Host{Address: a.site.Address, APIPort: a.site.Address.Port}
	if host.APIPort == 0 {
		host.APIPort = httpsPort
	}
	var err error
	host.Credential, err = l.minter.Mint(ctx, tokens.Key{Server: l.session.Server, User: l.session.User}, tokens.Target{})
	if err != nil {
		return nil, err
	}
	res := &login.Result{Hosts: []login.Host{host}, Single: true, NamespacesHidden: true}
	for _, name := range a.request.Namespaces {
		res.Namespaces = append(res.Namespaces, login.Namespace{Name: name, Host: host})
	}
	return res, nil
}
