package cli

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"strings"
	"text/tabwriter"
	"time"

	"github.com/docker/docker-credential-helpers/credentials"
	"github.com/spf13/cobra"

	"github.com/kubectl-vsphere/kubectl-vsphere/internal/credhelper"
	"github.com/kubectl-vsphere/kubectl-vsphere/pkg/redact"
	"github.com/kubectl-vsphere/kubectl-vsphere/pkg/registry"
	"github.com/kubectl-vsphere/kubectl-vsphere/pkg/registry/harbor"
)

const registryRobotLong = `Robot accounts of Harbor are for CI and for clusters: they belong to a project, which is a vSphere Namespace, and end by themselves.

Harbor asks for a password to manage them: that of your login (from where a login takes it: KUBECTL_VSPHERE_PASSWORD, the
keychain, --password-command of the login, the terminal), or the one that "docker login" stored. It is sent to registries that
are proven to belong to your Supervisor only. It needs Harbor 2.`

// robotFlags are those of the robot commands.
type robotFlags struct {
	project, name string
	id            int64 // in place of the name
	push, save    bool
	days          int
	output        outputFormat
}

// robotInfo is a robot in the output of the commands.
type robotInfo struct {
	Registry string    `json:"registry"`
	ID       int64     `json:"id"`
	Username string    `json:"username"`
	Secret   string    `json:"secret,omitempty"` // only when it was just made: Harbor tells it once
	Expires  time.Time `json:"expires,omitzero"`
}

func (a *App) registryRobotCommand() *cobra.Command {
	c := &cobra.Command{
		Use:   "robot",
		Short: "Makes, lists, rotates and deletes robot accounts, for CI.",
		Long:  registryRobotLong,
		Args:  unknownCommand,
		RunE:  func(c *cobra.Command, _ []string) error { return c.Help() },
	}
	c.AddCommand(
		a.robotCommand("create", "Makes a robot account.", []string{"--name ci --push --days 7", "--save"}, a.createRobot),
		a.robotCommand("list", "Lists the robot accounts of a namespace.", []string{""}, a.listRobots),
		a.robotCommand("rotate", "Gives a robot account a new secret; the old one ends at once.", []string{"--name ci"}, a.rotateRobot),
		a.robotCommand("delete", "Deletes a robot account.", []string{"--name ci"}, a.deleteRobot),
	)
	return c
}

// robotCommand is one of them: its flags are those that its examples and its nature ask for.
func (a *App) robotCommand(name, short string, examples []string, run func(context.Context, registry.Record, robotFlags) error) *cobra.Command {
	f := robotFlags{}
	c := &cobra.Command{
		Use:               name + " REGISTRY",
		Short:             short,
		Long:              short + "\n\n" + registryRobotLong,
		Args:              oneRegistry,
		ValidArgsFunction: a.completeRegistries,
		RunE: func(c *cobra.Command, args []string) error {
			switch {
			case f.project == "":
				return usagef("which vSphere Namespace? Give -n NAMESPACE")
			case name == "create" && (f.days < 1 || f.days > harbor.MaxDays):
				return usagef("--days: a robot account is good for 1 to %d days", harbor.MaxDays)
			}
			r, err := a.knownRegistry(hosts(args)[0])
			if err != nil {
				return err
			}
			return run(c.Context(), r, f)
		},
	}
	for _, e := range examples {
		c.Example += strings.TrimRight("\n  kubectl vsphere registry robot "+name+" 10.0.0.5 -n team-a "+e, " ")
	}
	c.Example = strings.TrimPrefix(c.Example, "\n")
	flags := c.Flags()
	flags.StringVarP(&f.project, "namespace", "n", "", "The vSphere Namespace, which is the project at the registry.")
	if name != "list" {
		flags.StringVar(&f.name, "name", "ci", "Name of the robot account within the namespace.")
	}
	if name == "rotate" || name == "delete" {
		flags.Int64Var(&f.id, "id", 0, "The robot account by its ID, as list shows it, in place of --name.")
	}
	switch name {
	case "create":
		flags.BoolVar(&f.push, "push", false, "Let it push as well as pull.")
		flags.IntVar(&f.days, "days", 30, "How many days it is good for.")
		fallthrough
	case "rotate":
		flags.BoolVar(&f.save, "save", false, "Use it on this machine in place of your login, and do not print the secret.")
		fallthrough
	case "list":
		f.output.addTo(c)
	}
	return c
}

// onlyRegistry is the one that was named, or the only one that was added.
func (a *App) onlyRegistry(hosts []string) (registry.Record, error) {
	if len(hosts) == 0 {
		store, err := a.registries()
		if err != nil {
			return registry.Record{}, err
		}
		if records, _ := store.Records(); len(records) == 1 {
			return records[0], nil
		}
	}
	if len(hosts) != 1 {
		return registry.Record{}, usagef("which registry? Name one")
	}
	return a.knownRegistry(hosts[0])
}

// knownRegistry is one that was added.
func (a *App) knownRegistry(host string) (registry.Record, error) {
	store, err := a.registries()
	if err != nil {
		return registry.Record{}, err
	}
	r, found, err := store.Record(host)
	if err == nil && !found {
		err = hint(fmt.Errorf("%s is not known here", host), "Type: kubectl vsphere registry add %s", host)
	}
	return r, err
}

