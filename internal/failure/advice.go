package failure

import (
	"errors"
	"fmt"
	"path/filepath"
	"slices"

	"github.com/kubectl-vsphere/kubectl-vsphere/pkg/disk"
	"github.com/kubectl-vsphere/kubectl-vsphere/pkg/login"
	"github.com/kubectl-vsphere/kubectl-vsphere/pkg/login/secret"
	"github.com/kubectl-vsphere/kubectl-vsphere/pkg/supervisor"
	"github.com/kubectl-vsphere/kubectl-vsphere/pkg/syserr"
	"github.com/kubectl-vsphere/kubectl-vsphere/pkg/tkg"
	"github.com/kubectl-vsphere/kubectl-vsphere/pkg/tokens"
	"github.com/kubectl-vsphere/kubectl-vsphere/pkg/tokens/credfile"
	"github.com/kubectl-vsphere/kubectl-vsphere/pkg/trust"
)

// advice returns the next step after an error of pkg, or "". Errors of pkg name no flag and no command.
func advice(err error) string {
	var ambiguous *login.AmbiguousError
	var untrusted *trust.UntrustedError
	var full *tokens.WriteError
	var site *tokens.SiteError
	var paused *secret.PausedError
	var readdressed *tkg.ReaddressedError
	var name *tokens.NameTakenError
	switch {
	case errors.Is(err, supervisor.ErrUserInAddress):
		return "Give the user name with -u."
	case errors.As(err, &ambiguous):
		return "Say which namespace with --tanzu-kubernetes-cluster-namespace."
	case errors.Is(err, login.ErrNoEndpoint), errors.Is(err, supervisor.ErrNoEndpoint):
		return "If the cluster is being created, log in again later, or use --wait."
	case errors.As(err, &readdressed):
		return Readdressed
	case errors.As(err, &untrusted):
		return Untrusted(untrusted)
	case errors.As(err, &site):
		return brokenSite(site)
	case errors.As(err, &name) && name.Host:
		return "Choose another name."
	case errors.As(err, &name):
		return "To give that one another name, type: kubectl vsphere sites rename " + name.Name + " NEW-NAME"
	case errors.Is(err, login.ErrTooMany):
		return tooMany
	case errors.As(err, &paused):
		return "A login at a terminal sends the password to every host."
	case errors.As(err, &full):
		return unwritten(full.Dir, full)
	}
	return ""
}

// Readdressed is the next step after a *tkg.ReaddressedError.
const Readdressed = "Delete the cluster, and create it with a name that was not used before."

// Advices returns the next steps after the failed parts of a login, each once. It leaves out the general one about untrusted
// certificates: the login has asked about them or described them already.
func Advices(failures []login.Failure) (all []string) {
	for _, f := range failures {
		step := ""
		var h *hinted
		var untrusted *trust.UntrustedError
		switch {
		case errors.As(f.Err, &h):
			step = h.hint
		case !errors.As(f.Err, &untrusted):
			step = advice(f.Err)
		}
		if step != "" && !slices.Contains(all, step) {
			all = append(all, step)
		}
	}
	return all
}

// brokenSite returns the next step if nobody knows any more how a server is verified. One for a file's mode names its own.
func brokenSite(e *tokens.SiteError) string {
	var mode *credfile.PermissionError
	if errors.As(e, &mode) {
		return ""
	}
	return "To forget it, so that the next login asks as at first use, type: " + ForgetCommand(e.Server)
}

// unwritten returns the next step when the store at dir cannot be written.
func unwritten(dir string, err error) string {
	if syserr.Full.Is(err) {
		return fmt.Sprintf("There is no room in %s: free some space, or set %s to another directory.", dir, credfile.HomeVariable)
	}
	if why := disk.Unwritable(filepath.Join(dir, "file"), err); why != "" {
		return fmt.Sprintf("Set %s to another directory: %s.", credfile.HomeVariable, why)
	}
	return fmt.Sprintf("Make %s writable, or set %s to another directory.", dir, credfile.HomeVariable)
}
