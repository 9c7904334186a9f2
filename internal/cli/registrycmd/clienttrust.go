package registrycmd

import (
	"context"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"slices"
	"strings"

	"github.com/kubectl-vsphere/kubectl-vsphere/internal/doctor"
	"github.com/kubectl-vsphere/kubectl-vsphere/internal/failure"
	"github.com/kubectl-vsphere/kubectl-vsphere/internal/registryaccess"
	"github.com/kubectl-vsphere/kubectl-vsphere/pkg/trust"
	"github.com/kubectl-vsphere/kubectl-vsphere/pkg/wire"
)

// lack is clients that do not know the CA of a registry, and what to type so that they do.
type lack struct {
	clients []string // empty: none is on PATH
	dirs    []string // that get the CA; empty: the clients have the system's roots only
	steps   []string
}

// says names the clients. ca is "the CA of HOST", or the like.
func (l lack) says(ca string) string {
	one := len(l.clients) == 1
	switch {
	case len(l.clients) == 0:
		return fmt.Sprintf("%s is in no place that registry clients read", ca)
	case l.dirs == nil && one:
		return fmt.Sprintf("%s does not know %s: it has the system's roots only", l.clients[0], ca)
	case l.dirs == nil:
		return fmt.Sprintf("%s do not know %s: they have the system's roots only", listed(l.clients), ca)
	case one:
		return fmt.Sprintf("%s does not know %s", l.clients[0], ca)
	}
	return fmt.Sprintf("%s do not know %s", listed(l.clients), ca)
}

// listed is names as in a sentence.
func listed(names []string) string {
	last := len(names) - 1
	if last < 1 {
		return strings.Join(names, "")
	}
	return strings.Join(names[:last], ", ") + " and " + names[last]
}

// judge returns the clients of this machine that know the CA of a registry, and the others by what helps them. docker is the first: most others
// look where it looks.
func judge(ctx context.Context, a *action, host string, ca *trust.UntrustedError) (knowing []string, lacking []lack) {
	clients := registryaccess.Clients(a.env)
	for _, c := range clients {
		places := c.Places(host)
		if registryaccess.InDirs(ctx, places, host, ca) {
			knowing = append(knowing, c.Name)
			continue
		}
		helps := func(l lack) bool {
			return l.dirs == nil && places == nil || slices.ContainsFunc(l.dirs, func(dir string) bool { return slices.Contains(places, dir) })
		}
		at := slices.IndexFunc(lacking, helps)
		if at < 0 {
			at, lacking = len(lacking), append(lacking, remedy(a, host, places))
		}
		lacking[at].clients = append(lacking[at].clients, c.Name)
	}
	if len(clients) == 0 && !registryaccess.InDirs(ctx, registryaccess.AllDirs(a.env), host, ca) { // They may be elsewhere, such as in a container.
		lacking = []lack{remedy(a, host, registryaccess.AllDirs(a.env))}
	}
	return knowing, lacking
}

// remedy returns what helps a client that looks in these places.
func remedy(a *action, host string, places []string) lack {
	command, dirs := "kubectl vsphere registry ca "+failure.Quote(host), registryaccess.CertsDirs(a.env)
	switch {
	case len(places) == 0:
		return lack{steps: []string{command + " > ca.crt", "export SSL_CERT_FILE=$PWD/ca.crt"}}
	case slices.ContainsFunc(dirs, func(dir string) bool { return slices.Contains(places, dir) }):
		return lack{dirs: dirs, steps: []string{command + " --install"}}
	case os.Geteuid() != 0 && strings.HasPrefix(places[0], a.env.SystemPath("/etc")):
		return lack{dirs: places[:1], steps: []string{command + " | sudo install -D -m 644 /dev/stdin " + failure.Quote(filepath.Join(places[0], host, "ca.crt"))}}
	}
	return lack{dirs: places[:1], steps: []string{command + " --certs-dir " + failure.Quote(places[0])}}
}

// distrusted returns a warning for clients of this machine that will not trust the certificate of a registry, though a login does. A registry
// that does not answer gets none.
func distrusted(ctx context.Context, a *action, host string) (warnings []string) {
	var untrusted *trust.UntrustedError
	if !errors.As(registryaccess.SystemVerdict(ctx, a.env, host), &untrusted) || !untrusted.UnknownCA {
		return nil // With another fault of the certificate, our own requests fail too.
	}
	_, lacking := judge(ctx, a, host, untrusted)
	for _, l := range lacking {
		warnings = append(warnings, fmt.Sprintf("%s; type: %s", l.says("the CA of "+host), strings.Join(l.steps, ", and then: ")))
	}
	return warnings
}

// trustFindings looks whether a registry answers, and which clients of this machine know its CA.
func trustFindings(ctx context.Context, a *action, host string) []doctor.Finding {
	err := registryaccess.SystemVerdict(ctx, a.env, host)
	var untrusted *trust.UntrustedError
	switch {
	case err == nil:
		return nil
	case errors.As(err, &untrusted) && untrusted.UnknownCA:
		return clientFindings(ctx, a, host, untrusted)
	case errors.As(err, &untrusted):
		return []doctor.Finding{{State: doctor.Problem, About: host, Says: untrusted.Error(), Remedy: "Ask the administrator of the registry for another certificate."}}
	case errors.Is(err, wire.ErrUnreachable):
		return []doctor.Finding{{State: doctor.Problem, About: host, Says: err.Error(), Remedy: "Check the address, your VPN, and HTTPS_PROXY and NO_PROXY."}}
	}
	return []doctor.Finding{{State: doctor.Problem, About: host, Says: err.Error(), Remedy: "Ask the administrator of the registry."}}
}

// clientFindings says which clients know the CA of a registry, and what helps the others.
func clientFindings(ctx context.Context, a *action, host string, ca *trust.UntrustedError) (all []doctor.Finding) {
	knowing, lacking := judge(ctx, a, host, ca)
	switch len(knowing) {
	case 0:
	case 1:
		all = append(all, doctor.Finding{State: doctor.OK, About: host, Says: knowing[0] + " knows its CA"})
	default:
		all = append(all, doctor.Finding{State: doctor.OK, About: host, Says: listed(knowing) + " know its CA"})
	}
	for _, l := range lacking {
		f := doctor.Finding{State: doctor.Problem, About: host, Says: l.says("its CA"), Remedy: "Type: " + strings.Join(l.steps, "\nType: ")}
		if l.dirs == nil {
			f.State = doctor.Note // They may not be used for this registry.
		}
		all = append(all, f)
	}
	return all
}
