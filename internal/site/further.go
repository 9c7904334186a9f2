package site

import (
	"context"
	"fmt"
	"maps"
	"slices"
	"strings"

	"github.com/kubectl-vsphere/kubectl-vsphere/internal/console"
	"github.com/kubectl-vsphere/kubectl-vsphere/internal/failure"
	"github.com/kubectl-vsphere/kubectl-vsphere/pkg/login"
	"github.com/kubectl-vsphere/kubectl-vsphere/pkg/safetext"
	"github.com/kubectl-vsphere/kubectl-vsphere/pkg/tokens"
	"github.com/kubectl-vsphere/kubectl-vsphere/pkg/trust"
)

// FurtherServers returns a function that decides about other servers of the site whose CA is unknown, and pins a CA that is trusted. It
// returns nil if a flag decides for all servers. During a question the progress line is paused.
func (s Site) FurtherServers(p *console.Progress) login.Decide {
	c := s.contact
	if c.Flags.Insecure || c.Flags.CAFile != "" && len(c.Flags.CAFingerprints) == 0 {
		return nil
	}
	return s.decide(p, further{Contact: c, transport: s.Transport})
}

// ClusterServers is FurtherServers for the API servers of clusters. A CA file is about the Supervisor: a cluster that tells its CA itself
// has one of its own, and is asked about as at first use.
func (s Site) ClusterServers(p *console.Progress) login.Decide {
	if s.contact.Flags.Insecure {
		return nil
	}
	return s.decide(p, further{Contact: s.contact, transport: s.Transport, clusters: true})
}

func (s Site) decide(p *console.Progress, f further) login.Decide {
	return func(ctx context.Context, all []login.UnknownServer) []error {
		p.Pause()
		defer p.Resume()
		f := f
		f.pins = map[string]string{}
		errs := f.decide(ctx, all)
		f.keepPins(ctx, s)
		return errs
	}
}

// further decides about servers beyond the first one. Pins of the transport are CAs that somebody accepted.
type further struct {
	Contact
	transport *trust.Transport
	clusters  bool              // they are API servers of clusters
	pins      map[string]string // that were made here
}

func (f *further) pin(server, ca string) {
	f.transport.Pin(server, ca)
	f.pins[server] = ca
}

// acceptedBefore reports whether a cluster shows the CA that was accepted for it: a login with a CA file begins without that.
func (f *further) acceptedBefore(s login.UnknownServer) (ca string, before bool) {
	ca, before = f.Last.Pins[s.Server]
	return ca, before && f.clusters && s.SignedBy(ca)
}

// keepPins keeps the CAs that were accepted, whatever becomes of the login.
func (f *further) keepPins(ctx context.Context, s Site) {
	if len(f.pins) == 0 {
		return
	}
	err := s.Keep(ctx, func(k *tokens.Site) {
		for server, ca := range f.pins {
			k.Trust = k.Trust.WithPin(server, ca)
		}
	})
	if err != nil {
		f.Env.Warn(err)
	}
}

// unknown is a server to decide about.
type unknown struct {
	login.UnknownServer
	err *error
}

// decide decides about servers whose CA is unknown. A person is asked once about all that show a CA which the person accepted for another
// server, and one by one about the others.
func (f *further) decide(ctx context.Context, all []login.UnknownServer) []error {
	errs := make([]error, len(all))
	var open []unknown // for a person
	for i, s := range all {
		s.UntrustedError, _ = s.With(f.roots) // It may show no CA either.
		last := f.lastOf(s.Server)
		if ca, before := f.acceptedBefore(s); before {
			f.pin(s.Server, ca)
			continue
		}
		if ca := f.beside(s); ca != "" && verifiedBy(last) == "" {
			f.pin(s.Server, ca)
			continue
		}
		ca, ask, err := f.byRule(s.Server, last, s.UntrustedError)
		if !failure.Hinted(err) {
			err = failure.Hint(err, "%s", withoutATerminal)
		}
		switch errs[i] = err; {
		case ask:
			open = append(open, unknown{s, &errs[i]})
		case err == nil:
			f.pin(s.Server, ca)
		}
	}
	for n := 0; n < maxQuestions && len(open) > 0 && ctx.Err() == nil; n++ {
		open = f.askNext(ctx, open)
	}
	for _, u := range open { // Ctrl-C answers them all.
		if *u.err = ctx.Err(); *u.err == nil {
			*u.err = failure.Hint(u.UntrustedError, "Login asks about %d CAs at most: a Supervisor could name servers until somebody types y. If you trust the\n"+
				"CA of this one, add --ca-fingerprint.", maxQuestions)
		}
	}
	return errs
}

