package failure

import (
	"context"
	"errors"

	"github.com/kubectl-vsphere/kubectl-vsphere/pkg/login/secret"
	"github.com/kubectl-vsphere/kubectl-vsphere/pkg/supervisor"
	"github.com/kubectl-vsphere/kubectl-vsphere/pkg/tokens"
	"github.com/kubectl-vsphere/kubectl-vsphere/pkg/trust"
	"github.com/kubectl-vsphere/kubectl-vsphere/pkg/vcenter"
	"github.com/kubectl-vsphere/kubectl-vsphere/pkg/wire"
)

// Exit codes. docs/reference.md documents them, and scripts depend on them.
const (
	OK          = 0
	Failed      = 1
	Usage       = 2
	Refused     = 3 // the identity was refused: 401, or 403 on /wcp
	Server      = 4 // unreachable, not trusted, not a Supervisor, 5xx or garbled
	Partial     = 5 // done in part
	Interrupted = 130
)

// Code returns the exit code for an error.
func Code(err error) int {
	var usage *UsageError
	var untrusted *trust.UntrustedError
	var failed *tokens.FailedError
	var status *StatusError
	switch {
	case err == nil:
		return OK
	case isAny(err, ErrInterrupted, secret.ErrCancelled, context.Canceled):
		return Interrupted
	case errors.As(err, &status):
		return status.Status
	case errors.As(err, &usage):
		return Usage
	case errors.Is(err, ErrPartial):
		return Partial
	case isAny(err, supervisor.ErrNotSupervisor, vcenter.ErrNotVCenter): // First: such a server may answer 401 or 403 to everybody.
		return Server
	case isAny(err, wire.ErrRefused, wire.ErrForbidden):
		return Refused
	case errors.As(err, &untrusted), errors.As(err, &failed), isAny(err, wire.ErrUnreachable, wire.ErrServer, wire.ErrNotFound):
		return Server
	}
	return Failed
}

func isAny(err error, targets ...error) bool {
	for _, t := range targets {
		if errors.Is(err, t) {
			return true
		}
	}
	return false
}
