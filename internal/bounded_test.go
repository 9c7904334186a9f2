package internal

import (
	"go/ast"
	"go/token"
	"slices"
	"strconv"
	"strings"
	"testing"
)

// parsers are the functions that make much of a little text, or read a file whatever it is, by the import path of their package.
// pkg/bounded has what takes their place.
var parsers = map[string][]string{
	"encoding/json":                     {"Unmarshal", "NewDecoder"},
	"encoding/json/v2":                  {"Unmarshal", "UnmarshalRead", "UnmarshalDecode"},
	"encoding/xml":                      {"Unmarshal", "NewDecoder"},
	"encoding/gob":                      {"NewDecoder"},
	"encoding/pem":                      {"Decode"},
	"encoding/asn1":                     {"Unmarshal"},
	"encoding/csv":                      {"NewReader"},
	"crypto/x509":                       {"ParseCertificate", "ParseCertificates"},
	"crypto/tls":                        {"X509KeyPair", "LoadX509KeyPair"},
	"archive/zip":                       {"NewReader", "OpenReader"},
	"archive/tar":                       {"NewReader"},
	"compress/gzip":                     {"NewReader"},
	"html":                              {"UnescapeString"},
	"golang.org/x/net/html":             {"Parse", "ParseFragment", "NewTokenizer"},
	"sigs.k8s.io/yaml":                  {"Unmarshal", "UnmarshalStrict", "YAMLToJSON", "YAMLToJSONStrict"},
	"go.yaml.in/yaml/v3":                {"Unmarshal", "NewDecoder"},
	"gopkg.in/yaml.v3":                  {"Unmarshal", "NewDecoder"},
	"k8s.io/client-go/tools/clientcmd":  {"Load", "LoadFromFile", "RESTConfigFromKubeConfig", "NewClientConfigFromBytes"},
	"k8s.io/apimachinery/pkg/util/yaml": {"NewYAMLOrJSONDecoder", "Unmarshal", "ToJSON"},
	"io":                                {"ReadAll"},
	"os":                                {"ReadFile", "Open"},
}

// methods of parsers that are called on values, by name.
var parserMethods = []string{"AppendCertsFromPEM"}

// parsedElsewhere are the files that use them, and why they may.
var parsedElsewhere = map[string]string{
	"pkg/bounded":               "it is what takes their place",
	"pkg/bounded/boundedyaml":   "as pkg/bounded",
	"pkg/tokens/credfile":       "our own store, and what kubectl says in KUBERNETES_EXEC_INFO; the fast answer imports the standard library only",
	"pkg/tokens":                "our own store, as read by credfile",
	"pkg/registry/store.go":     "our own store: a part of a session that credfile has read",
	"pkg/redact/json.go":        "our own store: the values in a file that credfile has read",
	"pkg/login/oidc/session.go": "our own store: the renewal material that a session holds",
	"pkg/disk":                  "it opens a directory, to sync it",

	"pkg/kubeconfig/splice":                 "the user's own kubeconfigs, of which some are large; load checks what their aliases stand for",
	"pkg/kubeconfig/mask":                   "a kubeconfig that splice has read; aliases are not followed",
	"pkg/kubeconfig/ours.go":                "an extension in a kubeconfig that splice has read",
	"pkg/kubeconfig/plan.go":                "a CA that was read before, of a cluster that is written",
	"pkg/registry/dockerconfig/document.go": "the positions in a text that bounded.CheckJSON has read",
	"pkg/trust":                             "certificates that trust.Certificates has read, and Mozilla's",
	"internal/registryaccess/ca.go":         "a CA that trust.Certificates has read",
	"pkg/concierge/concierge.go":            "a certificate that bounded.PEM has read",
	"pkg/login/federated_target.go":         "a certificate of our own store",
	"pkg/login/secret/source.go":            "standard input, through a LimitReader",
	"pkg/login/secret/parent_linux.go":      "a file of /proc",
	"internal/cli/registrycmd/helper.go":    "a copy of our own helper",
	"internal/bench":                        "no part of the programs",
	"internal/dist":                         "no part of the programs",
	"internal/gendocs":                      "no part of the programs",
	"internal/mutate":                       "no part of the programs",
	"internal/command/yaml.go":              "a text that we made",
}

// Every text of a server, and every file that a user names, is read through pkg/bounded: one that is parsed in another way is found
// here, with its place.
func TestForeignTextIsBounded(t *testing.T) {
	used := map[string]bool{}
	sources(t, func(dir, name string, fset *token.FileSet, file *ast.File) {
		packages := map[string]string{} // the import path by the name in the file
		for _, spec := range file.Imports {
			path, _ := strconv.Unquote(spec.Path.Value)
			base := path[strings.LastIndex(path, "/")+1:]
			if base == "v3" || base == "v2" {
				base = "yaml"
			}
			if path == "encoding/json/v2" {
				base = "json"
			}
			if spec.Name != nil {
				base = spec.Name.Name
			}
			packages[base] = path
		}
		ast.Inspect(file, func(n ast.Node) bool {
			s, ok := n.(*ast.SelectorExpr)
			if !ok {
				return true
			}
			x, _ := s.X.(*ast.Ident)
			found := slices.Contains(parserMethods, s.Sel.Name) || x != nil && slices.Contains(parsers[packages[x.Name]], s.Sel.Name)
			if !found {
				return true
			}
			for _, place := range []string{dir + "/" + name, dir} {
				if parsedElsewhere[place] != "" {
					used[place] = true
					return true
				}
			}
			t.Errorf("%s: %s.%s: read foreign text through pkg/bounded, or say in parsedElsewhere why not", fset.Position(n.Pos()), expr(s.X), s.Sel.Name)
			return true
		})
	})
	for place := range parsedElsewhere {
		if !used[place] {
			t.Errorf("%s parses nothing: take it off the list", place)
		}
	}
}
