package credfile

import (
	"errors"
	"strings"
)

// HomeVariable names the environment variable that moves the store.
const HomeVariable = "KUBECTL_VSPHERE_HOME"

// Credentials is the directory of credential files below the store's.
const Credentials = "credentials"

const program = "kubectl-vsphere"

// Dir is the store's directory: $KUBECTL_VSPHERE_HOME, else the place for state of the operating system goos. A
// relative path is not taken: kubectl is run from everywhere, and each directory would have a store of its own.
func Dir(getenv func(string) string, goos string) (string, error) {
	if dir := getenv(HomeVariable); dir != "" {
		if !absolute(dir, goos) {
			return "", errors.New(HomeVariable + " is not an absolute path: " + dir)
		}
		return dir, nil
	}
	switch goos {
	case "windows":
		return below(getenv, goos, "LocalAppData", program)
	case "darwin":
		return below(getenv, goos, "HOME", "Library/Application Support/"+program)
	}
	// The XDG Base Directory Specification tells to ignore a relative path.
	if state := getenv("XDG_STATE_HOME"); absolute(state, goos) {
		return below(getenv, goos, "XDG_STATE_HOME", program)
	}
	return below(getenv, goos, "HOME", ".local/state/"+program)
}

// below is a path below the directory that a variable names.
func below(getenv func(string) string, goos, variable, path string) (string, error) {
	dir := getenv(variable)
	if !absolute(dir, goos) {
		return "", errors.New("there is no place for credentials: neither " + HomeVariable + " nor " + variable + " is set to an absolute path")
	}
	if goos == "windows" {
		return strings.TrimRight(dir, `\/`) + `\` + path, nil
	}
	return strings.TrimRight(dir, "/") + "/" + path, nil
}

// absolute is filepath.IsAbs for any operating system, so that the rules of each are tested on all.
func absolute(path, goos string) bool {
	if goos != "windows" {
		return strings.HasPrefix(path, "/")
	}
	drive := len(path) > 2 && path[1] == ':' && (path[2] == '\\' || path[2] == '/')
	return drive || strings.HasPrefix(path, `\\`)
}
