package registrycmd

import (
	"fmt"

	"github.com/kubectl-vsphere/kubectl-vsphere/internal/failure"
	"github.com/kubectl-vsphere/kubectl-vsphere/pkg/registry/dockerconfig"
)

// warningText returns why registry clients may not ask the helper, and what to type.
func warningText(w dockerconfig.Warning) string {
	switch w.Code {
	case dockerconfig.HelperNotFound:
		return w.Detail + " is not on PATH, where docker looks for it; type: kubectl vsphere registry install-helper"
	case dockerconfig.LoginInFile:
		return fmt.Sprintf("%s also holds a login for %[2]s, in plain text; type: docker logout %[2]s, and then: %[3]s login %[2]s", w.File, w.Host, w.Detail)
	case dockerconfig.PodmanLogin:
		return fmt.Sprintf("%[1]s holds a login for %[2]s, which podman, skopeo and buildah use first; type: podman logout --authfile %[3]s %[2]s", w.File, w.Host, failure.Quote(w.File))
	case dockerconfig.HelperIsStore:
		return w.File + " names the helper as credsStore, for all registries; an entry in credHelpers for each is enough"
	case dockerconfig.StoreNotFound:
		return w.File + " names a credsStore that is not on PATH: clients that ask it about other registries fail"
	case dockerconfig.OtherAuthFile:
		return fmt.Sprintf("REGISTRY_AUTH_FILE is set: podman, skopeo and buildah read that file and not %s; type: kubectl vsphere registry configure --podman", w.File)
	case dockerconfig.AuthInVariable:
		return "DOCKER_AUTH_CONFIG is set: docker 28.3 and later uses the logins in it first"
	case dockerconfig.DockerIsSnap:
		return fmt.Sprintf("docker is a snap (%s): it cannot run helpers, and may not read %s", w.Detail, w.File)
	case dockerconfig.DockerIsRootless:
		return fmt.Sprintf("docker is rootless (%s), but this runs as root: %s is not the file of the engine's user", w.Detail, w.File)
	case dockerconfig.RunsBySudo:
		return fmt.Sprintf("this runs with sudo, so it uses %s; without sudo, clients of %s read another file", w.File, w.Detail)
	}
	return string(w.Code) // A test finds a code that is missing above.
}

// warningRemedy returns what helps where the text of a warning does not say what to type.
func warningRemedy(w dockerconfig.Warning) string {
	switch w.Code {
	case dockerconfig.HelperIsStore:
		return "Take credsStore out of the file."
	case dockerconfig.StoreNotFound:
		return "Install that helper, or take credsStore out of the file."
	case dockerconfig.AuthInVariable:
		return "Unset the variable, or make sure that it names no registry of yours."
	case dockerconfig.DockerIsSnap:
		return "Install docker from a package of your system instead."
	case dockerconfig.DockerIsRootless:
		return "Be the user of the engine, and not root."
	case dockerconfig.RunsBySudo:
		return "Call this without sudo."
	}
	return ""
}
