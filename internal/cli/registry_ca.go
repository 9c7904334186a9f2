package cli

import (
	"bytes"
	"context"
	"crypto/x509"
	"encoding/pem"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"runtime"
	"strings"
	"time"

	"github.com/spf13/cobra"

	"github.com/kubectl-vsphere/kubectl-vsphere/pkg/atomicfile"
	"github.com/kubectl-vsphere/kubectl-vsphere/pkg/disk"
	"github.com/kubectl-vsphere/kubectl-vsphere/pkg/login/secret"
	"github.com/kubectl-vsphere/kubectl-vsphere/pkg/registry"
	"github.com/kubectl-vsphere/kubectl-vsphere/pkg/registry/harbor"
	"github.com/kubectl-vsphere/kubectl-vsphere/pkg/safetext"
	"github.com/kubectl-vsphere/kubectl-vsphere/pkg/trust"
)

const registryCALong = `Finds the CA of a registry, and prints it or installs it where docker, podman, skopeo and buildah look for it.

It is the one that your login trusts, if the registry's certificate is of that. Otherwise the registry is asked for its own, which anybody
between you and it could answer: it is shown with its SHA-256, and taken when you say so at the terminal, or by --ca-fingerprint.

--install writes to /etc/docker/certs.d for root, else to ~/.config/docker/certs.d (rootless docker) and ~/.config/containers/certs.d (podman, skopeo,
buildah). No engine needs to be restarted.`

const registryCAExample = `  kubectl vsphere registry ca 10.0.0.5 --install
  kubectl vsphere registry ca 10.0.0.5 | sudo install -D -m 644 /dev/stdin /etc/docker/certs.d/10.0.0.5/ca.crt`

// caFlags are those of registry ca.
type caFlags struct {
	fingerprint    string
	install, force bool
	dirs           []string
}

func (a *App) registryCACommand() *cobra.Command {
	var f caFlags
	c := &cobra.Command{
		Use: "ca REGISTRY", Short: "Prints or installs the CA of a registry, for docker and podman.", Long: registryCALong, Example: registryCAExample,
		Args: oneRegistry, ValidArgsFunction: a.completeRegistries,
		RunE: func(c *cobra.Command, args []string) error {
			if f.fingerprint != "" {
				fingerprint, err := trust.ParseFingerprint(f.fingerprint)
				if err != nil {
					return usagef("--ca-fingerprint: %w", err)
				}
				f.fingerprint = fingerprint
			}
			return a.registryCA(c.Context(), hosts(args)[0], f)
		},
	}
	flags := c.Flags()
	flags.StringVar(&f.fingerprint, "ca-fingerprint", "", "SHA-256 of the CA, where your login does not know it.")
	flags.BoolVar(&f.install, "install", false, "Install it for docker and podman.")
	flags.StringArrayVar(&f.dirs, "certs-dir", nil, "Install it below this directory, as certs.d of docker; may be repeated.")
	flags.BoolVar(&f.force, "force", false, "Replace another CA that is installed for the registry.")
	_ = c.MarkFlagDirname("certs-dir")
	return c
}

func (a *App) registryCA(ctx context.Context, host string, f caFlags) error {
	dirs := f.dirs
	if f.install && len(dirs) == 0 {
		if dirs = a.certsDirs(); len(dirs) == 0 {
			return usagef("it is not known where docker looks here; name the directory with --certs-dir")
		}
	}
	ca, err := a.findCA(ctx, host, f.fingerprint)
	if err != nil {
		return err
	}
	if len(dirs) == 0 {
		_, err := a.Out.Write(ca)
		return err
	}
	for _, dir := range dirs {
		path := filepath.Join(dir, host, "ca.crt")
		if err := installCA(path, ca, f.force); err != nil {
			return err
		}
		fmt.Fprintf(a.Out, "Installed the CA of %s as %s.\n", host, path)
	}
	return nil
}

// certsDirs are where the clients of this user look (https://docs.docker.com/engine/security/certificates/, containers-certs.d(5)). Podman and
// the others read docker's as well.
func (a *App) certsDirs() []string {
	switch {
	case runtime.GOOS != "linux":
		return nil
	case os.Geteuid() == 0:
		return []string{"/etc/docker/certs.d"}
	}
	config := a.Getenv("XDG_CONFIG_HOME")
	if !filepath.IsAbs(config) {
		config = filepath.Join(a.Home, ".config")
	}
	return []string{filepath.Join(config, "docker", "certs.d"), filepath.Join(a.Home, ".config", "containers", "certs.d")}
}

// installCA writes a CA for everybody to read.
func installCA(path string, ca []byte, force bool) error {
	old, err := os.ReadFile(path)
	switch {
	case err == nil && bytes.Equal(old, ca):
		return nil
	case err == nil && !force:
		return hint(fmt.Errorf("%s holds another CA", path), "Use --force to replace it.")
	case err != nil && !errors.Is(err, fs.ErrNotExist):
		return err
	}
	if err := disk.MkdirAll(filepath.Dir(path), 0o755); err != nil {
		return err
	}
	return atomicfile.Write(path, ca, atomicfile.Options{Mode: 0o644, Durable: true})
}

