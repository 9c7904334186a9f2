package logoutcmd

import (
	"context"
	"errors"
	"fmt"
	"slices"

	"github.com/kubectl-vsphere/kubectl-vsphere/internal/session"
	"github.com/kubectl-vsphere/kubectl-vsphere/pkg/tokens"
)

// sites returns what is known of the servers whose sessions end. In a store of an earlier version only the sessions know it.
func (l *logoutRun) sites() (all []tokens.Site) {
	seen := map[string]bool{}
	for _, s := range l.ended {
		if seen[s.Server] {
			continue
		}
		seen[s.Server] = true
		if site, err := (session.Sites{Sessions: l.sessions}).Of(s.Server); err == nil && site.Known() {
			all = append(all, site)
		}
	}
	return all
}

// leaveSites leaves what is known of the servers for the next login, or forgets it.
func (l *logoutRun) leaveSites(ctx context.Context, store *tokens.Store, sites []tokens.Site) error {
	if l.scope.ForgetServer {
		return l.forgetSites(ctx, store)
	}
	for _, site := range sites {
		if _, err := store.UpdateSite(ctx, site, func(*tokens.Site) {}); err != nil {
			l.env.Warn(err) // The sessions end nevertheless.
		}
	}
	return nil
}

func (l *logoutRun) forgetSites(ctx context.Context, store *tokens.Store) error {
	servers := []string{l.scope.Server}
	if l.scope.everything() {
		servers = slices.Concat(store.SiteServers(), store.VCenters())
		slices.Sort(servers)
		servers = slices.Compact(servers)
	}
	for _, server := range servers {
		found, err := store.ForgetSite(ctx, server)
		vCenter, alsoErr := store.ForgetVCenter(ctx, server)
		found, err = found || vCenter, errors.Join(err, alsoErr)
		switch {
		case err != nil:
			return fmt.Errorf("how %s is verified could not be forgotten: %w", server, err)
		case found:
			l.env.Tellf("Forgot how %s is verified.", server)
		default:
			l.env.Tellf("There was nothing to forget about %s.", server)
		}
	}
	return nil
}
