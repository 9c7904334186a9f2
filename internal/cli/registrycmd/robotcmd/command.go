package robotcmd

import (
	"context"
	"strings"
	"time"

	"github.com/spf13/cobra"

	"github.com/kubectl-vsphere/kubectl-vsphere/internal/command"
	"github.com/kubectl-vsphere/kubectl-vsphere/internal/console"
	"github.com/kubectl-vsphere/kubectl-vsphere/internal/failure"
	"github.com/kubectl-vsphere/kubectl-vsphere/internal/registryaccess"
	"github.com/kubectl-vsphere/kubectl-vsphere/internal/session"
	"github.com/kubectl-vsphere/kubectl-vsphere/pkg/registry"
	"github.com/kubectl-vsphere/kubectl-vsphere/pkg/registry/harbor"
	"github.com/kubectl-vsphere/kubectl-vsphere/pkg/tokens"
)

const registryRobotLong = `Harbor's robot accounts are for CI jobs and clusters. A robot account belongs to a project, which is
a vSphere Namespace, and it expires.

Harbor asks for a password to manage them. It is the password of your login, from the same sources
that login uses (KUBECTL_VSPHERE_PASSWORD, --password-command of the login, the keychain, a prompt),
or the one that "docker login" stored. It is sent only to registries that are proven to be your
Supervisor's. This needs Harbor 2.`

const registryRobotExample = `  # Create a robot account that may push, for 7 days
  kubectl vsphere registry robot create 10.0.0.5 -n team-a --name ci --push --days 7

  # Show the robot accounts of a vSphere Namespace
  kubectl vsphere registry robot list 10.0.0.5 -n team-a`

// robotFlags are the flags of the robot commands.
type robotFlags struct {
	project, name string
	id            int64 // used instead of name, if not 0
	push, save    bool
	days          int
	output        command.Format
}

// robotInfo is a robot in the output of the commands.
type robotInfo struct {
	Registry string    `json:"registry"`
	ID       int64     `json:"id"`
	Username string    `json:"username"`
	Secret   string    `json:"secret,omitempty"` // only after create and rotate: Harbor shows it once
	Expires  time.Time `json:"expires,omitzero"`
}

// Deps are what the commands need of the rest of the program.
type Deps struct {
	Env *console.Env
	// Sessions are the user's sessions with every login method.
	Sessions func(*console.Env, *tokens.Store) *session.Sessions
}

// robots is one run of a command.
type robots struct{ *registryaccess.Access }

// with runs something with an open store.
func (d Deps) with(run func(*robots) error) error {
	access, err := registryaccess.Open(d.Env, d.Sessions)
	if err != nil {
		return err
	}
	return run(&robots{access})
}

// New is kubectl vsphere registry robot.
func New(d Deps) *cobra.Command {
	c := &cobra.Command{
		Use:     "robot",
		Short:   "Creates, lists, rotates and deletes robot accounts, for CI.",
		Long:    registryRobotLong,
		Example: registryRobotExample,
		Args:    command.Unknown,
		RunE:    command.Help,
	}
	c.AddCommand(
		d.robotCommand("create", "Creates a robot account.", []string{"--name ci --push --days 7", "--save"}, (*robots).createRobot),
		d.robotCommand("list", "Lists the robot accounts of a namespace.", []string{""}, (*robots).listRobots),
		d.robotCommand("rotate", "Gives a robot account a new secret. The old one stops working at once.", []string{"--name ci"}, (*robots).rotateRobot),
		d.robotCommand("delete", "Deletes a robot account.", []string{"--name ci"}, (*robots).deleteRobot),
	)
	return c
}

// robotCommand returns one of the robot commands, with the flags that it needs.
func (d Deps) robotCommand(name, short string, examples []string, run func(*robots, context.Context, registry.Record, robotFlags) error) *cobra.Command {
	f := robotFlags{}
	c := &cobra.Command{
		Use:               name + " REGISTRY",
		Short:             short,
		Long:              short + "\n\nIt needs a password: see \"kubectl vsphere registry robot --help\".",
		Args:              command.OneRegistry,
		ValidArgsFunction: command.Registries(d.Env),
		RunE: func(c *cobra.Command, args []string) error {
			switch {
			case f.project == "":
				return failure.Usagef("which vSphere Namespace? Give -n NAMESPACE")
			case name == "create" && (f.days < 1 || f.days > harbor.MaxDays):
				return failure.Usagef("--days: a robot account is good for 1 to %d days", harbor.MaxDays)
			}
			return d.with(func(a *robots) error {
				r, err := a.Known(command.Hosts(args)...)
				if err != nil {
					return err
				}
				return run(a, c.Context(), r, f)
			})
		},
	}
	for _, e := range examples {
		c.Example += strings.TrimRight("\n  kubectl vsphere registry robot "+name+" 10.0.0.5 -n team-a "+e, " ")
	}
	c.Example = strings.TrimPrefix(c.Example, "\n")
	flags := c.Flags()
	flags.StringVarP(&f.project, "namespace", "n", "", "vSphere `NAMESPACE`, which is the project at the registry.")
	if name != "list" {
		flags.StringVar(&f.name, "name", "ci", "`NAME` of the robot account in the namespace.")
	}
	if name == "rotate" || name == "delete" {
		flags.Int64Var(&f.id, "id", 0, "`ID` of the robot account, as list shows it, instead of --name.")
	}
	switch name {
	case "create":
		flags.BoolVar(&f.push, "push", false, "Allow push as well as pull.")
		flags.IntVar(&f.days, "days", 30, "`DAYS` that the account is valid.")
		fallthrough
	case "rotate":
		flags.BoolVar(&f.save, "save", false, "Use the account on this machine instead of your login, and do not\nprint its secret.")
		fallthrough
	case "list":
		f.output.AddTo(c)
	}
	return c
}
