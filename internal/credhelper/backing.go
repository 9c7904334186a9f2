package credhelper

import (
	"context"
	"errors"
	"fmt"
	"io"
	"os"
	"os/exec"
	"os/signal"
	"slices"
	"strings"
	"syscall"
	"time"

	"github.com/docker/docker-credential-helpers/client"
	"github.com/docker/docker-credential-helpers/credentials"

	"github.com/kubectl-vsphere/kubectl-vsphere/pkg/duration"
	"github.com/kubectl-vsphere/kubectl-vsphere/pkg/process"
	"github.com/kubectl-vsphere/kubectl-vsphere/pkg/registry"
)

// Backing is another credential helper.
type Backing interface {
	Get(url string) (username, secret string, err error)
	Store(c credentials.Credentials) error
	Erase(url string) error
	List() (map[string]string, error)
}

// program runs docker-credential-NAME from PATH, with a time limit.
type program struct {
	name    string
	timeout time.Duration
	store   registry.Store // names the variables that it does not get
}

// run returns a process for package client.
func (p program) run(ctx context.Context) client.ProgramFunc {
	return func(args ...string) client.Program {
		c := process.Command(ctx, "docker-credential-"+p.name, args, p.store.SecretVariables()) // The name was checked; the user chose the helper.
		process.OwnGroup(c)                                                                     // Its time limit is that of its children.
		c.WaitDelay = grace                                                                     // A child that left the group may keep the pipe open.
		return &command{c}
	}
}

type command struct{ *exec.Cmd }

// Input implements client.Program.
func (c *command) Input(in io.Reader) { c.Stdin = in }

// Output implements client.Program. The library puts what a failed program printed into its error, which clients show: of that, only the
// texts that the protocol knows are returned. The rest may hold the secret.
func (c *command) Output() ([]byte, error) {
	out := limited{over: c.Cancel}
	c.Stdout = &out
	err := c.Run()
	switch {
	case errors.Is(err, exec.ErrWaitDelay): // It ended well, and left something behind that holds its output, such as an agent.
		return out.text, nil
	case err != nil && !slices.Contains(failures, strings.TrimSpace(string(out.text))):
		return nil, err
	}
	return out.text, err
}

// failures are the texts with which a helper fails.
var failures = []string{
	credentials.NewErrCredentialsNotFound().Error(), credentials.NewErrCredentialsMissingServerURL().Error(), credentials.NewErrCredentialsMissingUsername().Error(),
}

// do runs one command of the helper, with the time limit.
func (p program) do(work func(client.ProgramFunc) error) error {
	if err := registry.CheckBacking(p.name); err != nil {
		return fmt.Errorf("%q: %w", p.name, err)
	}
	process.NoDump() // A keychain may hold the password of a person.
	// Ctrl-C at the terminal does not reach the group.
	interrupted, stop := signal.NotifyContext(context.Background(), os.Interrupt, syscall.SIGTERM)
	defer stop()
	ctx, cancel := context.WithTimeout(interrupted, p.timeout)
	defer cancel()
	err := work(p.run(ctx))
	switch {
	case interrupted.Err() != nil:
		return fmt.Errorf("docker-credential-%s was interrupted", p.name)
	case ctx.Err() != nil:
		return fmt.Errorf("docker-credential-%s takes longer than %s (%s)", p.name, duration.Text(p.timeout), timeoutVariable)
	}
	return err
}

// Get implements Backing.
func (p program) Get(url string) (username, secret string, err error) {
	err = p.do(func(run client.ProgramFunc) error {
		c, err := client.Get(run, url)
		if err == nil {
			username, secret = c.Username, c.Secret
		}
		if err == nil && username == "" && secret == "" { // pass, before it is set up
			err = credentials.NewErrCredentialsNotFound()
		}
		return err
	})
	return username, secret, err
}

// Store implements Backing.
func (p program) Store(c credentials.Credentials) error {
	return p.do(func(run client.ProgramFunc) error { return client.Store(run, &c) })
}

// Erase implements Backing. It asks first, since some helpers fail if there is nothing to erase.
func (p program) Erase(url string) error {
	return p.do(func(run client.ProgramFunc) error {
		if _, err := client.Get(run, url); credentials.IsErrCredentialsNotFound(err) {
			return nil
		}
		return client.Erase(run, url)
	})
}

// List implements Backing.
func (p program) List() (all map[string]string, err error) {
	err = p.do(func(run client.ProgramFunc) error {
		all, err = client.List(run)
		return err
	})
	if all == nil {
		all = map[string]string{}
	}
	return all, err
}
