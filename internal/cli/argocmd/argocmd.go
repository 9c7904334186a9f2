// Package argocmd is kubectl vsphere cluster register-argocd: a cluster Secret of Argo CD
// (https://argo-cd.readthedocs.io/en/stable/operator-manual/declarative-setup/#clusters) whose credential is either our program, which
// renews, or a token of a ServiceAccount with an end.
package argocmd

import (
	"context"
	"slices"
	"strings"
	"time"

	"github.com/spf13/cobra"
	"github.com/spf13/pflag"

	"github.com/kubectl-vsphere/kubectl-vsphere/internal/cli/lookup"
	"github.com/kubectl-vsphere/kubectl-vsphere/internal/command"
	"github.com/kubectl-vsphere/kubectl-vsphere/internal/console"
	"github.com/kubectl-vsphere/kubectl-vsphere/internal/contexts"
	"github.com/kubectl-vsphere/kubectl-vsphere/internal/failure"
	"github.com/kubectl-vsphere/kubectl-vsphere/pkg/address"
	"github.com/kubectl-vsphere/kubectl-vsphere/pkg/duration"
)

// How Argo CD logs in.
const (
	byExec  = "exec"
	byToken = "token"
)

// options are the argument and the flags.
type options struct {
	target  target
	secret  secretOptions
	Auth    string
	Program string // of Exec
	Home    string // of Exec: the store in Argo CD's pods; empty: that of their user
	account account
	Output  string // empty: see output
	Force   bool

	typedServer string
}

// secretOptions are what the Secret says beside the server and the credential.
type secretOptions struct {
	Name       string // of the cluster in Argo CD
	Namespace  string // of the Secret
	Labels     map[string]string
	Namespaces []string // that Argo CD manages; none: all
	Whole      bool     // and what belongs to no namespace
	Project    string
}

// account is the ServiceAccount that gets a token.
type account struct {
	Typed           string // NAMESPACE/NAME
	Namespace, Name string
	Life            duration.Flag
	Role            string // a ClusterRole
	Create, DryRun  bool
	Yes             bool
}

const (
	defaultLife = 24 * time.Hour
	// minLife is what the TokenRequest API takes at least (authentication.k8s.io/v1 TokenRequestSpec).
	minLife = 10 * time.Minute
	maxLife = 365 * 24 * time.Hour
)

// New returns the command.
func New(e *console.Env) *cobra.Command {
	var o options
	o.account.Life = duration.Flag(defaultLife)
	c := &cobra.Command{
		Use: "register-argocd NAME", Short: "Prints the Secret by which Argo CD knows a cluster.",
		Long: `Prints the Secret by which Argo CD knows a TKG cluster. NAME is the name of the cluster, or
NAMESPACE/NAME. Your kubeconfig has a context for it, which every login writes. The command changes
nothing where Argo CD runs: apply the Secret there.

  --auth exec   Argo CD runs kubectl-vsphere for a token, which renews. The Secret holds no
                credential. The images of Argo CD need the program, and a session of their own.
  --auth token  the Secret holds a token of a ServiceAccount of the cluster, made for it now. It
                ends after --duration, and nothing renews it.

With --create, the ServiceAccount and a binding of it to --role are made in the cluster, if they are
not there. With --manage-namespaces, the rights hold in those namespaces. --cluster-resources adds a
ClusterRole of its own: what --role allows with kinds that belong to no namespace.

The token is a secret: it goes to a file that only you can read, and is printed only with
--output -.`,
		Example: `  kubectl vsphere cluster register-argocd tkc1 -n ns1 | kubectl --context argo apply -f -

  kubectl vsphere cluster register-argocd ns1/tkc1 --auth token --create --role cluster-admin
  kubectl --context argo apply -f argocd-tkc1.yaml`,
		Args: oneName, ValidArgsFunction: firstName(command.ClusterNames(e)),
		RunE: func(c *cobra.Command, args []string) error {
			if err := o.read(e, c.Flags(), args[0]); err != nil {
				return err
			}
			return register(c.Context(), e, o)
		},
	}
	o.addTo(c, e)
	return c
}

