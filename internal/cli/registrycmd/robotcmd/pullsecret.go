package robotcmd

import (
	"context"
	"crypto/rand"
	"encoding/base64"
	"encoding/json"
	"errors"
	"fmt"
	"net/http"
	"net/url"
	"strings"
	"time"

	"github.com/spf13/cobra"

	"github.com/kubectl-vsphere/kubectl-vsphere/internal/command"
	"github.com/kubectl-vsphere/kubectl-vsphere/internal/failure"
	"github.com/kubectl-vsphere/kubectl-vsphere/internal/session"
	"github.com/kubectl-vsphere/kubectl-vsphere/pkg/bounded"
	"github.com/kubectl-vsphere/kubectl-vsphere/pkg/disclose"
	"github.com/kubectl-vsphere/kubectl-vsphere/pkg/redact"
	"github.com/kubectl-vsphere/kubectl-vsphere/pkg/registry"
	"github.com/kubectl-vsphere/kubectl-vsphere/pkg/registry/harbor"
	"github.com/kubectl-vsphere/kubectl-vsphere/pkg/supervisor"
	"github.com/kubectl-vsphere/kubectl-vsphere/pkg/wire"
)

const imagePullLong = `Creates a robot account that may pull from a project of the registry, and writes it as an image pull
secret into a namespace of a cluster or of the Supervisor. If you run it again, it creates a new
robot account, updates the secret and deletes the old account.

Your own token and password are never written to a cluster. Robot accounts need your password: see
"kubectl vsphere registry robot --help".`

// pullSecretFlags are the flags of pull-secret.
type pullSecretFlags struct {
	namespace, context, project, name string
	days                              int
	force                             bool
}

// NewPullSecret is kubectl vsphere registry pull-secret.
func NewPullSecret(d Deps) *cobra.Command {
	f := pullSecretFlags{}
	c := &cobra.Command{
		Use:   "pull-secret [REGISTRY] -n NAMESPACE",
		Short: "Writes an image pull secret with a robot account into a namespace.",
		Long:  imagePullLong,
		Example: "  kubectl vsphere registry pull-secret 10.0.0.5 -n default --context tkc1\n" +
			"  kubectl patch serviceaccount default -n default \\\n" +
			"    -p '{\"imagePullSecrets\":[{\"name\":\"vsphere-registry\"}]}'",
		Args:              command.AnyRegistries,
		ValidArgsFunction: command.Registries(d.Env),
		RunE: func(c *cobra.Command, args []string) error {
			if f.namespace == "" {
				return failure.Usagef("into which namespace? Give -n NAMESPACE")
			}
			if !supervisor.IsName(f.namespace) || !supervisor.IsName(f.name) {
				return failure.Usagef("--namespace and --name must be Kubernetes names without dots: lower case letters, digits and -")
			}
			return d.with(func(a *robots) error {
				r, err := a.Known(command.Hosts(args)...)
				if err != nil {
					return err
				}
				return a.writePullSecret(c.Context(), r, f)
			})
		},
	}
	flags := c.Flags()
	flags.StringVarP(&f.namespace, "namespace", "n", "", "`NAMESPACE` to write the secret into.")
	flags.StringVar(&f.context, "context", "", "Kubeconfig context `NAME` of the cluster or vSphere Namespace.\n(default the current one)")
	flags.StringVar(&f.project, "project", "", "`PROJECT` at the registry. (default the vSphere Namespace of the\ncluster, else the namespace)")
	flags.StringVar(&f.name, "name", "vsphere-registry", "`NAME` of the secret.")
	flags.IntVar(&f.days, "days", 30, "`DAYS` that the robot account is valid.")
	flags.BoolVar(&f.force, "force", false, "Replace a secret with that name that has another purpose.")
	_ = c.RegisterFlagCompletionFunc("context", command.Contexts(d.Env))
	return c
}

