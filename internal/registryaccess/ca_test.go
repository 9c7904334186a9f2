package registryaccess_test

import (
	"context"
	"crypto/x509"
	"encoding/pem"
	"errors"
	"net/http"
	"strings"
	"testing"

	"github.com/kubectl-vsphere/kubectl-vsphere/internal/consoletest"
	"github.com/kubectl-vsphere/kubectl-vsphere/internal/failure"
	"github.com/kubectl-vsphere/kubectl-vsphere/internal/registryaccess"
	"github.com/kubectl-vsphere/kubectl-vsphere/pkg/registry"
	"github.com/kubectl-vsphere/kubectl-vsphere/pkg/trust"
	"github.com/kubectl-vsphere/kubectl-vsphere/pkg/wire"
)

func (s *site) findCA(fingerprint string) (ca string, err error) {
	s.do(func(ctx context.Context, a *registryaccess.Access) {
		var text []byte
		text, err = a.FindCA(ctx, host, fingerprint)
		ca = string(text)
	})
	return ca, err
}

func fingerprint(t *testing.T, ca *consoletest.CA) string {
	t.Helper()
	block, _ := pem.Decode([]byte(ca.PEM))
	c, err := x509.ParseCertificate(block.Bytes)
	if err != nil {
		t.Fatal(err)
	}
	return trust.Fingerprint(c.Raw)
}

// foreign is a site whose registry has a CA of its own, which it tells.
func foreign(t *testing.T) (*site, *consoletest.CA) {
	s := newSite(t)
	ca := consoletest.NewCA(t, "harbor-ca")
	s.harbor.CA = ca.PEM
	s.Serve(host+":443", ca, s.harbor)
	return s, ca
}

func TestFindCAThatTheLoginTrusts(t *testing.T) {
	s := newSite(t)
	for name, handler := range map[string]http.Handler{"a Harbor": s.harbor, "another registry": http.NotFoundHandler()} {
		s.Serve(host+":443", s.CA, handler)
		if ca, err := s.findCA(""); err != nil || ca != s.CA.PEM {
			t.Errorf("%s: %v %q", name, err, ca)
		}
	}
}

// A CA that was accepted for the Supervisor alone is given out for a registry only if somebody says so.
func TestFindCAOfAFirstUse(t *testing.T) {
	s := newSite(t, accepted)
	sum := fingerprint(t, s.CA)
	_, err := s.findCA("")
	if !errors.As(err, new(*registryaccess.UnaskedCAError)) || !strings.Contains(failure.NextStep(err), "give --ca-fingerprint") || !strings.Contains(failure.NextStep(err), sum) {
		t.Errorf("nobody can be asked: %v; %s", err, failure.NextStep(err))
	}
	if ca, err := s.findCA(sum); err != nil || ca != s.CA.PEM {
		t.Errorf("by its fingerprint: %v %q", err, ca)
	}
	if _, err := s.findCA(fingerprint(t, consoletest.NewCA(t, "other"))); err == nil {
		t.Error("another fingerprint is taken")
	}
	for answer, want := range map[string]string{"y": s.CA.PEM, "n": ""} {
		s.Person(consoletest.Answer{To: "Trust it for " + host + " too? [y/N]", Keys: answer})
		ca, err := s.findCA("")
		if err == nil && ca != want || (err == nil) != (want != "") {
			t.Errorf("%q: %v %q", answer, err, ca)
		}
	}
}

func TestFindCAThatWasGiven(t *testing.T) {
	s, ca := foreign(t)
	if err := s.records().SaveRecord(registry.Record{Host: host, CA: ca.PEM}); err != nil {
		t.Fatal(err)
	}
	if got, err := s.findCA(""); err != nil || got != ca.PEM {
		t.Errorf("%v %q", err, got)
	}
}

// A CA that only the registry itself tells is nobody's word: a person or a fingerprint decides.
func TestFindCAThatTheRegistryTells(t *testing.T) {
	s, ca := foreign(t)
	sum := fingerprint(t, ca)
	_, err := s.findCA("")
	if err == nil || !strings.Contains(failure.NextStep(err), "--ca-fingerprint") || !strings.Contains(failure.NextStep(err), sum) {
		t.Errorf("nobody vouches for it: %v; %s", err, failure.NextStep(err))
	}
	if got, err := s.findCA(sum); err != nil || got != ca.PEM {
		t.Errorf("by its fingerprint: %v %q", err, got)
	}
	if _, err := s.findCA(fingerprint(t, s.CA)); err == nil || !strings.Contains(err.Error(), "--ca-fingerprint") || !strings.Contains(failure.NextStep(err), sum) {
		t.Errorf("another fingerprint: %v", err)
	}
	for answer, want := range map[string]string{"y": ca.PEM, "yes": ca.PEM, "n": "", "": ""} {
		s.Person(consoletest.Answer{To: "Take it? [y/N]", Keys: answer})
		got, err := s.findCA("")
		if err == nil && got != want || (err == nil) != (want != "") {
			t.Errorf("%q: %v %q", answer, err, got)
		}
	}
	if len(s.harbor.Secrets()) > 0 {
		t.Error("something was sent")
	}
}

func TestFindCAThatIsNone(t *testing.T) {
	s, ca := foreign(t)
	other := consoletest.NewCA(t, "other")
	for name, c := range map[string]struct {
		tells, fingerprint, want string
	}{
		"not that of its certificate":      {other.PEM, "", "did not sign its certificate"},
		"the same, and it was vouched for": {other.PEM, fingerprint(t, other), "did not sign its certificate"},
		"more than a person compares":      {strings.Repeat(ca.PEM, 6), "", "6 certificates"},
		"nothing":                          {"", "", "does not offer its CA"},
		"a page":                           {"<html>", "", "does not offer its CA"},
	} {
		s.harbor.CA = c.tells
		if _, err := s.findCA(c.fingerprint); err == nil || !strings.Contains(err.Error(), c.want) {
			t.Errorf("%s: %v", name, err)
		}
	}
}

// A certificate for another name is mended by no CA.
func TestFindCAOfAWrongName(t *testing.T) {
	s := newSite(t)
	s.Serve("harbor.lab:443", s.CA, s.harbor)
	s.Move("harbor.lab:443", host+":443")
	_, err := s.findCA("")
	var untrusted *trust.UntrustedError
	if !errors.As(err, &untrusted) || untrusted.UnknownCA || !strings.Contains(failure.NextStep(err), "A CA does not help") {
		t.Errorf("%v; %s", err, failure.NextStep(err))
	}
}

func TestFindCAOfNobody(t *testing.T) {
	s := newSite(t)
	s.Down(host + ":443")
	if _, err := s.findCA(""); !errors.Is(err, wire.ErrUnreachable) {
		t.Error(err)
	}
}
