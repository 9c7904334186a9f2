package internal

import (
	"os"
	"path/filepath"
	"regexp"
	"testing"
)

// TestTheLabSharesWhatItCompiles holds that the program, the lab and its Cluster API use the same client-go and the same versions of what
// client-go imports. Then it is compiled once for the three: a minute of a cold build.
func TestTheLabSharesWhatItCompiles(t *testing.T) {
	shared := regexp.MustCompile(`(?m)^(?:require)?\s+(golang\.org/x/(?:crypto|net|oauth2|sync|sys|term|text|time)|github\.com/(?:go-logr/logr|spf13/pflag)` +
		`|k8s\.io/(?:api|apimachinery|client-go)|sigs\.k8s\.io/(?:structured-merge-diff/v6|yaml|json)|go\.yaml\.in/yaml/v[23]) (v\S+)`)
	versions := func(module string) map[string]string {
		text, err := os.ReadFile(filepath.Join("..", module, "go.mod"))
		if err != nil {
			t.Fatal(err)
		}
		all := map[string]string{}
		for _, m := range shared.FindAllStringSubmatch(string(text), -1) {
			all[m[1]] = m[2]
		}
		return all
	}
	ours := versions(".")
	if len(ours) < 12 {
		t.Errorf("%d modules are compared", len(ours))
	}
	for _, module := range []string{"test/lab", "test/controllers/capi"} {
		for name, version := range versions(module) {
			if ours[name] != "" && ours[name] != version {
				t.Errorf("%s has %s %s, go.mod has %s", module, name, version, ours[name])
			}
		}
	}
}
