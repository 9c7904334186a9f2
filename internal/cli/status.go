package cli

import (
	"fmt"
	"maps"
	"slices"
	"strings"
	"text/tabwriter"
	"time"

	"github.com/spf13/cobra"
	"k8s.io/client-go/tools/clientcmd/api"

	"github.com/kubectl-vsphere/kubectl-vsphere/pkg/kubeconfig"
	"github.com/kubectl-vsphere/kubectl-vsphere/pkg/login/oidc"
	"github.com/kubectl-vsphere/kubectl-vsphere/pkg/tokens"
	"github.com/kubectl-vsphere/kubectl-vsphere/pkg/trust"
)

// statusInfo is the shape of `status -o json`.
type statusInfo struct {
	Store      string          `json:"store"`
	Sessions   []sessionStatus `json:"sessions"`
	Registries []registryInfo  `json:"registries,omitempty"`
}

type sessionStatus struct {
	Server      string             `json:"server"`
	User        string             `json:"user"`
	Method      string             `json:"method"`
	Trust       trust.Mode         `json:"trust"`
	LoggedIn    time.Time          `json:"loggedIn"`
	Ends        time.Time          `json:"ends,omitzero"` // when a person must log in again, if that is known
	Credentials []credentialStatus `json:"credentials"`

	renews bool // until it ends, by a refresh token
}

type credentialStatus struct {
	Server     string    `json:"server"`
	Cluster    string    `json:"cluster,omitempty"` // NAMESPACE/NAME; empty for the Supervisor's own API
	Contexts   []string  `json:"contexts"`
	ValidUntil time.Time `json:"validUntil,omitzero"`
	Valid      bool      `json:"valid"`
	Minted     bool      `json:"minted"` // false: it is minted on first use
	CAUnknown  bool      `json:"caUnknown,omitempty"`
}

func (a *App) statusCommand() *cobra.Command {
	var format outputFormat
	var prune bool
	c := &cobra.Command{
		Use:   "status",
		Short: "Shows the sessions, and until when their tokens are good.",
		Long: `Shows the sessions on this machine, the API servers that each has a token for, the kubeconfig contexts that use it,
and until when it is good. It asks no server: a token that looks good may be refused (see whoami).`,
		Example: "  kubectl vsphere status\n  kubectl vsphere status -o json",
		Args:    noArgs,
		RunE: func(*cobra.Command, []string) error {
			if prune {
				if err := a.prune(); err != nil {
					return err
				}
			}
			info, err := a.status()
			if err != nil {
				return err
			}
			if format.structured() {
				return format.write(a.Out, info)
			}
			return a.printStatus(info)
		},
	}
	format.addTo(c)
	c.Flags().BoolVar(&prune, "prune", false, "First remove the tokens that have ended. Sessions stay.")
	return c
}

// prune removes ended credentials and says which.
func (a *App) prune() error {
	store, err := a.openStore()
	if err != nil {
		return err
	}
	gone, err := store.Prune(a.Now(), 0)
	for _, c := range gone {
		what := strings.TrimSpace(c.Key.Server + " " + c.Key.Cluster)
		fmt.Fprintf(a.ErrOut, "Removed the token of %s for %s, which ended %s.\n", c.Key.User, what, a.until(c.Expires))
	}
	return err
}

