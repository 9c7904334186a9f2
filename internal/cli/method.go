package cli

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"slices"
	"strings"

	"github.com/kubectl-vsphere/kubectl-vsphere/pkg/login/oidc"
	"github.com/kubectl-vsphere/kubectl-vsphere/pkg/login/secret"
	"github.com/kubectl-vsphere/kubectl-vsphere/pkg/supervisor"
)

// The methods of a login, as sessions name them and --auth-method takes them.
const (
	methodAuto = "auto"
	methodSSO  = "sso"
	methodOIDC = "oidc"
)

// chooseMethod says whether the login is by an identity provider, and what the Supervisor tells of that. Who gives a user name or a
// password means vCenter Single Sign-On, as ever, and nothing is asked for it.
func (a *App) chooseMethod(ctx context.Context, s site, o loginOptions) (method string, id supervisor.Identity, err error) {
	front := &supervisor.Client{Wire: s.Client, Address: o.server}
	switch {
	case o.method == methodAuto && a.meansSSO(o):
		fmt.Fprintf(a.ErrOut, "Logging in with vCenter Single Sign-On, since %s is given. For an identity provider: --auth-method oidc.\n", a.whySSO(o))
		return methodSSO, id, nil
	case o.method == methodSSO:
		return methodSSO, id, nil
	case o.method == methodOIDC:
		id, err = front.Identity(ctx)
		if errors.Is(err, supervisor.ErrNoIdentity) {
			err = hint(err, "Log in with vCenter Single Sign-On: --auth-method sso -u USER.")
		}
		return methodOIDC, id, err
	}
	id, err = front.Identity(ctx)
	if errors.Is(err, supervisor.ErrNoIdentity) {
		fmt.Fprintln(a.ErrOut, "Logging in with vCenter Single Sign-On: this Supervisor has no external identity provider.")
		return methodSSO, id, nil
	}
	if err == nil {
		fmt.Fprintln(a.ErrOut, "Logging in by the identity provider of this Supervisor. For vCenter Single Sign-On give -u USER or --auth-method sso.")
	}
	return methodOIDC, id, err
}

// meansSSO tells whether something was given that only vCenter Single Sign-On asks for by itself.
func (a *App) meansSSO(o loginOptions) bool { return a.whySSO(o) != "" }

// whySSO is what was given.
func (a *App) whySSO(o loginOptions) string {
	switch {
	case o.user != "":
		return "-u"
	case a.Getenv(passwordVariable) != "":
		return passwordVariable
	case o.passwordStdin, len(o.passwordCommand) > 0:
		return "a password"
	}
	return ""
}

// flow is what --oidc-flow takes.
type flow string

const (
	flowAuto     flow = "auto"
	flowBrowser  flow = "browser"
	flowDevice   flow = "device"
	flowPassword flow = "password"
)

var flows = []string{string(flowAuto), string(flowBrowser), string(flowDevice), string(flowPassword)}

// oidcOptions are what the flags mean for a login by an identity provider.
type oidcOptions struct {
	provider string // name of the identity provider; empty: the only one, or to be asked
	flow     flow
	browser  oidc.BrowserWay // what only a browser makes sense with

	// What names an issuer that the API server at --server trusts directly, without a Supervisor.
	issuer, client string
	ca             string // file; empty: the system's roots
	scopes         []string
	params         map[string]string
	tokenFile      string // where a runner provides the ID token
	tokenVariable  string
	secretFile     string // where a runner provides the secret of the client
	secretVariable string
	kept           string // CA (PEM) of the last login
}

// plain tells whether there is no Supervisor.
func (o oidcOptions) plain() bool {
	return o.issuer != "" || o.tokenFile != "" || o.tokenVariable != ""
}

func (f loginFlags) oidcOptions() (oidcOptions, error) {
	o := oidcOptions{provider: f.identityProvider, flow: flow(f.flow), browser: oidc.BrowserWay{None: f.noBrowser, Listen: f.listen}}
	if o.flow == "" {
		o.flow = flowAuto
	}
	if !slices.Contains(flows, string(o.flow)) {
		return o, usagef("--oidc-flow: want %s", strings.Join(flows, ", "))
	}
	if f.browserCommand != "" {
		var err error
		if o.browser.Command, err = secret.ParseCommand(f.browserCommand); err != nil {
			return o, usagef("--browser-command: %w", err)
		}
	}
	switch {
	case f.noBrowser && f.browserCommand != "":
		return o, usagef("--no-browser and --browser-command do not go together")
	case f.listenRemote && f.listen == "":
		return o, usagef("--listen-remote goes with --listen-address")
	}
	if err := f.plainOptions(&o); err != nil {
		return o, err
	}
	if err := checkListen(f.listen, f.listenRemote); err != nil {
		return o, usagef("--listen-address: %w", err)
	}
	return o, nil
}

// typed is a flag, and whether it was given.
type typed struct {
	flag  string
	given bool
}

// firstOf is the first flag that was given, if any.
func firstOf(flags ...typed) string {
	i := slices.IndexFunc(flags, func(t typed) bool { return t.given })
	if i < 0 {
		return ""
	}
	return flags[i].flag
}

// personal is a flag that says how a person logs in by an identity provider.
func (f loginFlags) personal() string {
	return firstOf(typed{"--oidc-flow", f.flow != ""}, typed{"--no-browser", f.noBrowser}, typed{"--browser-command", f.browserCommand != ""},
		typed{"--listen-address", f.listen != ""})
}

// unattended is a flag by which a runner stands for a person.
func (f loginFlags) unattended() string {
	return firstOf(typed{"--oidc-token-file", f.tokenFile != ""}, typed{"--oidc-token-variable", f.tokenVariable != ""},
		typed{"--oidc-client-secret-file", f.secretFile != ""}, typed{"--oidc-client-secret-variable", f.secretVariable != ""})
}

// method reads --auth-method. A flag that only identity providers have decides it, too.
func (f loginFlags) method() (string, error) {
	switch f.authMethod {
	case "", methodAuto:
		if f.issuerURL != "" || f.tokenFile != "" || f.tokenVariable != "" || f.identityProvider != "" || f.personal() != "" {
			return methodOIDC, nil
		}
		return methodAuto, nil
	case methodSSO:
		if flag := cmp.Or(f.personal(), firstOf(typed{"--identity-provider", f.identityProvider != ""})); flag != "" {
			return "", usagef("%s is for identity providers: it does not go with --auth-method sso", flag)
		}
		return methodSSO, nil
	case methodOIDC:
		return methodOIDC, nil
	}
	return "", usagef("--auth-method: want auto, sso or oidc")
}
