// Package robotcmd manages robot accounts of a registry, for jobs and clusters: kubectl vsphere registry robot and pull-secret.
package robotcmd

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"strconv"
	"strings"
	"time"

	"github.com/docker/docker-credential-helpers/credentials"
	"github.com/spf13/cobra"

	"github.com/kubectl-vsphere/kubectl-vsphere/internal/command"
	"github.com/kubectl-vsphere/kubectl-vsphere/internal/console"
	"github.com/kubectl-vsphere/kubectl-vsphere/internal/credhelper"
	"github.com/kubectl-vsphere/kubectl-vsphere/internal/failure"
	"github.com/kubectl-vsphere/kubectl-vsphere/internal/registryaccess"
	"github.com/kubectl-vsphere/kubectl-vsphere/internal/session"
	"github.com/kubectl-vsphere/kubectl-vsphere/pkg/redact"
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

func (a *robots) createRobot(ctx context.Context, r registry.Record, f robotFlags) error {
	var made harbor.Robot
	err := a.Manage(ctx, r, func(ctx context.Context, c *harbor.Client, by harbor.Login) (err error) {
		made, err = c.CreateRobot(ctx, by, harbor.RobotSpec{Project: f.project, Name: f.name, Push: f.push, Days: f.days, Description: robotDescription})
		return err
	})
	if err != nil {
		return robotError(err, r, f)
	}
	return a.handOver(r, made, f)
}

func (a *robots) rotateRobot(ctx context.Context, r registry.Record, f robotFlags) error {
	var robot harbor.Robot
	err := a.Manage(ctx, r, func(ctx context.Context, c *harbor.Client, by harbor.Login) (err error) {
		if robot, err = findRobot(ctx, c, by, f); err != nil {
			return err
		}
		robot.Secret, err = c.RotateRobot(ctx, by, robot.ID)
		return err
	})
	if err != nil {
		return robotError(err, r, f)
	}
	if err := a.handOver(r, robot, f); err != nil || f.save {
		return err
	}
	// Clients of this machine may use the account: they need the new secret.
	return a.withSaved(r.Host, robot.Name, func(helper *credhelper.Helper, stored registry.Login) error {
		if stored.Service != "" {
			return helper.Add(&credentials.Credentials{ServerURL: stored.URL, Username: robot.Name, Secret: robot.Secret.Reveal()})
		}
		stored.Secret.Secret = robot.Secret
		return helper.Store.SaveLogin(stored)
	})
}

// helper does what registry clients have docker-credential-vsphere do.
func (a *robots) helper() *credhelper.Helper {
	return credhelper.New(a.Records, a.Env.Getenv, a.Env.ErrOut)
}

// withSaved calls do if the stored login for a host is that of the robot account.
func (a *robots) withSaved(host, username string, do func(*credhelper.Helper, registry.Login) error) error {
	stored, found, err := a.Records.Login(host)
	if err != nil || !found || stored.Username != username {
		return err
	}
	return do(a.helper(), stored)
}

func (a *robots) deleteRobot(ctx context.Context, r registry.Record, f robotFlags) error {
	var robot harbor.Robot
	err := a.Manage(ctx, r, func(ctx context.Context, c *harbor.Client, by harbor.Login) (err error) {
		if robot, err = findRobot(ctx, c, by, f); err != nil {
			return err
		}
		return c.DeleteRobot(ctx, by, robot.ID)
	})
	if err != nil {
		return robotError(err, r, f)
	}
	a.Env.Printf("Deleted %s.", robot.Name)
	return a.withSaved(r.Host, robot.Name, func(helper *credhelper.Helper, _ registry.Login) error { return helper.Forget(r.Host) })
}

