// Package dex runs a real Dex in this process: an OpenID provider with password grant, device flow and refresh tokens that
// rotate, for logins without a Supervisor and as the upstream of a FederationDomain. What is known of it: reference
// lab-parts.md, OIDC providers.
package dex

import (
	"context"
	"crypto/rand"
	"fmt"
	"io"
	"log/slog"
	"net/http"
	"slices"
	"time"

	"github.com/dexidp/dex/server"
	"github.com/dexidp/dex/server/signer"
	"github.com/dexidp/dex/storage"
	"github.com/dexidp/dex/storage/memory"
)

// The clients: a public one for command lines, which may listen on any loopback port, and a FederationDomain's.
const (
	PublicClient     = "lab-cli"
	FederationClient = "pinniped-supervisor"
)

// Lifetime is how long ID and access tokens are good unless told otherwise.
const Lifetime = 5 * time.Minute

// keyPeriod is longer than a lab runs.
const keyPeriod = "24h"

// Config is a Dex.
type Config struct {
	Issuer   string        // https, without a slash at the end
	Lifetime time.Duration // of ID and access tokens; 0 is Lifetime
	Now      func() time.Time
	Log      io.Writer // nil: nowhere
}

// Server is a running Dex.
type Server struct {
	http.Handler
	accounts *accounts
	secret   string
}

// New starts a Dex without users. It ends with ctx.
func New(ctx context.Context, c Config) (*Server, error) {
	c = c.withDefaults()
	logger := slog.New(slog.NewTextHandler(c.Log, nil))
	s := &Server{accounts: newAccounts(memory.New(logger)), secret: rand.Text()}
	if err := s.fill(ctx); err != nil {
		return nil, err
	}
	keys, err := (&signer.LocalConfig{KeysRotationPeriod: keyPeriod}).Open(ctx, s.accounts, c.Lifetime, c.Now, logger)
	if err != nil {
		return nil, err
	}
	// It rotates, and a token is never good for a second use: without a reuse interval two programs that share one collide.
	policy, err := server.NewRefreshTokenPolicy(logger, false, "", "", "")
	if err != nil {
		return nil, err
	}
	s.Handler, err = server.NewServer(ctx, server.Config{
		Issuer: c.Issuer, Storage: s.accounts, SkipApprovalScreen: true, PasswordConnector: server.LocalConnector,
		IDTokensValidFor: c.Lifetime, RefreshTokenPolicy: policy, Now: c.Now, Logger: logger, Signer: keys,
	})
	return s, err
}

func (c Config) withDefaults() Config {
	if c.Lifetime == 0 {
		c.Lifetime = Lifetime
	}
	if c.Now == nil {
		c.Now = time.Now
	}
	if c.Log == nil {
		c.Log = io.Discard
	}
	return c
}

// fill creates the clients and the connector of the users with passwords.
func (s *Server) fill(ctx context.Context) error {
	for _, client := range []storage.Client{
		{ID: PublicClient, Name: "Lab CLI", Public: true}, // Without redirect URIs: every one on loopback.
		{ID: FederationClient, Name: "Pinniped Supervisor", Secret: s.secret},
	} {
		if err := s.accounts.CreateClient(ctx, client); err != nil {
			return fmt.Errorf("create the client %s: %w", client.ID, err)
		}
	}
	return s.accounts.CreateConnector(ctx, storage.Connector{ID: server.LocalConnector, Type: server.LocalConnector, Name: "Password"})
}

// Secret is that of FederationClient.
func (s *Server) Secret() string { return s.secret }

// AddRedirect lets FederationClient be called back at a URI.
func (s *Server) AddRedirect(ctx context.Context, uri string) error {
	return s.accounts.UpdateClient(ctx, FederationClient, func(c storage.Client) (storage.Client, error) {
		c.RedirectURIs = append(slices.Clone(c.RedirectURIs), uri)
		return c, nil
	})
}
