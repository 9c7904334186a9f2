package supervisor_test

import (
	"strings"
	"testing"

	"github.com/kubectl-vsphere/kubectl-vsphere/pkg/supervisor"
)

func TestParseAddressReadsWhatPeoplePaste(t *testing.T) {
	for in, want := range map[string]supervisor.Address{
		"10.0.0.1":                        {Host: "10.0.0.1"},
		"10.0.0.1/":                       {Host: "10.0.0.1"},
		"https://10.0.0.1/":               {Host: "10.0.0.1"},
		"https://10.0.0.1":                {Host: "10.0.0.1"},
		"http://10.0.0.1/":                {Host: "10.0.0.1"},
		"HTTPS://Sup.Example.COM/":        {Host: "sup.example.com"},
		"sup.example.com:8443":            {Host: "sup.example.com", Port: 8443},
		"https://sup.example.com:8443/":   {Host: "sup.example.com", Port: 8443},
		"SUP":                             {Host: "sup"},
		"sup.example.com.":                {Host: "sup.example.com"},
		"sup.example.com:443":             {Host: "sup.example.com"},
		"sup.example.com:0443":            {Host: "sup.example.com"},
		"sup_1.example.com":               {Host: "sup_1.example.com"},
		"1sup.2com":                       {Host: "1sup.2com"},
		"fd00::1":                         {Host: "fd00::1"},
		"FD00:0:0:0:0:0:0:1":              {Host: "fd00::1"},
		"[fd00::1]":                       {Host: "fd00::1"},
		"[fd00::1]:443":                   {Host: "fd00::1"},
		"https://[FD00::1]:8443/":         {Host: "fd00::1", Port: 8443},
		"[::ffff:10.0.0.1]:8443":          {Host: "10.0.0.1", Port: 8443},
		"::ffff:10.0.0.1":                 {Host: "10.0.0.1"},
		"10.0.0.1:65535":                  {Host: "10.0.0.1", Port: 65535},
		strings.Repeat("a", 63) + ".test": {Host: strings.Repeat("a", 63) + ".test"},
	} {
		got, err := supervisor.ParseAddress(in)
		if err != nil || got != want {
			t.Errorf("ParseAddress(%q) = %+v, %v; want %+v", in, got, err, want)
		}
	}
}

func TestParseAddressRefusesWhatIsNoHost(t *testing.T) {
	for _, in := range []string{
		"", "/", "https://", "https:///", "http:", "ftp://10.0.0.1", "https://https://10.0.0.1",
		"ada@10.0.0.1", "https://ada:pw@10.0.0.1/",
		"10.0.0.1/wcp", "10.0.0.1//", "sup?x=1", "sup#top", "https://sup/?x=1",
		"10.0.0.1:", "10.0.0.1:0", "10.0.0.1:65536", "10.0.0.1:-1", "10.0.0.1:+443", "10.0.0.1:https", "10.0.0.1:443:443",
		"fd00::1%eth0", "[fd00::1%eth0]:443", "[fd00::1", "fd00::1]", "[fd00::1]443", "[]", "[]:443", "fd00:::1", ":443",
		"10.0.0", "10.0.0.256", "10.0.0.1.2", "010.0.0.1", "1", "sup.1",
		"-sup", "sup-", "sup..example", ".sup", ".", "sup sup", " sup", "sup\n", "sup\x00", "süp.example", "sup\\a", "sup,other",
		strings.Repeat("a", 64), strings.Repeat("a.", 127) + "a",
	} {
		if got, err := supervisor.ParseAddress(in); err == nil || got != (supervisor.Address{}) {
			t.Errorf("ParseAddress(%q) = %+v, %v; want an error", in, got, err)
		}
	}
}

