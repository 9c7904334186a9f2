package cli

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"net"
	"net/http"
	"net/url"
	"strings"
	"time"

	"github.com/spf13/cobra"
	"k8s.io/client-go/tools/clientcmd/api"

	"github.com/kubectl-vsphere/kubectl-vsphere/pkg/jwt"
	"github.com/kubectl-vsphere/kubectl-vsphere/pkg/kubeconfig"
	"github.com/kubectl-vsphere/kubectl-vsphere/pkg/login"
	"github.com/kubectl-vsphere/kubectl-vsphere/pkg/login/oidc"
	"github.com/kubectl-vsphere/kubectl-vsphere/pkg/safetext"
	"github.com/kubectl-vsphere/kubectl-vsphere/pkg/tokens"
	"github.com/kubectl-vsphere/kubectl-vsphere/pkg/trust"
	"github.com/kubectl-vsphere/kubectl-vsphere/pkg/wire"
)

// identity is the shape of `whoami -o json`.
type identity struct {
	Context    string    `json:"context"`
	Server     string    `json:"server"`
	Username   string    `json:"username"`
	Groups     []string  `json:"groups,omitempty"`
	ValidUntil time.Time `json:"validUntil"`
	// Claims are what the identity provider says of the person, as it says it; vCenter's token of the context without one.
	Claims json.RawMessage `json:"claims,omitempty"`
}

func (a *App) whoamiCommand() *cobra.Command {
	var format outputFormat
	var name string
	var claims bool
	c := &cobra.Command{
		Use:   "whoami",
		Short: "Asks an API server who you are to it.",
		Long: `Asks the API server of a context who you are to it (SelfSubjectReview), with the same token that kubectl would use.
It tells a token that the server refuses from one that has ended.`,
		Example: "  kubectl vsphere whoami\n  kubectl vsphere whoami --context tkc1 -o json",
		Args:    noArgs,
		RunE: func(c *cobra.Command, _ []string) error {
			id, err := a.whoami(c.Context(), name, claims)
			if err != nil {
				return err
			}
			if format.structured() {
				return format.write(a.Out, id)
			}
			return a.printIdentity(id)
		},
	}
	c.Flags().StringVar(&name, "context", "", "The kubeconfig context to ask. (default the current one)")
	c.Flags().BoolVar(&claims, "show-claims", false, "Also show what the identity provider said about you at the login or the last renewal.")
	_ = c.RegisterFlagCompletionFunc("context", a.completeContexts)
	format.addTo(c)
	return c
}

func (a *App) printIdentity(id identity) error {
	fmt.Fprintf(a.Out, "Username:     %s\n", id.Username)
	fmt.Fprintf(a.Out, "Groups:       %s\n", strings.Join(id.Groups, ", "))
	fmt.Fprintf(a.Out, "Server:       %s\n", id.Server)
	_, err := fmt.Fprintf(a.Out, "Valid until:  %s\n", a.until(id.ValidUntil))
	if len(id.Claims) > 0 {
		var text bytes.Buffer
		if err := json.Indent(&text, id.Claims, "", "  "); err != nil {
			return err
		}
		_, err = fmt.Fprintf(a.Out, "Claims:\n%s\n", safetext.Block(text.String(), maxClaims))
	}
	return err
}

// maxClaims bounds what is shown of claims, in characters.
const maxClaims = 64 << 10

// whoami finds the context, gets its token as kubectl would and asks the server.
func (a *App) whoami(ctx context.Context, name string, claims bool) (identity, error) {
	cfg, err := a.loadKubeconfig()
	if err != nil {
		return identity{}, err
	}
	if name == "" {
		name = cfg.CurrentContext
	}
	cluster, user, err := contextOf(cfg, name)
	if err != nil {
		return identity{}, err
	}
	key, ours := kubeconfig.Ours(user)
	if !ours {
		return identity{}, hint(fmt.Errorf("context %q was not written by this program", name),
			"Choose one with --context; kubectl vsphere status lists them.")
	}
	cred, err := a.token(ctx, key, false)
	if err != nil {
		return identity{}, err
	}
	id := identity{Context: name, Server: cluster.Server, ValidUntil: cred.Expires}
	err = a.selfSubjectReview(ctx, cluster, cred, &id)
	if errors.Is(err, wire.ErrRefused) {
		err = hint(fmt.Errorf("the token was refused by the server though valid until %s: %w", a.until(cred.Expires), err),
			"A new cluster refuses tokens for some minutes. If this stays, type: %s", loginCommandOf(a.sessionFor(key)))
	}
	if err == nil && claims {
		id.Claims, err = a.claims(key, cred)
	}
	return id, err
}

// sessionFor is sessionOf in the user's store.
func (a *App) sessionFor(key tokens.Key) tokens.Session {
	store, err := a.openStore()
	if err != nil {
		return tokens.Session{Server: key.Server, User: key.User}
	}
	return sessionOf(store, key)
}

