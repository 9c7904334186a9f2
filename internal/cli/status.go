package cli

import (
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
	"github.com/kubectl-vsphere/kubectl-vsphere/internal/method/password"
	"github.com/kubectl-vsphere/kubectl-vsphere/internal/session"
	"github.com/kubectl-vsphere/kubectl-vsphere/pkg/kubeconfig"
	"github.com/kubectl-vsphere/kubectl-vsphere/pkg/tokens"
	"github.com/kubectl-vsphere/kubectl-vsphere/pkg/trust"
)

// statusInfo is the shape of `status -o json`.
type statusInfo struct {
	Store      string             `json:"store"`
	Current    string             `json:"currentContext,omitempty"`
	Sessions   []sessionStatus    `json:"sessions"`
	Registries []registrycmd.Info `json:"registries,omitempty"`
	Servers    []serverStatus     `json:"servers,omitempty"`
}

type sessionStatus struct {
	Server      string             `json:"server"`
	Site        string             `json:"site,omitempty"` // its name
	User        string             `json:"user"`
	Method      string             `json:"method"`
	Trust       trust.Mode         `json:"trust"`
	LoggedIn    time.Time          `json:"loggedIn"`
	LoginName   string             `json:"loginName,omitempty"` // the name that goes with the password, if that is another one
	Ends        time.Time          `json:"ends,omitzero"`       // when a person must log in again, unless the session is renewed before
	Renewal     renewal            `json:"renewal"`
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
	Current    bool      `json:"current,omitempty"` // one of them is the current context
	ValidUntil time.Time `json:"validUntil,omitzero"`
	Valid      bool      `json:"valid"`
	Minted     bool      `json:"minted"` // false: kubectl gets it on first use
	CAUnknown  bool      `json:"caUnknown,omitempty"`
	// Namespaces are the vSphere Namespaces of the contexts of a Supervisor's own API.
	Namespaces []namespaceStatus `json:"namespaces,omitempty"`
}

type namespaceStatus struct {
	Namespace string   `json:"namespace"`
	Contexts  []string `json:"contexts"`
	Current   bool     `json:"current,omitempty"` // one of them is the current context
}

// renewal is what renews a session's tokens.
type renewal string

const (
	byItself   renewal = "itself"   // the identity provider's refresh token: each renewal moves the end
	byCommand  renewal = "command"  // the password command
	byKeychain renewal = "keychain" // the password in the keychain
	byPassword renewal = "password" // from the environment or a person
	byLogin    renewal = "login"    // a person logs in again
)

// renewalOf returns what renews a session. A session without verification is not renewed without a person.
func renewalOf(s tokens.Session, facts session.Facts) renewal {
	alone := s.Trust.Mode != trust.Insecure
	switch {
	case facts.Renews:
		return byItself
	case alone && len(s.PasswordCommand) > 0:
		return byCommand
	case alone && s.Keychain:
		return byKeychain
	case s.Method == password.Name:
		return byPassword
	}
	return byLogin
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
	info := statusInfo{Store: store.Dir(), Current: cfg.CurrentContext, Sessions: []sessionStatus{}, Servers: knownServers(e, store)}
	sessions := method.Sessions(e, store)
	owners := ownersOf(all, credentials)
	for _, s := range all {
		st := sessionStatus{
			Server: s.Server, User: s.User, Method: s.Method, Trust: s.Trust.Mode, LoggedIn: s.Updated, Ends: s.Ends,
			LoginName: s.Login, Credentials: []credentialStatus{}, loginCommand: sessions.Command(s),
		}
		if known, err := (session.Sites{Sessions: sessions}).Of(s.Server); err == nil { // knownServers warns.
			st.APIPorts, st.Site = known.APIPorts, known.Name
		}
		m, err := sessions.Method(s)
		if err != nil {
			e.Warn(err)
		} else if facts, err := m.Facts(s); err == nil {
			st.Renewal = renewalOf(s, facts)
		}
		for i, c := range credentials {
			if owners[i] == s.ID {
				names := contextsOf(cfg, c)
				st.Credentials = append(st.Credentials, credentialStatus{
					Server: c.Key.Server, Cluster: c.Key.Cluster, Contexts: names, Current: slices.Contains(names, cfg.CurrentContext),
					ValidUntil: c.Expires, Valid: c.Good(e.Now()), Minted: c.Minted(),
					CAUnknown: c.Target != nil && c.Target.CAUnknown, Namespaces: namespacesOf(cfg, c, names),
				})
			}
		}
		if o := store.Outage(s.ID); o.Tries > 0 && st.Renewal == byItself {
			st.Outage = &outageStatus{o.Since, o.Next, o.Reason}
		}
		info.Sessions = append(info.Sessions, st)
	}
	info.Registries, err = registrycmd.Infos(registryDeps(e))
	return info, err
}

// ownersOf returns the ID of the session that renews each credential, which may be another one than made it: two Supervisors of one vCenter
// name each other. It is the session that get-token takes (tokens.Store.FindSession); sessions are sorted as there.
func ownersOf(sessions []tokens.Session, credentials []tokens.Credential) []string {
	owners := make([]string, len(credentials))
	for i, c := range credentials {
		if covering := tokens.Covering(sessions, c.Key); len(covering) > 0 {
			owners[i] = covering[0].ID
		} else if slices.ContainsFunc(sessions, func(s tokens.Session) bool { return s.ID == c.Session }) {
			owners[i] = c.Session
		}
	}
	return owners
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

// namespacesOf returns the vSphere Namespaces of the contexts that use a credential.
func namespacesOf(cfg *api.Config, c tokens.Credential, names []string) (all []namespaceStatus) {
	if c.Key.Cluster != "" {
		return nil // A namespace in a cluster.
	}
	by := map[string][]string{}
	for _, name := range names {
		if ns := cfg.Contexts[name].Namespace; ns != "" {
			by[ns] = append(by[ns], name)
		}
	}
	for _, ns := range slices.Sorted(maps.Keys(by)) {
		all = append(all, namespaceStatus{Namespace: ns, Contexts: by[ns], Current: slices.Contains(by[ns], cfg.CurrentContext)})
	}
	return all
}
