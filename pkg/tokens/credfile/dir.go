package credfile

import (
	"errors"
	"strings"
)

// HomeVariable is the environment variable with the directory of the store.
const HomeVariable = "KUBECTL_VSPHERE_HOME"

// Credentials is the name of the store's subdirectory of credential files.
const Credentials = "credentials"

const program = "kubectl-vsphere"

// Dir returns the store's directory: $KUBECTL_VSPHERE_HOME, else the directory for state on the operating system goos. A relative
// $KUBECTL_VSPHERE_HOME is an error: kubectl runs in any directory, and each would have its own store.
func Dir(getenv func(string) string, goos string) (string, error) {
	if dir := getenv(HomeVariable); dir != "" {
		if !absolute(dir, goos) {
			return "", errors.New(HomeVariable + " is not an absolute path") // It may be a token that was pasted there.
		}
		return dir, nil
	}
	switch goos {
	case "windows":
		return below(getenv, goos, "LocalAppData", program)
	case "darwin":
		return below(getenv, goos, "HOME", "Library/Application Support/"+program)
	}
	// The XDG Base Directory Specification says to ignore a relative path.
	if state := getenv("XDG_STATE_HOME"); absolute(state, goos) {
		return below(getenv, goos, "XDG_STATE_HOME", program)
	}
	return below(getenv, goos, "HOME", ".local/state/"+program)
}

// HomelessError means that there is no place for a store: neither HomeVariable nor Variable is set to an absolute path.
type HomelessError struct{ Variable string }

// Error names both variables.
func (e *HomelessError) Error() string {
	return "there is no place for credentials: neither " + HomeVariable + " nor " + e.Variable + " is set to an absolute path"
}

// below returns a path below the directory that an environment variable names.
func below(getenv func(string) string, goos, variable, path string) (string, error) {
	dir := getenv(variable)
	if !absolute(dir, goos) {
		return "", &HomelessError{variable}
	}
	if goos == "windows" {
		return strings.TrimRight(dir, `\/`) + `\` + path, nil
	}
	return strings.TrimRight(dir, "/") + "/" + path, nil
}

// absolute is filepath.IsAbs for any operating system, so that tests on one system cover all.
func absolute(path, goos string) bool {
	if goos != "windows" {
		return strings.HasPrefix(path, "/")
	}
	drive := len(path) > 2 && path[1] == ':' && (path[2] == '\\' || path[2] == '/')
	return drive || strings.HasPrefix(path, `\\`)
}
