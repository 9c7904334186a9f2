package registry_test

import (
	"errors"
	"net/url"
	"strings"
	"testing"

	"github.com/kubectl-vsphere/kubectl-vsphere/pkg/registry"
)

// The spellings of reference docker-credentials.md, 5.2.
func TestParseHostTakesEverySpelling(t *testing.T) {
	for in, want := range map[string]string{
		"harbor.lab":                  "harbor.lab",
		"Harbor.LAB":                  "harbor.lab",
		"harbor.lab:443":              "harbor.lab",
		"harbor.lab:8443":             "harbor.lab:8443",
		"https://harbor.lab":          "harbor.lab",
		"https://harbor.lab:443/v2/":  "harbor.lab",
		"https://harbor.lab:8443/v1/": "harbor.lab:8443",
		"HTTPS://harbor.lab":          "harbor.lab",
		"http://harbor.lab":           "harbor.lab",
		"http://harbor.lab:80/":       "harbor.lab",
		"http://harbor.lab:443":       "harbor.lab",
		"harbor.lab:80":               "harbor.lab:80",
		"https://harbor.lab:80":       "harbor.lab:80",
		"http://harbor.lab:5000":      "harbor.lab:5000",
		"harbor.lab/ns1/image":        "harbor.lab",
		"harbor.lab:5000/ns1/image":   "harbor.lab:5000",
		"10.0.0.5":                    "10.0.0.5",
		"127.0.0.1:05100":             "127.0.0.1:5100",
		"harbor.lab\n":                "harbor.lab",
		" harbor.lab \r\n":            "harbor.lab",
		"[fd00::1]":                   "[fd00::1]",
		"[fd00:0::1]:443":             "[fd00::1]",
		"https://[FD00::1]:5000/v2/":  "[fd00::1]:5000",
		"fd00::1":                     "[fd00::1]",
		"https://index.docker.io/v1/": "index.docker.io",
		"registry_1.lab":              "registry_1.lab",
		"localhost:5000":              "localhost:5000",
	} {
		got, err := registry.ParseHost(in)
		if err != nil || got != want {
			t.Errorf("ParseHost(%q) = %q, %v; want %q", in, got, err, want)
		}
	}
}

func TestIsPlain(t *testing.T) {
	for in, want := range map[string]bool{
		"http://harbor.lab": true, "HTTP://harbor.lab:443/v2/": true, " \r\nhttp://harbor.lab": true, "http://": true,
		"harbor.lab": false, "https://harbor.lab": false, "harbor.lab:80": false, "harbor.lab/http://": false, "": false,
	} {
		if got := registry.IsPlain(in); got != want {
			t.Errorf("IsPlain(%q) = %t", in, got)
		}
	}
}

func TestParseHostRefuses(t *testing.T) {
	for _, in := range []string{
		"", " ", "/", "https://", "https:///v2/", "://x", "ftp://harbor.lab", "harbor.lab:", "harbor.lab:0", "harbor.lab:65536", "harbor.lab:x", "harbor.lab:+1",
		"https://good@evil.lab/", "good:x@evil.lab", "[fd00::1", "[fd00::1]x", "[harbor.lab]", "[10.0.0.1]", "[fe80::1%eth0]", "fe80::1%eth0",
		"harbor.lab?x", "harbor.lab#x", "..", "../../etc/passwd", ".", "-x", `harbor.lab\x`, "harbor lab", "harbor.lab\x00", "härbor.lab", "a=b", "\u212aube.lab", "\u0130mages.lab",
		strings.Repeat("a", 300),
	} {
		if got, err := registry.ParseHost(in); !errors.Is(err, registry.ErrHost) {
			t.Errorf("ParseHost(%q) = %q, %v; want ErrHost", in, got, err)
		}
	}
}

// What it takes is one host for everybody: for net/url, which clients use, and for itself once more.
func FuzzParseHost(f *testing.F) {
	for _, seed := range []string{"harbor.lab", "https://harbor.lab:443/v2/", "[fd00::1]:5000", "http://0:443", "http://a@b", "a:b:c"} {
		f.Add(seed)
	}
	f.Fuzz(func(t *testing.T, in string) {
		host, err := registry.ParseHost(in)
		if err != nil {
			return
		}
		if again, err := registry.ParseHost(host); err != nil || again != host {
			t.Errorf("%q gives %q, that gives %q, %v", in, host, again, err)
		}
		if u, err := url.Parse("https://" + host); err != nil || u.Host != host || u.User != nil {
			t.Errorf("%q gives %q: %v", in, host, err)
		}
		if strings.ContainsAny(host, `/\=`) || strings.Contains(host, "..") && host == ".." {
			t.Errorf("%q gives %q, which is no file name", in, host)
		}
	})
}
