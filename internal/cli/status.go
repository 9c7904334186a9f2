package cli

import (
	"fmt"
	"maps"
	"slices"
	"strings"
	"time"

	"github.com/spf13/cobra"
	"k8s.io/client-go/tools/clientcmd/api"

	"github.com/kubectl-vsphere/kubectl-vsphere/internal/cli/registrycmd"
	"github.com/kubectl-vsphere/kubectl-vsphere/internal/command"
	"github.com/kubectl-vsphere/kubectl-vsphere/internal/console"
	"github.com/kubectl-vsphere/kubectl-vsphere/internal/method"
	"github.com/kubectl-vsphere/kubectl-vsphere/pkg/kubeconfig"
	"github.com/kubectl-vsphere/kubectl-vsphere/pkg/tokens"
	"github.com/kubectl-vsphere/kubectl-vsphere/pkg/trust"
)

// statusInfo is the shape of `status -o json`.
type statusInfo struct {
	Store      string             `json:"store"`
	Sessions   []sessionStatus    `json:"sessions"`
	Registries []registrycmd.Info `json:"registries,omitempty"`
	Servers    []serverStatus     `json:"servers,omitempty"`
}

type sessionStatus struct {
	Server      string             `json:"server"`
	User        string             `json:"user"`
	Method      string             `json:"method"`
	Trust       trust.Mode         `json:"trust"`
	LoggedIn    time.Time          `json:"loggedIn"`
	LoginName   string             `json:"loginName,omitempty"` // the name that goes with the password, if that is another one
	Ends        time.Time          `json:"ends,omitzero"`       // when a person must log in again, unless the session is renewed before
	Renews      bool               `json:"renews"`              // it renews itself: each renewal moves Ends
	Outage      *outageStatus      `json:"outage,omitempty"`
	Credentials []credentialStatus `json:"credentials"`
	// APIPorts are the ports of API servers, by their control plane host, where contexts do not use the host's own.
	APIPorts map[string]tokens.APIPort `json:"apiPorts,omitempty"`

	loginCommand string // what to type when it has ended
}

// outageStatus says since when and why the identity provider does not renew a session.
type outageStatus struct {
	Since  time.Time `json:"since"`
	Next   time.Time `json:"next"` // nobody asks before
	Reason string    `json:"reason"`
}

type credentialStatus struct {
	Server     string    `json:"server"`
	Cluster    string    `json:"cluster,omitempty"` // NAMESPACE/NAME; empty for the Supervisor's own API
	Contexts   []string  `json:"contexts"`
	ValidUntil time.Time `json:"validUntil,omitzero"`
	Valid      bool      `json:"valid"`
	Minted     bool      `json:"minted"` // false: kubectl gets it on first use
	CAUnknown  bool      `json:"caUnknown,omitempty"`
}

// statusOptions are the flags of status.
type statusOptions struct {
	Prune  bool
	Format command.Format
}

func statusCommand(e *console.Env) *cobra.Command {
	var o statusOptions
	c := &cobra.Command{
		Use:   "status",
		Short: "Shows the sessions and how long their tokens are valid.",
		Long: `Shows the sessions on this machine: the API servers that each has a token for, the kubeconfig
contexts that use the token, and how long it is valid.

It does not ask a server: a server may refuse a token that looks valid here. To ask, use whoami.`,
		Example: "  kubectl vsphere status\n  kubectl vsphere status -o json",
		Args:    command.NoArgs,
		RunE:    func(*cobra.Command, []string) error { return status(e, o) },
	}
	o.Format.AddTo(c)
	c.Flags().BoolVar(&o.Prune, "prune", false, "First remove expired tokens. Sessions stay.")
	return c
}

// status prints the sessions, credentials and registries of the store.
func status(e *console.Env, o statusOptions) error {
	store, err := e.OpenStore()
	if err != nil {
		return err
	}
	if o.Prune {
		if err := prune(e, store); err != nil {
			return err
		}
	}
	info, err := readStatus(e, store)
	if err != nil {
		return err
	}
	if o.Format.Structured() {
		return o.Format.Write(e.Out, info)
	}
	return printStatus(e, info)
}

