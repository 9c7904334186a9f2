package lost

import "testing"

func TestMethod(t *testing.T) {
	for name, tc := range map[string]struct {
		others []string
		issuer string
		want   string
	}{
		"nothing is known":    {nil, "", ""},
		"an issuer":           {nil, "oidc", "oidc"},
		"all by the issuer":   {[]string{"oidc", "oidc"}, "", "oidc"},
		"all by vCenter":      {[]string{"password"}, "oidc", "password"},
		"some by each":        {[]string{"oidc", "password"}, "oidc", ""},
		"some by each, other": {[]string{"password", "oidc"}, "", ""},
	} {
		if got := Method(tc.others, tc.issuer); got != tc.want {
			t.Errorf("%s: %q", name, got)
		}
	}
}
