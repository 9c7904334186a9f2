package cli

import (
	"context"
	"errors"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"slices"

	"github.com/spf13/cobra"

	"github.com/kubectl-vsphere/kubectl-vsphere/pkg/registry"
	"github.com/kubectl-vsphere/kubectl-vsphere/pkg/registry/dockerconfig"
	"github.com/kubectl-vsphere/kubectl-vsphere/pkg/safetext"
)

const configureLong = `Enters docker-credential-vsphere for registries into credHelpers of docker's config.json ($DOCKER_CONFIG, else ~/.docker), for those that
are named or for all that were added. Nothing else in the file is changed: unknown keys, order, indentation stay.

podman, skopeo and buildah read that file, too, unless REGISTRY_AUTH_FILE names another one: --podman is for that, or for ~/.config/containers/auth.json.`

// configureFlags are those of configure.
type configureFlags struct {
	check, remove, force bool
	podman               bool
	service              string
}

func (a *App) registryConfigureCommand() *cobra.Command {
	var f configureFlags
	c := &cobra.Command{
		Use:               "configure [REGISTRY...]",
		Short:             "Enters the credential helper into docker's config.json.",
		Long:              configureLong,
		Example:           "  kubectl vsphere registry configure\n  kubectl vsphere registry configure --check\n  kubectl vsphere registry configure 10.0.0.5 --remove",
		Args:              anyRegistries,
		ValidArgsFunction: a.completeRegistries,
		RunE: func(c *cobra.Command, args []string) error {
			switch {
			case f.check && f.remove:
				return usagef("--check and --remove do not go together")
			case f.check && f.service != "":
				return usagef("--check changes nothing, and --service does")
			}
			return a.configure(c.Context(), hosts(args), f)
		},
	}
	flags := c.Flags()
	flags.BoolVar(&f.check, "check", false, "Change nothing; fail when something is missing.")
	flags.BoolVar(&f.remove, "remove", false, "Take the entries away.")
	flags.BoolVar(&f.force, "force", false, "Replace another credential helper.")
	flags.BoolVar(&f.podman, "podman", false, "In auth.json of podman, skopeo and buildah, which they read before docker's config.json.")
	flags.StringVar(&f.service, "service", "", "Helper that keeps what registry clients store, as in docker-credential-STORE; none: files of ours.")
	flags.StringP("user", "u", "", "")
	_ = flags.MarkHidden("user")
	oldFlags(c)
	return c
}

func (a *App) configure(ctx context.Context, hosts []string, f configureFlags) error {
	if f.service != "" {
		if err := a.setService(f.service); err != nil {
			return err
		}
	}
	if len(hosts) == 0 {
		all, err := a.registryInfos()
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
		return usagef("no registry is known yet; name one")
	}
	file, err := a.dockerConfig()
	if err != nil {
		return err
	}
	if f.podman {
		file.Path = dockerconfig.PodmanPath(a.Getenv, a.Home)
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
func (a *App) noteUnknown(hosts []string) error {
	all, err := a.registryInfos()
	for _, host := range hosts {
		if !slices.ContainsFunc(all, func(i registryInfo) bool { return i.Registry == host }) {
			fmt.Fprintf(a.ErrOut, "note: %s is not known here yet; if it takes your vSphere login, type: kubectl vsphere registry add %s\n", host, host)
		}
	}
	return err
}

// setService names the helper that keeps what registry clients store.
func (a *App) setService(name string) error {
	if name == "none" || name == "file" {
		name = ""
	} else if err := registry.CheckBacking(name); err != nil {
		return usagef("--service %q: %w", name, err)
	}
	store, err := a.registries()
	if err != nil {
		return err
	}
	err = store.UpdateSettings(func(set *registry.Settings) { set.Backing = name })
	if err == nil && name != "" {
		if _, err := exec.LookPath("docker-credential-" + name); err != nil {
			fmt.Fprintf(a.ErrOut, "warning: docker-credential-%s is not on PATH\n", name)
		}
	}
	return err
}

// dockerConfig is the user's config.json.
func (a *App) dockerConfig() (dockerconfig.File, error) {
	store, err := a.openStore()
	return dockerconfig.File{
		Path: dockerconfig.Path(a.Getenv, a.Home), Lock: filepath.Join(store.Dir(), "docker-config.lock"),
		Warn: func(err error) { fmt.Fprintf(a.ErrOut, "warning: %v\n", err) },
	}, err
}

func (a *App) configureDocker(ctx context.Context, f dockerconfig.File, hosts []string, force bool) error {
	changed, err := f.Set(ctx, hosts, helperName, force)
	var other *dockerconfig.OtherHelperError
	switch {
	case errors.As(err, &other):
		return hint(err, "Use --force to replace it.")
	case err != nil:
		return hint(fmt.Errorf("docker is not told about the helper: %w", err), "Make it so by hand, as in: %s", dockerconfig.Line(hosts[0], helperName))
	case changed:
		fmt.Fprintf(a.Out, "Entered %s into %s.\n", helperProgram, f.Path)
	}
	a.printWarnings(f, hosts)
	return nil
}

func (a *App) unconfigureDocker(ctx context.Context, f dockerconfig.File, hosts []string) error {
	changed, err := f.Remove(ctx, hosts, helperName)
	if err == nil && changed {
		fmt.Fprintf(a.Out, "Took %s out of %s.\n", helperProgram, f.Path)
	}
	return err
}

// checkDocker fails when a host has not our helper.
func (a *App) checkDocker(f dockerconfig.File, hosts []string) error {
	helpers, err := f.Helpers()
	if err != nil {
		return err
	}
	missing := 0
	for _, host := range hosts {
		if helpers[host] != helperName {
			missing++
		}
		fmt.Fprintf(a.Out, "%s: %s\n", host, dockerState(helpers, host))
	}
	a.printWarnings(f, hosts)
	if missing > 0 {
		return hint(fmt.Errorf("%s has no %s for %d of %d registries", f.Path, helperProgram, missing, len(hosts)), "Type: kubectl vsphere registry configure; with --force where there is another helper.")
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
func (a *App) addDocker(all []registryInfo) {
	f, err := a.dockerConfig()
	var helpers map[string]string
	if err == nil {
		helpers, err = f.Helpers()
	}
	if err != nil {
		fmt.Fprintf(a.ErrOut, "warning: %v\n", err)
	}
	for i := range all {
		all[i].Docker = dockerState(helpers, all[i].Registry)
	}
}

// dockerWarnings says what keeps clients from asking the helper.
func (a *App) dockerWarnings(all []registryInfo) []string {
	f, err := a.dockerConfig()
	if err != nil || len(all) == 0 {
		return nil
	}
	var hosts []string
	for _, i := range all {
		hosts = append(hosts, i.Registry)
	}
	return a.warnings(f, hosts)
}

func (a *App) printWarnings(f dockerconfig.File, hosts []string) {
	for _, warning := range a.warnings(f, hosts) {
		fmt.Fprintf(a.ErrOut, "warning: %s\n", warning)
	}
}

func (a *App) warnings(f dockerconfig.File, hosts []string) (all []string) {
	for _, w := range f.Warnings(hosts, helperName, a.world()) {
		all = append(all, warningText(w))
	}
	return all
}

func (a *App) world() dockerconfig.World {
	return dockerconfig.World{Getenv: a.Getenv, LookPath: exec.LookPath, Home: a.Home, Root: os.Geteuid() == 0}
}
