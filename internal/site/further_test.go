package site_test

import (
	"context"
	"errors"
	"fmt"
	"strings"
	"testing"

	"github.com/kubectl-vsphere/kubectl-vsphere/internal/console"
	"github.com/kubectl-vsphere/kubectl-vsphere/internal/consoletest"
	"github.com/kubectl-vsphere/kubectl-vsphere/internal/failure"
	"github.com/kubectl-vsphere/kubectl-vsphere/internal/site"
	"github.com/kubectl-vsphere/kubectl-vsphere/pkg/login"
	"github.com/kubectl-vsphere/kubectl-vsphere/pkg/trust"
)

// A Supervisor names what it likes. A question shows that harmlessly, and names every server for which the answer counts: the others are
// not trusted.
func TestManyFurtherServers(t *testing.T) {
	w := consoletest.New(t)
	w.Supervisor("10.0.0.1")
	pinned := trust.Trust{Mode: trust.Pinned}.WithPin("10.0.0.1:443", w.CA.PEM)
	_, err := site.Contact{Env: w.Env(), Server: address}.Open(t.Context())
	var unknown *trust.UntrustedError
	if !errors.As(err, &unknown) {
		t.Fatal(err)
	}
	var all []login.UnknownServer
	for i := range 2000 {
		name := fmt.Sprintf("\x1b[2J\n%d%s:443", i, strings.Repeat("x", 1000))
		all = append(all, login.UnknownServer{Server: name, UntrustedError: unknown})
	}
	w.Person(consoletest.Answer{To: "Trust it for these 20 servers too?", Keys: "y"})
	said := w.Do(func(ctx context.Context, e *console.Env) {
		s, err := site.Contact{Env: e, Server: address, Last: pinned}.Open(ctx)
		if err != nil {
			t.Fatal(err)
		}
		defer s.Wire.HTTP.CloseIdleConnections()
		for i, err := range s.FurtherServers(e.NewProgress())(ctx, all) {
			if (err == nil) != (i < 20) || err != nil && !strings.Contains(failure.NextStep(err), "--ca-fingerprint "+trust.Trust{CA: w.CA.PEM}.Fingerprints()[0]) {
				t.Fatalf("%d: %v", i, err)
			}
		}
		if got := len(s.Trust().Pins); got != 21 {
			t.Errorf("%d servers are trusted", got)
		}
	}).Says(`  \x1b[2J 0xxx`, `  \x1b[2J 19xxx`).Omits("\x1b[2J", `2J 20xxx`)
	if len(said.Err) > 10_000 {
		t.Errorf("%d bytes", len(said.Err))
	}
}

// After Ctrl-C at a question nothing more is asked, and nothing is trusted.
func TestInterruptedQuestion(t *testing.T) {
	w := consoletest.New(t)
	w.Supervisor("10.0.0.1")
	other := consoletest.NewCA(t, "other")
	w.Serve("10.0.1.1:443", other, nil)
	_, err := site.Contact{Env: w.Env(), Server: address}.Open(t.Context())
	var known, unknown *trust.UntrustedError
	if !errors.As(err, &known) {
		t.Fatal(err)
	}
	far := address
	far.Host = "10.0.1.1"
	if _, err = (site.Contact{Env: w.Env(), Server: far}).Open(t.Context()); !errors.As(err, &unknown) {
		t.Fatal(err)
	}
	w.Person(consoletest.Answer{To: "Trust it for 10.0.1.2 too?", Keys: consoletest.Interrupt})
	w.Do(func(ctx context.Context, e *console.Env) {
		last := trust.Trust{Mode: trust.Pinned}.WithPin("10.0.0.1:443", w.CA.PEM)
		s, err := site.Contact{Env: e, Server: address, Last: last}.Open(ctx)
		if err != nil {
			t.Fatal(err)
		}
		defer s.Wire.HTTP.CloseIdleConnections()
		for _, err := range s.FurtherServers(e.NewProgress())(ctx, []login.UnknownServer{{Server: "10.0.1.2:443", UntrustedError: known}, {Server: "10.0.1.1:443", UntrustedError: unknown}}) {
			if err == nil {
				t.Error("it is trusted")
			}
		}
		if len(s.Trust().Pins) != 1 {
			t.Errorf("%v", s.Trust().Pins)
		}
	}).Omits("alone from now on")
}

// A Supervisor that names servers until somebody types y gets ten answers.
func TestQuestionsThatDoNotEnd(t *testing.T) {
	w := consoletest.New(t)
	w.Supervisor("10.0.0.1")
	w.Serve("10.0.1.1:443", consoletest.NewCA(t, "other"), nil)
	pinned := trust.Trust{Mode: trust.Pinned}.WithPin("10.0.0.1:443", w.CA.PEM)
	far := address
	far.Host = "10.0.1.1"
	_, err := site.Contact{Env: w.Env(), Server: far}.Open(t.Context())
	var unknown *trust.UntrustedError
	if !errors.As(err, &unknown) {
		t.Fatal(err)
	}
	var all []login.UnknownServer
	var no []consoletest.Answer
	for i := range 500 {
		all = append(all, login.UnknownServer{Server: fmt.Sprintf("10.0.2.%d:443", i), UntrustedError: unknown})
		if i < 10 {
			no = append(no, consoletest.Answer{To: fmt.Sprintf("Trust it for 10.0.2.%d alone", i), Keys: ""})
		}
	}
	w.Person(no...)
	w.Do(func(ctx context.Context, e *console.Env) {
		s, err := site.Contact{Env: e, Server: address, Last: pinned}.Open(ctx)
		if err != nil {
			t.Fatal(err)
		}
		defer s.Wire.HTTP.CloseIdleConnections()
		for i, err := range s.FurtherServers(e.NewProgress())(ctx, all) {
			if asked := !strings.Contains(failure.NextStep(err), "10 CAs at most"); err == nil || asked != (i < 10) {
				t.Fatalf("%d: %v", i, err)
			}
		}
		if got := len(s.Trust().Pins); got != 1 {
			t.Errorf("%d servers are trusted", got)
		}
	})
}
