package splice

import (
	"strings"
	"testing"
)

// What kubectl writes is plain, and whatever is not as it writes it is not: that is tried before somebody types a password. TestGenerated
// shows that edits of all forms come out right.
func TestPlain(t *testing.T) {
	const kubectls = `apiVersion: v1
clusters:
- cluster:
    certificate-authority-data: QUJD
    server: https://10.1.1.1:6443
  name: c1
contexts:
- context:
    cluster: c1
    user: u1
  name: c1
current-context: c1
kind: Config
preferences: {}
users:
- name: u1
  user:
    exec:
      args:
      - get-token
      command: "kubectl"
      env: null
`
	for _, tc := range []struct {
		old, replacement string
		plain            bool
	}{
		{"", "", true},
		{"preferences: {}\n", "", true},
		{"current-context: c1", "# mine\ncurrent-context: 'c1' # why", true},
		{"preferences: {}", "preferences: {a: b}", false},
		{"apiVersion", "---\napiVersion", false},
		{"env: null\n", "env: null\n...\n", false},
		{"apiVersion", "\ufeffapiVersion", false},
		{"\n", "\r\n", false},
		{"server: https://10.1.1.1:6443", "server: &a https://10.1.1.1:6443", false},
		{"user: u1\n", "user: &u u1\n    x: *u\n", false},
		{"cluster: c1", "cluster: !!str c1", false},
		{"cluster: c1", "cluster: |-\n      c1", false},
		{"cluster: c1", "cluster: c\n      1", false},
		{"cluster: c1", `"cluster": "c\x31"`, false},
		{"users:\n- name: u1\n  user:\n    exec:\n      args:\n      - get-token\n      command: \"kubectl\"\n      env: null\n", "users: []\n", false},
		{"kind: Config", "kind: [Config]", false},
	} {
		text := kubectls
		if tc.old != "" {
			if text = strings.ReplaceAll(kubectls, tc.old, tc.replacement); text == kubectls {
				t.Fatalf("%q is not there", tc.old)
			}
		}
		d, err := Read([]byte(text))
		if err != nil {
			if tc.plain {
				t.Errorf("%q: %v", tc.replacement, err)
			}
			continue // kubectl does not read it either.
		}
		if d.Plain() != tc.plain {
			t.Errorf("%q for %q: plain is %v", tc.replacement, tc.old, d.Plain())
		}
	}
}
