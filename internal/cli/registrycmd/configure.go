package registrycmd

import (
	"context"
	"slices"

	"github.com/spf13/cobra"

	"github.com/kubectl-vsphere/kubectl-vsphere/internal/command"
	"github.com/kubectl-vsphere/kubectl-vsphere/internal/failure"
	"github.com/kubectl-vsphere/kubectl-vsphere/pkg/registry"
	"github.com/kubectl-vsphere/kubectl-vsphere/pkg/registry/dockerconfig"
)

const configureLong = `Adds docker-credential-vsphere to credHelpers in docker's config.json ($DOCKER_CONFIG, else
~/.docker), for the named registries or for all that you added. Nothing else in the file changes:
unknown keys, order and indentation stay.

podman, skopeo and buildah read that file too, unless REGISTRY_AUTH_FILE names another one. --podman
changes that one, or ~/.config/containers/auth.json.`

// configureFlags are the flags of configure.
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
				return failure.Usagef("--check changes nothing: it does not go with --service")
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
	file := a.docker()
	if f.podman {
		file.Path, file.Variable = dockerconfig.PodmanPath(a.env.Getenv, a.env.Home), dockerconfig.PodmanVariable
	}
	switch {
	case f.check:
		return file.check(hosts)
	case f.remove:
		return file.takeOut(ctx, hosts)
	}
	if err := file.enter(ctx, hosts, f.force); err != nil {
		return err
	}
	return a.noteUnknown(hosts)
}

// noteUnknown prints a note for each host without a record or a stored login.
func (a *action) noteUnknown(hosts []string) error {
	all, err := a.infos()
	for _, host := range hosts {
		if !slices.ContainsFunc(all, func(i Info) bool { return i.Registry == host }) {
			a.env.Notef("%s is not known here yet; if it takes your vSphere login, type: kubectl vsphere registry add %s", host, host)
		}
	}
	return err
}

// setService sets the helper that keeps the logins that registry clients store.
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
