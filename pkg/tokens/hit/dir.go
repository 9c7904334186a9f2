package hit

import (
	"errors"
	"path/filepath"
)

// HomeVariable names the environment variable that moves the store.
const HomeVariable = "KUBECTL_VSPHERE_HOME"

// Credentials is the directory of credential files below the store's.
const Credentials = "credentials"

// Dir is the store's directory: $KUBECTL_VSPHERE_HOME, else the place for state of the operating system.
func Dir(getenv func(string) string, goos string) (string, error) {
	if dir := getenv(HomeVariable); dir != "" {
		return filepath.Abs(dir)
	}
	const name = "kubectl-vsphere"
	switch goos {
	case "windows":
		if dir := getenv("LocalAppData"); dir != "" {
			return filepath.Join(dir, name), nil
		}
		return "", errors.New("neither " + HomeVariable + " nor LocalAppData is set")
	case "darwin":
		if home := getenv("HOME"); home != "" {
			return filepath.Join(home, "Library", "Application Support", name), nil
		}
	default:
		// The XDG Base Directory Specification tells to ignore a relative path.
		if dir := getenv("XDG_STATE_HOME"); filepath.IsAbs(dir) {
			return filepath.Join(dir, name), nil
		}
		if home := getenv("HOME"); home != "" {
			return filepath.Join(home, ".local", "state", name), nil
		}
	}
	return "", errors.New("neither " + HomeVariable + " nor HOME is set")
}
