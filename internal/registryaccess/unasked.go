package registryaccess

import (
	"context"
	"errors"
	"fmt"

	"github.com/kubectl-vsphere/kubectl-vsphere/internal/failure"
	"github.com/kubectl-vsphere/kubectl-vsphere/pkg/registry"
	"github.com/kubectl-vsphere/kubectl-vsphere/pkg/tokens"
	"github.com/kubectl-vsphere/kubectl-vsphere/pkg/trust"
)

// UnaskedCAError is the error for a registry whose certificate is from the CA that a person accepted for a Supervisor alone.
type UnaskedCAError struct {
	Host, Server string // the registry and the Supervisor
	CA           string // PEM
	*trust.UntrustedError
}

// Error names both servers.
func (e *UnaskedCAError) Error() string {
	return fmt.Sprintf("%s shows a certificate of the CA that you trust for %s alone", e.Host, e.Server)
}

// Unwrap returns the certificate that is not trusted.
func (e *UnaskedCAError) Unwrap() error { return e.UntrustedError }

// explainUnasked returns the error of a registry as an *UnaskedCAError if that is what it is for a session. Else it returns err.
func explainUnasked(err error, host string, s tokens.Session) error {
	ca := s.Trust.Pins[trust.ServerOf(s.Server)]
	var untrusted *trust.UntrustedError
	if !errors.As(err, &untrusted) || !untrusted.UnknownCA || !untrusted.SignedBy(ca) {
		return err
	}
	return failure.Hint(&UnaskedCAError{host, s.Server, ca, untrusted}, "To trust it for %s too, type: kubectl vsphere registry add %s", host, host)
}

// ExamineOrAsk is Examine, and asks a person whether the CA that counts for the Supervisor alone counts for the registry too.
func (a *Access) ExamineOrAsk(ctx context.Context, r registry.Record, s tokens.Session) (registry.Record, error) {
	answered, err := a.Examine(ctx, r, s)
	var unasked *UnaskedCAError
	if !errors.As(err, &unasked) {
		return answered, err
	}
	if r.CA, err = a.askCA(ctx, unasked, "it with --certificate-authority FILE"); err != nil {
		return answered, err
	}
	return a.Examine(ctx, r, s)
}

// askCA asks a person whether the CA that counts for the Supervisor alone counts for a registry too, and returns it (PEM). Without a
// terminal the error names flag, which answers the question.
func (a *Access) askCA(ctx context.Context, e *UnaskedCAError, flag string) (string, error) {
	text := failure.Describe(e.UntrustedError)
	if a.Env.Terminal == nil {
		return "", failure.Hint(e, "%sIf you trust it for %s too, give %s.", text, e.Host, flag)
	}
	a.Env.Tellf("%s:\n%sA registry that is proven to be your Supervisor's gets your token.", e.Error(), text)
	yes, err := a.Env.Confirm(ctx, fmt.Sprintf("Trust it for %s too?", e.Host))
	if err == nil && !yes {
		err = errNotTaken
	}
	return e.CA, err
}

// errNotTaken is the error after a No to a question about a CA.
var errNotTaken = errors.New("the CA is not used, and nothing was changed")