// pullSecret is an image pull secret in a namespace.
type pullSecret struct {
	client  *session.APIClient
	path    string // the secret's path at the API server
	project string // the project of the images
	cluster string // NAMESPACE/NAME; empty for the Supervisor
}

// writePullSecret checks that the cluster accepts the secret before it creates a robot account, so that no unused account is left. It
// deletes the old account last: wherever it is interrupted, the cluster has a valid secret.
func (a *robots) writePullSecret(ctx context.Context, r registry.Record, f pullSecretFlags) error {
	if f.days < 1 || f.days > harbor.MaxDays {
		return failure.Usagef("--days: a robot account is good for 1 to %d days", harbor.MaxDays)
	}
	p, err := a.findSecret(ctx, f)
	if err != nil {
		return err
	}
	old, err := p.robotOf(ctx, f, r.Host)
	if err != nil {
		return err
	}
	var robot harbor.Robot
	var notWritten error // The cluster's error. The registry has accepted the password, so work must not return this error.
	name := p.robotBase(f) + strings.ToLower(rand.Text()[:10])
	err = a.Manage(ctx, r, func(ctx context.Context, c *harbor.Client, by harbor.Login) (err error) {
		if robot, err = c.CreateRobot(ctx, by, harbor.RobotSpec{Project: p.project, Name: name, Days: f.days, Description: robotDescription}); err != nil {
			return err
		}
		if notWritten = p.apply(ctx, f, robotLogin{r.Host, robot}, false); notWritten != nil {
			old = robot.Name // Nobody uses the new account.
		}
		after, cancel := context.WithTimeout(context.WithoutCancel(ctx), cleanTime)
		defer cancel()
		return p.deleteRobot(after, c, by, old)
	})
	switch {
	case notWritten != nil:
		return fmt.Errorf("the secret could not be written: %w", notWritten)
	case err != nil:
		return robotError(err, r, robotFlags{project: p.project, name: name})
	}
	a.Env.Printf("Secret %s in namespace %s holds %s, which may pull from %s/%s until %s.",
		f.name, f.namespace, robot.Name, r.Host, p.project, a.expiry(robot.Expires))
	return nil
}

// cleanTime bounds how long the command tries to delete an unused robot account.
const cleanTime = 10 * time.Second

// findSecret finds the API server and checks with a dry run that the secret can be written there.
func (a *robots) findSecret(ctx context.Context, f pullSecretFlags) (pullSecret, error) {
	cfg, err := command.LoadKubeconfig(a.Env)
	if err != nil {
		return pullSecret{}, err
	}
	c, err := session.FindContext(cfg, f.context)
	if err != nil {
		return pullSecret{}, err
	}
	p := pullSecret{project: f.project, cluster: c.Key.Cluster, path: fmt.Sprintf("/api/v1/namespaces/%s/secrets/%s", f.namespace, f.name)}
	if p.project == "" {
		p.project = f.namespace
		if p.cluster != "" {
			p.project, _, _ = strings.Cut(p.cluster, "/")
		}
	}
	if p.client, _, err = a.Sessions.Client(ctx, c); err != nil {
		return p, err
	}
	return p, p.apply(ctx, f, robotLogin{host: "registry.example.com", robot: harbor.Robot{Name: "robot", Secret: "none"}}, true)
}

