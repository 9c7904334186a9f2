package tokens_test

import (
	"errors"
	"fmt"
	"strings"
	"sync"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/kubectl-vsphere/kubectl-vsphere/pkg/address"
	"github.com/kubectl-vsphere/kubectl-vsphere/pkg/tokens"
	"github.com/kubectl-vsphere/kubectl-vsphere/pkg/trust"
)

func TestParseSiteName(t *testing.T) {
	for typed, want := range map[string]string{"prod": "prod", "Prod-2": "prod-2", "a": "a", strings.Repeat("a", 63): strings.Repeat("a", 63), "x0a": "x0a"} {
		if got, err := tokens.ParseSiteName(typed); got != want || err != nil {
			t.Errorf("%q is %q, %v", typed, got, err)
		}
	}
	// What looks like an address, what a shell or a flag takes for something else, and what looks like another name.
	for _, typed := range []string{
		"", "10.0.0.1", "10", "0x0a000001", "fd00::1", "a.b", "a:443", "https://a", "localhost", "LOCALHOST", "-a", "a-", "a_b", "a b", " a", "a\n", "a/b", "a@b", "*",
		strings.Repeat("a", 64), "pr\u043ed", "\u212aube", "a\u202e", "a\x1b", "ä",
	} {
		if got, err := tokens.ParseSiteName(typed); got != "" || err == nil || strings.ContainsAny(err.Error(), "\x1b\u202e\n") {
			t.Errorf("%q is %q, %v", typed, got, err)
		}
	}
}

// A name is for one server, in any case, and never one by which a server is reached.
func TestNameSite(t *testing.T) {
	s := newStore(t)
	saveSite(t, s, site())
	saveSession(t, s, session()) // At 10.0.0.1.
	short := session()
	short.Server = "sup:8443"
	saveSession(t, s, short)
	name := func(server, name string) error {
		_, err := s.NameSite(t.Context(), tokens.Site{Server: server}, name)
		return err
	}
	if err := errors.Join(name("10.0.0.1", "prod"), name("10.0.0.1", "prod"), name("10.0.0.2", "lab"), name("sup:8443", "sup")); err != nil {
		t.Fatal(err)
	}
	want := site()
	want.Name = "prod"
	for _, word := range []string{"prod", "PROD"} {
		if got, found, err := s.SiteCalled(word); !cmp.Equal(want, got) || !found || err != nil {
			t.Errorf("%+v %v %v", got, found, err)
		}
	}
	if got, _, _ := s.SiteCalled("lab"); got.Known() || got.Server != "10.0.0.2" {
		t.Errorf("a name says more than where a server is: %+v", got)
	}
	for _, word := range []string{"10.0.0.1", "", "pro", "prod."} {
		if got, found, err := s.SiteCalled(word); found || err != nil {
			t.Errorf("%q is %+v, %v", word, got, err)
		}
	}
	var taken *tokens.NameTakenError
	if err := name("10.0.0.2", "prod"); !errors.As(err, &taken) || taken.Server != "10.0.0.1" || taken.Host {
		t.Errorf("%v", err)
	}
	if err := errors.Join(name("sup:8443", "other")); err != nil {
		t.Fatal(err)
	}
	if err := name("10.0.0.2", "sup"); !errors.As(err, &taken) || !taken.Host {
		t.Errorf("%v", err)
	}
	if diff := cmp.Diff(map[string]string{"10.0.0.1": "prod", "10.0.0.2": "lab", "sup:8443": "other"}, s.SiteNames()); diff != "" {
		t.Error(diff)
	}
}

// Two commands that give one name to two servers at the same time: one of them is told so.
func TestNameSiteAtTheSameTime(t *testing.T) {
	s := newStore(t)
	var all sync.WaitGroup
	errs := make([]error, 20)
	for i := range errs {
		all.Go(func() {
			_, errs[i] = s.NameSite(t.Context(), tokens.Site{Server: fmt.Sprintf("10.0.1.%d", i)}, "prod")
		})
	}
	all.Wait()
	refused := 0
	for _, err := range errs {
		var taken *tokens.NameTakenError
		if errors.As(err, &taken) {
			refused++
		} else if err != nil {
			t.Error(err)
		}
	}
	if _, found, err := s.SiteCalled("prod"); refused != len(errs)-1 || !found || err != nil {
		t.Errorf("%d were refused; %v %v", refused, found, err)
	}
}

// What stands in a file as a name and is none does not count, and what it says of trust still does. A file of an earlier version has no name.
func TestNamesInFiles(t *testing.T) {
	for text, want := range map[string]string{
		`"name":"Prod",`: "prod", `"name":"a\u001b[2J",`: "", `"name":"10.0.0.9",`: "", ``: "", `"name":"prod","lastLogin":{"method":"magic","user":"x"},`: "prod",
	} {
		s := newStore(t)
		saveSite(t, s, site())
		overwrite(t, s.SitePath("10.0.0.1"), `{`+text+`"version":1,"server":"10.0.0.1","trust":{"mode":"system"}}`)
		got, found, err := s.Site("10.0.0.1")
		if got.Name != want || !found || err != nil || got.Trust.Mode != trust.System {
			t.Errorf("%s: %+v %v %v", text, got, found, err)
		}
	}
	s := newStore(t)
	for _, server := range []string{"10.0.0.1", "10.0.0.2"} {
		saveSite(t, s, tokens.Site{Server: server, Name: "prod"})
	}
	var several *tokens.AmbiguousNameError
	if _, found, err := s.SiteCalled("prod"); found || !errors.As(err, &several) || len(several.Servers) != 2 {
		t.Errorf("%v %v", found, err)
	}
}

// FuzzParseSiteName: a name has one spelling, and is never the address of a server with a port, a dot or digits alone.
func FuzzParseSiteName(f *testing.F) {
	for _, s := range []string{"prod", "10.0.0.1", "A-b", "localhost", "x:1"} {
		f.Add(s)
	}
	f.Fuzz(func(t *testing.T, s string) {
		name, err := tokens.ParseSiteName(s)
		if err != nil {
			return
		}
		if again, err := tokens.ParseSiteName(name); again != name || err != nil {
			t.Fatalf("%q is %q, and that is %q, %v", s, name, again, err)
		}
		if host, port, err := address.Parse(name); err != nil || port != 0 || host != name || strings.ContainsAny(name, ".:") {
			t.Fatalf("%q is %q", s, name)
		}
	})
}