func (a *robots) listRobots(ctx context.Context, r registry.Record, f robotFlags) error {
	var robots []harbor.Robot
	err := a.Manage(ctx, r, func(ctx context.Context, c *harbor.Client, by harbor.Login) (err error) {
		robots, err = c.Robots(ctx, by, f.project)
		return err
	})
	if err != nil {
		return robotError(err, r, f)
	}
	all := []robotInfo{}
	for _, robot := range robots {
		all = append(all, robotInfo{Registry: r.Host, ID: robot.ID, Username: robot.Name, Expires: robot.Expires})
	}
	if f.output.Structured() {
		return f.output.Write(a.Env.Out, map[string]any{"robots": all})
	}
	if len(all) == 0 {
		a.Env.Printf("There is no robot account in %s.", f.project)
		return nil
	}
	t := a.Env.NewTable("ID", "USER", "GOOD UNTIL")
	for _, robot := range all {
		t.Row(strconv.FormatInt(robot.ID, 10), robot.Username, a.expiry(robot.Expires))
	}
	return t.Print()
}

// expiry returns when a robot account expires. One that another tool made may never expire.
func (a *robots) expiry(t time.Time) string {
	if t.IsZero() {
		return "never ends"
	}
	return a.Env.Until(t)
}

// findRobot finds a robot account by its ID, its full user name, or the name that it was created with.
func findRobot(ctx context.Context, c *harbor.Client, by harbor.Login, f robotFlags) (harbor.Robot, error) {
	all, err := c.Robots(ctx, by, f.project)
	if err != nil {
		return harbor.Robot{}, err
	}
	i := slices.IndexFunc(all, func(r harbor.Robot) bool {
		switch {
		case f.id != 0:
			return r.ID == f.id
		case strings.Contains(f.name, "+"):
			return r.Name == f.name
		}
		return strings.HasSuffix(r.Name, "+"+f.name)
	})
	switch {
	case i >= 0:
		return all[i], nil
	case f.id != 0:
		return harbor.Robot{}, fmt.Errorf("there is no robot account with the ID %d in %s", f.id, f.project)
	}
	return harbor.Robot{}, fmt.Errorf("there is no robot account %q in %s", f.name, f.project)
}

// handOver saves a robot account for the clients of this machine, or prints its secret.
func (a *robots) handOver(r registry.Record, robot harbor.Robot, f robotFlags) error {
	info := robotInfo{Registry: r.Host, ID: robot.ID, Username: robot.Name, Expires: robot.Expires}
	if f.save {
		err := a.Records.SaveLogin(registry.Login{Host: r.Host, Username: robot.Name, Secret: redact.Stored{Secret: robot.Secret}, Expires: robot.Expires})
		if err != nil {
			return err
		}
	} else {
		info.Secret = robot.Secret.Reveal()
	}
	if f.output.Structured() {
		return f.output.Write(a.Env.Out, info)
	}
	a.Env.Printf("User:       %s", info.Username)
	if f.save {
		a.Env.Printf("Secret:     saved; registry clients of this machine use it for %s", r.Host)
	} else {
		a.Env.Printf("Secret:     %s", info.Secret)
	}
	a.Env.Printf("Good until: %s", a.expiry(info.Expires))
	if !f.save {
		a.Env.Printf("Log in:     docker login %s -u %s --password-stdin", r.Host, failure.Quote(info.Username)) // A shell would expand the $.
	}
	return nil
}

// robotError adds a next step to a registry's error.
func robotError(err error, r registry.Record, f robotFlags) error {
	switch {
	case errors.Is(err, harbor.ErrNoRobots):
		return failure.Hint(err, "With Harbor 1, create robot accounts in its web pages.")
	case errors.Is(err, harbor.ErrRobotExists):
		return failure.Hint(err, "Choose another --name, or give that one a new secret: kubectl vsphere registry robot rotate %s -n %s --name %s", r.Host, failure.Quote(f.project), failure.Quote(f.name))
	}
	return err
}

// robotDescription is the description of a robot account in Harbor.
const robotDescription = "made by kubectl vsphere"
