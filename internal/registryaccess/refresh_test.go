package registryaccess_test

import (
	"context"
	"errors"
	"strings"
	"testing"

	"github.com/kubectl-vsphere/kubectl-vsphere/internal/failure"
	"github.com/kubectl-vsphere/kubectl-vsphere/internal/registryaccess"
	"github.com/kubectl-vsphere/kubectl-vsphere/pkg/registry"
	"github.com/kubectl-vsphere/kubectl-vsphere/pkg/wire"
)

// refresh adds a record, brings it up to date and returns what is kept of it.
func (s *site) refresh(t *testing.T, old registry.Record, meanwhile func()) (registry.Record, error) {
	t.Helper()
	if err := s.records().SaveRecord(old); err != nil {
		t.Fatal(err)
	}
	old, _, _ = s.records().Record(host)
	if meanwhile != nil {
		meanwhile()
	}
	var failed error
	s.do(func(ctx context.Context, a *registryaccess.Access) { failed = a.Refresh(ctx, old, s.session) })
	now, _, err := s.records().Record(host)
	if err != nil {
		t.Fatal(err)
	}
	return now, failed
}

func TestRefresh(t *testing.T) {
	s, r := managed(t)
	r.LoggedOut = true
	if now, err := s.refresh(t, r, nil); err != nil || now.Username != asToken || now.LoggedOut || now.Checked.IsZero() {
		t.Errorf("%+v, %v", now, err)
	}
}

// A registry that is not proven any more gets no token from the helper either.
func TestRefreshTakesWhatIsNotProvenAnyMore(t *testing.T) {
	s, r := managed(t)
	s.harbor.Endpoint = "https://10.9.9.9/wcp/login"
	now, err := s.refresh(t, r, nil)
	var unproven *registryaccess.UnprovenError
	if !errors.As(err, &unproven) || now.TakesToken() || now.Reason != registry.ReasonEndpoint || now.Endpoint != "10.9.9.9" {
		t.Errorf("%+v, %v", now, err)
	}
}

// A registry that a login of an older version proved keeps the token, if the CA of the new login is for its Supervisor alone: it is to be
// added again.
func TestRefreshAfterAFirstUse(t *testing.T) {
	s, r := managed(t)
	accepted(&s.session)
	now, err := s.refresh(t, r, nil)
	if !errors.As(err, new(*registryaccess.UnaskedCAError)) || !strings.Contains(failure.NextStep(err), "registry add "+host) || !now.TakesToken() {
		t.Errorf("%+v, %v, %s", now, err, failure.NextStep(err))
	}
	r.CA = s.CA.PEM
	if now, err := s.refresh(t, r, nil); err != nil || !now.TakesToken() {
		t.Errorf("%+v, %v", now, err)
	}
}

// An outage takes nothing from it.
func TestRefreshOfNobody(t *testing.T) {
	s, r := managed(t)
	s.Down(host + ":443")
	r.LoggedOut = true
	if now, err := s.refresh(t, r, nil); !errors.Is(err, wire.ErrUnreachable) || now.Username != asToken || now.LoggedOut {
		t.Errorf("%+v, %v", now, err)
	}
}

// A reason is told when it is news, and not at every login.
func TestRefreshTellsNews(t *testing.T) {
	s, r := managed(t)
	s.harbor.Logins = nil
	now, err := s.refresh(t, r, nil)
	var known *registryaccess.UnprovenError
	if !errors.As(err, &known) || known.Reason != registry.ReasonRefused || now.Reason != registry.ReasonRefused {
		t.Errorf("%+v, %v", now, err)
	}
	if _, err := s.refresh(t, now, nil); err != nil {
		t.Errorf("told again: %v", err)
	}
}

// What somebody did meanwhile counts.
func TestRefreshMeanwhile(t *testing.T) {
	s, r := managed(t)
	changed := r
	changed.LoggedOut = true
	now, err := s.refresh(t, r, func() {
		if err := s.records().SaveRecord(changed); err != nil {
			t.Fatal(err)
		}
	})
	if err != nil || !now.LoggedOut {
		t.Errorf("%+v, %v", now, err)
	}
}
