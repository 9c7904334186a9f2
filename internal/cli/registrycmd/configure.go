package registrycmd

import (
	"context"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"slices"

	"github.com/spf13/cobra"

	"github.com/kubectl-vsphere/kubectl-vsphere/internal/command"
	"github.com/kubectl-vsphere/kubectl-vsphere/internal/failure"
	"github.com/kubectl-vsphere/kubectl-vsphere/pkg/registry"
	"github.com/kubectl-vsphere/kubectl-vsphere/pkg/registry/dockerconfig"
	"github.com/kubectl-vsphere/kubectl-vsphere/pkg/safetext"
)

const configureLong = `Adds docker-credential-vsphere to credHelpers in docker's config.json ($DOCKER_CONFIG, else
~/.docker), for the named registries or for all that you added. Nothing else in the file changes:
unknown keys, order and indentation stay.

podman, skopeo and buildah read that file too, unless REGISTRY_AUTH_FILE names another one. --podman
changes that one, or ~/.config/containers/auth.json.`

// configureFlags are those of configure.
type configureFlags struct {
	check, remove, force bool
	podman               bool
	service              string
}

func (d Deps) configureCommand() *cobra.Command {
	var f configureFlags
	c := &cobra.Command{
		Use:               "configure [REGISTRY...]",
		Short:             "Adds the credential helper to docker's config.json.",
		Long:              configureLong,
		Example:           "  kubectl vsphere registry configure\n  kubectl vsphere registry configure --check\n  kubectl vsphere registry configure 10.0.0.5 --remove",
		Args:              command.AnyRegistries,
		ValidArgsFunction: command.Registries(d.Env),
		RunE: func(c *cobra.Command, args []string) error {
			switch {
			case f.check && f.remove:
				return failure.Usagef("--check and --remove do not go together")
			case f.check && f.service != "":
				return failure.Usagef("--check changes nothing, and --service does")
			}
			return d.with(func(a *action) error { return a.configure(c.Context(), command.Hosts(args), f) })
		},
	}
	flags := c.Flags()
	flags.BoolVar(&f.check, "check", false, "Change nothing. Fail if an entry is missing.")
	flags.BoolVar(&f.remove, "remove", false, "Remove the entries.")
	flags.BoolVar(&f.force, "force", false, "Replace another credential helper.")
	flags.BoolVar(&f.podman, "podman", false, "Use auth.json of podman, skopeo and buildah, which they read before\ndocker's config.json.")
	flags.StringVar(&f.service, "service", "", "Use docker-credential-`STORE` for logins that registry clients store.\nnone: use files.")
	flags.StringP("user", "u", "", "")
	_ = flags.MarkHidden("user")
	oldFlags(c)
	return c
}

func (a *action) configure(ctx context.Context, hosts []string, f configureFlags) error {
	if f.service != "" {
		if err := a.setService(f.service); err != nil {
			return err
		}
	}
	if len(hosts) == 0 {
		all, err := a.infos()
		if err != nil {
			return err
		}
		for _, i := range all {
			hosts = append(hosts, i.Registry)
		}
	}
	switch {
	case len(hosts) == 0 && f.service != "":
		return nil
	case len(hosts) == 0:
		return failure.Usagef("no registry is known yet; name one")
	}
	file := a.dockerConfig()
	if f.podman {
		file.Path = dockerconfig.PodmanPath(a.env.Getenv, a.env.Home)
	}
	switch {
	case f.check:
		return a.checkDocker(file, hosts)
	case f.remove:
		return a.unconfigureDocker(ctx, file, hosts)
	}
	if err := a.configureDocker(ctx, file, hosts, f.force); err != nil {
		return err
	}
	return a.noteUnknown(hosts)
}

// noteUnknown says which of the hosts have nothing to hand out yet.
func (a *action) noteUnknown(hosts []string) error {
	all, err := a.infos()
	for _, host := range hosts {
		if !slices.ContainsFunc(all, func(i Info) bool { return i.Registry == host }) {
			a.env.Notef("%s is not known here yet; if it takes your vSphere login, type: kubectl vsphere registry add %s", host, host)
		}
	}
	return err
}

// setService names the helper that keeps what registry clients store.
func (a *action) setService(name string) error {
	if name == "none" || name == "file" {
		name = ""
	} else if err := registry.CheckBacking(name); err != nil {
		return failure.Usagef("--service %q: %w", name, err)
	}
	err := a.records.UpdateSettings(func(set *registry.Settings) { set.Backing = name })
	if err == nil && name != "" {
		if _, err := a.env.LookPath("docker-credential-" + name); err != nil {
			a.env.Tellf("warning: docker-credential-%s is not on PATH", name)
		}
	}
	return err
}

// dockerConfig is the user's config.json.
func (a *action) dockerConfig() dockerconfig.File {
	return dockerconfig.File{
		Path: dockerconfig.Path(a.env.Getenv, a.env.Home), Lock: filepath.Join(a.sessions.Store.Dir(), "docker-config.lock"),
		Warn: a.env.Warn,
	}
}

func (a *action) configureDocker(ctx context.Context, f dockerconfig.File, hosts []string, force bool) error {
	changed, err := f.Set(ctx, hosts, helperName, force)
	var other *dockerconfig.OtherHelperError
	switch {
	case errors.As(err, &other):
		return failure.Hint(err, "Use --force to replace it.")
	case err != nil:
		return failure.Hint(fmt.Errorf("docker is not told about the helper: %w", err), "Make it so by hand, as in: %s", dockerconfig.Line(hosts[0], helperName))
	case changed:
		a.env.Printf("Entered %s into %s.", helperProgram, f.Path)
	}
	a.printWarnings(f, hosts)
	return nil
}

func (a *action) unconfigureDocker(ctx context.Context, f dockerconfig.File, hosts []string) error {
	changed, err := f.Remove(ctx, hosts, helperName)
	if err == nil && changed {
		a.env.Printf("Took %s out of %s.", helperProgram, f.Path)
	}
	return err
}

// checkDocker fails when a host has not our helper.
func (a *action) checkDocker(f dockerconfig.File, hosts []string) error {
	helpers, err := f.Helpers()
	if err != nil {
		return err
	}
	missing := 0
	for _, host := range hosts {
		if helpers[host] != helperName {
			missing++
		}
		a.env.Printf("%s: %s", host, dockerState(helpers, host))
	}
	a.printWarnings(f, hosts)
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

// addDocker fills in what docker's config.json says.
func (a *action) addDocker(all []Info) {
	helpers, err := a.dockerConfig().Helpers()
	if err != nil {
		a.env.Warn(err)
	}
	for i := range all {
		all[i].Docker = dockerState(helpers, all[i].Registry)
	}
}

// dockerWarnings says what keeps clients from asking the helper.
func (a *action) dockerWarnings(all []Info) []string {
	if len(all) == 0 {
		return nil
	}
	var hosts []string
	for _, i := range all {
		hosts = append(hosts, i.Registry)
	}
	return a.warnings(a.dockerConfig(), hosts)
}

func (a *action) printWarnings(f dockerconfig.File, hosts []string) {
	for _, warning := range a.warnings(f, hosts) {
		a.env.Tellf("warning: %s", warning)
	}
}

func (a *action) warnings(f dockerconfig.File, hosts []string) (all []string) {
	for _, w := range f.Warnings(hosts, helperName, a.world()) {
		all = append(all, warningText(w))
	}
	return all
}

func (a *action) world() dockerconfig.World {
	return dockerconfig.World{Getenv: a.env.Getenv, LookPath: a.env.LookPath, Home: a.env.Home, Root: os.Geteuid() == 0}
}
