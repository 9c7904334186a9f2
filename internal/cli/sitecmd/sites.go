package sitecmd

import (
	"cmp"
	"slices"
	"strconv"
	"strings"

	"github.com/kubectl-vsphere/kubectl-vsphere/internal/method/federated"
	"github.com/kubectl-vsphere/kubectl-vsphere/internal/session"
	"github.com/kubectl-vsphere/kubectl-vsphere/internal/survey"
	"github.com/kubectl-vsphere/kubectl-vsphere/pkg/tokens"
	"github.com/kubectl-vsphere/kubectl-vsphere/pkg/trust"
)

func siteKind() *kind {
	return &kind{
		name: "sites", aliases: []string{"site", "supervisors", "supervisor"}, short: "Supervisors that you have logged in to, and their names", whole: true,
		local: siteRows, columns: siteColumns,
	}
}

var siteColumns = columnsOf("SERVER", "USER", "TOKEN", "LOGIN", "TRUST", "CONTEXTS", "", "PREFIX", "API PORT", "ISSUER")

// siteRows returns the Supervisors with a session, and those that are known from earlier ones. Nobody is asked. A file that cannot be read
// is a warning.
func siteRows(s *survey.Site) (all []row) {
	for _, server := range s.Sessions.Store.KnownServers() {
		if s.Only != "" && s.Only != server {
			continue
		}
		known, err := session.Sites{Sessions: s.Sessions}.Of(server)
		if err != nil {
			s.Env.Warn(err)
		}
		at := slices.DeleteFunc(slices.Clone(s.All), func(one tokens.Session) bool { return one.Server != server })
		r := row{server: server, name: known.Name, columns: siteColumns}
		switch {
		case len(at) > 0:
			r.cells = sessionCells(s, at)
		case err != nil:
			r.cells = []string{"", "logged out", "", "cannot be read", ""}
		default:
			r.cells = []string{known.Login.User, "logged out", loginWord(known.Login.Method, known.Login.Provider), trustWord(frontOf(server, known.Trust)), ""}
		}
		port := ""
		if given := known.GivenPort(); given != 0 {
			port = strconv.Itoa(given)
		}
		r.cells = append(append([]string{server}, r.cells...), prefixOf(known, at), port, known.Issuer)
		all = append(all, r)
	}
	return all
}

// sessionCells returns who is logged in at a server, and how: each cell has one part for each session, or one if all have the same.
func sessionCells(s *survey.Site, at []tokens.Session) []string {
	var users, states, logins, trusts []string
	contexts := 0
	for _, one := range at {
		provider := ""
		if kept, err := federated.Parse(one); err == nil {
			provider = kept.IdentityProvider
		}
		users = append(users, one.User)
		states = append(states, s.TokenOf(tokens.Key{Server: one.Server, User: one.User}))
		logins = append(logins, loginWord(one.Method, provider))
		trusts = append(trusts, trustWord(frontOf(one.Server, one.Trust)))
		contexts += s.CountContexts(one)
	}
	return []string{joined(users), joined(states), joined(logins), joined(trusts), strconv.Itoa(contexts)}
}

// joined joins the parts of a cell.
func joined(parts []string) string {
	if len(slices.Compact(slices.Clone(parts))) == 1 {
		return parts[0]
	}
	return strings.Join(parts, ", ")
}

// loginWord says how somebody logs in: the method, and the identity provider if the Supervisor has several.
func loginWord(method, provider string) string {
	if provider != "" {
		return method + ": " + provider
	}
	return method
}

// frontOf returns how a Supervisor is verified. It is empty if its name alone is known.
func frontOf(server string, t trust.Trust) trust.Mode {
	if servers := session.ServersOf([]string{server}); len(servers) > 0 && t.Mode != "" {
		return t.For(servers[0]).Mode
	}
	return t.Mode
}

// trustWord says how a server is verified.
func trustWord(mode trust.Mode) string {
	switch mode {
	case trust.Insecure:
		return "not verified"
	case trust.Bundle:
		return "CA file"
	case trust.Pinned:
		return "accepted CA"
	}
	return string(mode)
}

// prefixOf returns the prefix of a site's contexts: that of the last login.
func prefixOf(known tokens.Site, at []tokens.Session) string {
	if len(at) > 0 {
		return cmp.Or(at[0].ContextPrefix, known.Login.ContextPrefix)
	}
	return known.Login.ContextPrefix
}
