package dockerconfig

import (
	"context"
	"os"
	"path/filepath"
	"slices"
	"strconv"
	"strings"

	"github.com/kubectl-vsphere/kubectl-vsphere/pkg/bounded"
	"github.com/kubectl-vsphere/kubectl-vsphere/pkg/registry"
)

// Code says what keeps registry clients from asking the helper, and what Warning.Detail is.
type Code string

// The codes. They are fixed: other programs may compare them.
const (
	// HelperNotFound: no directory of PATH has the helper, the program Detail.
	HelperNotFound Code = "helper-not-found"
	// LoginInFile: File holds a login for Host in plain text, which docker uses first. Detail is the helper's program.
	LoginInFile Code = "login-in-file"
	// PodmanLogin: File holds a login for Host, which podman, skopeo and buildah use first.
	PodmanLogin Code = "podman-login"
	// HelperIsStore: File names the helper as credsStore, for all registries; credHelpers for each is enough.
	HelperIsStore Code = "helper-is-store"
	// StoreNotFound: File names the credsStore Detail, and PATH does not have its program. Clients that ask it fail.
	StoreNotFound Code = "store-not-found"
	// OtherAuthFile: $REGISTRY_AUTH_FILE is Detail, so podman, skopeo and buildah do not read File.
	OtherAuthFile Code = "other-auth-file"
	// AuthInVariable: $DOCKER_AUTH_CONFIG is set; docker 28.3 and later uses the logins in it first.
	AuthInVariable Code = "auth-in-variable"
	// DockerIsSnap: docker is a snap, at the path Detail. It cannot run helpers and may not read File.
	DockerIsSnap Code = "docker-is-snap"
	// DockerIsRootless: $DOCKER_HOST is Detail, another user's engine, and this process runs as root.
	DockerIsRootless Code = "docker-is-rootless"
	// RunsBySudo: this process runs by sudo for the user Detail, whose clients read another file than File.
	RunsBySudo Code = "runs-by-sudo"
)

// Warning is one reason why a registry client may not ask the helper. It has no words for people: which command helps is
// for the caller to say.
type Warning struct {
	Code   Code
	File   string // the path of the file that the warning is about
	Host   string // the registry, where it is about one
	Detail string // see the code
}

// World is the part of the machine that can get in the way of a helper.
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

// Warnings looks for what keeps registry clients from asking the helper about hosts, where helper is NAME of
// docker-credential-NAME. Files that cannot be read give no warning.
func (f File) Warnings(hosts []string, helper string, w World) []Warning {
	program := "docker-credential-" + helper
	var all []Warning
	if _, err := w.LookPath(program); err != nil {
		all = append(all, Warning{Code: HelperNotFound, File: f.Path, Detail: program})
	}
	return slices.Concat(all, f.logins(hosts, program, w), f.stores(helper, w), f.elsewhere(w))
}

// logins are those that clients use before they ask any helper.
func (f File) logins(hosts []string, program string, w World) (all []Warning) {
	for _, host := range contentsOf(f.Path).loginsFor(hosts) {
		all = append(all, Warning{LoginInFile, f.Path, host, program})
	}
	for _, path := range w.podmanFiles() {
		for _, host := range contentsOf(path).loginsFor(hosts) {
			all = append(all, Warning{Code: PodmanLogin, File: path, Host: host})
		}
	}
	return all
}

// stores is what the file says of a helper for all registries.
func (f File) stores(helper string, w World) []Warning {
	store := contentsOf(f.Path).CredsStore
	if store == helper {
		return []Warning{{Code: HelperIsStore, File: f.Path}}
	}
	if _, err := w.LookPath("docker-credential-" + store); store != "" && err != nil {
		return []Warning{{Code: StoreNotFound, File: f.Path, Detail: store}}
	}
	return nil
}

// elsewhere finds why clients read another file, or no file at all.
func (f File) elsewhere(w World) (all []Warning) {
	warn := func(code Code, detail string) { all = append(all, Warning{Code: code, File: f.Path, Detail: detail}) }
	if path := w.Getenv("REGISTRY_AUTH_FILE"); path != "" && path != f.Path {
		warn(OtherAuthFile, path)
	}
	if w.Getenv("DOCKER_AUTH_CONFIG") != "" {
		warn(AuthInVariable, "")
	}
	if docker, err := w.LookPath("docker"); err == nil && strings.HasPrefix(docker, "/snap/") {
		warn(DockerIsSnap, docker)
	}
	if engine := w.Getenv("DOCKER_HOST"); strings.HasPrefix(engine, "unix:///run/user/") && w.Root {
		warn(DockerIsRootless, engine)
	}
	if user := w.Getenv("SUDO_USER"); user != "" && w.Root {
		warn(RunsBySudo, user)
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

// contentsOf returns nothing for a file that cannot be read: the edit of that file reports it.
func contentsOf(path string) (c contents) {
	text, err := bounded.File(context.Background(), path, maxFile, bounded.Regular)
	if err == nil {
		_ = bounded.JSON(text, &c)
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
