// Package harbor asks a Harbor registry (https://goharbor.io) for its version, whether it accepts a login, its CA,
// and its robot accounts. Paths and shapes are those of Harbor's API 2.0 (api/v2.0/swagger.yaml) and, where that is
// said, 1.10.
package harbor

import (
	"context"
	"errors"
	"fmt"
	"net/http"
	"net/url"
	"strings"

	"github.com/kubectl-vsphere/kubectl-vsphere/pkg/bounded"
	"github.com/kubectl-vsphere/kubectl-vsphere/pkg/disclose"
	"github.com/kubectl-vsphere/kubectl-vsphere/pkg/redact"
	"github.com/kubectl-vsphere/kubectl-vsphere/pkg/registry"
	"github.com/kubectl-vsphere/kubectl-vsphere/pkg/safetext"
	"github.com/kubectl-vsphere/kubectl-vsphere/pkg/trust"
	"github.com/kubectl-vsphere/kubectl-vsphere/pkg/wire"
)

// Client asks one registry. Wire must not follow redirects, so that secrets for the registry reach no other host.
type Client struct {
	Wire *wire.Client
	Host string // as registry.ParseHost spells it

	knew bool
}

// ErrNotHarbor is a registry that does not answer as Harbor does.
var ErrNotHarbor = errors.New("it does not answer as a Harbor registry does")

// maxText bounds a word from the registry, in characters.
const maxText = 80

// Info is the part of Harbor's system information that needs no login.
type Info struct {
	Version  string // as v2.12.0; empty: not known
	AuthMode string // http_auth, db_auth, ldap_auth, uaa_auth, oidc_auth
	// Endpoint is the server that it asks about users in http_auth, as registry.ParseHost spells it. It is empty if
	// there is no such server, or if it has no TLS.
	Endpoint string
}

// Info asks /api/v2.0/systeminfo, or /api/systeminfo of Harbor 1, which need no login. The error is ErrNotHarbor, or
// of package wire.
func (c *Client) Info(ctx context.Context) (Info, error) {
	var failed error
	for _, path := range []string{"/api/v2.0/systeminfo", "/api/systeminfo"} {
		body, err := c.Wire.Do(ctx, wire.Request{Method: http.MethodGet, URL: c.url(path)})
		if err == nil {
			return parseInfo(body)
		}
		if !answered(err) {
			return Info{}, err
		}
		if failed == nil || errors.Is(failed, wire.ErrNotFound) {
			failed = err // The error of a broken Harbor says more than the 404 of a path that it does not have.
		}
	}
	if errors.Is(failed, wire.ErrServer) && !redirect(failed) {
		return Info{}, failed
	}
	return Info{}, fmt.Errorf("%w: %w", ErrNotHarbor, failed)
}

// answered reports whether the registry replied with an error status, so that the network is not at fault.
func answered(err error) bool {
	var e *wire.Error
	return errors.As(err, &e) && e.Status != 0
}

func redirect(err error) bool {
	var e *wire.Error
	return errors.As(err, &e) && e.Status >= 300 && e.Status <= 399
}

func parseInfo(body []byte) (Info, error) {
	var raw struct {
		AuthMode string `json:"auth_mode"`
		Version  string `json:"harbor_version"`
		Proxy    *struct {
			Endpoint string `json:"endpoint"`
		} `json:"authproxy_settings"`
	}
	if bounded.JSON(body, &raw) != nil || raw.AuthMode == "" {
		return Info{}, ErrNotHarbor
	}
	info := Info{Version: safetext.Line(raw.Version, maxText), AuthMode: safetext.Line(raw.AuthMode, maxText)}
	if raw.Proxy != nil {
		info.Endpoint = endpointHost(raw.Proxy.Endpoint)
	}
	return info, nil
}

// endpointHost returns the server of an https URL; empty for another one, which must not get a password.
func endpointHost(endpoint string) string {
	u, err := url.Parse(endpoint)
	if err != nil || u.Scheme != "https" || u.User != nil {
		return ""
	}
	host, err := registry.ParseHost(u.Host)
	if err != nil {
		return ""
	}
	return host
}