func (o *options) addTo(c *cobra.Command, e *console.Env) {
	f := c.Flags()
	f.StringVarP(&o.target.Namespace, "namespace", "n", "", "vSphere Namespace of the cluster (`NAME`).")
	f.StringVar(&o.typedServer, "server", "", "Look only at the Supervisor with this `ADDRESS` or name.")
	f.StringVar(&o.target.Context, "context", "", "`NAME` of the context, if several lead to the cluster.")
	f.StringVar(&o.secret.Name, "name", "", "`NAME` of the cluster in Argo CD. (default that of the cluster)")
	f.StringVar(&o.secret.Namespace, "argocd-namespace", "argocd", "`NAMESPACE` in which Argo CD runs.")
	f.StringToStringVar(&o.secret.Labels, "label", nil, "`NAME=VALUE` that ApplicationSets can select.")
	f.Lookup("label").DefValue = ""
	f.StringSliceVar(&o.secret.Namespaces, "manage-namespaces", nil, "`NAMESPACES` of the cluster that Argo CD manages. (default all)")
	f.BoolVar(&o.secret.Whole, "cluster-resources", false, "With --manage-namespaces: also what belongs to no namespace.")
	f.StringVar(&o.secret.Project, "project", "", "`NAME` of the project of Argo CD that the cluster is for. (default all)")
	f.StringVar(&o.Auth, "auth", byExec, "How Argo CD logs in: exec or token.")
	f.StringVar(&o.Program, "exec-command", "kubectl-vsphere", "With exec: the `PATH` of the program in the images\nof Argo CD.")
	f.StringVar(&o.Home, "exec-home", "", "With exec: `DIRECTORY` of the sessions there\n(KUBECTL_VSPHERE_HOME).")
	f.StringVar(&o.account.Typed, "service-account", "kube-system/argocd-manager", "With token: `NAMESPACE/NAME` of it.")
	f.Var(&o.account.Life, "duration", "With token: `TIME` it is valid, such as 24h. The\ncluster may give less.")
	f.BoolVar(&o.account.Create, "create", false, "With token: make the ServiceAccount and its binding.")
	f.StringVar(&o.account.Role, "role", "", "With --create: `NAME` of the ClusterRole that it gets.")
	f.BoolVar(&o.account.DryRun, "dry-run", false, "With --create: the cluster checks what would be made.\nNothing is made or written.")
	f.BoolVarP(&o.account.Yes, "yes", "y", false, "Do not ask.")
	f.StringVar(&o.Output, "output", "", "Write to this `FILE`; - is standard output. (default -,\nwith token argocd-NAME.yaml)")
	f.BoolVar(&o.Force, "force", false, "Replace a file that exists.")
	_ = c.RegisterFlagCompletionFunc("server", command.Servers(e))
	_ = c.RegisterFlagCompletionFunc("context", command.Contexts(e))
	_ = c.RegisterFlagCompletionFunc("auth", command.Values(func() []string { return []string{byExec, byToken} }))
	command.Files(c, "output")
}

// read checks what a person typed.
func (o *options) read(e *console.Env, f *pflag.FlagSet, typed string) (err error) {
	named, err := lookup.Parse("cluster", typed, o.target.Namespace)
	if err != nil {
		return err
	}
	if o.target.Namespace, o.target.Name = named.Namespace, named.Name; !address.IsLabel(o.target.Name) {
		return failure.Usagef("%.80q is not a name of a cluster", o.target.Name)
	}
	if o.target.Server, err = command.TypedServer(e, o.typedServer); err != nil {
		return err
	}
	if o.secret.Name == "" {
		o.secret.Name = o.target.Name
	}
	if err := o.secret.check(); err != nil {
		return err
	}
	if f.Changed("output") && o.Output == "" {
		return failure.Usagef("--output: the name of the file is missing")
	}
	return o.readAuth(f)
}

