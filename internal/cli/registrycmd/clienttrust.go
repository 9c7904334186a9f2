package registrycmd

import (
	"context"
	"errors"
	"fmt"
	"path/filepath"
	"slices"

	"github.com/kubectl-vsphere/kubectl-vsphere/internal/doctor"
	"github.com/kubectl-vsphere/kubectl-vsphere/internal/failure"
	"github.com/kubectl-vsphere/kubectl-vsphere/internal/registryaccess"
	"github.com/kubectl-vsphere/kubectl-vsphere/pkg/trust"
	"github.com/kubectl-vsphere/kubectl-vsphere/pkg/wire"
)

// distrusted returns a warning if registry clients of this machine will not trust the certificate of a registry, though a login does: no
// root of the system verifies it, and no file where they look for CAs. Otherwise, or if the registry does not answer, it returns "".
func distrusted(ctx context.Context, a *action, host string) string {
	var untrusted *trust.UntrustedError
	if !errors.As(registryaccess.SystemVerdict(ctx, a.env, host), &untrusted) || !untrusted.UnknownCA {
		return "" // With another fault of the certificate, our own requests fail too.
	}
	if registryaccess.InDirs(ctx, registryaccess.AllDirs(a.env), host, untrusted) {
		return ""
	}
	return fmt.Sprintf("docker and podman do not know the CA of %s; type: %s", host, installCommand(a, host))
}

// installCommand is what installs the CA of a registry for the user's clients.
func installCommand(a *action, host string) string {
	step := "kubectl vsphere registry ca " + failure.Quote(host)
	if len(registryaccess.CertsDirs(a.env)) > 0 {
		step += " --install"
	}
	return step
}

// trustFindings looks whether a registry answers, and which clients of this machine know its CA.
func trustFindings(ctx context.Context, a *action, host string) []doctor.Finding {
	err := registryaccess.SystemVerdict(ctx, a.env, host)
	var untrusted *trust.UntrustedError
	switch {
	case err == nil:
		return nil
	case errors.As(err, &untrusted) && untrusted.UnknownCA:
		return clientsWithout(ctx, a, host, untrusted)
	case errors.As(err, &untrusted):
		return []doctor.Finding{{State: doctor.Problem, About: host, Says: untrusted.Error(), Remedy: "Ask the administrator of the registry for another certificate."}}
	case errors.Is(err, wire.ErrUnreachable):
		return []doctor.Finding{{State: doctor.Problem, About: host, Says: err.Error(), Remedy: "Check the address, your VPN, and HTTPS_PROXY and NO_PROXY."}}
	}
	return []doctor.Finding{{State: doctor.Problem, About: host, Says: err.Error(), Remedy: "Ask the administrator of the registry."}}
}

// clientsWithout says of each client whether it knows the CA of a registry, and what helps if not.
func clientsWithout(ctx context.Context, a *action, host string, ca *trust.UntrustedError) (all []doctor.Finding) {
	for _, c := range registryaccess.Clients(a.env) {
		f := doctor.Finding{State: doctor.Problem, About: host, Says: c.Name + " does not know its CA"}
		switch dirs := registryaccess.CertsDirs(a.env); {
		case registryaccess.InDirs(ctx, c.Dirs, host, ca):
			f.State, f.Says = doctor.OK, c.Name+" knows its CA"
		case len(c.Dirs) == 0: // It may not be used for this registry.
			f.State, f.Says = doctor.Note, c.Name+" does not know its CA: it has the system's roots only"
			f.Remedy = "Type: kubectl vsphere registry ca " + failure.Quote(host) + " > ca.crt\nType: export SSL_CERT_FILE=$PWD/ca.crt"
		case c.System && !slices.Contains(dirs, c.Dirs[0]):
			f.Remedy = fmt.Sprintf("Type: kubectl vsphere registry ca %s | sudo install -D -m 644 /dev/stdin %s", failure.Quote(host), failure.Quote(filepath.Join(c.Dirs[0], host, "ca.crt")))
		case len(dirs) == 0:
			f.Remedy = fmt.Sprintf("Type: kubectl vsphere registry ca %s --certs-dir %s", failure.Quote(host), failure.Quote(c.Dirs[0]))
		default:
			f.Remedy = "Type: " + installCommand(a, host)
		}
		all = append(all, f)
	}
	if len(all) == 0 { // They may be elsewhere, such as in a container.
		if warning := distrusted(ctx, a, host); warning != "" {
			all = append(all, doctor.Finding{State: doctor.Problem, About: host, Says: warning})
		}
	}
	return all
}
