package cli

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"strings"
	"time"

	"github.com/spf13/cobra"

	"github.com/kubectl-vsphere/kubectl-vsphere/internal/command"
	"github.com/kubectl-vsphere/kubectl-vsphere/internal/console"
	"github.com/kubectl-vsphere/kubectl-vsphere/internal/failure"
	"github.com/kubectl-vsphere/kubectl-vsphere/internal/method"
	"github.com/kubectl-vsphere/kubectl-vsphere/internal/session"
	"github.com/kubectl-vsphere/kubectl-vsphere/pkg/bounded"
	"github.com/kubectl-vsphere/kubectl-vsphere/pkg/jwt"
	"github.com/kubectl-vsphere/kubectl-vsphere/pkg/safetext"
	"github.com/kubectl-vsphere/kubectl-vsphere/pkg/tokens"
	"github.com/kubectl-vsphere/kubectl-vsphere/pkg/wire"
)

// identity is the shape of `whoami -o json`.
type identity struct {
	Context    string    `json:"context"`
	Server     string    `json:"server"`
	Username   string    `json:"username"`
	Groups     []string  `json:"groups,omitempty"`
	ValidUntil time.Time `json:"validUntil"`
	// Claims are the identity provider's claims about the user. For vCenter Single Sign-On they are the claims in the context's token.
	Claims json.RawMessage `json:"claims,omitempty"`
}

// whoamiOptions are the flags of whoami.
type whoamiOptions struct {
	Context string // empty: the current one
	Claims  bool
	Format  command.Format
}

func whoamiCommand(e *console.Env) *cobra.Command {
	var o whoamiOptions
	c := &cobra.Command{
		Use:   "whoami",
		Short: "Asks an API server who you are.",
		Long: `Asks the API server of a context who you are (SelfSubjectReview), with the token that kubectl
would use. If a token does not work, whoami shows whether it has expired or the server refuses it.`,
		Example: "  kubectl vsphere whoami\n  kubectl vsphere whoami --context tkc1 -o json",
		Args:    command.NoArgs,
		RunE:    func(c *cobra.Command, _ []string) error { return whoami(c.Context(), e, o) },
	}
	c.Flags().StringVar(&o.Context, "context", "", "`NAME` of the kubeconfig context. (default the current one)")
	c.Flags().BoolVar(&o.Claims, "show-claims", false, "Also show the identity provider's claims about you, from the login or the last renewal.")
	_ = c.RegisterFlagCompletionFunc("context", command.Contexts(e))
	o.Format.AddTo(c)
	return c
}

// whoami prints the user of a context, as the API server sees it.
func whoami(ctx context.Context, e *console.Env, o whoamiOptions) error {
	id, err := askIdentity(ctx, e, o)
	if err != nil {
		return err
	}
	if o.Format.Structured() {
		return o.Format.Write(e.Out, id)
	}
	return printIdentity(e, id)
}

// maxClaims bounds the printed claims, in characters.
const maxClaims = 64 << 10

func printIdentity(e *console.Env, id identity) error {
	e.Printf("Username:     %s", id.Username)
	e.Printf("Groups:       %s", strings.Join(id.Groups, ", "))
	e.Printf("Server:       %s", id.Server)
	e.Printf("Valid until:  %s", e.Until(id.ValidUntil))
	if len(id.Claims) == 0 {
		return nil
	}
	var text bytes.Buffer
	if err := json.Indent(&text, id.Claims, "", "  "); err != nil {
		return err
	}
	_, err := fmt.Fprintf(e.Out, "Claims:\n%s\n", safetext.Block(text.String(), maxClaims)) // JSON, and no prose.
	return err
}

// askIdentity finds the context, gets its credential as kubectl does, and asks the API server.
func askIdentity(ctx context.Context, e *console.Env, o whoamiOptions) (identity, error) {
	store, files, err := command.Open(e)
	if err != nil {
		return identity{}, err
	}
	cfg, err := files.Load()
	if err != nil {
		return identity{}, err
	}
	c, err := session.FindContext(cfg, o.Context)
	if err != nil {
		return identity{}, err
	}
	console.SurviveParent()
	sessions := method.Sessions(e, store)
	client, credential, err := sessions.Client(ctx, c)
	if err != nil {
		return identity{}, err
	}
	id := identity{Context: c.Name, Server: c.Server, ValidUntil: credential.Expires}
	id.Username, id.Groups, err = client.WhoAmI(ctx)
	if errors.Is(err, wire.ErrRefused) {
		err = failure.Hint(fmt.Errorf("the token was refused by the server though valid until %s: %w", e.Until(credential.Expires), err),
			"A new cluster refuses tokens for some minutes. If this does not change, type: %s", sessions.Command(sessions.Of(c.Key)))
	}
	if c.Key.Cluster == "" && errors.Is(err, wire.ErrUnreachable) {
		err = failure.Hint(err, "If that port is closed to you, log in again: login then finds another one. Type: %s%s", sessions.Command(sessions.Of(c.Key)), anyPort(sessions, c.Key.Server))
	}
	if err == nil && o.Claims {
		id.Claims, err = claims(sessions, c.Key, credential)
	}
	return id, err
}

// anyPort returns the flag that has a login find the port of API servers, if an earlier login was told one.
func anyPort(sessions *session.Sessions, server string) string {
	known, err := session.Sites{Sessions: sessions}.Of(server)
	if err != nil || known.GivenPort() == 0 {
		return ""
	}
	return " --api-port auto"
}

// maxName bounds the name of a claim, in characters.
const maxName = 256

// claims returns the claims of the session's identity provider, or those in vCenter's token.
func claims(sessions *session.Sessions, key tokens.Key, c tokens.Credential) (json.RawMessage, error) {
	s, found, err := sessions.Store.FindSession(key)
	if err != nil || !found {
		return nil, err
	}
	m, err := sessions.Method(s)
	if err != nil {
		return nil, err
	}
	facts, err := m.Facts(s)
	if err != nil {
		return nil, err
	}
	text := facts.Claims
	if text == nil {
		if text, err = jwt.Payload(c.Token); err != nil && !errors.Is(err, jwt.ErrNotJWT) {
			return nil, errors.New("the token's claims cannot be read")
		}
	}
	var all any
	if bounded.JSON(text, &all) != nil {
		return nil, errors.New("there are no claims to show; a login or renewal brings them")
	}
	return json.Marshal(harmless(all))
}

// maxClaim bounds one string in the claims, in characters.
const maxClaim = 4096

// harmless returns a JSON value whose strings are safe to print on a terminal.
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