// robotOf returns the user name of the robot account in the secret, or "" without a secret. A secret with another purpose is an error,
// unless --force is set.
func (p pullSecret) robotOf(ctx context.Context, f pullSecretFlags, host string) (username string, err error) {
	body, err := p.client.Do(ctx, wire.Request{Method: http.MethodGet, URL: p.path})
	switch {
	case errors.Is(err, wire.ErrNotFound), errors.Is(err, wire.ErrForbidden) && f.force:
		return "", nil
	case errors.Is(err, wire.ErrForbidden):
		return "", failure.Hint(fmt.Errorf("the present secret %s cannot be read: %w", f.name, err), "To replace it anyway, use --force.")
	case err != nil:
		return "", err
	}
	var secret struct {
		Data map[string][]byte `json:"data"`
	}
	var config struct {
		Auths map[string]struct {
			Username string `json:"username"`
		} `json:"auths"`
	}
	if bounded.JSON(body, &secret) == nil && bounded.JSON(secret.Data[".dockerconfigjson"], &config) == nil && len(config.Auths) == 1 {
		if auth, ours := config.Auths[host]; ours {
			return auth.Username, nil
		}
	}
	if f.force {
		return "", nil
	}
	return "", failure.Hint(fmt.Errorf("the secret %s in namespace %s exists, and not only for %s", f.name, f.namespace, host), "Choose another --name, or replace it with --force.")
}

// robotBase returns the start of the robot account's name. It shows administrators of the registry where the account is used. The dots
// separate the parts, since none of them has a dot.
func (p pullSecret) robotBase(f pullSecretFlags) string {
	parts := []string{f.namespace, f.name}
	if namespace, name, found := strings.Cut(p.cluster, "/"); found {
		parts = append([]string{namespace, name}, parts...)
	}
	return strings.Join(parts, ".") + "."
}

// deleteRobot deletes the robot account of a secret. The name comes from the cluster, so it may be any name: only a name in the form of
// robotBase is deleted.
func (p pullSecret) deleteRobot(ctx context.Context, c *harbor.Client, by harbor.Login, username string) error {
	if _, name, _ := strings.Cut(username, "+"); !strings.Contains(name, ".") {
		return nil
	}
	all, err := c.Robots(ctx, by, p.project)
	for _, robot := range all {
		if robot.Name == username {
			err = c.DeleteRobot(ctx, by, robot.ID)
		}
	}
	if err != nil && !errors.Is(err, wire.ErrNotFound) {
		return fmt.Errorf("the robot account %s is no longer needed, but could not be deleted: %w", username, err)
	}
	return nil
}

// robotLogin is the login in a pull secret.
type robotLogin struct {
	host  string
	robot harbor.Robot
}

// apply writes the secret with server-side apply (https://kubernetes.io/docs/reference/using-api/server-side-apply/). With dryRun it only
// checks that this works.
func (p pullSecret) apply(ctx context.Context, f pullSecretFlags, login robotLogin, dryRun bool) error {
	host, robot := login.host, login.robot
	password, err := p.client.Open(ctx, disclose.RobotSecret, robot.Secret)
	if err != nil {
		return err
	}
	text, err := json.Marshal(map[string]any{"auths": map[string]any{host: map[string]string{
		"username": robot.Name, "password": password,
		"auth": base64.StdEncoding.EncodeToString([]byte(robot.Name + ":" + password)),
	}}})
	if err != nil {
		return err
	}
	body, err := json.Marshal(map[string]any{
		"apiVersion": "v1", "kind": "Secret", "type": "kubernetes.io/dockerconfigjson",
		"metadata": map[string]any{"name": f.name, "namespace": f.namespace},
		"data":     map[string][]byte{".dockerconfigjson": text},
	})
	if err != nil {
		return err
	}
	query := url.Values{"fieldManager": {"kubectl-vsphere"}}
	if f.force {
		query.Set("force", "true")
	}
	if dryRun {
		query.Set("dryRun", "All")
	}
	_, err = p.client.Do(ctx, wire.Request{
		Method: http.MethodPatch, URL: p.path + "?" + query.Encode(), Body: body,
		Header: http.Header{"Content-Type": {"application/apply-patch+yaml"}}, Secrets: []redact.Secret{robot.Secret},
	})
	var answered *wire.Error
	if errors.As(err, &answered) && answered.Status == http.StatusConflict {
		return failure.Hint(fmt.Errorf("another tool manages the secret %s in namespace %s: %w", f.name, f.namespace, err), "Choose another --name, or replace it with --force.")
	}
	return err
}
