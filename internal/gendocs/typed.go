package main

import (
	"net/http"
	"strings"

	"github.com/kubectl-vsphere/kubectl-vsphere/internal/failure"
	"github.com/kubectl-vsphere/kubectl-vsphere/pkg/login"
	"github.com/kubectl-vsphere/kubectl-vsphere/pkg/login/secret"
	"github.com/kubectl-vsphere/kubectl-vsphere/pkg/supervisor"
	"github.com/kubectl-vsphere/kubectl-vsphere/pkg/tkg"
	"github.com/kubectl-vsphere/kubectl-vsphere/pkg/tokens"
	"github.com/kubectl-vsphere/kubectl-vsphere/pkg/wire"
)

// typed lists the errors of pkg that get their next step by what they are, not where they happen, and how a login words a refusal.
func typed() []message {
	errs := []error{
		supervisor.ErrUserInAddress,
		login.ErrNoEndpoint,
		supervisor.ErrNoEndpoint,
		login.ErrTooMany,
		&login.AmbiguousError{Name: "…", In: []string{"…", "…"}},
		&tkg.ReaddressedError{Advertised: "…", Own: "…"},
		&tokens.NameTakenError{Name: "NAME", Server: "…"},
		&tokens.NameTakenError{Name: "…", Host: true},
		failure.Password{User: "USER"}.Explain(wire.ErrRefused),
		failure.Password{User: "USER@vsphere.local", MayWait: true}.Explain(wire.ErrRefused),
		failure.Password{}.Explain(&wire.Error{Method: "GET", URL: "https://…/wcp/workloads", Status: http.StatusBadGateway, Message: "HTTP 502", Kind: wire.ErrServer}),
	}
	var all []message
	for _, err := range errs {
		all = append(all, message{err.Error(), strings.Join(strings.Fields(failure.NextStep(err)), " ")})
	}
	paused := &secret.PausedError{}
	text, _, _ := strings.Cut(paused.Error(), " until ")
	return append(all, message{text + " until …, since it gave no clear answer to the password", failure.NextStep(paused)})
}
