package tokens_test

import (
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"runtime"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/kubectl-vsphere/kubectl-vsphere/pkg/tokens"
	"github.com/kubectl-vsphere/kubectl-vsphere/pkg/tokens/credfile"
	"github.com/kubectl-vsphere/kubectl-vsphere/pkg/trust"
)

// site is what a login at 10.0.0.1 left.
func site() tokens.Site {
	return tokens.Site{
		Version: credfile.Version, Server: "10.0.0.1", Trust: trust.Trust{Mode: trust.Pinned, Pins: map[string]string{"10.0.0.1:443": "pem"}},
		Hosts: []string{"10.0.0.1", "10.0.0.2"}, Aliases: map[string]string{"10.0.0.1": "192.168.0.1"}, Issuer: "https://idp/x",
		APIPorts: map[string]tokens.APIPort{"10.0.0.2": {Port: 443, Reason: "x", Since: now}},
	}
}

// saveSite replaces a site.
func saveSite(t *testing.T, s *tokens.Store, site tokens.Site) {
	t.Helper()
	_, err := s.UpdateSite(t.Context(), tokens.Site{Server: site.Server}, func(old *tokens.Site) { *old = site })
	if err != nil {
		t.Fatal(err)
	}
}

// A site outlives every session, and two addresses are two sites.
func TestSiteOutlivesSessions(t *testing.T) {
	s := newStore(t)
	if got, found, err := s.Site("10.0.0.1"); found || err != nil || got.Known() || got.Server != "10.0.0.1" {
		t.Errorf("%+v %v %v", got, found, err)
	}
	if _, err := os.Stat(s.Dir()); err == nil {
		t.Error("a look made the store")
	}
	saveSession(t, s, session())
	saveSite(t, s, site())
	other := site()
	other.Server = "[fd00::1]:8443"
	saveSite(t, s, other)
	if err := errors.Join(s.DeleteSession(tokens.SessionID("10.0.0.1", "ada@vsphere.local")), s.Clear()); err != nil {
		t.Fatal(err)
	}
	for _, want := range []tokens.Site{site(), other} {
		got, found, err := s.Site(want.Server)
		if diff := cmp.Diff(want, got); diff != "" || !found || err != nil {
			t.Errorf("%v %v %s", found, err, diff)
		}
	}
	if diff := cmp.Diff([]string{"10.0.0.1", "[fd00::1]:8443"}, s.SiteServers()); diff != "" {
		t.Error(diff)
	}
	for _, want := range []bool{true, false} {
		if found, err := s.ForgetSite(t.Context(), "10.0.0.1"); found != want || err != nil {
			t.Errorf("%v %v", found, err)
		}
	}
	if _, found, _ := s.Site("10.0.0.1"); found {
		t.Error("it is not forgotten")
	}
	if _, found, _ := s.Site(other.Server); !found {
		t.Error("another one is forgotten")
	}
}

// Nothing may begin with a server that was not verified, whoever writes so.
func TestNoSiteWithoutVerification(t *testing.T) {
	s := newStore(t)
	saveSite(t, s, site())
	if _, err := s.UpdateSite(t.Context(), tokens.Site{Server: "10.0.0.1"}, func(s *tokens.Site) { s.Trust = trust.Trust{Mode: trust.Insecure} }); err == nil {
		t.Error("it was written")
	}
	if got, _, err := s.Site("10.0.0.1"); err != nil || got.Trust.Mode != trust.Pinned {
		t.Errorf("%+v %v", got, err)
	}
	overwrite(t, s.SitePath("10.0.0.1"), `{"version":1,"server":"10.0.0.1","trust":{"mode":"insecure"}}`)
	if got, found, err := s.Site("10.0.0.1"); err == nil || found || got.Known() {
		t.Errorf("%+v %v %v", got, found, err)
	}
}

// A site that cannot be read is an error that names the file: without it, another CA would look like a first use. Nothing replaces it.
func TestSiteThatCannotBeRead(t *testing.T) {
	for name, text := range map[string]string{
		"garbage": "garbage", "empty": "", "of another version": `{"version":2,"trust":[]}`, "of another server": `{"version":1,"server":"10.0.0.9"}`,
	} {
		s := newStore(t)
		saveSite(t, s, site())
		overwrite(t, s.SitePath("10.0.0.1"), text)
		_, found, err := s.Site("10.0.0.1")
		var bad *tokens.SiteError
		if found || !errors.As(err, &bad) || !strings.Contains(err.Error(), s.SitePath("10.0.0.1")) || strings.Contains(err.Error(), "anew") {
			t.Errorf("%s: %v", name, err)
		}
		if _, err := s.UpdateSite(t.Context(), tokens.Site{Server: "10.0.0.1"}, func(s *tokens.Site) { s.Issuer = "x" }); !errors.As(err, &bad) {
			t.Errorf("%s: %v", name, err)
		}
		if got, _ := os.ReadFile(s.SitePath("10.0.0.1")); string(got) != text {
			t.Errorf("%s: it became %q", name, got)
		}
	}
}

