package argocmd

import (
	"bytes"
	"encoding/json"
	"maps"
	"slices"
	"strings"
	"time"

	"k8s.io/apimachinery/pkg/util/validation"

	"github.com/kubectl-vsphere/kubectl-vsphere/internal/cli/privatefile"
	"github.com/kubectl-vsphere/kubectl-vsphere/internal/command"
	"github.com/kubectl-vsphere/kubectl-vsphere/internal/console"
	"github.com/kubectl-vsphere/kubectl-vsphere/internal/failure"
	"github.com/kubectl-vsphere/kubectl-vsphere/pkg/address"
	"github.com/kubectl-vsphere/kubectl-vsphere/pkg/redact"
	"github.com/kubectl-vsphere/kubectl-vsphere/pkg/tokens/credfile"
)

const (
	typeLabel = "argocd.argoproj.io/secret-type"
	// prefix stands before the name of the Secret, as before those that Argo CD makes itself.
	prefix = "cluster-"
)

// clusterConfig is the field config of the Secret: v1alpha1.ClusterConfig of Argo CD. A program and a token exclude each other.
type clusterConfig struct {
	BearerToken *redact.Stored `json:"bearerToken,omitempty"`
	Exec        *execConfig    `json:"execProviderConfig,omitempty"`
	TLS         tlsConfig      `json:"tlsClientConfig"`
}

type execConfig struct {
	APIVersion  string            `json:"apiVersion"`
	Command     string            `json:"command"`
	Args        []string          `json:"args"`
	Env         map[string]string `json:"env"`
	InstallHint string            `json:"installHint"`
}

type tlsConfig struct {
	ServerName string `json:"serverName,omitempty"`
	CA         []byte `json:"caData,omitempty"` // none: the roots of Argo CD's image
}

// check checks the flags that the Secret is made of.
func (o secretOptions) check() error {
	switch {
	case !address.IsLabel(o.Name):
		return failure.Usagef("--name: %.80q is not a name of at most 63 small letters, digits and dashes", o.Name)
	case !address.IsLabel(o.Namespace):
		return failure.Usagef("--argocd-namespace: %.80q is not a name of a namespace", o.Namespace)
	case o.Project != "" && len(validation.IsDNS1123Subdomain(o.Project)) > 0:
		return failure.Usagef("--project: %.80q is not a name of a project", o.Project)
	case o.Whole && len(o.Namespaces) == 0:
		return failure.Usagef("--cluster-resources is for --manage-namespaces: without it, Argo CD manages everything")
	}
	for _, namespace := range o.Namespaces {
		if !address.IsLabel(namespace) {
			return failure.Usagef("--manage-namespaces: %.80q is not a name of a namespace", namespace)
		}
	}
	for _, name := range slices.Sorted(maps.Keys(o.Labels)) {
		switch value := o.Labels[name]; {
		case len(validation.IsQualifiedName(name)) > 0:
			return failure.Usagef("--label: %.80q is not a name of a label", name)
		case name == typeLabel:
			return failure.Usagef("--label: %s is there already", typeLabel)
		case len(validation.IsValidLabelValue(value)) > 0:
			return failure.Usagef("--label: the value of %s is not one of at most 63 letters, digits, dashes, dots and underscores", name)
		}
	}
	return nil
}

// object returns the Secret as YAML.
func (o secretOptions) object(server string, config clusterConfig) (redact.Secret, error) {
	text, err := json.Marshal(config)
	if err != nil {
		return "", err
	}
	data := map[string]string{"name": o.Name, "server": server, "config": string(text)}
	if len(o.Namespaces) > 0 {
		data["namespaces"] = strings.Join(o.Namespaces, ",")
	}
	if o.Whole {
		data["clusterResources"] = "true"
	}
	if o.Project != "" {
		data["project"] = o.Project
	}
	labels := map[string]string{typeLabel: "cluster"}
	maps.Copy(labels, o.Labels)
	var out bytes.Buffer
	yaml := command.Format("yaml")
	err = yaml.Write(&out, map[string]any{
		"apiVersion": "v1", "kind": "Secret", "type": "Opaque", "stringData": data,
		"metadata": map[string]any{"name": prefix + o.Name, "namespace": o.Namespace, "labels": labels},
	})
	return redact.Secret(out.String()), err
}

// output is where the Secret goes.
func (o options) output() privatefile.Output {
	switch {
	case o.Output != "":
		return privatefile.Output(o.Output)
	case o.Auth == byToken:
		return privatefile.Output("argocd-" + o.secret.Name + ".yaml")
	}
	return privatefile.Stdout
}

// write writes the Secret, and says how to use it.
func (o options) write(e *console.Env, f found, config clusterConfig) error {
	config.TLS = tlsConfig{ServerName: f.config.ServerName, CA: f.config.CA}
	text, err := o.secret.object(f.config.Host, config)
	if err != nil {
		return err
	}
	to := o.output()
	if err := to.Write(e, text, o.Force); err != nil {
		return err
	}
	if len(config.TLS.CA) == 0 {
		e.Notef("the context %s has no CA: Argo CD verifies the server with the roots of its image", f.Name)
	}
	if to != privatefile.Stdout {
		e.Printf("Wrote %s.", string(to))
		e.Tellf("To register the cluster, type where Argo CD runs: kubectl apply -f %s", failure.Quote(string(to)))
	}
	return nil
}

// withExec writes a Secret by which Argo CD runs this program.
func (o options) withExec(e *console.Env, f found) error {
	env := map[string]string{"KUBECTL_VSPHERE_INTERACTIVE": "never"}
	if o.Home != "" {
		env[credfile.HomeVariable] = o.Home
	}
	err := o.write(e, f, clusterConfig{Exec: &execConfig{
		APIVersion: credfile.V1beta1, Command: o.Program, Args: f.Key.Args(), Env: env, // v1 wants an interactiveMode, which not every Argo CD writes.
		InstallHint: "The image of Argo CD needs kubectl-vsphere, and a session of " + f.Key.User + " at " + f.Key.Server + ".",
	}})
	if err != nil {
		return err
	}
	e.Tellf("Argo CD runs %s for each token. Its pods argocd-application-controller and argocd-server need:", o.Program)
	e.Tellf("- that program in their image or on a volume")
	if o.Home == "" {
		e.Tellf("- a volume with the sessions that both may write; name its directory with --exec-home")
	} else {
		e.Tellf("- a volume at %s that both may write", failure.Quote(o.Home))
	}
	e.Tellf("- a session in it that renews without a person, as with --password-command. An init container or a job makes it by: %s",
		f.sessions.Command(f.sessions.Of(f.Key)))
	return nil
}

// keep is how a person renews a token that ends.
func (o options) keep(e *console.Env, until time.Time) {
	e.Tellf("The token is valid until %s. Argo CD loses the cluster then: run this command again before, with --force, and apply the Secret again.", e.Until(until))
}

// maxToken bounds a token, in characters.
const maxToken = 16 << 10

// isToken reports whether a reply of a server can be a bearer token (RFC 6750, section 2.1): anything else would be a header of its own.
func isToken(s redact.Secret) bool {
	other := func(c rune) bool { return c <= ' ' || c >= 0x7f }
	return s != "" && len(s) <= maxToken && !strings.ContainsFunc(s.Reveal(), other)
}
