package disclose_test

import (
	"encoding/json"
	"errors"
	"fmt"
	"maps"
	"net/url"
	"slices"
	"strings"
	"testing"

	. "github.com/kubectl-vsphere/kubectl-vsphere/pkg/disclose"
	"github.com/kubectl-vsphere/kubectl-vsphere/pkg/redact"
)

const (
	text   = redact.Secret("hush-hush")
	server = "https://a.lab/x/y"
)

// grounds are all ways to know something about the server of a URL, by the place that follows.
var grounds = map[Place]func(url string) Ground{
	Supervisor:   SupervisorAt,
	ControlPlane: func(url string) Ground { return SupervisorAt("front.lab").Naming("other.lab", url) },
	APIServer:    APIServerAt,
	Cluster:      ClusterAt,
	Context:      ContextAt,
	Issuer:       func(url string) Ground { return PlainIssuer(url, nil, []string{url}) },
	Allowed: func(url string) Ground {
		return PlainIssuer("https://issuer.lab", []string{"c.lab", url}, []string{url})
	},
	Elsewhere: func(url string) Ground { return PlainIssuer("https://issuer.lab", []string{"c.lab"}, []string{url}) },
	Proven:    func(url string) Ground { return SupervisorAt("front.lab").ProvenRegistry(url, "front.lab") },
	Named:     NamedRegistry,
	Own:       OwnRegistry,
	VCenter:   VCenterAt,
}

// kinds are all kinds of secrets, with the places that may have each.
var kinds = map[Kind][]Place{
	Password:         {Supervisor, ControlPlane, Proven, VCenter},
	ProviderPassword: {Issuer, Allowed},
	ClientSecret:     {Issuer, Allowed},
	Login:            {Issuer, Allowed},
	Code:             {Issuer, Allowed, Elsewhere},
	DeviceCode:       {Issuer, Allowed, Elsewhere},
	RefreshToken:     {Issuer, Allowed, Elsewhere},
	AccessToken:      {Issuer, Allowed, Elsewhere},
	IDToken:          {Issuer, Allowed, Elsewhere},
	SupervisorToken:  {Supervisor, ControlPlane, APIServer, Context, Proven, Named},
	ClusterToken:     {Cluster, Context},
	RegistryToken:    {Named},
	RegistryLogin:    {Own},
	RobotSecret:      {Context},
	VCenterSession:   {VCenter},
}

// unverified are the places to which a secret may go, with a person, although nobody knows who answers there.
var unverified = []Place{Supervisor, ControlPlane, APIServer, Cluster, Issuer, Context, VCenter}

// permitted reports whether a secret is opened for a URL.
func permitted(t *testing.T, s Secret, address string, over Over) bool {
	t.Helper()
	permit, err := s.Permit(address, over)
	var refused *RefusedError
	if err != nil && (!errors.As(err, &refused) || permit != (Permit{})) {
		t.Fatalf("%v with %v", err, permit)
	}
	got, openErr := permit.Open(s, address)
	if (err == nil) != (openErr == nil) || (got == text.Reveal()) != (err == nil) {
		t.Fatalf("%v, and then %q, %v", err, got, openErr)
	}
	return err == nil
}

// All secrets at all places, over every trust, with and without a person.
func TestDecide(t *testing.T) {
	for kind, places := range kinds {
		for place, ground := range grounds {
			for _, over := range []Over{{}, {Attended: true}, {Verified: true}, {Verified: true, Attended: true}} {
				want := slices.Contains(places, place)
				if !over.Verified {
					want = want && (place == Context || over.Attended && slices.Contains(unverified, place) && kind != ClientSecret)
				}
				if got := permitted(t, ground(server).Hold(kind, text), server, over); got != want {
					t.Errorf("%s to %s, %+v: %t", kind, place, over, got)
				}
				// A CA that comes from a server that is not verified verifies nothing.
				told := ground(server).Unverified(true).Hold(kind, text)
				if over.Verified && permitted(t, told, server, over) != permitted(t, ground(server).Hold(kind, text), server, Over{Attended: over.Attended}) {
					t.Errorf("%s to %s, %+v, by hearsay", kind, place, over)
				}
			}
		}
	}
}

