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
	module + "pkg/kubeconfig/codec":     {"Load"},
	"sigs.k8s.io/json":                  {"UnmarshalCaseSensitivePreserveInts", "UnmarshalStrict"},
	"k8s.io/apimachinery/pkg/util/yaml": {"NewYAMLOrJSONDecoder", "Unmarshal", "ToJSON"},
	"io":                                {"ReadAll"},
	"os":                                {"ReadFile", "Open"},
}

// methods of parsers that are called on values, by name.
var parserMethods = []string{"AppendCertsFromPEM"}

// exception is a file that uses parsers: each of its calls, sorted, and why it may.
type exception struct{ calls, why string }

const (
	ourStore = "our own store, whose files credfile bounds in size; the fast answer imports the standard library only"
	noPart   = "no part of the programs"
)

var parsedElsewhere = map[string]exception{
	"pkg/bounded/bounded.go":                 {"json.Unmarshal", "it is what takes their place"},
	"pkg/bounded/pem.go":                     {"pem.Decode x509.ParseCertificate x509.ParseCertificate", "it is what takes their place"},
	"pkg/bounded/zip.go":                     {"zip.NewReader", "it is what takes their place"},
	"pkg/bounded/boundedyaml/boundedyaml.go": {"yaml.NewDecoder", "it is what takes their place"},
	"pkg/bounded/boundedyaml/aliases.go":     {"yaml.NewDecoder", "a text that CheckFile has bounded"},

	"pkg/tokens/credfile/file.go":   {"json.Unmarshal json.Unmarshal", ourStore},
	"pkg/tokens/credfile/object.go": {"json.Unmarshal json.Unmarshal", ourStore},
	"pkg/tokens/credfile/exec.go":   {"json.Unmarshal", "a variable that kubectl sets; the system bounds its size"},
	"pkg/tokens/credential.go":      {"json.Unmarshal json.Unmarshal", ourStore},
	"pkg/tokens/mark.go":            {"json.Unmarshal", ourStore},
	"pkg/registry/store.go":         {"json.Unmarshal", "a part of a session that credfile has read"},
	"pkg/redact/json.go":            {"json.Unmarshal", "the values in a file that credfile has read"},
	"pkg/login/oidc/session.go":     {"json.Unmarshal", "the renewal material that a session holds"},
	"pkg/disk/disk.go":              {"os.Open", "it opens a directory, to sync it"},

	"pkg/kubeconfig/splice/layout.go":       {"yaml.NewDecoder", "a text that boundedyaml.CheckFile has bounded"},
	"pkg/kubeconfig/splice/verify.go":       {"codec.Load", "a text that boundedyaml.CheckFile has bounded"},
	"pkg/kubeconfig/codec/codec.go":         {"json.Unmarshal kjson.UnmarshalCaseSensitivePreserveInts yaml.YAMLToJSON", "a text that its caller has bounded"},
	"internal/site/kubectl.go":              {"roots.AppendCertsFromPEM tls.X509KeyPair", "a kubeconfig that splice has read, and a certificate that the session has checked"},
	"pkg/kubeconfig/splice/emit.go":         {"json.NewDecoder", "what it has encoded itself"},
	"pkg/kubeconfig/splice/flow.go":         {"yaml.Unmarshal", "a text that load has read"},
	"pkg/kubeconfig/mask/positions.go":      {"yaml.NewDecoder", "a kubeconfig that splice has read; aliases are not followed"},
	"pkg/kubeconfig/ours.go":                {"json.Unmarshal", "an extension in a kubeconfig that splice has read"},
	"pkg/kubeconfig/entries.go":             {"pem.Decode", "a CA that was read before, of a cluster that is written"},
	"pkg/registry/dockerconfig/document.go": {"json.NewDecoder json.NewDecoder json.Unmarshal json.Unmarshal", "the positions in a text that bounded.CheckJSON has read"},
	"pkg/trust/bundle.go":                   {"pem.Decode pem.Decode x509.ParseCertificate", "CAs that Certificates has read"},
	"pkg/trust/explain.go":                  {"roots.AppendCertsFromPEM", "a CA of a session, which trust.Certificates has read"},
	"pkg/trust/pin.go":                      {"pem.Decode", "CAs that Certificates has read"},
	"pkg/trust/public.go":                   {"pem.Decode pem.Decode x509.ParseCertificate x509.ParseCertificate x509.ParseCertificate", "Mozilla's list, certificates that trust.Certificates has read, and those of TLS"},
	"pkg/trust/same.go":                     {"pem.Decode", "CAs that Certificates has read"},
	"pkg/trust/trust.go":                    {".AppendCertsFromPEM .AppendCertsFromPEM", "certificates that trust.Certificates has read"},
	"internal/registryaccess/ca.go":         {"pem.Decode pem.Decode x509.ParseCertificate", "a CA that trust.Certificates has read"},
	"internal/breakglass/admin.go":          {"tls.X509KeyPair", "a certificate that bounded.PEM has read"},
	"pkg/concierge/concierge.go":            {"tls.X509KeyPair", "a certificate that bounded.PEM has read"},
	"pkg/login/federated_target.go":         {"tls.X509KeyPair", "a certificate of our own store"},
	"pkg/login/secret/source.go":            {"io.ReadAll", "standard input, through a LimitReader"},
	"pkg/login/secret/parent_linux.go":      {"os.ReadFile", "a file of /proc"},
	"internal/cli/registrycmd/helper.go":    {"os.Open os.ReadFile", "our own program, which is copied, and a file that is only hashed"},
	"internal/command/yaml.go":              {"json.NewDecoder yaml.Unmarshal", "a text that we made"},

	"internal/bench/kubeconfig.go": {"clientcmd.Load clientcmd.LoadFromFile", noPart},
	"internal/bench/serial.go":     {"io.ReadAll", noPart},
	"internal/gendocs/main.go":     {"io.ReadAll", noPart},
	"internal/mutate/main.go":      {"os.ReadFile", noPart},
}

// Every text of a server, and every file that a user names, is read through pkg/bounded: one that is parsed in another way is found
// here, with its place.
func TestForeignTextIsBounded(t *testing.T) {
	used := map[string][]string{}
	at := map[string]string{}
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
			place := dir + "/" + name
			used[place] = append(used[place], expr(s.X)+"."+s.Sel.Name)
			at[place] += " " + strconv.Itoa(fset.Position(n.Pos()).Line)
			return true
		})
	})
	for place, calls := range used {
		slices.Sort(calls)
		if got := strings.Join(calls, " "); got != parsedElsewhere[place].calls {
			t.Errorf("%s, lines%s: %s: read foreign text through pkg/bounded, or say in parsedElsewhere why not", place, at[place], got)
		}
	}
	for place := range parsedElsewhere {
		if used[place] == nil {
			t.Errorf("%s parses nothing: take it off the list", place)
		}
	}
}
