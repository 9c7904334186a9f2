package registryaccess

import (
	"context"
	"errors"
	"net/http"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"time"

	"github.com/kubectl-vsphere/kubectl-vsphere/internal/console"
	"github.com/kubectl-vsphere/kubectl-vsphere/internal/site"
	"github.com/kubectl-vsphere/kubectl-vsphere/pkg/bounded"
	"github.com/kubectl-vsphere/kubectl-vsphere/pkg/trust"
	"github.com/kubectl-vsphere/kubectl-vsphere/pkg/wire"
)

// Client is a program that verifies registries itself.
type Client struct {
	Name string
	// Dirs are where it looks for CAs, each with a directory for a registry. A client without Dirs has only the system's roots.
	Dirs []string
	// System means that the engine runs as root, so that only root can give it a CA.
	System bool
}

// Clients returns the registry clients on PATH.
func Clients(e *console.Env) (all []Client) {
	engine, isSystem := dockerDirs(e)
	user := userConfig(e)
	containers := []string{e.SystemPath("/etc/containers/certs.d"), filepath.Join(user, "containers", "certs.d"), e.SystemPath("/etc/docker/certs.d")}
	containerd := append([]string{e.SystemPath("/etc/containerd/certs.d"), filepath.Join(user, "containerd", "certs.d")}, engine...)
	for _, c := range []Client{
		{"docker", engine, isSystem},
		{Name: "podman", Dirs: containers},
		{Name: "skopeo", Dirs: containers},
		{Name: "buildah", Dirs: containers},
		{Name: "nerdctl", Dirs: containerd},
		{Name: "crane"},
		{Name: "oras"},
		{Name: "helm"},
		{Name: "regctl"},
	} {
		if _, err := e.LookPath(c.Name); err == nil {
			all = append(all, c)
		}
	}
	return all
}

// dockerDirs returns where docker's engine looks for CAs (https://docs.docker.com/engine/security/certificates/), and whether it is the
// system's, which does not look in a home. Docker Desktop copies those of ~/.docker.
func dockerDirs(e *console.Env) (dirs []string, isSystem bool) {
	system, rootless := e.SystemPath("/etc/docker/certs.d"), filepath.Join(userConfig(e), "docker", "certs.d")
	desktop := filepath.Join(e.Home, ".docker", "certs.d")
	engine := e.Getenv("DOCKER_HOST")
	_, err := os.Stat(e.SystemPath("/var/run/docker.sock"))
	switch {
	case e.GOOS != "linux":
		return []string{desktop}, false
	case strings.HasPrefix(engine, "unix:///run/user/"):
		return []string{rootless}, false
	case engine == "" && err == nil || engine == "unix:///var/run/docker.sock":
		return []string{system}, true
	}
	return []string{system, rootless, desktop}, false
}

// userConfig returns the user's directory of settings.
func userConfig(e *console.Env) string {
	if dir := e.Getenv("XDG_CONFIG_HOME"); filepath.IsAbs(dir) {
		return dir
	}
	return filepath.Join(e.Home, ".config")
}

// CertsDirs returns where a CA is installed for the user's clients (containers-certs.d(5)). podman, skopeo and buildah also read docker's.
func CertsDirs(e *console.Env) []string {
	switch {
	case e.GOOS != "linux":
		return nil
	case os.Geteuid() == 0:
		return []string{e.SystemPath("/etc/docker/certs.d")}
	}
	return []string{filepath.Join(userConfig(e), "docker", "certs.d"), filepath.Join(userConfig(e), "containers", "certs.d")}
}

// AllDirs returns where some client of this machine looks for CAs.
func AllDirs(e *console.Env) []string {
	dirs := []string{e.SystemPath("/etc/docker/certs.d"), e.SystemPath("/etc/containers/certs.d"), filepath.Join(e.Home, ".docker", "certs.d")}
	return append(dirs, CertsDirs(e)...)
}

// lookTime bounds the question what the system's roots say of a registry.
const lookTime = 5 * time.Second

// SystemVerdict asks a registry as its clients do, verified by the system's roots, and without a credential. The error is a
// *trust.UntrustedError if these do not verify it.
func SystemVerdict(ctx context.Context, e *console.Env, host string) error {
	ctx, cancel := context.WithTimeout(ctx, lookTime)
	defer cancel()
	w, err := site.Client(e, trust.Trust{Mode: trust.System}, nil)
	if err != nil {
		return err
	}
	defer w.HTTP.CloseIdleConnections()
	_, err = w.Do(ctx, wire.Request{Method: http.MethodGet, URL: "https://" + host + "/v2/"})
	var status *wire.Error
	if errors.As(err, &status) && status.Status != 0 && status.Status < 500 {
		return nil // Most ask for a login.
	}
	return err
}

// InDirs reports whether one of the directories has the CA of a registry.
func InDirs(ctx context.Context, dirs []string, host string, of *trust.UntrustedError) bool {
	return slices.ContainsFunc(dirs, func(dir string) bool { return holdsCA(ctx, filepath.Join(dir, host), of) })
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