func (a *App) createRobot(ctx context.Context, r registry.Record, f robotFlags) error {
	var made harbor.Robot
	err := a.asManager(ctx, r, func(ctx context.Context, c *harbor.Client, by harbor.Login) (err error) {
		made, err = c.CreateRobot(ctx, by, harbor.RobotSpec{Project: f.project, Name: f.name, Push: f.push, Days: f.days, Description: robotDescription})
		return err
	})
	if err != nil {
		return robotError(err, r, f)
	}
	return a.handOver(r, made, f)
}

func (a *App) rotateRobot(ctx context.Context, r registry.Record, f robotFlags) error {
	var robot harbor.Robot
	err := a.asManager(ctx, r, func(ctx context.Context, c *harbor.Client, by harbor.Login) (err error) {
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
	// Where clients of this machine get it, the old secret is of no use to them any more.
	return a.withSaved(r.Host, robot.Name, func(helper *credhelper.Helper, stored registry.Login) error {
		if stored.Service != "" {
			return helper.Add(&credentials.Credentials{ServerURL: stored.URL, Username: robot.Name, Secret: robot.Secret.Reveal()})
		}
		stored.Secret.Secret = robot.Secret
		return helper.Store.SaveLogin(stored)
	})
}

// withSaved does something about a robot account that clients of this machine get, if it is that one.
func (a *App) withSaved(host, username string, do func(*credhelper.Helper, registry.Login) error) error {
	store, err := a.registries()
	if err != nil {
		return err
	}
	stored, found, err := store.Login(host)
	if err != nil || !found || stored.Username != username {
		return err
	}
	return do(a.helper(store), stored)
}

func (a *App) deleteRobot(ctx context.Context, r registry.Record, f robotFlags) error {
	var robot harbor.Robot
	err := a.asManager(ctx, r, func(ctx context.Context, c *harbor.Client, by harbor.Login) (err error) {
		if robot, err = findRobot(ctx, c, by, f); err != nil {
			return err
		}
		return c.DeleteRobot(ctx, by, robot.ID)
	})
	if err != nil {
		return robotError(err, r, f)
	}
	fmt.Fprintf(a.Out, "Deleted %s.\n", robot.Name)
	return a.withSaved(r.Host, robot.Name, func(helper *credhelper.Helper, _ registry.Login) error { return helper.Forget(r.Host) })
}

func (a *App) listRobots(ctx context.Context, r registry.Record, f robotFlags) error {
	var robots []harbor.Robot
	err := a.asManager(ctx, r, func(ctx context.Context, c *harbor.Client, by harbor.Login) (err error) {
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
	if f.output.structured() {
		return f.output.write(a.Out, map[string]any{"robots": all})
	}
	if len(all) == 0 {
		fmt.Fprintf(a.Out, "There is no robot account in %s.\n", f.project)
		return nil
	}
	w := tabwriter.NewWriter(a.Out, 0, 0, 3, ' ', 0)
	fmt.Fprintln(w, "ID\tUSER\tGOOD UNTIL")
	for _, robot := range all {
		fmt.Fprintf(w, "%d\t%s\t%s\n", robot.ID, robot.Username, a.expiry(robot.Expires))
	}
	return w.Flush()
}

// expiry words one that may never come: a robot that somebody else made.
func (a *App) expiry(t time.Time) string {
	if t.IsZero() {
		return "never ends"
	}
	return a.until(t)
}

// findRobot finds it by its ID, its whole user name, or the name that it was made with.
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

// handOver saves a robot for the clients of this machine, or prints it, once.
func (a *App) handOver(r registry.Record, robot harbor.Robot, f robotFlags) error {
	info := robotInfo{Registry: r.Host, ID: robot.ID, Username: robot.Name, Expires: robot.Expires}
	if f.save {
		store, err := a.registries()
		if err == nil {
			err = store.SaveLogin(registry.Login{Host: r.Host, Username: robot.Name, Secret: redact.Stored{Secret: robot.Secret}, Expires: robot.Expires})
		}
		if err != nil {
			return err
		}
	} else {
		info.Secret = robot.Secret.Reveal()
	}
	if f.output.structured() {
		return f.output.write(a.Out, info)
	}
	fmt.Fprintf(a.Out, "User:       %s\n", info.Username)
	if f.save {
		fmt.Fprintf(a.Out, "Secret:     saved; registry clients of this machine use it for %s\n", r.Host)
	} else {
		fmt.Fprintf(a.Out, "Secret:     %s\n", info.Secret)
	}
	fmt.Fprintf(a.Out, "Good until: %s\n", a.expiry(info.Expires))
	return nil
}

// robotError says what the registry's refusals mean here.
func robotError(err error, r registry.Record, f robotFlags) error {
	switch {
	case errors.Is(err, harbor.ErrNoRobots):
		return hint(err, "Harbor 1 makes robot accounts in its own pages only.")
	case errors.Is(err, harbor.ErrRobotExists):
		return hint(err, "Choose another --name, or give that one a new secret: kubectl vsphere registry robot rotate %s -n %s --name %s", r.Host, quote(f.project), quote(f.name))
	}
	return err
}

// robotDescription is what Harbor shows of who made a robot account.
const robotDescription = "made by kubectl vsphere"
