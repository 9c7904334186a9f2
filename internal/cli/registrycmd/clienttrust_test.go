package registrycmd_test

import (
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/kubectl-vsphere/kubectl-vsphere/internal/consoletest"
	"github.com/kubectl-vsphere/kubectl-vsphere/internal/failure"
)

// clients are the clients on PATH, and where files with the CA are.
type clients struct {
	path   string
	docker string   // DOCKER_HOST
	ca     string   // below it, the CA is
	other  string   // below it, another CA is
	root   []string // the warnings for root
	user   []string // and for another user
}

// Each client is judged by the places where it looks for CAs. One remedy is said once.
func TestClientsThatDoNotKnowTheCA(t *testing.T) {
	const (
		system, rootless = "unix:///var/run/docker.sock", "unix:///run/user/1000/docker.sock"
		command          = "type: kubectl vsphere registry ca " + host
		install          = command + " --install"
		sudo             = command + " | sudo install -D -m 644 /dev/stdin DIR/root/etc/docker/certs.d/10.0.0.5/ca.crt"
		of               = "the CA of " + host
		roots            = " " + of + ": they have the system's roots only; " + command + " > ca.crt, and then: export SSL_CERT_FILE=$PWD/ca.crt"
	)
	one := func(warning string) []string { return []string{warning} }
	for name, tc := range map[string]clients{
		"none":             {root: one(of + " is in no place that registry clients read; " + install), user: one(of + " is in no place that registry clients read; " + install)},
		"none, and a CA":   {ca: "root/etc/containers/certs.d"},
		"none, and a CA 2": {ca: ".docker/certs.d"},
		"all of them": {
			path: "docker podman skopeo buildah nerdctl crane oras helm regctl", docker: system,
			root: []string{"docker, podman, skopeo, buildah and nerdctl do not know " + of + "; " + install, "crane, oras, helm and regctl do not know" + roots},
			user: []string{"docker, podman, skopeo and buildah do not know " + of + "; " + sudo, "nerdctl does not know " + of + "; " + install, "crane, oras, helm and regctl do not know" + roots},
		},
		"the system's docker and its CA": {path: "docker podman skopeo", docker: system, ca: "root/etc/docker/certs.d"},
		"the system's docker, CA of podman": {
			path: "docker podman", docker: system, ca: ".config/containers/certs.d",
			root: one("docker does not know " + of + "; " + install), user: one("docker does not know " + of + "; " + sudo),
		},
		"podman, CA of podman": {path: "podman skopeo", ca: "root/etc/containers/certs.d"},
		"podman, another CA comes first": {
			path: "docker podman", docker: system, ca: "root/etc/docker/certs.d", other: ".config/containers/certs.d",
			root: one("podman does not know " + of + "; " + command + " --certs-dir DIR/.config/containers/certs.d"), user: one("podman does not know " + of + "; " + install),
		},
		"podman, another CA comes later": {path: "podman", ca: ".config/containers/certs.d", other: "root/etc/docker/certs.d"},
		"rootless docker": {
			path: "docker podman", docker: rootless,
			root: []string{"docker does not know " + of + "; " + command + " --certs-dir DIR/.config/docker/certs.d", "podman does not know " + of + "; " + install},
			user: one("docker and podman do not know " + of + "; " + install),
		},
		"rootless docker, CA of the system": {
			path: "docker podman", docker: rootless, ca: "root/etc/docker/certs.d",
			root: one("docker does not know " + of + "; " + command + " --certs-dir DIR/.config/docker/certs.d"), user: one("docker does not know " + of + "; " + install),
		},
		"rootless docker and its CA": {
			path: "docker podman", docker: rootless, ca: ".config/docker/certs.d",
			root: one("podman does not know " + of + "; " + install), user: one("podman does not know " + of + "; " + install),
		},
		"docker of an unknown kind": {path: "docker", ca: ".docker/certs.d"},
		"helm": {
			path: "helm", ca: "root/etc/docker/certs.d",
			root: one("helm does not know" + strings.Replace(roots, "they have", "it has", 1)), user: one("helm does not know" + strings.Replace(roots, "they have", "it has", 1)),
		},
	} {
		t.Run(name, func(t *testing.T) {
			want := tc.user
			if os.Geteuid() == 0 {
				want = tc.root
			}
			r := added(t)
			tc.set(t, r)
			for i := range want {
				want[i] = strings.ReplaceAll(want[i], "DIR", r.Dir)
			}
			_, got := r.infos(t, failure.OK, "registry", "status")
			got = slices.DeleteFunc(got, func(warning string) bool { return !strings.Contains(warning, of) })
			if diff := cmp.Diff(want, got); diff != "" {
				t.Errorf("status: %s", diff)
			}
			added := r.Run("registry", "add", host).Exits(failure.OK).Says(want...)
			if n := strings.Count(added.Err, of); n != len(want) {
				t.Errorf("add: %s", added.Err)
			}
		})
	}
}

// set puts the clients and the files there.
func (c clients) set(t *testing.T, r *rig) {
	t.Helper()
	for _, program := range strings.Fields(c.path) {
		r.Programs[program] = r.WriteFile("bin/"+program, "#!/bin/sh\n", 0o755)
	}
	r.Vars["DOCKER_HOST"] = c.docker
	if c.ca != "" {
		r.WriteFile(filepath.Join(c.ca, host, "ours.crt"), r.CA.PEM, 0o644)
	}
	if c.other != "" {
		r.WriteFile(filepath.Join(c.other, host, "ca.crt"), consoletest.NewCA(t, "another").PEM, 0o644)
	}
}

// What is typed helps: the warning goes. A list asks nobody, and a registry that does not answer gets no warning.
func TestTheCAIsInstalled(t *testing.T) {
	const step = "kubectl vsphere registry ca " + host + " --install"
	r := added(t)
	r.Run("registry", "list").Exits(failure.OK).Omits(step)
	r.Run("registry", "status").Exits(failure.OK).Says("warning: ", step)
	r.Run("registry", "ca", host, "--install").Exits(failure.OK)
	r.Run("registry", "status").Exits(failure.OK).Omits(step)
	r.Down(host + ":443")
	r.Run("registry", "status").Omits(step)
}