func (a *App) status() (statusInfo, error) {
	store, err := a.openStore()
	if err != nil {
		return statusInfo{}, err
	}
	cfg, err := a.loadKubeconfig()
	if err != nil {
		fmt.Fprintf(a.ErrOut, "warning: %v\n", err)
		cfg = api.NewConfig()
	}
	sessions, errs := store.Sessions()
	credentials, more := store.Credentials()
	for _, err := range slices.Concat(errs, more) {
		fmt.Fprintf(a.ErrOut, "warning: %v\n", err)
	}
	info := statusInfo{Store: store.Dir(), Sessions: []sessionStatus{}}
	for _, s := range sessions {
		st := sessionStatus{Server: s.Server, User: s.User, Method: s.Method, Trust: s.Trust.Mode, LoggedIn: s.Updated, Ends: s.Ends, Credentials: []credentialStatus{}}
		kept, _ := oidc.ParseSession(s.Renewal) // One of vCenter Single Sign-On has none.
		st.renews = kept.Renews()
		for _, c := range credentials {
			if c.Session == s.ID {
				st.Credentials = append(st.Credentials, credentialStatus{
					Server: c.Key.Server, Cluster: c.Key.Cluster, Contexts: contextsOf(cfg, c), ValidUntil: c.Expires, Valid: c.Good(a.Now()), Minted: c.Minted(),
					CAUnknown: c.Target != nil && c.Target.CAUnknown,
				})
			}
		}
		info.Sessions = append(info.Sessions, st)
	}
	info.Registries, err = a.registryInfos()
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

func (a *App) printStatus(info statusInfo) error {
	if len(info.Sessions) == 0 {
		fmt.Fprintln(a.Out, "There is no session. Type: kubectl vsphere login --server ADDRESS -u USER")
		return nil
	}
	if err := a.printSessions(info); err != nil {
		return err
	}
	a.printEnds(info)
	if len(info.Registries) == 0 {
		return nil
	}
	fmt.Fprintln(a.Out)
	return a.printRegistries(info.Registries)
}

func (a *App) printSessions(info statusInfo) error {
	w := tabwriter.NewWriter(a.Out, 0, 0, 3, ' ', 0)
	fmt.Fprintln(w, "SERVER\tUSER\tCLUSTER\tTOKEN\tCONTEXTS")
	for _, s := range info.Sessions {
		for _, c := range s.Credentials {
			cluster := c.Cluster
			if cluster == "" {
				cluster = "-"
			}
			fmt.Fprintf(w, "%s\t%s\t%s\t%s\t%s\n", c.Server, s.User, cluster, a.tokenState(c), strings.Join(c.Contexts, ","))
		}
		if len(s.Credentials) == 0 {
			fmt.Fprintf(w, "%s\t%s\t-\tnone\t\n", s.Server, s.User)
		}
	}
	return w.Flush()
}

// printEnds tells until when sessions go on before a person must log in again.
func (a *App) printEnds(info statusInfo) {
	for _, s := range info.Sessions {
		switch {
		case s.Ends.IsZero():
		case s.Ends.After(a.Now()) && !s.renews:
			fmt.Fprintf(a.Out, "\nThe session of %s at %s ends at %s.\n", s.User, s.Server, a.until(s.Ends))
		case s.Ends.After(a.Now()):
			fmt.Fprintf(a.Out, "\nThe session of %s at %s renews itself until %s.\n", s.User, s.Server, a.until(s.Ends))
		default:
			fmt.Fprintf(a.Out, "\nThe session of %s at %s has ended: %s\n", s.User, s.Server, loginCommandOf(tokens.Session{Server: s.Server, User: s.User, Method: methodOIDC}))
		}
	}
}

// tokenState is short, since it stands in a table: how long the token is still good, or that it ended.
func (a *App) tokenState(c credentialStatus) string {
	switch {
	case c.CAUnknown:
		return "CA unknown: log in"
	case !c.Minted:
		return "on first use"
	}
	if !c.Valid {
		return "ended"
	}
	return "good for " + roundDuration(c.ValidUntil.Sub(a.Now()))
}

// until words a point in time for a person: the local time, and how far away that is.
func (a *App) until(t time.Time) string {
	left := t.Sub(a.Now())
	when := t.Local().Format("2006-01-02 15:04:05 MST")
	if left < 0 {
		return when + " (" + roundDuration(-left) + " ago)"
	}
	return when + " (in " + roundDuration(left) + ")"
}

// roundDuration writes 7d, 10h, 9h58m, 12m or 40s.
func roundDuration(d time.Duration) string {
	const day = 24 * time.Hour
	if d >= 2*day {
		return fmt.Sprintf("%dd", d.Round(day)/day)
	}
	if d < time.Minute {
		return d.Round(time.Second).String()
	}
	text := strings.TrimSuffix(d.Round(time.Minute).String(), "0s")
	if whole, ok := strings.CutSuffix(text, "h0m"); ok {
		return whole + "h"
	}
	return text
}
