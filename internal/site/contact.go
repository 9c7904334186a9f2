package site

import (
	"context"
	"errors"
	"fmt"
	"maps"
	"net/http"

	"github.com/kubectl-vsphere/kubectl-vsphere/internal/console"
	"github.com/kubectl-vsphere/kubectl-vsphere/internal/failure"
	"github.com/kubectl-vsphere/kubectl-vsphere/pkg/safetext"
	"github.com/kubectl-vsphere/kubectl-vsphere/pkg/supervisor"
	"github.com/kubectl-vsphere/kubectl-vsphere/pkg/tokens"
	"github.com/kubectl-vsphere/kubectl-vsphere/pkg/trust"
	"github.com/kubectl-vsphere/kubectl-vsphere/pkg/vcenter"
	"github.com/kubectl-vsphere/kubectl-vsphere/pkg/wire"
)

// Contact describes a first contact with a Supervisor or a vCenter, from the command line and the last login.
type Contact struct {
	Env     *console.Env
	Server  supervisor.Address
	Aliases supervisor.Aliases
	// Last is how logins verify the servers of the site so far (tokens.Site), and LastHosts are the control plane hosts among them
	// (HOST:PORT). Both are zero if no login has verified the Supervisor.
	Last      trust.Trust
	LastHosts []string
	// Keep changes what is known of the Supervisor for the next login; nil: nothing is kept.
	Keep func(ctx context.Context, change func(*tokens.Site)) error
	// API means an API server without a Supervisor. Any answer to a request without credentials is accepted.
	API bool
	// VCenter, if set, means a vCenter, which asks nobody for a banner.
	VCenter *vcenter.Client

	Flags TrustFlags

	roots []byte // PEM; what the vCenter of the flags offers
}

// TrustFlags are the flags about certificates.
type TrustFlags struct {
	Insecure       bool
	CAFile         string
	CAFingerprints []string // as trust.Fingerprint writes them
	// VCenter is a vCenter that offers the CAs; zero: none is asked.
	VCenter   supervisor.Address
	ReplaceCA bool // ask whether to trust a CA that differs from the remembered one
}

// Given reports whether a flag says how to verify the Supervisor, or how to find its CA.
func (f TrustFlags) Given() bool {
	return f.Insecure || f.CAFile != "" || len(f.CAFingerprints) > 0 || f.VCenter != (supervisor.Address{})
}

// Open makes the contact. When it returns, the certificate is trusted and the server has answered as a Supervisor does. Open then keeps how
// it is verified, before a password is asked for: after a mistyped password, nobody is asked about the CA again. The error is a
// *trust.UntrustedError, supervisor.ErrNotSupervisor, or one of package wire.
func (c Contact) Open(ctx context.Context) (Site, error) {
	t, err := c.chooseTrust(ctx)
	if err != nil {
		return Site{}, err
	}
	s, err := c.connect(ctx, t)
	var untrusted *trust.UntrustedError
	switch {
	case err == nil:
		s.sayShellRoots()
		return s, s.keepTrust(ctx, s.Trust())
	case !errors.As(err, &untrusted) || c.Flags.CAFile != "" && !untrusted.WrongName:
		return s, err
	case untrusted.WrongName:
		return s, c.wrongName(t, untrusted, err)
	case !untrusted.UnknownCA:
		return s, err
	}
	if c.roots, err = c.vCenterRoots(ctx); err != nil {
		return s, err
	}
	if untrusted, err = c.offered(untrusted); err != nil {
		return s, err
	}
	if c.Server.IsAPIPort() && c.ofFront() {
		c.Env.Notef("%s", c.notTheFront())
	}
	ca, err := c.firstUse(ctx, c.server(), c.Last.For(c.server()), untrusted)
	if err != nil {
		return s, err
	}
	t = c.accept(t, ca)
	s, err = c.connect(ctx, t)
	if err == nil || answered(err) {
		err = errors.Join(err, s.keepTrust(ctx, t))
	}
	return s, err
}

// ofFront reports whether the contact is with the front of a Supervisor.
func (c Contact) ofFront() bool { return !c.API && c.VCenter == nil }

// accept returns the trust with a CA (PEM) for the Supervisor. The pins of other servers stay. A person at the terminal has accepted the CA
// for this server alone: other hosts are trusted by what verified them so far. A fingerprint on the command line names the CA itself, so it
// counts for every server that shows that CA.
func (c Contact) accept(t trust.Trust, ca string) trust.Trust {
	pinned := trust.Trust{Mode: trust.Pinned, Pins: t.Pins}
	if len(c.Flags.CAFingerprints) > 0 {
		pinned.CA = ca
		return pinned
	}
	for _, host := range c.LastHosts {
		if last := c.Last.For(host); last.CA != "" {
			pinned = pinned.WithPin(host, last.CA)
		}
	}
	return pinned.WithPin(c.server(), ca)
}

