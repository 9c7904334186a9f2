package cli

import (
	"strings"
	"testing"
)

func TestHideSecrets(t *testing.T) {
	for _, text := range []string{
		"+    token: SECRET\n",
		"-    password: \"SECRET\"\n",
		" users: [{name: o, user: {username: joe, password: SECRET, token: SECRET}}]\n",
		` {"users":[{"user":{"password":"SECRET","auth-provider":{"config":{"client-secret":"SECRET"}}}}]}` + "\n",
		"+    token: >-\n+      SECRET\n+\n+      SECRET\n",
		"+    token:\n+      SECRET\n",
		"+    'token' : SECRET\n",
		"+      - name: X\n+        value: SECRET\n",
		"     client-key-data: |\n       SECRET\n",
	} {
		if got := hideSecrets(text+"+    server: https://10.0.0.1\n", 1); strings.Contains(got, "SECRET") || !strings.HasSuffix(got, "+    server: https://10.0.0.1\n") {
			t.Errorf("%q is %q", text, got)
		}
	}
	if got := hideSecrets("+    token: SECRET\n", 1); got != "+    token: [secret]\n" {
		t.Errorf("%q", got)
	}
	const plain = "@@ -1,2 +1,3 @@\n clusters:\n+- name: token-ring\n"
	if got := hideSecrets(plain, 1); got != plain {
		t.Errorf("%q", got)
	}
}
