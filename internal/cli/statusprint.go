package cli

import (
	"cmp"
	"fmt"
	"maps"
	"slices"
	"strings"

	"github.com/kubectl-vsphere/kubectl-vsphere/internal/cli/registrycmd"
	"github.com/kubectl-vsphere/kubectl-vsphere/internal/console"
)

func printStatus(e *console.Env, info statusInfo) error {
	if len(info.Sessions) == 0 {
		e.Printf("There is no session. Type: %s", info.loginHint())
		printKnown(e, info)
		return nil
	}
	if err := printSessions(e, info); err != nil {
		return err
	}
	printEnds(e, info)
	printPorts(e, info)
	printKnown(e, info)
	if len(info.Registries) == 0 {
		return nil
	}
	e.Printf("")
	return registrycmd.Print(e, info.Registries)
}

// printSessions prints what there are tokens and contexts for, by kind: API servers, vSphere Namespaces, clusters.
func printSessions(e *console.Env, info statusInfo) error {
	servers := [][]string{{"SITE", "SERVER", "USER", "TOKEN", "RENEWED BY", "CONTEXTS"}}
	namespaces := [][]string{{"SITE", "NAMESPACE", "SERVER", "USER", "CONTEXTS"}}
	clusters := [][]string{{"SITE", "CLUSTER", "SERVER", "USER", "TOKEN", "RENEWED BY", "CONTEXTS"}}
	first := 1 // Without a name nobody misses the column.
	for _, s := range info.Sessions {
		if s.Site != "" {
			first = 0
		}
		site := cmp.Or(s.Site, "-")
		for _, c := range s.Credentials {
			if c.Cluster != "" {
				clusters = append(clusters, []string{site, c.Cluster, c.Server, s.User, c.state(e), string(s.Renewal), marked(c.Contexts, info.Current)})
				continue
			}
			own := c.Contexts
			for _, ns := range c.Namespaces {
				own = slices.DeleteFunc(slices.Clone(own), func(name string) bool { return slices.Contains(ns.Contexts, name) })
				namespaces = append(namespaces, []string{site, ns.Namespace, c.Server, s.User, marked(ns.Contexts, info.Current)})
			}
			servers = append(servers, []string{site, c.Server, s.User, c.state(e), string(s.Renewal), marked(own, info.Current)})
		}
		if len(s.Credentials) == 0 {
			servers = append(servers, []string{site, s.Server, s.User, "none", string(s.Renewal), "-"})
		}
	}
	printed := false
	for _, rows := range [][][]string{servers, namespaces, clusters} {
		if len(rows) == 1 {
			continue
		}
		if printed {
			e.Printf("")
		}
		printed = true
		t := e.NewTable(rows[0][first:]...)
		for _, row := range rows[1:] {
			t.Row(row[first:]...)
		}
		if err := t.Print(); err != nil {
			return err
		}
	}
	return nil
}

// printEnds prints for each session whether it is renewed, and when a person must log in again, if that is known.
func printEnds(e *console.Env, info statusInfo) {
	for _, s := range info.Sessions {
		switch {
		case s.Outage != nil && s.Outage.Next.After(e.Now()):
			e.Printf("\nThe session of %s at %s has not been renewed since %s: %s. The next try is at %s at the earliest.", s.User, s.Server, e.Until(s.Outage.Since), s.Outage.Reason, e.Until(s.Outage.Next))
		case s.Outage != nil:
			e.Printf("\nThe session of %s at %s has not been renewed since %s: %s. The next kubectl tries again.", s.User, s.Server, e.Until(s.Outage.Since), s.Outage.Reason)
		case s.Ends.IsZero():
		case s.Ends.After(e.Now()) && s.Renewal == byItself:
			e.Printf("\nThe session of %s at %s renews itself when it is used. Unused, it ends at %s.", s.User, s.Server, e.Until(s.Ends))
		case s.Ends.After(e.Now()):
			e.Printf("\nThe session of %s at %s ends at %s.", s.User, s.Server, e.Until(s.Ends))
		default:
			e.Printf("\nThe session of %s at %s has ended; type: %s", s.User, s.Server, s.loginCommand)
		}
	}
}

// printPorts prints where contexts do not use the API server's own port, and why.
func printPorts(e *console.Env, info statusInfo) {
	said := map[string]bool{}
	for _, s := range info.Sessions {
		for _, host := range slices.Sorted(maps.Keys(s.APIPorts)) {
			at := s.APIPorts[host]
			line := fmt.Sprintf("The contexts of %s use port %d, as --api-port says.", host, at.Port)
			if at.Reason != "" {
				line = fmt.Sprintf("The contexts of %s use port %d: %s. The next login tries again.", host, at.Port, strings.TrimSuffix(at.Reason, "."))
			}
			if !said[line] {
				e.Printf("\n%s", line)
			}
			said[line] = true
		}
	}
}

// marked returns the names of contexts for a table, or a dash. A star marks the current one.
func marked(contexts []string, current string) string {
	names := slices.Clone(contexts)
	for i, name := range names {
		if name == current {
			names[i] = "*" + name
		}
	}
	return cmp.Or(strings.Join(names, ","), "-")
}

// state returns how long the token is valid, in a few words for a table.
func (c credentialStatus) state(e *console.Env) string {
	switch {
	case c.CAUnknown:
		return "CA unknown: log in"
	case !c.Minted:
		return "on first use"
	case !c.Valid:
		return "ended"
	}
	return "good for " + console.Span(c.ValidUntil.Sub(e.Now()))
}
