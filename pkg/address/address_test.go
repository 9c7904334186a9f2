package address_test

import (
	"testing"

	"github.com/kubectl-vsphere/kubectl-vsphere/pkg/address"
)

// Each line is one server, in its one spelling first.
var spellings = [][]string{
	{"10.0.0.1", "https://10.0.0.1/", "10.0.0.1:443", "[10.0.0.1]", "::ffff:10.0.0.1", "[::FFFF:10.0.0.1]:443", "HTTPS://10.0.0.1/ui/#x", " 10.0.0.1\n", "10.0.0.1:0443"},
	{"10.0.0.1:8443", "https://10.0.0.1:8443/", "[::ffff:a00:1]:8443"},
	{"sup.example", "SUP.Example", "sup.example.", "https://Sup.example.:443/", "sup.example:443"},
	{"fd00::1", "[FD00:0:0::1]", "fd00:0:0:0:0:0:0:1", "https://[fd00::0001]:443/", "[fd00::1]"},
	{"fd00::1:443", "[FD00::1:443]", "FD00:0::1:443"}, // No port.
	{"[fd00::1]:8443", "https://[FD00:0::1]:8443"},
}

func TestCanonical(t *testing.T) {
	for _, line := range spellings {
		for _, s := range line {
			if got, err := address.Canonical(s); got != line[0] || err != nil {
				t.Errorf("%q is %q, %v; want %q", s, got, err, line[0])
			}
		}
	}
	if got, err := address.Canonical("a b"); err == nil || got != "" {
		t.Errorf("%q", got)
	}
}

// Letters that are lower-cased into ASCII (the Kelvin sign, a dotted I) are other names in DNS, and so is what looks like a number elsewhere.
func TestNotAnAddress(t *testing.T) {
	for _, s := range []string{
		"\u212aube.example", "\u0130bm.example", "ｅxample.com", "ex\u00adample.com", "bücher.example", "10.0.0.1.", "0x0a.0.0.1", "10.1", "167772161", "010.0.0.1",
		"10.0.0.1:0", "10.0.0.1:65536", "10.0.0.1:+443", "10.0.0.1:-1", "10.0.0.1:4_43", "10.0.0.1:", ":443", "[fe80::1%eth0]", "fe80::1%25eth0", "[::ffff:10.0.0.1%x]",
		"sup%2eexample", "good.example@evil.example", "https://u:p@sup.example/", `good.example\@evil.example`, `good.example\.evil.example`, "sup..example", "sup.example..",
		"https://https://sup.example", "ftp://sup.example", "//sup.example", "[sup.example", "sup.example]", "[[fd00::1]]", "fd00::1]:443", "a:b:c", "sup.example:443:443", "",
	} {
		if got, err := address.Canonical(s); err == nil || got != "" {
			t.Errorf("%q is %q, %v", s, got, err)
		}
	}
}

// FuzzCanonical: the one spelling is that of itself, and the address in a URL.
func FuzzCanonical(f *testing.F) {
	for _, line := range spellings {
		for _, s := range line {
			f.Add(s)
		}
	}
	f.Fuzz(func(t *testing.T, s string) {
		once, err := address.Canonical(s)
		if err != nil {
			if once != "" {
				t.Fatalf("%q is refused, and is %q", s, once)
			}
			return
		}
		if twice, err := address.Canonical(once); err != nil || twice != once {
			t.Fatalf("%q is %q, and that is %q, %v", s, once, twice, err)
		}
		host, port, err := address.Parse(once)
		if err != nil || address.Format(host, port) != once {
			t.Fatalf("%q is %q: %q and %d, %v", s, once, host, port, err)
		}
	})
}
