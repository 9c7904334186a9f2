package supervisor

import "testing"

func TestAliases(t *testing.T) {
	a := Aliases{}
	for _, s := range []string{"10.0.0.1=203.0.113.9", "SUP.example.com:6443=nat.example.com:16443", "fd00::1=fd00::2", "[fd00::3]:443=10.0.0.9:8443"} {
		host, at, err := ParseAlias(s)
		if err != nil {
			t.Fatalf("%s: %v", s, err)
		}
		a[host] = at
	}
	for server, want := range map[string]string{
		"10.0.0.1:443":         "203.0.113.9:443",
		"10.0.0.1:6443":        "203.0.113.9:6443",
		"sup.example.com:6443": "nat.example.com:16443",
		"sup.example.com:443":  "sup.example.com:443",
		"[fd00::1]:443":        "[fd00::2]:443",
		"[fd00::3]:443":        "10.0.0.9:8443",
		"10.0.0.2:443":         "10.0.0.2:443",
	} {
		if got := a.Reach(server); got != want {
			t.Errorf("%s is reached at %s, want %s", server, got, want)
		}
	}
	for _, bad := range []string{"", "10.0.0.1", "=10.0.0.1", "10.0.0.1=", "a:1=b", "a=b:1", "a/b=c", "u@a=b", "a=b=c"} {
		if host, at, err := ParseAlias(bad); err == nil {
			t.Errorf("%q is %q at %q", bad, host, at)
		}
	}
}
