package oidc

import (
	"context"
	"errors"
	"net/http"
	"net/http/httptest"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/kubectl-vsphere/kubectl-vsphere/pkg/disclose"
	"github.com/kubectl-vsphere/kubectl-vsphere/pkg/redact"
	"github.com/kubectl-vsphere/kubectl-vsphere/pkg/wire"
)

// senders are all ways in which a client sends a secret, by what it sends.
func senders(c *Client) map[string]func(context.Context) error {
	return map[string]func(context.Context) error{
		"password": func(ctx context.Context) error {
			_, err := c.Password(ctx, "alice", password)
			return err
		},
		"client's secret": func(ctx context.Context) error {
			_, err := c.asClient(ctx, "secret")
			return err
		},
		"code": func(ctx context.Context) error {
			_, err := c.redeem(ctx, "code", c.newAttempt(""))
			return err
		},
		"refresh token": func(ctx context.Context) error { return c.Renew(ctx, func() error { return nil }) },
		"access token": func(ctx context.Context) error {
			_, err := c.Exchange(ctx, "audience")
			return err
		},
		"refresh token at its end": c.RevokeToken,
		"ID token":                 c.endSession,
		"device code": func(ctx context.Context) error {
			_, err := c.Device(ctx, func(DeviceCode) error { return nil })
			return err
		},
	}
}

// sent calls every sender at an issuer of a kind, and returns what arrived.
func sent(t *testing.T, ctx context.Context, prepare func(c *Client, issuer, other string)) (arrived []string) {
	t.Helper()
	for name := range senders(&Client{}) {
		asked := 0
		answer := func(w http.ResponseWriter, r *http.Request) {
			if strings.HasSuffix(r.URL.Path, "/device") { // It gets no secret.
				write(w, 200, map[string]any{"device_code": "dc", "user_code": "uc", "verification_uri": "https://" + r.Host + "/i/page", "interval": 1})
				return
			}
			asked++
			write(w, 403, map[string]any{"error": "access_denied"})
		}
		issuer, other := httptest.NewTLSServer(http.HandlerFunc(answer)), httptest.NewTLSServer(http.HandlerFunc(answer))
		c := &Client{Wire: &wire.Client{HTTP: issuer.Client()}, Now: time.Now, Session: Session{Client: "c", IdentityProvider: "ldap"}}
		at := issuer.URL + "/i/"
		c.Provider = Provider{Issuer: at, Authorize: at + "a", Token: at + "t", JWKS: at + "j", Device: at + "device", Revocation: at + "r", EndSession: at + "e"}
		c.Provider.Pinniped.IdentityProviders = at + "p"
		c.Refresh.Secret, c.Access.Secret, c.ID.Secret = redact.Secret("rt"), "at", "id"
		prepare(c, issuer.URL, other.URL)
		err := senders(c)[name](ctx)
		var refused *disclose.RefusedError
		if errors.As(err, &refused) == (asked > 0) || err == nil || asked > 1 {
			t.Errorf("%s: %v, %d requests", name, err, asked)
		}
		if asked > 0 {
			arrived = append(arrived, name)
		}
		issuer.Close()
		other.Close()
	}
	slices.Sort(arrived)
	return arrived
}

const (
	all    = "ID token, access token, client's secret, code, device code, password, refresh token, refresh token at its end"
	tokens = "ID token, access token, code, device code, refresh token, refresh token at its end"
)

// What each issuer gets, over all ways to send something.
func TestWhatAnIssuerGets(t *testing.T) {
	plain := func(c *Client) { c.Plain, c.Provider.Pinniped = true, pinniped{} }
	elsewhere := func(c *Client, to string) {
		p := &c.Provider
		p.Authorize, p.Token, p.Revocation, p.EndSession = to+"/i/a", to+"/i/t", to+"/i/r", to+"/i/e"
	}
	loose := func(c *Client) {
		c.Wire.HTTP.Transport.(*http.Transport).TLSClientConfig.InsecureSkipVerify = true
	}
	for name, tc := range map[string]struct {
		ctx     context.Context
		prepare func(c *Client, issuer, other string)
		want    string
	}{
		"of a Supervisor": {context.Background(), func(*Client, string, string) {}, all},
		"of a Supervisor that is not verified, which names the CA": {context.Background(), func(c *Client, _, _ string) { c.Unverified = true }, ""},
		"not verified": {context.Background(), func(c *Client, _, _ string) { loose(c) }, ""},
		"the same, with a person": {disclose.Attended(context.Background()), func(c *Client, _, _ string) { loose(c); c.Unverified = true },
			strings.Replace(all, "client's secret, ", "", 1)},
		"of a Supervisor, elsewhere": {context.Background(), func(c *Client, _, other string) { elsewhere(c, other) }, ""},
		"beside its own URL":         {context.Background(), func(c *Client, issuer, _ string) { elsewhere(c, issuer+"/other") }, ""},
		"plain":                      {context.Background(), func(c *Client, _, _ string) { plain(c) }, all},
		"plain, elsewhere":           {context.Background(), func(c *Client, _, other string) { plain(c); elsewhere(c, other) }, tokens},
		"plain, elsewhere, which is allowed": {context.Background(), func(c *Client, _, other string) {
			plain(c)
			elsewhere(c, other)
			c.Hosts = []string{strings.TrimPrefix(other, "https://")}
		}, all},
		"plain, elsewhere, another is allowed": {context.Background(), func(c *Client, _, other string) { plain(c); elsewhere(c, other); c.Hosts = []string{"127.0.0.1"} }, tokens},
		"plain, without TLS":                   {context.Background(), func(c *Client, _, other string) { plain(c); elsewhere(c, strings.Replace(other, "https", "http", 1)) }, ""},
		"Pinniped that is plain, elsewhere":    {context.Background(), func(c *Client, _, other string) { c.Plain = true; elsewhere(c, other) }, ""},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			if got := strings.Join(sent(t, tc.ctx, tc.prepare), ", "); got != tc.want {
				t.Errorf("it gets %s, not %s", got, tc.want)
			}
		})
	}
}
