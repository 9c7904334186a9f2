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
	// One means that it reads the first of these directories that exists for a registry, and no other.
	One bool
}

// Clients returns the registry clients on PATH.
func Clients(e *console.Env) (all []Client) {
	containers := []string{containersDir(e), e.SystemPath("/etc/containers/certs.d"), e.SystemPath("/etc/docker/certs.d")}
	containerd := []string{e.SystemPath("/etc/containerd/certs.d"), e.SystemPath("/etc/docker/certs.d")}
	if os.Geteuid() != 0 {
		containerd = []string{filepath.Join(userConfig(e), "containerd", "certs.d"), filepath.Join(userConfig(e), "docker", "certs.d")}
	}
	for _, c := range []Client{
		{Name: "docker", Dirs: dockerDirs(e)},
		{Name: "podman", Dirs: containers, One: true},
		{Name: "skopeo", Dirs: containers, One: true},
		{Name: "buildah", Dirs: containers, One: true},
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

// Places returns the directories in which the client would find the CA of a registry.
func (c Client) Places(host string) []string {
	for at, dir := range c.Dirs {
		if _, err := os.Stat(filepath.Join(dir, host)); c.One && err == nil {
			return c.Dirs[:at+1]
		}
	}
	return c.Dirs
}

// dockerDirs returns where docker's engine looks for CAs (https://docs.docker.com/engine/security/certificates/). The system's engine does
// not look in a home. Docker Desktop copies those of ~/.docker.
func dockerDirs(e *console.Env) []string {
	system, rootless := e.SystemPath("/etc/docker/certs.d"), filepath.Join(userConfig(e), "docker", "certs.d")
	desktop := filepath.Join(e.Home, ".docker", "certs.d")
	engine := e.Getenv("DOCKER_HOST")
	_, err := os.Stat(e.SystemPath("/var/run/docker.sock"))
	switch {
	case e.GOOS != "linux":
		return []string{desktop}
	case strings.HasPrefix(engine, "unix:///run/user/"):
		return []string{rootless}
	case engine == "" && err == nil || engine == "unix:///var/run/docker.sock":
		return []string{system}
	}
	return []string{system, rootless, desktop}
}

// userConfig returns the user's directory of settings.
func userConfig(e *console.Env) string {
	if dir := e.Getenv("XDG_CONFIG_HOME"); filepath.IsAbs(dir) {
		return dir
	}
	return filepath.Join(e.Home, ".config")
}

// containersDir returns where podman, skopeo and buildah look for a user's CAs (containers-certs.d(5)). XDG_CONFIG_HOME does not change it.
func containersDir(e *console.Env) string {
	return filepath.Join(e.Home, ".config", "containers", "certs.d")
}

// CertsDirs returns where a CA is installed for the user's clients. podman, skopeo and buildah also read docker's.
func CertsDirs(e *console.Env) []string {
	switch {
	case e.GOOS != "linux":
		return nil
	case os.Geteuid() == 0:
		return []string{e.SystemPath("/etc/docker/certs.d")}
	}
	return []string{filepath.Join(userConfig(e), "docker", "certs.d"), containersDir(e)}
}

// AllDirs returns where some client of this machine may look for CAs.
func AllDirs(e *console.Env) []string {
	desktop := filepath.Join(e.Home, ".docker", "certs.d")
	if e.GOOS != "linux" {
		return []string{desktop}
	}
	return append(CertsDirs(e), e.SystemPath("/etc/docker/certs.d"), e.SystemPath("/etc/containers/certs.d"), desktop)
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