// prune removes expired credentials and prints which.
func prune(e *console.Env, store *tokens.Store) error {
	gone, err := store.Prune(e.Now(), 0)
	for _, c := range gone {
		what := strings.TrimSpace(c.Key.Server + " " + c.Key.Cluster)
		e.Tellf("Removed the token of %s for %s, which ended %s.", c.Key.User, what, e.Until(c.Expires))
	}
	return err
}

func readStatus(e *console.Env, store *tokens.Store) (statusInfo, error) {
	cfg, err := command.LoadKubeconfig(e)
	if err != nil {
		e.Warn(err)
		cfg = api.NewConfig()
	}
	all, errs := store.Sessions()
	credentials, more := store.Credentials()
	for _, err := range slices.Concat(errs, more) {
		e.Warn(err)
	}
	info := statusInfo{Store: store.Dir(), Sessions: []sessionStatus{}, Servers: knownServers(e, store)}
	sessions := method.Sessions(e, store)
	for _, s := range all {
		st := sessionStatus{
			Server: s.Server, User: s.User, Method: s.Method, Trust: s.Trust.Mode, LoggedIn: s.Updated, Ends: s.Ends,
			LoginName: s.Login, Credentials: []credentialStatus{}, APIPorts: s.APIPorts, loginCommand: sessions.Command(s),
		}
		m, err := sessions.Method(s)
		if err != nil {
			e.Warn(err)
		} else if facts, err := m.Facts(s); err == nil {
			st.Renews = facts.Renews
		}
		for _, c := range credentials {
			if c.Session == s.ID {
				st.Credentials = append(st.Credentials, credentialStatus{
					Server: c.Key.Server, Cluster: c.Key.Cluster, Contexts: contextsOf(cfg, c), ValidUntil: c.Expires, Valid: c.Good(e.Now()), Minted: c.Minted(),
					CAUnknown: c.Target != nil && c.Target.CAUnknown,
				})
			}
		}
		if o := store.Outage(s.ID); o.Tries > 0 && st.Renews {
			st.Outage = &outageStatus{o.Since, o.Next, o.Reason}
		}
		info.Sessions = append(info.Sessions, st)
	}
	info.Registries, err = registrycmd.Infos(registryDeps(e))
	return info, err
}

// contextsOf lists the contexts that use a credential.
func contextsOf(cfg *api.Config, c tokens.Credential) []string {
	names := []string{}
	for _, name := range slices.Sorted(maps.Keys(cfg.Contexts)) {
		key, ours := kubeconfig.Ours(cfg.AuthInfos[cfg.Contexts[name].AuthInfo])
		if ours && key.Same(c.Key) {
			names = append(names, name)
		}
	}
	return names
}

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

func printSessions(e *console.Env, info statusInfo) error {
	t := e.NewTable("SERVER", "USER", "CLUSTER", "TOKEN", "CONTEXTS")
	for _, s := range info.Sessions {
		for _, c := range s.Credentials {
			cluster := c.Cluster
			if cluster == "" {
				cluster = "-"
			}
			t.Row(c.Server, s.User, cluster, c.state(e), strings.Join(c.Contexts, ","))
		}
		if len(s.Credentials) == 0 {
			t.Row(s.Server, s.User, "-", "none", "")
		}
	}
	return t.Print()
}

// printEnds prints for each session whether it is renewed, and when a person must log in again, if that is known.
func printEnds(e *console.Env, info statusInfo) {
	for _, s := range info.Sessions {
		switch {
		case s.Outage != nil && s.Outage.Next.After(e.Now()):
			e.Printf("\nThe session of %s at %s is not renewed since %s: %s. The next try is at %s at the earliest.", s.User, s.Server, e.Until(s.Outage.Since), s.Outage.Reason, e.Until(s.Outage.Next))
		case s.Outage != nil:
			e.Printf("\nThe session of %s at %s is not renewed since %s: %s. kubectl's next call is the next try.", s.User, s.Server, e.Until(s.Outage.Since), s.Outage.Reason)
		case s.Ends.IsZero():
		case s.Ends.After(e.Now()) && s.Renews:
			e.Printf("\nThe session of %s at %s renews itself when it is used. Unused, it ends at %s.", s.User, s.Server, e.Until(s.Ends))
		case s.Ends.After(e.Now()):
			e.Printf("\nThe session of %s at %s ends at %s.", s.User, s.Server, e.Until(s.Ends))
		default:
			e.Printf("\nThe session of %s at %s has ended: %s", s.User, s.Server, s.loginCommand)
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