// maxQuestions bounds the questions of one decision: more of them wear a person out.
const maxQuestions = 10

// withoutATerminal is the next step for servers that nobody can be asked about.
const withoutATerminal = "Without a terminal, further servers of the site are trusted by --ca-fingerprint or --certificate-authority alone:\n" +
	"these count for all servers that show the CA."

// askNext asks about the first server, with those that show the same CA if a person accepted that for another server. It returns the
// others.
func (f *further) askNext(ctx context.Context, open []unknown) (rest []unknown) {
	first := open[0]
	of, known := f.accepted(first)
	if !known {
		ca, err := f.confirmCA(ctx, first.Server, f.lastOf(first.Server), first.UntrustedError)
		if *first.err = err; err == nil {
			f.pin(first.Server, ca)
		}
		return open[1:]
	}
	ca := f.transport.Trust().Pins[of]
	var together []unknown
	for _, u := range open {
		if u.SignedBy(ca) {
			together = append(together, u)
		} else {
			rest = append(rest, u)
		}
	}
	f.askTogether(ctx, of, together)
	return rest
}

// maxTogether bounds the servers of one question: a person reads them all. The control plane of a large site has fewer.
const maxTogether = 20

// askTogether asks once about servers that show the CA that was accepted for another server (HOST:PORT).
func (f *further) askTogether(ctx context.Context, of string, servers []unknown) {
	ca := f.transport.Trust().Pins[of]
	sum := strings.Join(trust.Trust{CA: ca}.Fingerprints(), " or ")
	rest := servers[min(len(servers), maxTogether):]
	servers = servers[:len(servers)-len(rest)]
	for _, u := range rest {
		*u.err = failure.Hint(fmt.Errorf("%w: a question names at most %d servers", u.UntrustedError, maxTogether),
			"If you trust this CA for all servers of the site, give --ca-fingerprint %s.", sum)
	}
	f.Env.Tellf("The CA that you trust for %s also signed the certificate of:\n%s  CA SHA-256:     %s\nNamed by the Supervisor %s. Your login goes to each server that you trust.",
		shown(of), f.list(servers), sum, shown(f.server()))
	yes, err := f.Env.Confirm(ctx, fmt.Sprintf("Trust it for %s too?", these(servers)))
	if err == nil && !yes {
		f.Env.Tellf("Not trusted. Nothing was sent there.")
	}
	for _, u := range servers {
		switch {
		case err != nil:
			*u.err = err
		case !yes:
			*u.err = failure.Silent(u.UntrustedError)
		default:
			f.pin(u.Server, ca)
		}
	}
}

// list returns servers, one in each line, with what verified them so far.
func (f *further) list(servers []unknown) safetext.Lines {
	var b strings.Builder
	for _, u := range servers {
		fmt.Fprintf(&b, "  %s", shown(u.Server))
		if trusted := verifiedBy(f.lastOf(u.Server)); trusted != "" {
			fmt.Fprintf(&b, " (trusted so far: %s)", trusted)
		}
		b.WriteString("\n")
	}
	return safetext.Lines(b.String())
}

func these(servers []unknown) string {
	if len(servers) == 1 {
		return shown(servers[0].Server)
	}
	return fmt.Sprintf("these %d servers", len(servers))
}

// accepted returns a server (HOST:PORT) for which a person accepted the CA of another one: the Supervisor, if it is one.
func (f *further) accepted(u unknown) (of string, found bool) {
	pins := f.transport.Trust().Pins
	for _, server := range append([]string{f.server()}, slices.Sorted(maps.Keys(pins))...) {
		if server != u.Server && u.SignedBy(pins[server]) {
			return server, true
		}
	}
	return "", false
}

// beside returns the CA (PEM) that was accepted for the same host on another port and signed the certificate; else it returns "".
func (f *further) beside(s login.UnknownServer) string {
	all := f.transport.Trust().Beside(s.Server)
	if i := slices.IndexFunc(all, s.SignedBy); i >= 0 {
		return all[i]
	}
	return ""
}

// lastOf returns how the last login verified another server of the site (HOST:PORT). It is zero if that is not known.
func (c Contact) lastOf(server string) trust.Trust {
	if _, pinned := c.Last.Pins[server]; pinned || slices.Contains(c.LastHosts, server) {
		return c.Last.For(server)
	}
	return trust.Trust{}
}
