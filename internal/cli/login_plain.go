package cli

import (
	"context"
	"errors"
	"path/filepath"
	"slices"

	"github.com/kubectl-vsphere/kubectl-vsphere/pkg/kubeconfig"
	"github.com/kubectl-vsphere/kubectl-vsphere/pkg/login"
	"github.com/kubectl-vsphere/kubectl-vsphere/pkg/login/oidc"
	"github.com/kubectl-vsphere/kubectl-vsphere/pkg/supervisor"
	"github.com/kubectl-vsphere/kubectl-vsphere/pkg/tokens"
	"github.com/kubectl-vsphere/kubectl-vsphere/pkg/trust"
	"github.com/kubectl-vsphere/kubectl-vsphere/pkg/wire"
)

// plainOptions reads what names an issuer without a Supervisor.
func (f loginFlags) plainOptions(o *oidcOptions) error {
	o.issuer, o.client, o.ca, o.scopes, o.params = f.issuerURL, f.clientID, f.issuerCA, f.scopes, f.params
	o.tokenFile, o.tokenVariable, o.secretFile, o.secretVariable = f.tokenFile, f.tokenVariable, f.secretFile, f.secretVariable
	if err := f.plainTogether(); err != nil {
		return err
	}
	if o.plain() && f.server == "" {
		return usagef("--server is missing: which API server?")
	}
	if f.issuerURL != "" {
		issuer, err := supervisor.CheckURL(f.issuerURL)
		if err != nil {
			return usagef("--oidc-issuer-url: %w", err)
		}
		o.issuer = issuer
	}
	for _, file := range []*string{&o.tokenFile, &o.secretFile} { // kubectl is run from everywhere.
		if *file != "" {
			var err error
			if *file, err = filepath.Abs(*file); err != nil {
				return err
			}
		}
	}
	return nil
}

// plainTogether tells which of these flags go with which.
func (f loginFlags) plainTogether() error {
	secrets := given(f.secretFile, f.secretVariable)
	switch {
	case given(f.issuerURL, f.clientID) == 1:
		return usagef("--oidc-issuer-url and --oidc-client-id go together")
	case f.issuerURL == "" && (f.issuerCA != "" || len(f.scopes) > 0 || len(f.params) > 0 || secrets > 0):
		return usagef("--oidc-ca, --oidc-scopes, --oidc-extra-param and --oidc-client-secret-… go with --oidc-issuer-url")
	case given(f.issuerURL, f.tokenFile, f.tokenVariable) > 1:
		return usagef("--oidc-issuer-url, --oidc-token-file and --oidc-token-variable do not go together")
	case secrets > 1:
		return usagef("--oidc-client-secret-file and --oidc-client-secret-variable do not go together")
	case given(f.issuerURL, f.tokenFile, f.tokenVariable) > 0 && f.authMethod == methodSSO:
		return usagef("--auth-method sso is for Supervisors: it does not go with an issuer")
	case given(f.issuerURL, f.tokenFile, f.tokenVariable) > 0 && f.identityProvider != "":
		return usagef("--identity-provider names one of a Supervisor's: it does not go with an issuer")
	}
	for name := range f.params {
		if slices.Contains(oidc.OwnParams, name) {
			return usagef("--oidc-extra-param: %s is not to be set by hand; for scopes there is --oidc-scopes", name)
		}
	}
	return nil
}

// given counts the flags that were given.
func given(flags ...string) (n int) {
	for _, flag := range flags {
		if flag != "" {
			n++
		}
	}
	return n
}

// repeat takes over what the last login was for.
func (o *oidcOptions) repeat(kept oidc.Session) {
	if !kept.Plain {
		return
	}
	o.scopes, o.params, o.tokenFile, o.tokenVariable = kept.Scopes, kept.Params, kept.TokenFile, kept.TokenVariable
	o.secretFile, o.secretVariable = kept.SecretFile, kept.SecretVariable
	o.issuer, o.client, o.kept = kept.Provider.Issuer, kept.Client, kept.CA
}

// greetAPI tells whether an API server is believed. Whatever it answers without credentials is well.
func (a *App) greetAPI(ctx context.Context, w *wire.Client, url string) error {
	_, err := w.Do(ctx, wire.Request{Method: "GET", URL: url})
	var failed *wire.Error
	if errors.As(err, &failed) && failed.Status != 0 && failed.Status < 500 {
		return nil
	}
	return err
}

// loginPlain is a login to an API server that trusts an issuer directly: its ID token is the credential.
func (a *App) loginPlain(ctx context.Context, store *tokens.Store, files kubeconfig.Files, s site, o loginOptions) error {
	if o.staticTokens || o.wait > 0 {
		return usagef("--static-tokens and --kubeconfig - are for vCenter Single Sign-On, and --wait is for a Supervisor")
	}
	l := &federatedLogin{App: a, store: store, site: s, o: o}
	if err := l.discoverPlain(ctx); err != nil {
		return err
	}
	return l.finish(ctx, files)
}

// discoverPlain asks the issuer for its document, unless a runner provides the token.
func (l *federatedLogin) discoverPlain(ctx context.Context) error {
	o := l.o.oidc
	kept := oidc.Session{
		Plain: true, Client: o.client, Scopes: o.scopes, Params: o.params, CA: o.kept,
		TokenFile: o.tokenFile, TokenVariable: o.tokenVariable, SecretFile: o.secretFile, SecretVariable: o.secretVariable,
	}
	// An issuer has nothing to do with how the API server is verified.
	t := trust.Trust{Mode: trust.System}
	if o.ca != "" {
		var err error
		if t, err = trust.FromFile(o.ca); err != nil {
			return usagef("--oidc-ca: %w", err)
		}
		kept.CA = t.CA
	}
	w, err := l.issuerClient(kept.CA, t, nil)
	if err != nil {
		return err
	}
	if o.issuer != "" {
		if kept.Provider, err = oidc.Discover(ctx, w, o.issuer); err != nil {
			var untrusted *trust.UntrustedError
			if errors.As(err, &untrusted) {
				err = hint(err, "%sUse --oidc-ca FILE with the CA of the issuer.", describe(untrusted))
			}
			return err
		}
		l.idp.Flows = []string{oidc.FlowBrowser}
		if l.o.oidc.flow == flowPassword {
			l.idp.Flows = []string{oidc.FlowPassword}
		}
	}
	l.issuer = &oidc.Client{Wire: w, Now: l.Now, Session: kept}
	if o.issuer != "" {
		_ = l.issuer.FetchKeys(ctx) // Else a token fetches them when the person is done, and waits.
	}
	return nil
}

// single is the API server alone, and the namespaces that were named.
func (l *federatedLogin) single(ctx context.Context, f *login.Federated, user string) (*login.Result, error) {
	host := login.Host{Address: l.o.server, APIPort: l.o.server.Port}
	if host.APIPort == 0 {
		host.APIPort = httpsPort
	}
	var err error
	host.Credential, err = f.Mint(ctx, tokens.Key{Server: l.o.server.String(), User: user}, tokens.Target{})
	if err != nil {
		return nil, err
	}
	res := &login.Result{Hosts: []login.Host{host}, Single: true, NamespacesHidden: true}
	for _, name := range l.o.namespaces {
		res.Namespaces = append(res.Namespaces, login.Namespace{Name: name, Host: host})
	}
	return res, nil
}

// httpsPort is where a URL without a port leads.
const httpsPort = 443
