package splice

import (
	"strings"
	"testing"

	"k8s.io/apimachinery/pkg/runtime"
	clientcmdv1 "k8s.io/client-go/tools/clientcmd/api/v1"
	"sigs.k8s.io/yaml"
)

// Entries are written as kubectl writes them, whatever is in them.
func TestEntriesLookLikeKubectls(t *testing.T) {
	odd := []string{
		"", "yes", "null", "~", "0x10", "0o7", "1e3", "1_000", ".inf", "2025-06-01", "12:30:45", "a: b", "a #b", "- a", "*a", "&a", "!a", "%a", "@a",
		"two\nlines", "ends\n", "\n", " blank ", "tab\t", "ü\u2028é", "\U0001F600", "<&>", `"quoted"`, "it's", strings.Repeat("long words ", 30),
	}
	var all []any
	for _, s := range odd {
		all = append(all,
			clientcmdv1.NamedCluster{Name: s, Cluster: clientcmdv1.Cluster{Server: s, CertificateAuthorityData: []byte(s), InsecureSkipTLSVerify: true}},
			clientcmdv1.NamedContext{Name: s, Context: clientcmdv1.Context{Cluster: s, AuthInfo: s, Namespace: s}},
			clientcmdv1.NamedAuthInfo{Name: s, AuthInfo: clientcmdv1.AuthInfo{Token: s, ImpersonateGroups: odd, Exec: &clientcmdv1.ExecConfig{Command: s, Args: odd}}},
		)
	}
	numbers := []byte(`{"a":[1,-2,0,-9007199254740993,1.5,1e3,1.0,9007199254740993,1e400,-1e-7,true,null],"b":{"c":{},"d":[]}}`)
	all = append(all, clientcmdv1.NamedContext{Name: "n", Context: clientcmdv1.Context{
		Extensions: []clientcmdv1.NamedExtension{{Name: "e", Extension: runtime.RawExtension{Raw: numbers}}},
	}})
	for _, value := range append(all, all) {
		want, err := yaml.Marshal(value)
		if err != nil {
			t.Fatal(err)
		}
		if got, err := marshal(value); err != nil || string(got) != string(want) {
			t.Errorf("%v: got\n%s\nwant\n%s", err, got, want)
		}
	}
}