// findCA is the CA (PEM) that a registry's certificate verifies under, for a reason.
func (a *App) findCA(ctx context.Context, host, fingerprint string) ([]byte, error) {
	known, err := a.knownTrusts(host)
	if err != nil {
		return nil, err
	}
	for _, t := range append(known, trust.Trust{Mode: trust.System}) {
		err := a.verifies(ctx, host, t)
		var untrusted *trust.UntrustedError
		switch {
		case errors.As(err, &untrusted) && !untrusted.UnknownCA:
			return nil, hint(err, "%sNo CA mends that: the registry needs another certificate, or you another address for it.", describe(untrusted))
		case errors.As(err, &untrusted):
		case err != nil:
			return nil, err
		case t.Mode == trust.System:
			return nil, fmt.Errorf("the certificate of %s is of a CA that this system knows: docker and the others need nothing", host)
		default:
			return []byte(t.CA), nil
		}
	}
	return a.askForCA(ctx, host, fingerprint)
}

// knownTrusts are what the registry was added with, and what the sessions trust, each with a CA.
func (a *App) knownTrusts(host string) (all []trust.Trust, err error) {
	store, err := a.openStore()
	if err != nil {
		return nil, err
	}
	if r, found, err := (registry.Store{Dir: store.Dir()}).Record(host); err == nil && found && r.CA != "" {
		all = append(all, trust.Trust{Mode: trust.Bundle, CA: r.CA})
	}
	sessions, _ := store.Sessions()
	for _, s := range sessions {
		if s.Trust.CA != "" && s.Trust.Mode != trust.Insecure {
			all = append(all, trust.Trust{Mode: trust.Bundle, CA: s.Trust.CA})
		}
	}
	return all, nil
}

// verifies tells whether the registry's certificate is believed under a trust. What the registry says is of no matter.
func (a *App) verifies(ctx context.Context, host string, t trust.Trust) error {
	w, _, err := a.wireClient(t, nil)
	if err != nil {
		return err
	}
	if _, err = (&harbor.Client{Wire: w, Host: host}).Info(ctx); errors.Is(err, harbor.ErrNotHarbor) {
		return nil
	}
	return err
}

// askForCA takes what the registry itself gives (getcert), if it is what its certificate is signed by, and if somebody vouches for it.
func (a *App) askForCA(ctx context.Context, host, fingerprint string) ([]byte, error) {
	w, _, err := a.wireClient(trust.Trust{Mode: trust.Insecure}, nil) // Nothing is sent, and nothing is believed yet.
	if err != nil {
		return nil, err
	}
	ca, err := (&harbor.Client{Wire: w, Host: host}).CA(ctx)
	if err != nil {
		return nil, hint(fmt.Errorf("%s does not tell its CA: %w", host, err), "Ask whoever runs it for the CA certificate.")
	}
	if n := len(certificates(ca)); n > maxCAs {
		return nil, fmt.Errorf("%s gives %d certificates as its CA; more than %d are not one", host, n, maxCAs)
	}
	if fingerprint != "" {
		if ca, err = only(ca, fingerprint, host); err != nil {
			return nil, err
		}
	}
	if err := a.verifies(ctx, host, trust.Trust{Mode: trust.Bundle, CA: string(ca)}); err != nil {
		return nil, fmt.Errorf("%s gives a CA that its own certificate is not of: %w", host, err)
	}
	if fingerprint != "" {
		return ca, nil
	}
	text := describeCA(ca)
	if a.Terminal == nil {
		return nil, hint(fmt.Errorf("nobody vouches for the CA that %s gives", host), "%sIf it is right, compared with what its administrator says, give --ca-fingerprint.", text)
	}
	fmt.Fprintf(a.ErrOut, "%s says that its CA is this:\n%sNobody but you can tell whether that is so: compare the SHA-256 with its administrator.\n", host, text)
	answer, err := a.prompter().Line(ctx, "Take it? [y/N] ")
	switch {
	case errors.Is(err, secret.ErrEmpty), err == nil && !strings.EqualFold(answer, "y") && !strings.EqualFold(answer, "yes"):
		return nil, errors.New("not taken; nothing was changed")
	case err != nil:
		return nil, err
	}
	return ca, nil
}

// maxCAs is more than a registry has, and what a person can compare.
const maxCAs = 5

// certificates are those of a PEM text that was read by trust.Certificates.
func certificates(ca []byte) (all []*x509.Certificate) {
	for block, rest := pem.Decode(ca); block != nil; block, rest = pem.Decode(rest) {
		if c, err := x509.ParseCertificate(block.Bytes); err == nil {
			all = append(all, c)
		}
	}
	return all
}

// only is the certificate with the fingerprint.
func only(ca []byte, fingerprint, host string) ([]byte, error) {
	for _, c := range certificates(ca) {
		if trust.Fingerprint(c.Raw) == fingerprint {
			return pem.EncodeToMemory(&pem.Block{Type: "CERTIFICATE", Bytes: c.Raw}), nil
		}
	}
	return nil, hint(fmt.Errorf("%s does not show the certificate of --ca-fingerprint", host),
		"%sIf you compared that with what you were given, somebody may be between you and the registry.", describeCA(ca))
}

func describeCA(ca []byte) string {
	var b strings.Builder
	for _, c := range certificates(ca) {
		fmt.Fprintf(&b, "  CA:      %s\n", safetext.Line(c.Subject.String(), 200))
		fmt.Fprintf(&b, "  valid:   %s to %s\n", c.NotBefore.Format(time.DateOnly), c.NotAfter.Format(time.DateOnly))
		fmt.Fprintf(&b, "  SHA-256: %s\n", trust.Fingerprint(c.Raw))
	}
	return b.String()
}