func TestParseTyped(t *testing.T) {
	for in, want := range map[string]supervisor.Address{
		"10.0.0.1":                            {Host: "10.0.0.1"},
		"https://10.0.0.1/ui/":                {Host: "10.0.0.1"},
		"https://sup.example:8443/ui/#/a@b?c": {Host: "sup.example", Port: 8443},
		"sup.example/wcp/loginbanner":         {Host: "sup.example"},
		"https://[fd00::1]/ui":                {Host: "fd00::1"},
		"sup.example?x=1":                     {Host: "sup.example"},
		"\ufeff10.0.0.1":                      {Host: "10.0.0.1"},
		" 10.0.0.1\r\n":                       {Host: "10.0.0.1"},
	} {
		if got, err := supervisor.ParseTyped(in); err != nil || got != want {
			t.Errorf("%s: %+v, %v", in, got, err)
		}
	}
	for _, in := range []string{"", "/", "/ui", "https://", "https:///ui", "ftp://sup.example/", "https://ada:pw@10.0.0.1/ui", "https://evil@sup.example/", "https:/sup"} {
		if got, err := supervisor.ParseTyped(in); err == nil {
			t.Errorf("%s: %+v", in, got)
		}
	}
}

func TestParseAddressDoesNotRepeatAPassword(t *testing.T) {
	if _, err := supervisor.ParseAddress("https://ada:hush@10.0.0.1/"); err == nil || strings.Contains(err.Error(), "hush") {
		t.Errorf("got %v", err)
	}
}

func TestAddressIsWrittenForEachUse(t *testing.T) {
	for _, tc := range []struct {
		address                  supervisor.Address
		text, url, api, otherAPI string
	}{
		{supervisor.Address{Host: "sup"}, "sup", "https://sup/p", "https://sup:6443", "https://sup:7443"},
		{supervisor.Address{Host: "sup", Port: 8443}, "sup:8443", "https://sup:8443/p", "https://sup:6443", "https://sup:7443"},
		{supervisor.Address{Host: "fd00::1"}, "fd00::1", "https://[fd00::1]/p", "https://[fd00::1]:6443", "https://[fd00::1]:7443"},
		{supervisor.Address{Host: "fd00::1", Port: 8443}, "[fd00::1]:8443", "https://[fd00::1]:8443/p", "https://[fd00::1]:6443", "https://[fd00::1]:7443"},
	} {
		a := tc.address
		if a.String() != tc.text || a.URL("/p") != tc.url || a.API(0) != tc.api || a.API(7443) != tc.otherAPI {
			t.Errorf("%+v: %s, %s, %s, %s", a, a.String(), a.URL("/p"), a.API(0), a.API(7443))
		}
	}
}

func TestWithHostKeepsThePort(t *testing.T) {
	got, err := supervisor.Address{Host: "sup", Port: 8443}.WithHost("OTHER")
	if want := (supervisor.Address{Host: "other", Port: 8443}); err != nil || got != want {
		t.Errorf("got %+v, %v", got, err)
	}
	if _, err := (supervisor.Address{Host: "sup"}).WithHost("a b"); err == nil {
		t.Error("a host that is none is taken")
	}
}

func FuzzParseAddress(f *testing.F) {
	for _, s := range []string{"https://10.0.0.1/", "sup.example.com:8443", "[fd00::1]:443", "fd00::1", "::ffff:1.2.3.4", "a@b", "[sup]", "sup."} {
		f.Add(s)
	}
	f.Fuzz(func(t *testing.T, s string) {
		a, err := supervisor.ParseAddress(s)
		if err != nil {
			if a != (supervisor.Address{}) {
				t.Fatalf("a refused address gives %+v", a)
			}
			return
		}
		again, err := supervisor.ParseAddress(a.String())
		if err != nil || again != a {
			t.Fatalf("%q is %+v, written %q, which is %+v, %v", s, a, a.String(), again, err)
		}
		// The URL leads to the same host, too.
		if again, err = supervisor.ParseAddress(a.URL("/")); err != nil || again != a {
			t.Fatalf("%q has the URL %q, which is %+v, %v", s, a.URL("/"), again, err)
		}
	})
}