// The rules for files are those of sessions.
func TestSiteIsForTheUserAlone(t *testing.T) {
	if runtime.GOOS == "windows" {
		t.Skip("Windows has no modes")
	}
	s := newStore(t)
	saveSite(t, s, site())
	path := s.SitePath("10.0.0.1")
	for file, want := range map[string]os.FileMode{path: 0o600, filepath.Dir(path): 0o700} {
		if info, err := os.Stat(file); err != nil || info.Mode().Perm() != want {
			t.Errorf("%s: %v %v", file, info, err)
		}
	}
	for file, mode := range map[string]os.FileMode{path: 0o644, filepath.Dir(path): 0o770} {
		old, _ := os.Stat(file)
		if err := os.Chmod(file, mode); err != nil {
			t.Fatal(err)
		}
		var open *credfile.PermissionError
		if _, _, err := s.Site("10.0.0.1"); !errors.As(err, &open) {
			t.Errorf("%s: %v", file, err)
		}
		if err := os.Chmod(file, old.Mode()); err != nil {
			t.Fatal(err)
		}
	}
}

// Two logins at one Supervisor at the same time: what each adds stays.
func TestUpdateSiteAtTheSameTime(t *testing.T) {
	s := newStore(t)
	var all sync.WaitGroup
	for i := range 20 {
		all.Go(func() {
			_, err := s.UpdateSite(t.Context(), tokens.Site{Server: "10.0.0.1"}, func(s *tokens.Site) {
				s.Trust = s.Trust.WithPin(fmt.Sprintf("10.0.1.%d:443", i), "pem")
			})
			if err != nil {
				t.Error(err)
			}
		})
	}
	all.Wait()
	if got, _, err := s.Site("10.0.0.1"); err != nil || len(got.Trust.Pins) != 20 {
		t.Errorf("%d pins, %v", len(got.Trust.Pins), err)
	}
}

// What did not change is not written: each login asks.
func TestUpdateSiteWritesChangesAlone(t *testing.T) {
	s := newStore(t)
	saveSite(t, s, site())
	before, err := os.Stat(s.SitePath("10.0.0.1"))
	if err != nil {
		t.Fatal(err)
	}
	_, err = s.UpdateSite(t.Context(), tokens.Site{Server: "10.0.0.1"}, func(s *tokens.Site) {
		same := site()
		same.Trust.Pins = map[string]string{"10.0.0.1:443": "pem"}
		*s = same
	})
	if err != nil {
		t.Fatal(err)
	}
	if after, err := os.Stat(s.SitePath("10.0.0.1")); err != nil || !os.SameFile(before, after) {
		t.Errorf("it was written anew: %v", err)
	}
}

// A vCenter is no Supervisor: they are kept apart, also at one address.
func TestVCentersStandApart(t *testing.T) {
	s := newStore(t)
	pin := func(k *tokens.Site) { k.Trust = trust.Trust{Mode: trust.Pinned, CA: "a"} }
	if _, err := s.UpdateVCenter(t.Context(), "vc.lab:8443", pin); err != nil {
		t.Fatal(err)
	}
	if _, found, err := s.Site("vc.lab:8443"); found || err != nil || len(s.SiteServers()) > 0 {
		t.Errorf("%t %v %q", found, err, s.SiteServers())
	}
	if k, found, err := s.VCenter("vc.lab:8443"); !found || err != nil || k.Trust.CA != "a" || !slices.Equal(s.VCenters(), []string{"vc.lab:8443"}) {
		t.Errorf("%+v %t %v %q", k, found, err, s.VCenters())
	}
	insecure := func(k *tokens.Site) { k.Trust.Mode = trust.Insecure }
	if _, err := s.UpdateVCenter(t.Context(), "vc.lab:8443", insecure); err == nil {
		t.Error("a vCenter that is not verified is remembered")
	}
	for _, want := range []bool{true, false} {
		if found, err := s.ForgetVCenter(t.Context(), "vc.lab:8443"); found != want || err != nil {
			t.Errorf("%t %v", found, err)
		}
	}
}

// A site that is forgotten while it is changed stays forgotten: it would come back with the CA that was to go.
func TestForgetASiteThatIsChanged(t *testing.T) {
	s := newStore(t)
	if _, err := s.UpdateSite(t.Context(), tokens.Site{Server: "10.0.0.1"}, func(k *tokens.Site) { k.Name = "prod" }); err != nil {
		t.Fatal(err)
	}
	forgotten := make(chan error, 1)
	_, err := s.UpdateSite(t.Context(), tokens.Site{Server: "10.0.0.1"}, func(k *tokens.Site) {
		k.Name = "test"
		go func() {
			_, err := s.ForgetSite(t.Context(), "10.0.0.1")
			forgotten <- err
		}()
		select {
		case err := <-forgotten: // It did not wait.
			forgotten <- err
		case <-time.After(100 * time.Millisecond):
		}
	})
	if err = errors.Join(err, <-forgotten); err != nil {
		t.Error(err)
	}
	if site, found, err := s.Site("10.0.0.1"); found || err != nil {
		t.Errorf("%+v %v", site, err)
	}
}