// Nothing that is not verified gets anything without a person, but for what kubectl would send there by itself.
func TestInsecureIsNeverUnattended(t *testing.T) {
	for _, kind := range slices.Sorted(maps.Keys(kinds)) {
		for place, ground := range grounds {
			_, err := ground(server).Hold(kind, text).Permit(server, Over{})
			if err == nil && place != Context {
				t.Errorf("%s to %s", kind, place)
			}
		}
	}
	for name, g := range map[string]Ground{
		"another host": SupervisorAt("a.lab").Unverified(true).Naming(server), "a registry": SupervisorAt("a.lab").Unverified(true).ProvenRegistry(server, "a.lab"),
		"said twice": SupervisorAt(server).Unverified(true).Unverified(false),
	} {
		if permitted(t, g.Hold(Password, text), server, Over{Verified: true}) {
			t.Errorf("%s has become verified", name)
		}
	}
	_, err := SupervisorAt(server).Hold(Password, text).Permit(server, Over{})
	if !errors.Is(err, ErrUnverified) || err.Error() != "the vCenter password is not sent to a.lab: the server's certificate is not verified, and nobody can be asked" {
		t.Error(err)
	}
}

// elsewhere are URLs that are not at the server of URL server, in whatever way they look like it.
var elsewhere = []string{
	"http://a.lab/x/y", "HTTP://a.lab/x", "ftp://a.lab/x", "//a.lab/x/y", "a.lab", "https:a.lab", "https:///x", "", "https://", "https://:443/x",
	"https://a.lab:8443/x/y", "https://a.lab:444/x/y", "https://a.lab:0/x", "https://a.lab:65979/x", "https://a.lab./x/y", "https://a.lab.:443/x/y",
	"https://b.lab/x/y", "https://x.a.lab/x/y", "https://a.lab.evil/x/y", "https://aa.lab/x/y", "https://lab/x/y",
	"https://u@a.lab/x/y", "https://u:p@a.lab/x/y", "https://a.lab@b.lab/x/y", "https://b.lab\\@a.lab/x", "https://b.lab#@a.lab/x", "https://b.lab?@a.lab/x",
	"https://\u0430.lab/x/y", "https://a\u3002lab/x/y", "https://a%2elab/x/y", "https://[a.lab]/x", "https://a.lab%00/x", "https://a.lab /x", "https://a.lab\n/x",
}

// A ground or a permit for one server is of no use for another.
func TestOtherServers(t *testing.T) {
	if len(grounds)+len(kinds) < 25 {
		t.Fatal("too few")
	}
	for kind := range kinds {
		for place, ground := range grounds {
			held := ground(server).Hold(kind, text)
			permit, _ := held.Permit(server, Over{Verified: true})
			for _, address := range elsewhere {
				if permitted(t, held, address, Over{Verified: true, Attended: true}) {
					t.Errorf("%s to %s at %q", kind, place, address)
				}
				if got, err := permit.Open(held, address); err == nil || got != "" {
					t.Errorf("a permit for %s at %s opens for %q", kind, place, address)
				}
			}
		}
	}
}

// The letter K of Kelvin is a k in lower case.
func TestOtherLetters(t *testing.T) {
	if SupervisorAt("k.lab").Covers("https://\u212a.lab/") || SupervisorAt("\u212a.lab").Covers("https://k.lab/") {
		t.Error("a sign of Unicode is taken for a letter")
	}
}

// Spellings of one server are one server. Yet a permit is for the spelling that was asked about.
func TestSpellings(t *testing.T) {
	for name, same := range map[string][]string{
		"a.lab":      {"https://a.lab/", "https://A.LAB/", "https://a.lab:443/", "https://a.lab:/x", "HTTPS://a.lab/"},
		"A.lab:8443": {"https://a.lab:8443", "https://A.LAB:8443/x?y=z"},
		"fd00::1":    {"https://[fd00::1]/", "https://[FD00:0:0::1]:443/x"},
		"[::1]:6443": {"https://[::1]:6443", "https://[0:0:0:0:0:0:0:1]:6443/"},
		"10.0.0.1":   {"https://10.0.0.1", "https://[::ffff:10.0.0.1]/"},
	} {
		ground := SupervisorAt(name)
		for _, address := range same {
			held := ground.Hold(Password, text)
			if !ground.Covers(address) || !permitted(t, held, address, Over{Verified: true}) {
				t.Errorf("%s is not at %s", address, name)
				continue
			}
			permit, _ := held.Permit(address, Over{Verified: true})
			asked, _ := url.Parse(address)
			for _, other := range same {
				u, _ := url.Parse(other)
				if got, err := permit.Open(held, other); (err == nil) != (u.Host == asked.Host) || err != nil && got != "" {
					t.Errorf("a permit for %s, at %s: %v", address, other, err)
				}
			}
		}
	}
	for _, nobody := range []string{"", ".", "a.lab.", "http://a.lab", "fe80::1%eth0", "a.lab:0", "a.lab:x", "u@a.lab"} {
		if g := SupervisorAt(nobody); g.CoversServer(nobody) || g.Covers("https://a.lab/") {
			t.Errorf("%q is a server", nobody)
		}
	}
}

