package logincmd

import (
	"k8s.io/client-go/tools/clientcmd/api"

	"github.com/kubectl-vsphere/kubectl-vsphere/internal/failure"
	"github.com/kubectl-vsphere/kubectl-vsphere/internal/method/federated"
	"github.com/kubectl-vsphere/kubectl-vsphere/internal/method/password"
	"github.com/kubectl-vsphere/kubectl-vsphere/pkg/kubeconfig"
	"github.com/kubectl-vsphere/kubectl-vsphere/pkg/login"
	"github.com/kubectl-vsphere/kubectl-vsphere/pkg/supervisor"
	"github.com/kubectl-vsphere/kubectl-vsphere/pkg/tokens"
	"github.com/kubectl-vsphere/kubectl-vsphere/pkg/trust"
)

// repeat fills in the options of the last login of the current context's session. Flags come first. It never repeats
// --insecure-skip-tls-verify.
func (r *run) repeat() error {
	cfg, err := r.files.Load()
	if err != nil {
		return err
	}
	s, found, err := currentSession(r.store, cfg)
	if err != nil {
		return err
	}
	if !found {
		return failure.Usagef("--server is missing: which Supervisor? (There is no session to repeat.)")
	}
	if r.o.Server, err = supervisor.ParseAddress(s.Server); err != nil {
		return err
	}
	if s.Trust.Mode == trust.Insecure && !r.o.Trust.Given() {
		return failure.Usagef("the last login to %s was with --insecure-skip-tls-verify, which is not repeated: give it again, or --certificate-authority or --ca-fingerprint", s.Server)
	}
	return naming{r}.repeatSession(s)
}

// repeatIssuer fills in the issuer of the last login to an API server without a Supervisor: --server is then enough to log in again.
func (r *run) repeatIssuer() error {
	p := r.o.Provider
	if p.Issuer.Plain() || p.Provider != "" || r.o.Method == password.Name || r.o.Method == Auto && passwordReason(r.env, r.o) != "" {
		return nil
	}
	for _, s := range r.store.SessionsAt(r.o.Server.String()) {
		if kept, err := federated.Parse(s); err == nil && kept.Plain {
			r.env.Tellf("Logging in to %s with the issuer of the last login.", s.Server)
			return r.o.repeatProvider(s)
		}
	}
	return nil
}

// repeatProvider is repeatLast, and also takes the identity provider and the flow from the last login.
func (o *Options) repeatProvider(s tokens.Session) error {
	kept, err := federated.Parse(s)
	if err != nil {
		return err
	}
	o.Provider.Repeat(kept)
	if o.Provider.Flow == federated.Password && o.User == "" {
		o.User = s.LoginName()
	}
	return o.repeatLast(s)
}

// repeatLast takes the options that are not on the command line from the last login.
func (o *Options) repeatLast(s tokens.Session) (err error) {
	if !o.Set.Clusters {
		if o.Clusters, err = login.ParseSelection(s.Clusters); err != nil {
			return err
		}
	}
	if !o.Set.StaticTokens {
		o.StaticTokens = o.StaticTokens || s.StaticTokens
	}
	if !o.Set.Namespaces {
		o.Namespaces = s.Namespaces
	}
	if !o.Set.Prefix {
		o.Prefix = s.ContextPrefix
	}
	return nil
}

// currentSession returns the session of the current context, else the only session in the store.
func currentSession(store *tokens.Store, cfg *api.Config) (tokens.Session, bool, error) {
	if c := cfg.Contexts[cfg.CurrentContext]; c != nil {
		if key, ours := kubeconfig.Ours(cfg.AuthInfos[c.AuthInfo]); ours {
			return store.FindSession(key)
		}
	}
	if all, _ := store.Sessions(); len(all) == 1 {
		return all[0], true, nil
	}
	return tokens.Session{}, false, nil
}
