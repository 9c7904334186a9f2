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

// docker is the user's config.json.
func (a *action) docker() dockerFile {
	return dockerFile{a.env, dockerconfig.File{
		Path: dockerconfig.Path(a.env.Getenv, a.env.Home), Lock: filepath.Join(a.sessions.Store.Dir(), "docker-config.lock"),
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
		return failure.Hint(fmt.Errorf("docker is not told about the helper: %w", err), "Make it so by hand, as in: %s", dockerconfig.Line(hosts[0], helperName))
	case changed:
		f.env.Printf("Entered %s into %s.", helperProgram, f.Path)
	}
	f.printWarnings(hosts)
	return nil
}

func (f dockerFile) takeOut(ctx context.Context, hosts []string) error {
	changed, err := f.Remove(ctx, hosts, helperName)
	if err == nil && changed {
		f.env.Printf("Took %s out of %s.", helperProgram, f.Path)
	}
	return err
}

// check fails when a host has not our helper.
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
		return failure.Hint(fmt.Errorf("%s has no %s for %d of %d registries", f.Path, helperProgram, missing, len(hosts)), "Type: kubectl vsphere registry configure; with --force where there is another helper.")
	}
	return nil
}

// dockerState is what docker's config.json says of a registry.
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

// fillIn fills in what docker's config.json says.
func (f dockerFile) fillIn(all []Info) {
	helpers, err := f.Helpers()
	if err != nil {
		f.env.Warn(err)
	}
	for i := range all {
		all[i].Docker = dockerState(helpers, all[i].Registry)
	}
}

// warningsFor says what keeps clients from asking the helper.
func (f dockerFile) warningsFor(all []Info) []string {
	if len(all) == 0 {
		return nil
	}
	var hosts []string
	for _, i := range all {
		hosts = append(hosts, i.Registry)
	}
	return f.warnings(hosts)
}

func (f dockerFile) printWarnings(hosts []string) {
	for _, warning := range f.warnings(hosts) {
		f.env.Tellf("warning: %s", warning)
	}
}

func (f dockerFile) warnings(hosts []string) (all []string) {
	for _, w := range f.Warnings(hosts, helperName, f.world()) {
		all = append(all, warningText(w))
	}
	return all
}

func (f dockerFile) world() dockerconfig.World {
	return dockerconfig.World{Getenv: f.env.Getenv, LookPath: f.env.LookPath, Home: f.env.Home, Root: os.Geteuid() == 0}
}
