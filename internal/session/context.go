package session

import (
	"context"
	"errors"
	"fmt"
	"net/http"
	"path/filepath"
	"slices"
	"strings"

	"k8s.io/client-go/tools/clientcmd/api"

	"github.com/kubectl-vsphere/kubectl-vsphere/internal/console"
	"github.com/kubectl-vsphere/kubectl-vsphere/internal/failure"
	"github.com/kubectl-vsphere/kubectl-vsphere/internal/site"
	"github.com/kubectl-vsphere/kubectl-vsphere/pkg/bounded"
	"github.com/kubectl-vsphere/kubectl-vsphere/pkg/disclose"
	"github.com/kubectl-vsphere/kubectl-vsphere/pkg/kubeconfig"
	"github.com/kubectl-vsphere/kubectl-vsphere/pkg/safetext"
	"github.com/kubectl-vsphere/kubectl-vsphere/pkg/supervisor"
	"github.com/kubectl-vsphere/kubectl-vsphere/pkg/tokens"
	"github.com/kubectl-vsphere/kubectl-vsphere/pkg/tokens/credfile"
)

// Context is a context of the kubeconfig that a login wrote.
type Context struct {
	Name      string
	Namespace string
	Server    string // URL as the kubeconfig spells it
	Key       tokens.Key
	cluster   *api.Cluster
	user      *api.AuthInfo
	userName  string // of the user entry
}

// FindContext returns the context with a name. An empty name means the current context. A context that login did not write is an error.
func FindContext(cfg *api.Config, name string) (Context, error) {
	if name == "" {
		name = cfg.CurrentContext
	}
	if name == "" {
		return Context{}, failure.Hint(errors.New("there is no current context"), "Choose one with --context, or type: kubectl config use-context NAME")
	}
	c, ok := cfg.Contexts[name]
	if !ok {
		return Context{}, fmt.Errorf("context %q is not in the kubeconfig", name)
	}
	cluster, user := cfg.Clusters[c.Cluster], cfg.AuthInfos[c.AuthInfo]
	if cluster == nil || user == nil {
		return Context{}, fmt.Errorf("context %q names a cluster or user that is not in the kubeconfig", name)
	}
	key, ours := kubeconfig.Ours(user)
	if !ours {
		return Context{}, failure.Hint(fmt.Errorf("context %q was not written by this program", name),
			"Choose one with --context. To list them, type: kubectl vsphere status")
	}
	return Context{Name: name, Namespace: c.Namespace, Server: cluster.Server, Key: key, cluster: cluster, user: user, userName: c.AuthInfo}, nil
}

// Client gets the context's credential as kubectl does, and returns a client of its API server that goes the way that kubectl goes. Where
// kubectl would send no credential, it is an error, and none is fetched.
func (s *Sessions) Client(ctx context.Context, c Context) (*APIClient, tokens.Credential, error) {
	return s.client(ctx, c, func() (tokens.Credential, error) { return s.Token(ctx, c.Key, false) })
}

// Stored is Client with the credential that the store has: nothing is renewed, nobody is asked, no file changes. Without a valid one the
// client sends no credential. The credential then has no more than the end of an old one.
func (s *Sessions) Stored(ctx context.Context, c Context) (*APIClient, tokens.Credential, error) {
	return s.client(ctx, c, func() (tokens.Credential, error) {
		key := c.Key
		if of, found, err := s.Store.FindSession(key); err == nil && found {
			key = of.Own(key)
		}
		credential, found, err := s.Store.Credential(key)
		if err != nil || !found || !credential.Good(s.Env.Now()) {
			return tokens.Credential{Expires: credential.Expires}, err
		}
		return credential, nil
	})
}

// client returns the client of a context with a credential.
func (s *Sessions) client(ctx context.Context, c Context, get func() (tokens.Credential, error)) (*APIClient, tokens.Credential, error) {
	config, err := c.Config(ctx, s.Env)
	if err != nil {
		return nil, tokens.Credential{}, err
	}
	credential, err := get()
	if err != nil {
		return nil, credential, err
	}
	if _, err := credentialCertificate(credential); err != nil {
		return nil, credential, err
	}
	config.Certificate, config.Key = []byte(credential.Certificate), []byte(credential.PrivateKey.Reveal())
	w, err := site.KubectlClient(s.Env, config)
	if err != nil {
		return nil, credential, fmt.Errorf("context %q: %w", c.Name, err)
	}
	kind := disclose.SupervisorToken
	if c.Key.Cluster != "" {
		kind = disclose.ClusterToken
	}
	ground := disclose.ContextAt(config.Host)
	return &APIClient{config.Host, w, ground, ground.Hold(kind, credential.Token)}, credential, nil
}