// claims are those of the session's identity provider, or those of vCenter's token.
func (a *App) claims(key tokens.Key, cred tokens.Credential) (json.RawMessage, error) {
	store, err := a.openStore()
	if err != nil {
		return nil, err
	}
	s, found, err := store.FindSession(key)
	if err != nil || !found {
		return nil, err
	}
	var text []byte
	if s.Method == methodOIDC {
		kept, err := oidc.ParseSession(s.Renewal)
		if err != nil {
			return nil, err
		}
		text = kept.Claims
	} else if text, err = jwt.Payload(cred.Token); err != nil && !errors.Is(err, jwt.ErrNotJWT) {
		return nil, errors.New("the token's claims cannot be read")
	}
	var all any
	if json.Unmarshal(text, &all) != nil {
		return nil, errors.New("there are no claims to show; a login or renewal brings them")
	}
	return json.Marshal(harmless(all))
}

// maxClaim bounds a text in the claims, in characters.
const maxClaim = 4096

// harmless is a JSON value whose texts a terminal can show.
func harmless(v any) any {
	switch v := v.(type) {
	case string:
		return safetext.Line(v, maxClaim)
	case []any:
		for i := range v {
			v[i] = harmless(v[i])
		}
		return v
	case map[string]any:
		clean := map[string]any{}
		for name, value := range v {
			clean[safetext.Line(name, maxName)] = harmless(value)
		}
		return clean
	}
	return v
}

func contextOf(cfg *api.Config, name string) (*api.Cluster, *api.AuthInfo, error) {
	if name == "" {
		return nil, nil, hint(errors.New("there is no current context"), "Choose one with --context or with kubectl config use-context.")
	}
	c, ok := cfg.Contexts[name]
	if !ok {
		return nil, nil, fmt.Errorf("context %q is not in the kubeconfig", name)
	}
	cluster, user := cfg.Clusters[c.Cluster], cfg.AuthInfos[c.AuthInfo]
	if cluster == nil || user == nil {
		return nil, nil, fmt.Errorf("context %q names a cluster or user that is not in the kubeconfig", name)
	}
	return cluster, user, nil
}

// apiClient asks the API server of a context with its credential: the client, and the server's URL.
func (a *App) apiClient(cluster *api.Cluster, cred tokens.Credential) (*wire.Client, string, error) {
	t, err := trustOf(cluster)
	if err != nil {
		return nil, "", err
	}
	server, reach := serverOf(cluster)
	certificate, err := login.Certificate(cred)
	if err != nil {
		return nil, "", hint(err, "Get a new one with --force-refresh of get-token.")
	}
	w, _, err := a.wireClientWith(t, reach, certificate)
	return w, server, err
}

// selfSubjectReview asks https://kubernetes.io/docs/reference/kubernetes-api/authentication-resources/self-subject-review-v1/.
func (a *App) selfSubjectReview(ctx context.Context, cluster *api.Cluster, cred tokens.Credential, id *identity) error {
	w, server, err := a.apiClient(cluster, cred)
	if err != nil {
		return err
	}
	endpoint := server + "/apis/authentication.k8s.io/v1/selfsubjectreviews"
	body, err := w.Do(ctx, wire.Request{
		Method: http.MethodPost, URL: endpoint, Bearer: cred.Token,
		Body: []byte(`{"apiVersion":"authentication.k8s.io/v1","kind":"SelfSubjectReview"}`),
	})
	if err != nil {
		return err
	}
	var review struct {
		Status struct {
			UserInfo struct {
				Username string   `json:"username"`
				Groups   []string `json:"groups"`
			} `json:"userInfo"`
		} `json:"status"`
	}
	if err := wire.DecodeJSON(http.MethodPost, endpoint, body, &review); err != nil {
		return err
	}
	id.Username = safetext.Line(review.Status.UserInfo.Username, maxName)
	for _, g := range review.Status.UserInfo.Groups {
		id.Groups = append(id.Groups, safetext.Line(g, maxName))
	}
	return nil
}

// serverOf is the URL of an API server by the name in its certificate, and where that is reached.
func serverOf(c *api.Cluster) (server string, reach func(string) string) {
	server = strings.TrimSuffix(c.Server, "/")
	u, err := url.Parse(server)
	if err != nil || c.TLSServerName == "" {
		return server, nil
	}
	at := trust.ServerOf(u.Host)
	_, port, _ := net.SplitHostPort(at) // It has one.
	u.Host = net.JoinHostPort(c.TLSServerName, port)
	return u.String(), func(string) string { return at }
}

// maxName bounds a user or group name on the terminal, in characters.
const maxName = 256

// trustOf is how the kubeconfig says that the server's certificate is verified.
func trustOf(c *api.Cluster) (trust.Trust, error) {
	switch {
	case len(c.CertificateAuthorityData) > 0:
		return trust.Trust{Mode: trust.Bundle, CA: string(c.CertificateAuthorityData)}, nil
	case c.CertificateAuthority != "":
		return trust.FromFile(c.CertificateAuthority)
	case c.InsecureSkipTLSVerify:
		return trust.Trust{Mode: trust.Insecure}, nil
	}
	return trust.Trust{Mode: trust.System}, nil
}
