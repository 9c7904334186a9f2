package registrycmd

import (
	"context"
	"errors"
	"fmt"
	"os"
	"path/filepath"

	"github.com/kubectl-vsphere/kubectl-vsphere/internal/console"
	"github.com/kubectl-vsphere/kubectl-vsphere/internal/failure"
	"github.com/kubectl-vsphere/kubectl-vsphere/pkg/registry/dockerconfig"
	"github.com/kubectl-vsphere/kubectl-vsphere/pkg/safetext"
)

// dockerFile is docker's config.json, or a file of that kind.
type dockerFile struct {
	env *console.Env
	dockerconfig.File
}

// docker returns the user's config.json of docker.
func (a *action) docker() dockerFile {
	return dockerFile{a.env, dockerconfig.File{
		Path: dockerconfig.Path(a.env.Getenv, a.env.Home), Variable: dockerconfig.Variable, Lock: filepath.Join(a.sessions.Store.Dir(), "docker-config.lock"),
		Warn: a.env.Warn,
	}}
}

func (f dockerFile) enter(ctx context.Context, hosts []string, force bool) error {
	changed, err := f.Set(ctx, hosts, helperName, force)
	var other *dockerconfig.OtherHelperError
	switch {
	case errors.As(err, &other):
		return failure.Hint(err, "Use --force to replace it.")
	case err != nil:
		return failure.Hint(fmt.Errorf("the helper could not be added to docker's config: %w", err), "Add it by hand: %s", dockerconfig.Line(hosts[0], helperName))
	case changed:
		f.env.Printf("Added %s to %s.", helperProgram, f.Path)
	}
	f.printWarnings(hosts)
	return nil
}

// ready returns an error if the helper of a registry cannot be written.
func (f dockerFile) ready(ctx context.Context, host string) error {
	err := f.Check(ctx)
	if helpers, _ := f.Helpers(); err != nil && helpers[host] != helperName {
		return failure.Hint(fmt.Errorf("the helper could not be added to docker's config: %w", err),
			"With --no-configure, it stays as it is. Add the helper by hand: %s", dockerconfig.Line(host, helperName))
	}
	return nil
}

func (f dockerFile) takeOut(ctx context.Context, hosts []string) error {
	changed, err := f.Remove(ctx, hosts, helperName)
	if err == nil && changed {
		f.env.Printf("Removed %s from %s.", helperProgram, f.Path)
	}
	return err
}

// check prints the helper of each host. It returns an error if a host does not have ours.
func (f dockerFile) check(hosts []string) error {
	helpers, err := f.Helpers()
	if err != nil {
		return err
	}
	missing := 0
	for _, host := range hosts {
		if helpers[host] != helperName {
			missing++
		}
		f.env.Printf("%s: %s", host, dockerState(helpers, host))
	}
	f.printWarnings(hosts)
	if missing > 0 {
		return failure.Hint(fmt.Errorf("%s has no %s for %d of %d registries", f.Path, helperProgram, missing, len(hosts)), "To replace another helper, add --force. Type: kubectl vsphere registry configure")
	}
	return nil
}

// dockerState returns "configured", "missing", or the name of another helper for a registry.
func dockerState(helpers map[string]string, host string) string {
	switch helper := helpers[host]; helper {
	case helperName:
		return "configured"
	case "":
		return "missing"
	default:
		return safetext.Line(helper, maxUser)
	}
}

// fillIn fills in Info.Docker.
func (f dockerFile) fillIn(all []Info) {
	helpers, err := f.Helpers()
	if err != nil {
		f.env.Warn(err)
	}
	for i := range all {
		all[i].Docker = dockerState(helpers, all[i].Registry)
	}
}

// warningsFor returns why registry clients may not ask the helper.
func (f dockerFile) warningsFor(all []Info) []string { return f.warnings(hostsOf(all)) }

func hostsOf(all []Info) (hosts []string) {
	for _, i := range all {
		hosts = append(hosts, i.Registry)
	}
	return hosts
}

func (f dockerFile) printWarnings(hosts []string) {
	for _, warning := range f.warnings(hosts) {
		f.env.Tellf("warning: %s", warning)
	}
}

func (f dockerFile) warnings(hosts []string) (all []string) {
	if len(hosts) == 0 {
		return nil
	}
	for _, w := range f.Warnings(hosts, helperName, f.world()) {
		all = append(all, warningText(w))
	}
	return all
}

func (f dockerFile) world() dockerconfig.World {
	return dockerconfig.World{Getenv: f.env.Getenv, LookPath: f.env.LookPath, Home: f.env.Home, Root: os.Geteuid() == 0}
}