// service is the only service that Harbor's token endpoint knows.
const service = "harbor-registry"

// Probe tries a user name and secret as docker's clients send them: with Basic authentication at the token endpoint,
// without a scope. The error is of package wire; wire.ErrRefused when Harbor does not accept them (401). A colon in
// the name is sent as clients would send it, though a server that follows RFC 7617 takes the rest of the name for the
// password.
func (c *Client) Probe(ctx context.Context, username string, secret disclose.Secret) error {
	if !sendable(strings.ReplaceAll(username, ":", "")) {
		return fmt.Errorf("%w: no user name can be %s", wire.ErrRefused, safetext.Quote(username, maxText))
	}
	body, err := c.Wire.Do(ctx, wire.Request{
		Method: http.MethodGet, URL: c.url("/service/token?service=" + service),
		Basic: &wire.Basic{User: username, Password: secret}, Secrets: []redact.Secret{secret.Redacted()},
	})
	if err != nil {
		return err
	}
	var reply struct {
		Token  string `json:"token"`
		Access string `json:"access_token"`
	}
	if err := wire.DecodeJSON(http.MethodGet, c.url("/service/token"), body, &reply); err != nil {
		return err
	}
	if reply.Token == "" && reply.Access == "" {
		return &wire.Error{Method: http.MethodGet, URL: c.url("/service/token"), Kind: wire.ErrServer, Message: "it gives no token"}
	}
	return nil
}

// CurrentUser asks whose an ID token is (GET /users/current, in oidc_auth). It returns the user name and the CLI
// secret, which registry clients use as password. The audience of the token is Harbor's client ID. The error is of
// package wire; wire.ErrRefused also when the user never logged in to Harbor's page.
func (c *Client) CurrentUser(ctx context.Context, idToken disclose.Secret) (Login, error) {
	url := c.url("/api/v2.0/users/current")
	body, err := c.Wire.Do(ctx, wire.Request{Method: http.MethodGet, URL: url, Bearer: idToken, Secrets: []redact.Secret{idToken.Redacted()}})
	if err != nil {
		return Login{}, err
	}
	var reply struct {
		Username string `json:"username"`
		OIDC     struct {
			Secret string `json:"secret"`
		} `json:"oidc_user_meta"`
	}
	if err := wire.DecodeJSON(http.MethodGet, url, body, &reply); err != nil {
		return Login{}, err
	}
	if !sendable(reply.Username) || reply.OIDC.Secret == "" {
		return Login{}, &wire.Error{Method: http.MethodGet, URL: url, Kind: wire.ErrServer, Message: "it tells no user name with a CLI secret"}
	}
	own := disclose.OwnRegistry(c.Host).Hold(disclose.RegistryLogin, redact.Secret(reply.OIDC.Secret))
	return Login{Username: reply.Username, Password: own}, nil
}

// sendable reports whether Basic authentication can carry a user name (RFC 7617, section 2), and a terminal show it.
func sendable(username string) bool {
	return username != "" && !strings.Contains(username, ":") && safetext.IsLine(username, maxName)
}

// CA gets the certificates (PEM) by which the registry says it is verified (…/systeminfo/getcert, which needs no
// login). They prove nothing by themselves: the server that answers could make them up.
func (c *Client) CA(ctx context.Context) ([]byte, error) {
	var failed error
	for _, path := range []string{"/api/v2.0/systeminfo/getcert", "/api/systeminfo/getcert"} {
		body, err := c.Wire.Do(ctx, wire.Request{Method: http.MethodGet, URL: c.url(path), Accept: "*/*"})
		if err == nil {
			return trust.Certificates(body)
		}
		failed = err
		if !answered(err) {
			break
		}
	}
	return nil, failed
}

func (c *Client) url(path string) string { return "https://" + c.Host + path }
