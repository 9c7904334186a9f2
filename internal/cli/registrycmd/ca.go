package registrycmd

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"io/fs"
	"path/filepath"

	"github.com/spf13/cobra"

	"github.com/kubectl-vsphere/kubectl-vsphere/internal/command"
	"github.com/kubectl-vsphere/kubectl-vsphere/internal/failure"
	"github.com/kubectl-vsphere/kubectl-vsphere/internal/registryaccess"
	"github.com/kubectl-vsphere/kubectl-vsphere/pkg/atomicfile"
	"github.com/kubectl-vsphere/kubectl-vsphere/pkg/bounded"
	"github.com/kubectl-vsphere/kubectl-vsphere/pkg/disk"
	"github.com/kubectl-vsphere/kubectl-vsphere/pkg/trust"
)

const registryCALong = `Finds the CA of a registry, and prints it or installs it where docker, podman, skopeo and buildah
look for it.

If the CA that your login trusts signed the registry's certificate, that CA is used. If you accepted
it at first use, for the Supervisor alone, you are asked about it. Otherwise the registry is asked
for its CA. Anybody between you and the registry could answer that, so the CA is used only after you
compare its SHA-256, at the terminal or with --ca-fingerprint.

--install writes to /etc/docker/certs.d for root. For other users it writes to
~/.config/docker/certs.d (rootless docker) and ~/.config/containers/certs.d (podman, skopeo,
buildah). Engines need no restart.`

const registryCAExample = `  # Install the CA for docker and podman
  kubectl vsphere registry ca 10.0.0.5 --install

  # Install the CA for docker as root
  kubectl vsphere registry ca 10.0.0.5 |
    sudo install -D -m 644 /dev/stdin /etc/docker/certs.d/10.0.0.5/ca.crt`

// caFlags are the flags of registry ca.
type caFlags struct {
	fingerprint    string
	install, force bool
	dirs           []string
}

func (d Deps) caCommand() *cobra.Command {
	var f caFlags
	c := &cobra.Command{
		Use: "ca REGISTRY", Short: "Prints or installs the CA of a registry, for docker and podman.", Long: registryCALong, Example: registryCAExample,
		Args: command.OneRegistry, ValidArgsFunction: command.Registries(d.Env),
		RunE: func(c *cobra.Command, args []string) error {
			if f.fingerprint != "" {
				fingerprint, err := trust.ParseFingerprint(f.fingerprint)
				if err != nil {
					return failure.Usagef("--ca-fingerprint: %w", err)
				}
				f.fingerprint = fingerprint
			}
			return d.with(func(a *action) error { return a.ca(c.Context(), command.Hosts(args)[0], f) })
		},
	}
	flags := c.Flags()
	flags.StringVar(&f.fingerprint, "ca-fingerprint", "", "`SHA256` of the CA, as sha256:HEX, if your login does not know it.")
	flags.BoolVar(&f.install, "install", false, "Install the CA for docker and podman.")
	flags.StringArrayVar(&f.dirs, "certs-dir", nil, "Install the CA below this `DIRECTORY`, laid out as docker's certs.d.\nCan be repeated.")
	flags.BoolVar(&f.force, "force", false, "Replace another CA that is installed for the registry.")
	_ = c.MarkFlagDirname("certs-dir")
	return c
}

// ca prints or installs the CA of a registry.
func (a *action) ca(ctx context.Context, host string, f caFlags) error {
	dirs := f.dirs
	if f.install && len(dirs) == 0 {
		if dirs = registryaccess.CertsDirs(a.env); len(dirs) == 0 {
			return failure.Usagef("docker has no known directory for CAs on this system; name one with --certs-dir")
		}
	}
	ca, err := a.access.FindCA(ctx, host, f.fingerprint)
	if err != nil {
		return err
	}
	if len(dirs) == 0 {
		_, err := a.env.Out.Write(ca)
		return err
	}
	for _, dir := range dirs {
		path := filepath.Join(dir, host, "ca.crt")
		if err := installCA(ctx, path, ca, f.force); err != nil {
			return err
		}
		a.env.Printf("Installed the CA of %s as %s.", host, path)
	}
	return nil
}

// installCA writes a CA file (mode 0644). Another CA at that path stays, unless force is set.
func installCA(ctx context.Context, path string, ca []byte, force bool) error {
	old, err := bounded.File(ctx, path, bounded.MaxPEM, bounded.Regular)
	switch {
	case err == nil && bytes.Equal(old, ca):
		return nil
	case err == nil && !force:
		return failure.Hint(fmt.Errorf("%s holds another CA", path), "Use --force to replace it.")
	case err != nil && !errors.Is(err, fs.ErrNotExist):
		return err
	}
	if err := disk.MkdirAll(filepath.Dir(path), 0o755); err != nil {
		return err
	}
	return atomicfile.Write(path, ca, atomicfile.Options{Mode: 0o644, Durable: true})
}