// Config returns how kubectl reaches and verifies the server, and whom it impersonates. It holds no credential. Where kubectl
// would not log in as this program does, it is an error.
func (c Context) Config(ctx context.Context, e *console.Env) (*site.APIServer, error) {
	if err := c.check(e); err != nil {
		return nil, err
	}
	config, err := c.apiServer(ctx)
	if err != nil {
		return nil, fmt.Errorf("context %q: %w", c.Name, err)
	}
	return config, nil
}

// check returns an error if kubectl, with the user entry, is somebody else than our credential, or has another store. Its text holds no
// value of a field: some are secrets.
func (c Context) check(e *console.Env) error {
	if rivals := kubeconfig.Rivals(c.user); len(rivals) > 0 {
		var commands []string
		for _, field := range rivals {
			commands = append(commands, "  kubectl config unset "+failure.Quote("users."+c.userName+"."+field))
		}
		return failure.Hint(fmt.Errorf("context %q: its user entry also has %s, so that kubectl does not log in as this program does", c.Name, strings.Join(rivals, ", ")),
			"Log in again, or remove this from the entry:\n%s", safetext.Lines(strings.Join(commands, "\n")))
	}
	ours, err := credfile.Dir(e.Getenv, e.GOOS)
	if err != nil {
		return err
	}
	theirs, err := credfile.Dir(c.getenv(e), e.GOOS)
	switch {
	case err != nil:
		return fmt.Errorf("context %q: with the variables of its user entry, %w", c.Name, err)
	case filepath.Clean(theirs) != filepath.Clean(ours):
		return failure.Hint(fmt.Errorf("context %q: its user entry sets variables with which kubectl has its sessions in %s, and this command in %s", c.Name, theirs, ours),
			"Set %s to %s for this command, or remove the variables from the entry.", credfile.HomeVariable, failure.Quote(theirs))
	}
	return nil
}

// getenv returns the environment of get-token as kubectl starts it: the last value of a variable counts.
func (c Context) getenv(e *console.Env) func(string) string {
	set := kubeconfig.Variables(c.user.Exec)
	return func(name string) string {
		for _, v := range slices.Backward(set) {
			if v.Name == name || e.GOOS == "windows" && strings.EqualFold(v.Name, name) {
				return v.Value
			}
		}
		return e.Getenv(name)
	}
}

// apiServer returns how kubectl reaches and verifies the server, and whom it impersonates. It holds no credential: of the user entry, only
// the impersonation is taken, and the exec block is checked as kubectl checks it.
func (c Context) apiServer(ctx context.Context) (*site.APIServer, error) {
	server, err := supervisor.CheckURL(c.cluster.Server)
	if err != nil {
		return nil, fmt.Errorf("the server %w", err)
	}
	to := &site.APIServer{
		Host: server, ServerName: c.cluster.TLSServerName, Insecure: c.cluster.InsecureSkipTLSVerify,
		DisableCompression: c.cluster.DisableCompression,
		As:                 site.Impersonation{User: c.user.Impersonate, UID: c.user.ImpersonateUID, Groups: c.user.ImpersonateGroups, Extra: c.user.ImpersonateUserExtra},
	}
	if c.cluster.ProxyURL != "" {
		proxy, err := proxyOf(c.cluster.ProxyURL)
		if err != nil {
			return nil, fmt.Errorf("its proxy-url %w", err)
		}
		to.Proxy = http.ProxyURL(proxy)
	}
	if err := usable(c.user); err != nil {
		return nil, err
	}
	to.CA, err = readCA(ctx, c.cluster)
	return to, err
}

// readCA returns the CA of a cluster entry, or nothing without one. A file is read within bounds: its path may be that of a pipe, or of
// something endless.
func readCA(ctx context.Context, c *api.Cluster) ([]byte, error) {
	switch {
	case c.CertificateAuthority == "":
		return c.CertificateAuthorityData, nil
	case len(c.CertificateAuthorityData) > 0:
		return nil, errors.New("it has both certificate-authority and certificate-authority-data, which kubectl refuses")
	}
	path, err := caFile(c)
	if err != nil {
		return nil, err
	}
	text, err := bounded.File(ctx, path, bounded.MaxPEM, bounded.RegularOrPipe)
	if err != nil {
		return nil, err
	}
	if _, err := bounded.Certificates(text); err != nil {
		return nil, fmt.Errorf("%s: %w", path, err)
	}
	return text, nil
}