// readAuth checks the flags of one way to log in, and that none is of the other.
func (o *options) readAuth(f *pflag.FlagSet) error {
	ways := map[string][]string{byExec: {"exec-command", "exec-home"}, byToken: {"service-account", "duration", "create", "role", "dry-run", "yes"}}
	if ways[o.Auth] == nil {
		return failure.Usagef("--auth: %.80q is neither exec nor token", o.Auth)
	}
	for way, names := range ways {
		for _, name := range names {
			if way != o.Auth && f.Changed(name) {
				return failure.Usagef("--%s is for --auth %s", name, way)
			}
		}
	}
	if o.Auth == byToken {
		return o.account.read()
	}
	if err := contexts.CheckCommand(o.Program); err != nil {
		return failure.Usagef("--exec-command: %w", err)
	}
	if o.Home != "" && !isPath(o.Home) {
		return failure.Usagef("--exec-home: %.80q is no absolute path", o.Home)
	}
	return nil
}

// read checks the flags of a token.
func (a *account) read() error {
	namespace, name, _ := strings.Cut(a.Typed, "/")
	if a.Namespace, a.Name = namespace, name; !address.IsLabel(namespace) || !address.IsLabel(name) {
		return failure.Usagef("--service-account: %.80q is not NAMESPACE/NAME", a.Typed)
	}
	switch life := time.Duration(a.Life); {
	case life < minLife || life > maxLife:
		return failure.Usagef("--duration: a token is valid for 10m to 8760h")
	case a.Create && a.Role == "":
		return failure.Usagef("--create: which rights? Name a ClusterRole with --role, such as cluster-admin")
	case !a.Create && (a.Role != "" || a.DryRun):
		return failure.Usagef("--role and --dry-run are for --create")
	case a.Role != "" && !isRole(a.Role):
		return failure.Usagef("--role: %.80q is not a name of a ClusterRole", a.Role)
	}
	return nil
}

// isRole reports whether a name can be that of a ClusterRole: a segment of a path, with a colon perhaps
// (https://kubernetes.io/docs/concepts/overview/working-with-objects/names/#path-segment-names).
func isRole(name string) bool {
	for part := range strings.FieldsFuncSeq(name, func(r rune) bool { return r == ':' || r == '.' }) {
		if !address.IsLabel(part) {
			return false
		}
	}
	return len(name) <= 63 && strings.Trim(name, ":.") == name
}

// oneName takes the name of a cluster.
func oneName(c *cobra.Command, args []string) error {
	switch {
	case len(args) == 0:
		return failure.Usagef("which cluster? Type its name")
	case len(args) > 1:
		return failure.Usagef("%q is one word too many: one name at a time", args[1])
	}
	return nil
}

// firstName completes the first word.
func firstName(complete command.Complete) command.Complete {
	return func(c *cobra.Command, args []string, typed string) ([]string, cobra.ShellCompDirective) {
		if len(args) > 0 {
			return nil, cobra.ShellCompDirectiveNoFileComp
		}
		return complete(c, args, typed)
	}
}

// isPath reports whether a word is an absolute path of Linux, on which Argo CD runs.
func isPath(s string) bool {
	return strings.HasPrefix(s, "/") && !slices.ContainsFunc([]byte(s), func(c byte) bool { return c < ' ' || c == 0x7f })
}

// register writes the Secret.
func register(ctx context.Context, e *console.Env, o options) error {
	to := o.output()
	if err := to.Check(o.Force); err != nil && !o.account.DryRun {
		return err
	}
	found, err := o.target.find(ctx, e)
	if err != nil {
		return err
	}
	if o.Auth == byExec {
		return o.withExec(e, found)
	}
	return o.withToken(ctx, e, found)
}
