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

	"github.com/kubectl-vsphere/kubectl-vsphere/internal/credhelper"
	"github.com/kubectl-vsphere/kubectl-vsphere/internal/failure"
	"github.com/kubectl-vsphere/kubectl-vsphere/pkg/redact"
	"github.com/kubectl-vsphere/kubectl-vsphere/pkg/registry"
	"github.com/kubectl-vsphere/kubectl-vsphere/pkg/registry/harbor"
)

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