// What is empty allows nothing, whatever it is.
func TestZeroValues(t *testing.T) {
	over := Over{Verified: true, Attended: true}
	for kind, places := range kinds {
		var nothing Permit
		held := grounds[places[0]](server).Hold(kind, text)
		if got, err := nothing.Open(held, server); err == nil || got != "" {
			t.Errorf("%s by a permit of nobody", kind)
		}
		if got, err := nothing.Open(Secret{}, ""); err == nil || got != "" {
			t.Errorf("nothing by a permit of nobody: %q", got)
		}
		if permitted(t, Ground{}.Hold(kind, text), server, over) {
			t.Errorf("%s without a ground", kind)
		}
	}
	if permitted(t, grounds[Supervisor](server).Hold("", text), server, over) {
		t.Error("a secret of no kind")
	}
	if new(Permit).Covers("https:///x") == nil {
		t.Error("a URL without a host")
	}
}

// A permit is for one kind.
func TestAnotherKind(t *testing.T) {
	ground := PlainIssuer(server, nil, nil)
	permit, err := ground.Hold(Code, text).Permit(server, Over{Verified: true})
	if err != nil {
		t.Fatal(err)
	}
	if got, err := permit.Open(ground.Hold(ProviderPassword, text), server); err == nil || got != "" {
		t.Error("a password by the permit of a code")
	}
}

// Grounds are made of what was found out, and of nothing else.
func TestGrounds(t *testing.T) {
	const front, pinniped = "https://front.lab", "https://front.lab/pinniped/"
	site := SupervisorAt("front.lab").Naming("front.lab", "other.lab")
	all := PlainIssuer("https://issuer.lab", []string{"allowed.lab"}, []string{"https://issuer.lab/t", "https://allowed.lab/t", "https://token.lab/t", "http://plain.lab/t"})
	for name, c := range map[string]struct {
		ground  Ground
		kind    Kind
		address string
		want    bool
	}{
		"the Supervisor, which names itself":   {site, Password, front, true},
		"a host that it named":                 {site, Password, "https://other.lab/wcp", true},
		"a host that it did not name":          {site, Password, "https://third.lab/wcp", false},
		"a host that a registry named":         {OwnRegistry("a.lab").Naming("other.lab"), Password, "https://other.lab", false},
		"a host that a vCenter named":          {VCenterAt("vc.lab").Naming("other.lab"), Password, "https://other.lab", false},
		"a vCenter's session at a Supervisor":  {SupervisorAt("a.lab"), VCenterSession, "https://a.lab", false},
		"a host that nobody named":             {Ground{}.Naming("other.lab"), Password, "https://other.lab", false},
		"a registry of the site":               {site.ProvenRegistry("r.lab", "other.lab"), Password, "https://r.lab/x", true},
		"a registry that asks another server":  {site.ProvenRegistry("r.lab", "evil.lab"), Password, "https://r.lab/x", false},
		"a registry that asks nobody":          {site.ProvenRegistry("r.lab", ""), Password, "https://r.lab/x", false},
		"a registry that asks a cluster":       {ClusterAt("c.lab").ProvenRegistry("r.lab", "c.lab"), Password, "https://r.lab/x", false},
		"the Supervisor, through the registry": {site.ProvenRegistry("r.lab", "other.lab"), Password, front, false},
		"a registry that was only named":       {NamedRegistry("r.lab"), Password, "https://r.lab/x", false},
		"below Pinniped":                       {PinnipedIssuer(pinniped), RefreshToken, pinniped + "oauth2/token?x=/..", true},
		"below Pinniped without a slash":       {PinnipedIssuer(strings.TrimSuffix(pinniped, "/")), Code, pinniped + "token/", true},
		"Pinniped itself":                      {PinnipedIssuer(pinniped), RefreshToken, strings.TrimSuffix(pinniped, "/"), false},
		"beside Pinniped":                      {PinnipedIssuer(pinniped), RefreshToken, front + "/pinniped2/token", false},
		"another issuer of the same server":    {PinnipedIssuer(pinniped), RefreshToken, front + "/other/token", false},
		"above Pinniped":                       {PinnipedIssuer(pinniped), RefreshToken, pinniped + "../token", false},
		"above Pinniped, spelled":              {PinnipedIssuer(pinniped), RefreshToken, pinniped + "%2e%2e/token", false},
		"another spelling of Pinniped":         {PinnipedIssuer(pinniped), RefreshToken, "https://FRONT.lab/pinniped/token", false},
		"another server":                       {PinnipedIssuer(pinniped), RefreshToken, "https://evil.lab/pinniped/token", false},
		"a plain issuer":                       {all, ProviderPassword, "https://issuer.lab/elsewhere", true},
		"a server that a person allowed":       {all, ProviderPassword, "https://allowed.lab/t", true},
		"a server that the document names":     {all, ProviderPassword, "https://token.lab/t", false},
		"a code for that server":               {all, Code, "https://token.lab/t", true},
		"a code for a server of nobody":        {all, Code, "https://evil.lab/t", false},
		"a code without TLS":                   {all, Code, "http://plain.lab/t", false},
	} {
		if got := permitted(t, c.ground.Hold(c.kind, text), c.address, Over{Verified: true}); got != c.want {
			t.Errorf("%s: %t", name, got)
		}
	}
}

