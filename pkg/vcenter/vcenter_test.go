package vcenter

import (
	"slices"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/kubectl-vsphere/kubectl-vsphere/pkg/supervisor"
)

// Only what can be the address of a Supervisor is one.
func TestAddresses(t *testing.T) {
	remote, local := &Client{Address: supervisor.Address{Host: "vc.lab"}}, &Client{Address: supervisor.Address{Host: "127.1.0.2", Port: 8443}}
	for text, want := range map[string]string{
		"10.0.0.1": "10.0.0.1", "10.0.0.1:6443": "10.0.0.1", "SUP.Lab.": "sup.lab", "fd00::1": "fd00::1", "[fd00::1]:443": "fd00::1", "::ffff:10.0.0.1": "10.0.0.1",
		"": "", "0.0.0.0": "", "::": "", "127.0.0.1": "", "127.9.9.9": "", "::1": "", "::ffff:127.0.0.1": "", "localhost": "", "LOCALHOST.": "", "x.localhost": "",
		"224.0.0.1": "", "ff02::1": "", "169.254.169.254": "", "fe80::1": "", "255.255.255.255": "", "a b": "", "a/b": "", "u@h": "", "2130706433": "", "x\x1b": "",
	} {
		got, ok := remote.addressOf(text)
		if (got != supervisor.Address{}) != ok || ok && got.String() != want || ok != (want != "") {
			t.Errorf("%q: %v %t", text, got, ok)
		}
	}
	for text, want := range map[string]bool{"127.1.0.11": true, "localhost": true, "0.0.0.0": false, "10.0.0.1": true} {
		if got, ok := local.addressOf(text); ok != want || ok && got.Port != 8443 {
			t.Errorf("%q: %v %t", text, got, ok)
		}
	}
}

// Parts of one Supervisor are joined; others stay apart.
func TestJoin(t *testing.T) {
	at := func(host string) supervisor.Address { return supervisor.Address{Host: host} }
	var l List
	for _, s := range []Supervisor{
		{id: "1", Name: "a", Zones: []string{"z1"}, Clusters: []string{"c1"}, Address: at("10.0.0.1")},
		{id: "1", Name: "a", Zones: []string{"z2", "z1"}, Clusters: []string{"c2"}},
		{Name: "b", Zones: []string{"z3"}, Clusters: []string{"c3"}, Address: at("10.0.0.1")},
		{Name: "c", Clusters: []string{"c4"}},
		{Name: "d", Clusters: []string{"c5"}},
		{id: "1", Name: "a", Clusters: []string{"c6"}, Address: at("10.0.0.2")},
	} {
		l.join(s, "")
	}
	var got []string
	for _, s := range l.Supervisors {
		got = append(got, strings.Join([]string{s.Name, s.Address.Host, strings.Join(s.Zones, ","), strings.Join(s.Clusters, ",")}, " "))
	}
	want := []string{"a 10.0.0.1 z1,z2,z3 c1,c2,c3", "c   c4", "d   c5", "a 10.0.0.2  c6"}
	if diff := cmp.Diff(want, got); diff != "" {
		t.Error(diff)
	}
}

// The ID of a session is for a header line, and nothing else.
func TestParseSession(t *testing.T) {
	for text, want := range map[string]string{`"0123abc-_"`: "0123abc-_", `""`: "", `"a b"`: "", `"a\r\nb"`: "", `"é"`: "", `{"value":"x"}`: "", "x": "", `["x"]`: ""} {
		if got, err := parseSession("https://vc.lab/", []byte(text), false); got.Reveal() != want || (err == nil) != (want != "") {
			t.Errorf("%s: %v", text, err)
		}
	}
	if got, err := parseSession("https://vc.lab/", []byte(`{"value":"x"}`), true); got.Reveal() != "x" {
		t.Error(err)
	}
	if _, err := parseSession("https://vc.lab/", []byte(`"`+strings.Repeat("x", maxID+1)+`"`), false); err == nil {
		t.Error("a session without end")
	}
}

// A list has room for so many.
func TestAdd(t *testing.T) {
	var all []string
	for i := range 2 * maxNames {
		all = add(add(all, strings.Repeat("x", i)), "x")
	}
	if len(all) != maxNames || slices.Contains(all, "") {
		t.Errorf("%q", all)
	}
}
