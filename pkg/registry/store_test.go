package registry_test

import (
	"reflect"
	"sync"
	"testing"

	"github.com/kubectl-vsphere/kubectl-vsphere/pkg/registry"
)

func newStore(t *testing.T) registry.Store {
	t.Helper()
	return registry.Store{Dir: t.TempDir() + "/store"}
}

// No registry is another one's login, whatever it is called.
func TestNamesDoNotCollide(t *testing.T) {
	s := newStore(t)
	for _, host := range []string{"harbor", "harbor.login", "harbor:5000", "harbor.json"} {
		if err := s.SaveRecord(registry.Record{Host: host}); err != nil {
			t.Fatal(err)
		}
		if err := s.SaveLogin(registry.Login{Host: host, Username: host}); err != nil {
			t.Fatal(err)
		}
	}
	records, errs := s.Records()
	logins, more := s.Logins()
	if len(records) != 4 || len(logins) != 4 || len(errs)+len(more) > 0 {
		t.Errorf("%+v %+v %v %v", records, logins, errs, more)
	}
}

// ReplaceRecord does not undo a change that was made while a registry was asked.
func TestReplaceRecordYields(t *testing.T) {
	s := newStore(t)
	old := registry.Record{Host: "harbor", User: "dev", Username: "tokenreview$dev"}
	fresh := old
	fresh.Harbor = "v2.12.0"
	if err := s.ReplaceRecord(old, fresh); err != nil {
		t.Fatal(err)
	}
	if _, found, err := s.Record("harbor"); found || err != nil {
		t.Error("what was removed is there again")
	}
	if err := s.SaveRecord(old); err != nil {
		t.Fatal(err)
	}
	old, _, _ = s.Record("harbor")
	if err := s.UpdateRecord("harbor", func(r registry.Record) registry.Record { r.LoggedOut = true; return r }); err != nil {
		t.Fatal(err)
	}
	if err := s.ReplaceRecord(old, fresh); err != nil {
		t.Fatal(err)
	}
	if r, _, _ := s.Record("harbor"); !r.LoggedOut {
		t.Error("a logout is undone")
	}
	old, _, _ = s.Record("harbor")
	fresh.Version = old.Version
	if err := s.ReplaceRecord(old, fresh); err != nil {
		t.Fatal(err)
	}
	if r, _, _ := s.Record("harbor"); r.LoggedOut || r.Harbor != fresh.Harbor {
		t.Errorf("nothing else was done, and it is not replaced: %+v", r)
	}
}

// Changes of two settings at once are both kept.
func TestSettingsAreNotLost(t *testing.T) {
	s := newStore(t)
	var all sync.WaitGroup
	for range 20 {
		all.Go(func() { _ = s.UpdateSettings(func(set *registry.Settings) { set.Backing = "pass" }) })
		all.Go(func() { _ = s.UpdateSettings(func(set *registry.Settings) { set.Link = "/bin/x" }) })
	}
	all.Wait()
	if set, err := s.Settings(); err != nil || set.Backing != "pass" || set.Link != "/bin/x" {
		t.Errorf("%+v %v", set, err)
	}
}

// A Grant says what its Record says.
func TestGrantIsAPartOfItsRecord(t *testing.T) {
	s, r := newStore(t), registry.Record{Host: "h.lab", Server: "10.0.0.1", User: "dev@vsphere.local", Username: "dev", LoggedOut: true}
	if err := s.SaveRecord(r); err != nil {
		t.Fatal(err)
	}
	g, found, err := s.Grant(r.Host)
	if !found || err != nil {
		t.Fatal(found, err)
	}
	grant, record := reflect.ValueOf(g), reflect.ValueOf(r)
	for i := range grant.NumField() {
		name := grant.Type().Field(i).Name
		if name == "Version" {
			continue
		}
		if got, want := grant.Field(i).Interface(), record.FieldByName(name).Interface(); got != want || grant.Field(i).IsZero() {
			t.Errorf("%s: %v, not %v", name, got, want)
		}
	}
}
