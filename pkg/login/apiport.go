package login

import (
	"cmp"
	"context"
	"errors"
	"fmt"

	"github.com/kubectl-vsphere/kubectl-vsphere/pkg/supervisor"
	"github.com/kubectl-vsphere/kubectl-vsphere/pkg/trust"
	"github.com/kubectl-vsphere/kubectl-vsphere/pkg/wire"
)

// Asking is a question to the API server of a host, under way beside other requests: does it answer at its port?
type Asking struct {
	cancel context.CancelFunc
	done   chan struct{}
	err    error
}

// AskAPI asks the API server at a port of a host (supervisor.Client.Answers). If the port is the front's, there is no question. The caller
// must call Stop.
func AskAPI(ctx context.Context, w *wire.Client, host supervisor.Address, port int) *Asking {
	a := &Asking{done: make(chan struct{})}
	ctx, a.cancel = context.WithCancel(ctx)
	if port == host.FrontPort() {
		close(a.done)
		return a
	}
	go func() {
		defer close(a.done)
		a.err = (&supervisor.Client{Wire: w, Address: host}).Answers(ctx, port)
	}()
	return a
}

// Answer waits for the answer, at most two seconds from the question on.
func (a *Asking) Answer() error {
	<-a.done
	return a.err
}

// Stop ends the question.
func (a *Asking) Stop() {
	a.cancel()
	<-a.done
}

// PortError says why the front takes the place of the API server.
type PortError struct {
	Port int   // of the API server
	Err  error // what happened there
}

// Error is one line.
func (e *PortError) Error() string {
	var failed *wire.Error
	switch {
	case !errors.As(e.Err, &failed):
		return fmt.Sprintf("port %d: %v", e.Port, e.Err)
	case errors.Is(failed, wire.ErrUnreachable):
		return fmt.Sprintf("port %d does not answer: %s", e.Port, failed.Message)
	}
	return fmt.Sprintf("port %d: %s", e.Port, failed.Message)
}

// Unwrap returns what happened at the port.
func (e *PortError) Unwrap() error { return e.Err }

// Settle decides at which port the host's API server is used. given, if not 0, is the port that the user says: it is used also if nothing
// answers there. answer is that of the API server at its port. The front passes requests on to the API server, but stands before it with all clients: so it takes the place
// only where kubectl would reach no API server, or would not believe its certificate.
func (h *Host) Settle(given int, answer error) {
	var untrusted *trust.UntrustedError
	switch {
	case given != 0:
		h.APIPort = given
		if errors.Is(answer, wire.ErrUnreachable) {
			h.Silent = &PortError{Port: given, Err: answer}
		}
	case answer == nil:
	case errors.As(answer, &untrusted) && untrusted.UnknownCA && untrusted.VerifiedBy(string(h.APICA)):
		h.ByAPICA = true
	default:
		h.Instead = &PortError{Port: cmp.Or(h.APIPort, supervisor.APIPort), Err: answer}
		h.APIPort = h.Address.FrontPort()
	}
}

// apiServer is what a login finds out about the API server of a host.
type apiServer struct {
	untold bool    // the host did not tell its CA
	asked  *Asking // nil: not asked yet
}

// ask asks once.
func (a *apiServer) ask(ctx context.Context, r Request, h Host) {
	if a.asked == nil {
		a.asked = AskAPI(ctx, r.Wire, h.Address, cmp.Or(r.APIPort, h.APIPort))
	}
}

func (a *apiServer) answer() error {
	if a.asked == nil {
		return nil
	}
	return a.asked.Answer()
}

func (a *apiServer) stop() {
	if a.asked != nil {
		a.asked.Stop()
	}
}

// settleAPIs decides for each host that took the account. If its Supervisor does not tell the API server's CA, the API server shows its
// certificate, and one that is not trusted is an error of the host. kubectl reports other errors of the API server.
func (r Request) settleAPIs(ctx context.Context, hosts []Host, errs []error, apis []apiServer) {
	answers, strange := make([]error, len(hosts)), make([]error, len(hosts))
	for i := range hosts {
		if errs[i] != nil {
			continue
		}
		answers[i] = apis[i].answer()
		if r.Untrusted != nil && apis[i].untold && unknownCA(answers[i]) {
			strange[i] = answers[i]
		}
	}
	r.Untrusted.retry(ctx, strange, func(i int) {
		strange[i] = (&supervisor.Client{Wire: r.Wire, Address: hosts[i].Address}).Answers(ctx, cmp.Or(r.APIPort, hosts[i].APIPort))
		answers[i] = strange[i]
	})
	for i := range hosts {
		switch {
		case errs[i] != nil:
		case unknownCA(strange[i]):
			errs[i] = strange[i]
		default:
			hosts[i].Settle(r.APIPort, answers[i])
		}
	}
}

func unknownCA(err error) bool {
	var untrusted *trust.UntrustedError
	return errors.As(err, &untrusted) && untrusted.UnknownCA
}
