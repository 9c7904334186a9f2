package command

import (
	"errors"
	"fmt"
	"strings"

	"github.com/kubectl-vsphere/kubectl-vsphere/internal/console"
	"github.com/kubectl-vsphere/kubectl-vsphere/internal/failure"
	"github.com/kubectl-vsphere/kubectl-vsphere/pkg/supervisor"
	"github.com/kubectl-vsphere/kubectl-vsphere/pkg/tokens"
)

// TypedServer returns the canonical address of the Supervisor that a person means with --server: by the name of its site, else by an
// address. Without one it is empty.
func TypedServer(e *console.Env, typed string) (string, error) {
	if typed == "" {
		return "", nil
	}
	if store, err := e.OpenStore(); err == nil { // Else the command itself says what is wrong with the store.
		site, found, err := SiteCalled(e, store, typed)
		if err != nil || found {
			return site.Server, err
		}
	}
	address, err := supervisor.ParseTyped(typed)
	if err != nil {
		return "", failure.Usagef("--server: %w", err)
	}
	return address.String(), nil
}

// SiteCalled returns the site with a name. If none is found, it warns of files that cannot be read: the name may be in one.
func SiteCalled(e *console.Env, store *tokens.Store, typed string) (tokens.Site, bool, error) {
	typed = strings.TrimSpace(typed) // As an address.
	site, found, err := store.SiteCalled(typed)
	var several *tokens.AmbiguousNameError
	if errors.As(err, &several) {
		return site, false, failure.Hint(failure.Usagef("%w", err), "To give one of them another name, type: kubectl vsphere sites rename %s NEW-NAME", failure.Quote(several.Servers[0]))
	}
	if _, no := tokens.ParseSiteName(typed); no == nil && err == nil && !found {
		_, unreadable := store.Sites()
		for _, err := range unreadable {
			e.Warn(err)
		}
	}
	return site, found, err
}

// CheckSite returns an error if a word can be neither the name of a site nor the address of a server.
func CheckSite(word string) error {
	_, noName := tokens.ParseSiteName(word)
	if _, noAddress := supervisor.ParseTyped(word); noName != nil && noAddress != nil {
		return fmt.Errorf("%.80q is neither the name of a site nor the address of a Supervisor", word)
	}
	return nil
}

// KnownSite returns the site that a person means by a word: its name, or the address of a server with a session or a site. A server whose
// file cannot be read is found by its address, and has no more than that. The error, a usage error, says which sites there are.
func KnownSite(e *console.Env, store *tokens.Store, word string) (tokens.Site, error) {
	site, found, err := SiteCalled(e, store, word)
	if err != nil || found {
		return site, err
	}
	address, noAddress := supervisor.ParseTyped(word)
	known := store.KnownServers()
	for _, server := range known {
		if noAddress == nil && server == address.String() {
			site, _, _ = store.Site(server) // The command says what is wrong with the file.
			return site, nil
		}
	}
	return tokens.Site{}, unknownSite(store, word, known)
}

// unknownSite says that no site is called so, which are, and which is spelled alike.
func unknownSite(store *tokens.Store, word string, servers []string) error {
	names := called(store, servers)
	switch alike := Similar(word, names); {
	case len(alike) > 0:
		return failure.Usagef("there is no site %.80q; did you mean %s?", word, strings.Join(alike, " or "))
	case len(names) > 0:
		return failure.Usagef("there is no site %.80q; there are %s", word, strings.Join(names, ", "))
	}
	return failure.Usagef("there is no site %.80q; no site is known yet", word)
}