// No secret has two answers at one place.
func TestRulesAreDisjoint(t *testing.T) {
	seen := map[string]bool{}
	for _, r := range Rules() {
		for _, kind := range r.Secrets {
			for _, place := range r.Places {
				what := fmt.Sprint(kind, " to ", place)
				if _, known := kinds[kind]; seen[what] || !known || grounds[place] == nil {
					t.Errorf("%s: twice, or not in the tables of this test", what)
				}
				seen[what] = true
			}
		}
	}
	Rules()[0].Unverified = AsKubectl
	if Rules()[0].Unverified == AsKubectl {
		t.Error("the rules can be changed")
	}
}

func TestSecretPrintsNothing(t *testing.T) {
	held := SupervisorAt(server).Hold(Password, text)
	encoded, err := json.Marshal(map[string]any{"a": held, "b": &held})
	_, refused := held.Permit("https://x.lab/?q=hush-hush", Over{})
	for _, got := range []string{fmt.Sprintf("%v %+v %#v %s %q %x", held, held, held, held, held, held), fmt.Sprint(struct{ S Secret }{held}), string(encoded), refused.Error()} {
		if strings.Contains(got, text.Reveal()) || strings.Contains(got, fmt.Sprintf("%x", text.Reveal())) {
			t.Error(got)
		}
	}
	if err != nil || held.IsZero() || !(Secret{}).IsZero() || held.Redacted() != text {
		t.Error(err)
	}
	if strings.Contains(fmt.Sprintf("%+v", struct{ s Secret }{held}), text.Reveal()) {
		t.Error("an unexported field shows it")
	}
}

// FuzzPermit: a permit for one URL opens for another one only if both are https, without a user, and have the same host, byte for byte.
func FuzzPermit(f *testing.F) {
	for _, s := range append(elsewhere, server) {
		f.Add(server, s)
		f.Add(s, s)
	}
	f.Fuzz(func(t *testing.T, a, b string) {
		held := SupervisorAt(a).Hold(Password, text)
		permit, err := held.Permit(a, Over{Verified: true})
		got, opened := permit.Open(held, b)
		if opened != nil {
			if got != "" {
				t.Error("both a secret and an error")
			}
			return
		}
		u, errA := url.Parse(a)
		v, errB := url.Parse(b)
		if err != nil || errA != nil || errB != nil || u.Scheme != "https" || v.Scheme != "https" || u.User != nil || v.User != nil || u.Host != v.Host || u.Hostname() == "" {
			t.Errorf("a permit for %q opens for %q", a, b)
		}
	})
}
