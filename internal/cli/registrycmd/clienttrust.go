package registrycmd

import (
	"context"
	"errors"
	"fmt"
	"net/http"
	"os"
	"path/filepath"
	"slices"
	"time"

	"github.com/kubectl-vsphere/kubectl-vsphere/internal/failure"
	"github.com/kubectl-vsphere/kubectl-vsphere/internal/site"
	"github.com/kubectl-vsphere/kubectl-vsphere/pkg/bounded"
	"github.com/kubectl-vsphere/kubectl-vsphere/pkg/trust"
	"github.com/kubectl-vsphere/kubectl-vsphere/pkg/wire"
)

// lookTime bounds the question what the system's roots say of a registry.
const lookTime = 5 * time.Second

// distrusted returns a warning if registry clients of this machine will not trust the certificate of a registry, though a login does: no
// root of the system verifies it, and no file where they look for CAs. Otherwise, or if the registry does not answer, it returns "".
func distrusted(ctx context.Context, a *action, host string) string {
	ctx, cancel := context.WithTimeout(ctx, lookTime)
	defer cancel()
	w, err := site.Client(a.env, trust.Trust{Mode: trust.System}, nil)
	if err != nil {
		return ""
	}
	defer w.HTTP.CloseIdleConnections()
	_, err = w.Do(ctx, wire.Request{Method: http.MethodGet, URL: "https://" + host + "/v2/"})
	var untrusted *trust.UntrustedError
	if !errors.As(err, &untrusted) || !untrusted.UnknownCA {
		return "" // With another fault of the certificate, our own requests fail too.
	}
	if slices.ContainsFunc(clientDirs(a), func(dir string) bool { return holdsCA(ctx, filepath.Join(dir, host), untrusted) }) {
		return ""
	}
	step := "kubectl vsphere registry ca " + failure.Quote(host)
	if len(a.certsDirs()) > 0 {
		step += " --install"
	}
	return fmt.Sprintf("docker and podman do not know the CA of %s; type: %s", host, step)
}

// clientDirs are all directories where some client of this machine looks for CAs.
func clientDirs(a *action) []string {
	dirs := []string{a.env.SystemPath("/etc/docker/certs.d"), a.env.SystemPath("/etc/containers/certs.d"), filepath.Join(a.env.Home, ".docker", "certs.d")}
	return append(dirs, a.certsDirs()...)
}

// maxCAFiles bounds the files of a directory that are looked at.
const maxCAFiles = 50

// holdsCA reports whether a directory has the CA (*.crt) of a certificate.
func holdsCA(ctx context.Context, dir string, of *trust.UntrustedError) bool {
	entries, err := os.ReadDir(dir)
	if err != nil {
		return false
	}
	for _, e := range entries[:min(len(entries), maxCAFiles)] {
		if filepath.Ext(e.Name()) != ".crt" {
			continue
		}
		text, err := bounded.File(ctx, filepath.Join(dir, e.Name()), bounded.MaxPEM, bounded.Regular)
		if err == nil && of.SignedBy(string(text)) {
			return true
		}
	}
	return false
}
