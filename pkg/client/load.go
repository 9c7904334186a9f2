package client

import (
	"context"
	"errors"
	"log/slog"
	"maps"
	"slices"
	"strings"

	"k8s.io/client-go/rest"
	"k8s.io/client-go/tools/clientcmd/api"

	"github.com/kubectl-vsphere/kubectl-vsphere/internal/console"
	"github.com/kubectl-vsphere/kubectl-vsphere/internal/method"
	"github.com/kubectl-vsphere/kubectl-vsphere/internal/session"
	"github.com/kubectl-vsphere/kubectl-vsphere/internal/site"
	"github.com/kubectl-vsphere/kubectl-vsphere/pkg/disclose"
	"github.com/kubectl-vsphere/kubectl-vsphere/pkg/kubeconfig"
	"github.com/kubectl-vsphere/kubectl-vsphere/pkg/supervisor"
	"github.com/kubectl-vsphere/kubectl-vsphere/pkg/tokens"
	"github.com/kubectl-vsphere/kubectl-vsphere/pkg/tokens/credfile"
)

// Stored names a session that "kubectl vsphere login" left: by a context of the kubeconfig, or by server, user and cluster.
// The zero value is the current context.
type Stored struct {
	Context string

	Server  string // address of the Supervisor, or of the control plane host of the cluster
	User    string
	Cluster string // NAMESPACE/NAME of a TKG cluster; empty: the Supervisor itself

	Kubeconfig string // path; empty: as kubectl finds it
	Store      string // directory of the store; empty: as kubectl-vsphere finds it
	// Logger gets what kubectl-vsphere would print, such as warnings; nil: nobody does.
	Logger *slog.Logger
}

// Load returns a stored session. It renews the credential if that has ended, so that the error comes now: an *Error of kind
// ErrLoginRequired if nobody has logged in, or if only a person can log in again.
func Load(ctx context.Context, from Stored) (*Session, error) {
	return load(ctx, silent(from.Logger), from)
}

func load(ctx context.Context, e *console.Env, from Stored) (*Session, error) {
	s, err := from.open(ctx, e)
	if err == nil {
		_, err = s.Credential(ctx)
	}
	if err != nil {
		return nil, explained(err, typed)
	}
	return s, nil
}

// open returns the session without asking anybody.
func (from Stored) open(ctx context.Context, e *console.Env) (*Session, error) {
	if from.Store != "" {
		getenv := e.Getenv
		e.Getenv = func(name string) string {
			if name == credfile.HomeVariable {
				return from.Store
			}
			return getenv(name)
		}
	}
	store, err := e.OpenStore()
	if err != nil {
		return nil, err
	}
	config, err := from.kubeconfig(e)
	if err != nil {
		return nil, err
	}
	at, err := from.find(config)
	if err != nil {
		return nil, err
	}
	return stored{method.Sessions(e, store), config}.session(ctx, at)
}

// kubeconfig reads the user's kubeconfig.
func (from Stored) kubeconfig(e *console.Env) (*api.Config, error) {
	files := kubeconfig.Files{Paths: []string{from.Kubeconfig}, Warn: func(message string) { e.Tellf("%s", message) }}
	if from.Kubeconfig == "" {
		var err error
		if files.Paths, err = kubeconfig.Locate(e.Getenv, e.Home); err != nil {
			return nil, err
		}
	}
	return files.Load()
}

// find returns the context that from names.
func (from Stored) find(config *api.Config) (session.Context, error) {
	if from.Server == "" && from.User == "" && from.Cluster == "" {
		return session.FindContext(config, from.Context)
	}
	if from.Context != "" || from.Server == "" || from.User == "" {
		return session.Context{}, errors.New("name a context, or a server and a user")
	}
	key, err := from.key()
	if err != nil {
		return session.Context{}, err
	}
	return ofKey(config, key)
}

func (from Stored) key() (tokens.Key, error) {
	address, err := supervisor.ParseTyped(from.Server)
	if err != nil {
		return tokens.Key{}, err
	}
	return tokens.Key{Server: address.String(), User: from.User, Cluster: from.Cluster}, checkCluster(from.Cluster)
}

// checkCluster returns an error unless a name is empty or NAMESPACE/NAME.
func checkCluster(cluster string) error {
	namespace, name, _ := strings.Cut(cluster, "/")
	if cluster != "" && (!supervisor.IsName(namespace) || !supervisor.IsName(name)) {
		return errors.New("the cluster is not NAMESPACE/NAME")
	}
	return nil
}

// ofKey returns the first context, by name, with a credential.
func ofKey(config *api.Config, key tokens.Key) (session.Context, error) {
	for _, name := range slices.Sorted(maps.Keys(config.Contexts)) {
		if found, err := session.FindContext(config, name); err == nil && found.Key.Same(key) {
			return found, nil
		}
	}
	return session.Context{}, errNoContext
}

var errNoContext = errors.New("no context of the kubeconfig is for this server, user and cluster")

// stored are the stored sessions with the kubeconfig.
type stored struct {
	sessions *session.Sessions
	config   *api.Config
}

// restConfig is how kubectl goes, for client-go.
func restConfig(s *site.APIServer) rest.Config {
	return rest.Config{
		Host: s.Host, Proxy: s.Proxy, DisableCompression: s.DisableCompression,
		TLSClientConfig: rest.TLSClientConfig{ServerName: s.ServerName, Insecure: s.Insecure, CAData: s.CA},
		Impersonate:     rest.ImpersonationConfig{UserName: s.As.User, UID: s.As.UID, Groups: s.As.Groups, Extra: s.As.Extra},
	}
}

// session returns the session of a context.
func (st stored) session(ctx context.Context, at session.Context) (*Session, error) {
	to, err := at.Config(ctx, st.sessions.Env)
	if err != nil {
		return nil, err
	}
	if to.Insecure {
		return nil, errInsecure
	}
	config := restConfig(to)
	config.Dial = st.sessions.Env.Dial
	s := &Session{
		config: config, namespace: at.Namespace, key: at.Key, ground: disclose.ContextAt(config.Host), kind: disclose.SupervisorToken, step: typed,
		source: &renewing{now: st.sessions.Env.Now, mint: func(ctx context.Context, force bool) (tokens.Credential, error) {
			return st.sessions.Token(ctx, at.Key, force)
		}},
		cluster: func(ctx context.Context, name string) (*Session, error) { return st.cluster(ctx, at.Key, name) },
	}
	if at.Key.Cluster != "" {
		s.kind = disclose.ClusterToken
	}
	return s, nil
}

// cluster returns the session of the same account at a cluster.
func (st stored) cluster(ctx context.Context, key tokens.Key, name string) (*Session, error) {
	if err := checkCluster(name); err != nil {
		return nil, err
	}
	key.Cluster = name
	at, err := ofKey(st.config, key)
	if err != nil {
		return nil, err
	}
	s, err := st.session(ctx, at)
	if err == nil {
		_, err = s.Credential(ctx)
	}
	return s, err
}
