package logincmd

import (
	"cmp"
	"path/filepath"
	"strings"

	"github.com/kubectl-vsphere/kubectl-vsphere/internal/browser"
	"github.com/kubectl-vsphere/kubectl-vsphere/internal/failure"
	"github.com/kubectl-vsphere/kubectl-vsphere/internal/method/federated"
	"github.com/kubectl-vsphere/kubectl-vsphere/internal/method/password"
	"github.com/kubectl-vsphere/kubectl-vsphere/pkg/login/oidc"
	"github.com/kubectl-vsphere/kubectl-vsphere/pkg/login/secret"
	"github.com/kubectl-vsphere/kubectl-vsphere/pkg/supervisor"
)

// readProvider reads the flags about identity providers and issuers.
func (f flags) readProvider(o *Options) error {
	p := f.provider
	o.Provider = federated.Options{
		Provider: p.name, Flow: federated.Flow(cmp.Or(p.flow, string(federated.Auto))), TrustIssuer: strings.TrimRight(p.trustIssuer, "/"),
		Browser: oidc.BrowserWay{None: p.noBrowser, Listen: p.listen},
	}
	if !validFlow(string(o.Provider.Flow)) {
		return wantFlow()
	}
	if p.browserCommand != "" {
		var err error
		if o.Provider.Browser.Command, err = secret.ParseCommand(p.browserCommand); err != nil {
			return failure.Usagef("--browser-command: %w", err)
		}
	}
	switch {
	case p.noBrowser && p.browserCommand != "":
		return failure.Usagef("--no-browser and --browser-command do not go together")
	case p.listenRemote && p.listen == "":
		return failure.Usagef("--listen-remote goes with --listen-address")
	}
	if err := f.readIssuer(&o.Provider.Issuer); err != nil {
		return err
	}
	if err := browser.CheckAddress(p.listen, p.listenRemote); err != nil {
		return failure.Usagef("--listen-address: %w", err)
	}
	return nil
}

// readIssuer reads the flags about an issuer without a Supervisor.
func (f flags) readIssuer(o *federated.Issuer) (err error) {
	i := f.issuer
	if err := f.issuerConflicts(); err != nil {
		return err
	}
	*o = federated.Issuer{
		URL: i.url, Client: i.client, CAFile: i.ca, Scopes: i.scopes, Params: i.params,
		TokenFile: i.tokenFile, TokenVariable: i.tokenVariable, SecretFile: i.secretFile, SecretVariable: i.secretVariable,
	}
	for _, host := range i.hosts {
		address, err := supervisor.ParseAddress(host)
		if err != nil {
			return failure.Usagef("--oidc-trust-host: %w", err)
		}
		o.Hosts = append(o.Hosts, address.String())
	}
	if i.plain() && f.who.server == "" {
		return failure.Usagef("--server is missing: which API server?")
	}
	if i.url != "" {
		if o.URL, err = supervisor.CheckURL(i.url); err != nil {
			return failure.Usagef("--oidc-issuer-url: %w", err)
		}
	}
	for _, file := range []*string{&o.TokenFile, &o.SecretFile} { // Absolute, since kubectl runs in any directory.
		if *file != "" {
			if *file, err = filepath.Abs(*file); err != nil {
				return err
			}
		}
	}
	return nil
}

// issuerConflicts returns a usage error for issuer flags that do not go together.
func (f flags) issuerConflicts() error {
	i := f.issuer
	secrets := countSet(i.secretFile, i.secretVariable)
	more := countSet(i.ca)+len(i.hosts)+len(i.scopes)+len(i.params)+secrets > 0
	switch {
	case countSet(i.url, i.client) == 1:
		return failure.Usagef("--oidc-issuer-url and --oidc-client-id go together")
	case i.url == "" && more:
		return failure.Usagef("--oidc-ca, --oidc-trust-host, --oidc-scopes, --oidc-extra-param and --oidc-client-secret-… go with --oidc-issuer-url")
	case countSet(i.url, i.tokenFile, i.tokenVariable) > 1:
		return failure.Usagef("--oidc-issuer-url, --oidc-token-file and --oidc-token-variable do not go together")
	case secrets > 1:
		return failure.Usagef("--oidc-client-secret-file and --oidc-client-secret-variable do not go together")
	case i.plain() && f.who.method == password.Name:
		return failure.Usagef("--auth-method sso is for Supervisors: it does not go with an issuer")
	case i.plain() && f.provider.name != "":
		return failure.Usagef("--identity-provider is for Supervisors: it does not go with an issuer")
	}
	for name := range i.params {
		if oidc.IsOwnParam(name) {
			return failure.Usagef("--oidc-extra-param: %s cannot be set; for scopes use --oidc-scopes", name)
		}
	}
	return nil
}
