package splice

import (
	"errors"
	"strings"
	"testing"

	clientcmdv1 "k8s.io/client-go/tools/clientcmd/api/v1"
)

// A text that differs from the old one in more or less than the change is not written, whatever made it.
func TestVerify(t *testing.T) {
	const text = `apiVersion: v1
kind: Config
current-context: a
contexts:
- name: a
  context: {cluster: c, user: u}
users:
- name: u
  user: {token: mine}
`
	old, err := load([]byte(text))
	if err != nil {
		t.Fatal(err)
	}
	b := Change{Contexts: []clientcmdv1.NamedContext{{Name: "b", Context: clientcmdv1.Context{Cluster: "c", AuthInfo: "u"}}}}
	added := strings.Replace(text, "users:", "- name: b\n  context: {cluster: c, user: u}\nusers:", 1)
	for name, tc := range map[string]struct {
		text   string
		change Change
		good   bool
	}{
		"nothing":                       {text, Change{}, true},
		"the change":                    {added, b, true},
		"less than the change":          {text, b, false},
		"a change that was not planned": {added, Change{}, false},
		"another's token":               {strings.Replace(added, "mine", "other", 1), b, false},
		"another's entry is gone":       {strings.Replace(added, "- name: u\n  user: {token: mine}\n", "", 1), b, false},
		"another current context":       {strings.Replace(added, "current-context: a", "current-context: b", 1), b, false},
		"what kubectl cannot read":      {added + "users: []\n", b, false},
	} {
		if got, err := verify(old, []byte(tc.text), tc.change); (err == nil) != tc.good || (got != nil) != tc.good || !tc.good && !errors.Is(err, errNotPlanned) {
			t.Errorf("%s: %v", name, err)
		}
	}
}