// chooseTrust returns how to verify the Supervisor's certificate: by a flag, else as the last time, else by the system's roots.
// --insecure-skip-tls-verify is never remembered.
func (c Contact) chooseTrust(ctx context.Context) (trust.Trust, error) {
	switch {
	case c.Flags.CAFile != "":
		t, err := trust.FromFile(ctx, c.Flags.CAFile)
		if err != nil {
			return t, failure.Usagef("--certificate-authority: %w", err)
		}
		return t, nil
	case len(c.Flags.CAFingerprints) > 0: // No CA for the Supervisor yet: its certificate is compared with the fingerprints.
		pins := maps.Clone(c.Last.Pins)
		delete(pins, c.server())
		return trust.Trust{Mode: trust.Pinned, Pins: pins}, nil
	case c.Flags.Insecure:
		c.Env.Tellf("%s", InsecureWarning(c.Server.String()))
		return trust.Trust{Mode: trust.Insecure}, nil
	}
	t := c.Last
	if t.Mode == "" {
		t.Mode = trust.System
	}
	return t, nil
}

// InsecureWarning returns the warning before a password is sent to a server that is not verified.
func InsecureWarning(server string) string {
	return fmt.Sprintf("WARNING: the certificate of %s is not verified. Whoever answers at that address gets your password.", server)
}

// connect connects to the server, verified as t says, and checks its first answer.
func (c Contact) connect(ctx context.Context, t trust.Trust) (Site, error) {
	w, transport, err := NewClient(c.Env, ClientOptions{Trust: t, Reach: c.Aliases.Reach})
	if err != nil {
		return Site{}, err
	}
	mode := t.For(c.server()).Mode
	s := Site{
		Address: c.Server, Aliases: c.Aliases, Wire: w, Transport: transport, contact: c,
		VouchedCA: mode == trust.Bundle || mode == trust.System || mode == "" || mode == trust.Pinned && len(c.Flags.CAFingerprints) > 0,
	}
	switch {
	case c.API:
		return s, anyAnswer(ctx, w, c.Server.URL("/version"))
	case c.VCenter != nil:
		return s, c.probeVCenter(ctx, w)
	}
	return s, c.banner(ctx, s.Front())
}

// anyAnswer returns nil if the server's certificate is trusted and it answers. A refusal (4xx) is an answer too.
func anyAnswer(ctx context.Context, w *wire.Client, url string) error {
	_, err := w.Do(ctx, wire.Request{Method: http.MethodGet, URL: url})
	var failed *wire.Error
	if errors.As(err, &failed) && failed.Status != 0 && failed.Status < 500 {
		return nil
	}
	return err
}

// notTheFront says that the port is that of an API server.
func (c Contact) notTheFront() string {
	return fmt.Sprintf("Port %d is the API server's. A login goes to the Supervisor's front. Leave the port out: --server %s", supervisor.APIPort, supervisor.Address{Host: c.Server.Host})
}

// answers reports whether the API server answers behind a front that does not. What certificate it shows does not matter here.
func answers(ctx context.Context, front *supervisor.Client) bool {
	err := front.Answers(ctx, 0)
	var untrusted *trust.UntrustedError
	return err == nil || errors.As(err, &untrusted)
}

// maxBanner bounds the banner that a server can put on the terminal, in characters.
const maxBanner = 4096

// banner asks for the login banner and prints it. Only a Supervisor has one, so this shows what the server is before a password is
// typed.
func (c Contact) banner(ctx context.Context, front *supervisor.Client) error {
	p := c.Env.NewProgress()
	p.Show("Connecting to "+c.Server.String(), 0, 0)
	banner, err := front.Banner(ctx)
	p.Done()
	switch {
	case errors.Is(err, supervisor.ErrNotSupervisor) && c.Server.IsAPIPort():
		return failure.Hint(err, "%s", c.notTheFront())
	case errors.Is(err, supervisor.ErrNotSupervisor):
		return failure.Hint(err, "Check --server: it is the address of the Supervisor's control plane, not of vCenter or of a TKG cluster.")
	case errors.Is(err, wire.ErrUnreachable) && !c.Server.IsAPIPort() && answers(ctx, front):
		return failure.Hint(fmt.Errorf("connect to %s: %w", c.Server, err),
			"The API server answers there at port %d, but a login needs port %d. Ask your network administrator to open it.", supervisor.APIPort, c.Server.FrontPort())
	case err != nil:
		return fmt.Errorf("connect to %s: %w", c.Server, err)
	}
	if text := safetext.Block(banner, maxBanner); text != "" {
		c.Env.Tellf("%s", safetext.Lines(text))
	}
	return nil
}
