package dockerconfig

import (
	"encoding/json"
	"fmt"
	"os"
	"path/filepath"
	"slices"
	"strconv"
	"strings"

	"github.com/kubectl-vsphere/kubectl-vsphere/pkg/registry"
)

// World is what of the machine gets in the way of a helper.
type World struct {
	Getenv   func(string) string
	LookPath func(string) (string, error)
	Home     string
	Root     bool // the process runs as root
}

// contents is what is read of files with logins, docker's and podman's.
type contents struct {
	Auths map[string]struct {
		Auth          string `json:"auth"`
		IdentityToken string `json:"identitytoken"`
	} `json:"auths"`
	CredsStore string `json:"credsStore"`
}

// Warnings tells, in words for a person, what will keep registry clients from asking the helper about hosts.
func (f File) Warnings(hosts []string, helper string, w World) []string {
	program := "docker-credential-" + helper
	var all []string
	if _, err := w.LookPath(program); err != nil {
		all = append(all, program+" is not on PATH, where docker looks for it; type: kubectl vsphere registry install-helper")
	}
	return slices.Concat(all, f.logins(hosts, program, w), f.stores(helper, w), f.elsewhere(w))
}

// logins are those that clients take before they ask anybody.
func (f File) logins(hosts []string, program string, w World) (all []string) {
	for _, host := range contentsOf(f.Path).loginsFor(hosts) {
		all = append(all, fmt.Sprintf("%s also holds a login for %[2]s, in plain text; type: docker logout %[2]s, and then: %[3]s login %[2]s", f.Path, host, program))
	}
	for _, path := range w.podmanFiles() {
		for _, host := range contentsOf(path).loginsFor(hosts) {
			all = append(all, fmt.Sprintf("%[1]s holds a login for %[2]s, which podman, skopeo and buildah take first; type: podman logout --authfile %[1]s %[2]s", path, host))
		}
	}
	return all
}

// stores is what the file says of a helper for all registries.
func (f File) stores(helper string, w World) []string {
	store := contentsOf(f.Path).CredsStore
	if store == helper {
		return []string{f.Path + " names the helper as credsStore, for all registries; an entry in credHelpers for each is enough"}
	}
	if _, err := w.LookPath("docker-credential-" + store); store != "" && err != nil {
		return []string{fmt.Sprintf("%s names the credsStore %q, which is not on PATH: clients that ask it about other registries fail", f.Path, store)}
	}
	return nil
}

// elsewhere is what has clients read another file.
func (f File) elsewhere(w World) (all []string) {
	warn := func(format string, args ...any) { all = append(all, fmt.Sprintf(format, args...)) }
	if path := w.Getenv("REGISTRY_AUTH_FILE"); path != "" && path != f.Path {
		warn("REGISTRY_AUTH_FILE is set: podman, skopeo and buildah read %s and not %s; type: kubectl vsphere registry configure --podman", path, f.Path)
	}
	if w.Getenv("DOCKER_AUTH_CONFIG") != "" {
		warn("DOCKER_AUTH_CONFIG is set: docker 28.3 and later takes logins from it first")
	}
	if docker, err := w.LookPath("docker"); err == nil && strings.HasPrefix(docker, "/snap/") {
		warn("docker is a snap (%s): it cannot run helpers, and may not read %s", docker, f.Path)
	}
	if engine := w.Getenv("DOCKER_HOST"); strings.HasPrefix(engine, "unix:///run/user/") && w.Root {
		warn("docker is rootless (%s), and this runs as root: %s is not that of the engine's user", engine, f.Path)
	}
	if user := w.Getenv("SUDO_USER"); user != "" && w.Root {
		warn("this runs by sudo: %s is that of %s; clients that %s runs without sudo read another one", f.Path, w.Home, user)
	}
	return all
}

// podmanFiles are where podman, skopeo and buildah keep logins of their own (containers-auth.json(5)).
func (w World) podmanFiles() (paths []string) {
	if path := w.Getenv("REGISTRY_AUTH_FILE"); path != "" {
		return []string{path}
	}
	if dir := w.Getenv("XDG_RUNTIME_DIR"); dir != "" {
		paths = append(paths, filepath.Join(dir, "containers", "auth.json"))
	} else {
		paths = append(paths, filepath.Join("/run/containers", strconv.Itoa(os.Getuid()), "auth.json"))
	}
	return append(paths, PodmanPath(w.Getenv, w.Home))
}

// contentsOf is nothing for a file that cannot be read: whoever edits it says so.
func contentsOf(path string) (c contents) {
	info, err := os.Stat(path)
	if err != nil || !info.Mode().IsRegular() || info.Size() > maxFile {
		return c
	}
	text, err := os.ReadFile(path)
	if err == nil {
		_ = json.Unmarshal(text, &c)
	}
	return c
}

// loginsFor are the hosts that have a login, and not only docker's mark that there is one elsewhere.
func (c contents) loginsFor(hosts []string) (found []string) {
	for url, auth := range c.Auths {
		host, err := registry.ParseHost(url)
		if err == nil && slices.Contains(hosts, host) && (auth.Auth != "" || auth.IdentityToken != "") {
			found = append(found, host)
		}
	}
	slices.Sort(found)
	return slices.Compact(found)
}
