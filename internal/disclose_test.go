package internal

import (
	"bytes"
	"encoding/json"
	"fmt"
	"go/ast"
	"go/importer"
	"go/parser"
	"go/token"
	"go/types"
	"io"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strconv"
	"strings"
	"testing"
)

// What only some files may do, each for a reason. TestSecretsAreDisclosedInOnePlace finds the others. Who sends a secret holds it
// (disclose.Ground.Hold), and has package wire send it, or opens it there (wire.Client.Open, Permit.Open).
var mayDisclose = map[string]map[string]string{
	"reads the text of a secret": {
		"internal/browser/handover.go":               "sends the person's browser on to a page, over the loopback interface",
		"internal/cli/vmcmd/ticket.go":               "makes the address of a console of its ticket, which is a secret again",
		"internal/cli/vmcmd/webconsole.go":           "prints the address of a console, as the user asked",
		"internal/breakglass/breakglass.go":          "checks a private key",
		"internal/cli/argocmd/secret.go":             "writes the token that was made for Argo CD into its Secret, which is a secret again",
		"internal/cli/privatefile/privatefile.go":    "writes credentials of a cluster where the user asked",
		"internal/cli/registrycmd/robotcmd/robot.go": "prints it, or gives it to the user's helper, as the user asked",
		"internal/credhelper/helper.go":              "gives a login to the client of its own registry",
		"internal/session/context.go":                "gives TLS a private key, which never leaves the machine",
		"pkg/concierge/concierge.go":                 "checks a private key",
		"pkg/disclose/disclose.go":                   "is the one way to send it",
		"pkg/jwt/jwt.go":                             "reads claims",
		"pkg/kubeconfig/entries.go":                  "writes a static token into the kubeconfig, as the user asked",
		"pkg/login/federated_target.go":              "gives TLS a private key, which never leaves the machine",
		"pkg/login/oidc/password.go":                 "checks its characters",
		"pkg/login/oidc/provided.go":                 "reads a token of a runner",
		"pkg/login/oidc/verify.go":                   "verifies a signature",
		"pkg/login/secret/hash.go":                   "hashes a refused password",
		"pkg/login/secret/keychain.go":               "saves a password in the keychain",
		"pkg/login/sso/claims.go":                    "reads claims",
		"pkg/redact/json.go":                         "is how a file of the store holds it",
		"pkg/redact/secret.go":                       "is the type",
		"pkg/tokens/credential.go":                   "writes a credential's file",
		"pkg/tokens/ssh.go":                          "lends ssh a private key, in a private file",
		"pkg/wire/error.go":                          "removes it from an error",
		"pkg/client/issuer.go":                       "gives package oidc the token that the caller provides",
		"pkg/client/kubeconfig.go":                   "writes a kubeconfig for a job, as the caller asked",
		"pkg/client/session.go":                      "gives the caller the token, as an oauth2.TokenSource",
	},
	"encodes what may hold stored secrets": {
		"internal/cli/argocmd/secret.go":                  "makes the Secret of Argo CD, which is a secret again",
		"internal/cli/registrycmd/robotcmd/pullsecret.go": "sends a Secret with what the wire has opened",
		"internal/cli/whoami.go":                          "prints claims",
		"internal/command/output.go":                      "prints what a command answers",
		"pkg/bounded/boundedyaml/boundedyaml.go":          "passes YAML of others on",
		"pkg/kubeapi/write.go":                            "sends fields of objects; no caller has a secret in them",
		"pkg/kubeconfig/splice/emit.go":                   "writes the kubeconfig",
		"pkg/kubeconfig/splice/flow.go":                   "writes the kubeconfig",
		"pkg/kubeconfig/splice/verify.go":                 "writes the kubeconfig",
		"pkg/registry/harbor/robot.go":                    "sends a robot account to be made",
		"pkg/registry/store.go":                           "is the store",
		"pkg/login/oidc/session.go":                       "is the session's part of the store",
		"pkg/tokens/store.go":                             "is the store",
	},
	"makes a request by hand": {
		"internal/console/proxy.go":    "asks for the proxy of a URL; nothing is sent",
		"pkg/kubeconfig/mask/kinds.go": "masks a file",
		"pkg/trust/once.go":            "looks whether a request has a password",
		"pkg/wire/wire.go":             "is the way to make one",
		"pkg/login/oidc/password.go":   "Pinniped takes a password in headers of its own; it is opened by the wire",
		"pkg/client/kubeconfig.go":     "asks for the proxy of a URL; nothing is sent",
		"pkg/client/transport.go":      "adds the token to requests of client-go; it is opened by the wire",
	},
	"says on what ground": {
		"internal/bench/serial.go":             "measures a login",
		"internal/registryaccess/clisecret.go": "the user named the registry for the token (r.SendToken)",
		"internal/registryaccess/manage.go":    "a registry client stored the login for this registry",
		"internal/registryaccess/prove.go":     "the registry is proven by a CA of the site, or the user named it",
		"internal/session/apiclient.go":        "the Supervisor named the cluster's API server",
		"internal/session/context.go":          "the kubeconfig names the server",
		"internal/session/ground.go":           "a login reached the servers of the session",
		"internal/site/client.go":              "the server answered as a Supervisor, or as the vCenter that the user named",
		"pkg/login/clusters.go":                "the host gave the token itself",
		"pkg/login/federated_target.go":        "the Supervisor named the API server",
		"pkg/login/login.go":                   "the Supervisor that took the password named the hosts",
		"pkg/login/oidc/send.go":               "the issuer is the session's, with its document and what the user allowed",
		"pkg/registry/harbor/harbor.go":        "the registry gave the secret itself",
		"pkg/vcenter/session.go":               "the vCenter gave the session itself",
		"pkg/client/load.go":                   "the kubeconfig names the server",
		"pkg/client/login.go":                  "the Supervisor named the API server, or the caller did",
		"pkg/client/password.go":               "the Supervisor that took the password named the hosts",
	},
	"says that a person is there": {
		"internal/cli/logincmd/run.go":      "the flag of the command says that nothing is verified",
		"internal/method/password/renew.go": "a person typed the password, and was warned",
		"internal/session/attend.go":        "a person agreed, or can be asked",
		"internal/supervisors/find.go":      "a person at the terminal was warned",
	},
	"says how a server is verified": {
		"internal/method/federated/host.go": "only asks whether the server could have a secret at all",
		"pkg/wire/wire.go":                  "reads it from the transport that sends the request",
	},
	"has a library send it": {},
}

// checkedPackage is a package of the programs with its types.
type checkedPackage struct {
	dir   string // below the module
	fset  *token.FileSet
	files map[string]*ast.File // by the name of the file
	info  *types.Info
}

// exports finds what a package exports, for those that import it.
type exports map[string]string // import path -> file

func (e exports) importer(fset *token.FileSet) types.Importer {
	return importer.ForCompiler(fset, "gc", func(path string) (io.ReadCloser, error) { return os.Open(e[path]) })
}

// typedSources type-checks the packages of the programs, tests left out. The compiler gives what they import.
func typedSources(t *testing.T) ([]checkedPackage, exports) {
	t.Helper()
	list := exec.CommandContext(t.Context(), "go", "list", "-deps", "-export", "-json=ImportPath,Export,Dir,GoFiles", "./...")
	list.Dir = ".."
	out, err := list.Output()
	if err != nil {
		t.Fatal(err)
	}
	type listed struct {
		ImportPath, Export, Dir string
		GoFiles                 []string
	}
	exported, ours := exports{}, []listed{}
	for in := json.NewDecoder(bytes.NewReader(out)); in.More(); {
		var p listed
		if err := in.Decode(&p); err != nil {
			t.Fatal(err)
		}
		exported[p.ImportPath] = p.Export
		if dir, ok := strings.CutPrefix(p.ImportPath, module); ok && !onlyTests(dir) {
			ours = append(ours, p)
		}
	}
	var all []checkedPackage
	for _, p := range ours {
		texts := map[string]string{}
		for _, name := range p.GoFiles {
			text, err := os.ReadFile(filepath.Join(p.Dir, name))
			if err != nil {
				t.Fatal(err)
			}
			texts[name] = string(text)
		}
		all = append(all, typeCheck(t, strings.TrimPrefix(p.ImportPath, module), texts, exported))
	}
	return all, exported
}

func typeCheck(t *testing.T, dir string, texts map[string]string, exported exports) checkedPackage {
	t.Helper()
	p := checkedPackage{dir, token.NewFileSet(), map[string]*ast.File{}, &types.Info{
		Types: map[ast.Expr]types.TypeAndValue{}, Uses: map[*ast.Ident]types.Object{}, Defs: map[*ast.Ident]types.Object{},
	}}
	var files []*ast.File
	for name, text := range texts {
		file, err := parser.ParseFile(p.fset, name, text, parser.SkipObjectResolution)
		if err != nil {
			t.Fatal(err)
		}
		p.files[name], files = file, append(files, file)
	}
	config := types.Config{Importer: exported.importer(p.fset)}
	if _, err := config.Check(module+dir, p.fset, files, p.info); err != nil {
		t.Fatal(err)
	}
	return p
}

// find calls found with what a package does that only some files may do.
func (p checkedPackage) find(found func(file, what string, at token.Position)) {
	for name, file := range p.files {
		for _, d := range file.Decls {
			opened := p.opened(d)
			ast.Inspect(d, func(n ast.Node) bool {
				if what := p.discloses(n, opened); what != "" {
					found(p.dir+"/"+name, what, p.fset.Position(n.Pos()))
				}
				return true
			})
		}
	}
}

// opened returns the contexts of a function in which a library can send a secret to one server only: the first result of a method open.
func (p checkedPackage) opened(d ast.Decl) []types.Object {
	var all []types.Object
	ast.Inspect(d, func(n ast.Node) bool {
		a, ok := n.(*ast.AssignStmt)
		if !ok || len(a.Rhs) != 1 || len(a.Lhs) != 3 {
			return true
		}
		call, ok := a.Rhs[0].(*ast.CallExpr)
		if id, isName := a.Lhs[0].(*ast.Ident); ok && isName && p.called(call) == "(*"+module+"pkg/login/oidc.Client).open" {
			all = append(all, p.info.Defs[id])
		}
		return true
	})
	return all
}

const secretType = module + "pkg/redact.Secret"

// grounds are the functions of package disclose that say on what ground a server may have a secret.
var grounds = []string{
	"APIServerAt", "ClusterAt", "ContextAt", "NamedRegistry", "OwnRegistry", "PinnipedIssuer", "PlainIssuer", "SupervisorAt", "Naming", "ProvenRegistry",
	"VCenterAt",
}

// discloses returns what a node does, as mayDisclose words it; else "".
func (p checkedPackage) discloses(n ast.Node, opened []types.Object) string {
	switch n := n.(type) {
	case *ast.CompositeLit:
		switch types.TypeString(p.info.TypeOf(n), nil) {
		case module + "pkg/disclose.Over":
			return "says how a server is verified"
		case "net/http.Request":
			return "makes a request by hand"
		}
	case *ast.RangeStmt:
		if p.isSecret(n.X) {
			return "reads the text of a secret"
		}
	case *ast.IndexExpr:
		if p.isSecret(n.X) {
			return "reads the text of a secret"
		}
	}
	if text, ok := n.(*ast.BasicLit); ok && text.Kind == token.STRING {
		if s, _ := strconv.Unquote(text.Value); strings.EqualFold(s, "Authorization") || strings.HasPrefix(s, "Bearer ") || strings.HasPrefix(s, "Basic ") {
			return "makes a request by hand"
		}
	}
	// A method that is not called is a value that somebody calls later.
	if s, ok := n.(*ast.SelectorExpr); ok && p.info.Uses[s.Sel] != nil {
		switch name := fullName(p.info.Uses[s.Sel]); {
		case name == "("+secretType+").Reveal":
			return "reads the text of a secret"
		case name == module+"pkg/disclose.Attended":
			return "says that a person is there"
		case strings.HasPrefix(name, module+"pkg/disclose.") && slices.Contains(grounds, s.Sel.Name),
			strings.HasPrefix(name, "("+module+"pkg/disclose.Ground).") && slices.Contains(grounds, s.Sel.Name):
			return "says on what ground"
		case strings.HasPrefix(name, "net/http.NewRequest"), name == "(*net/http.Request).SetBasicAuth",
			slices.Contains([]string{"Do", "Get", "Head", "Post", "PostForm"}, s.Sel.Name) && strings.Contains(name, "net/http."):
			if !strings.HasPrefix(name, "(net/http.Header).") && !strings.HasPrefix(name, "(net/http.Header)") {
				return "makes a request by hand"
			}
		}
	}
	call, ok := n.(*ast.CallExpr)
	if !ok {
		return ""
	}
	switch name := p.called(call); {
	case p.info.Types[call.Fun].IsType() && isText(p.info.TypeOf(call.Fun)) && p.isSecret(call.Args[0]),
		p.info.Types[call.Fun].IsBuiltin() && len(call.Args) == 2 && p.isSecret(call.Args[1]) && (call.Ellipsis.IsValid() || expr(call.Fun) == "copy"):
		return "reads the text of a secret"
	case (strings.HasPrefix(name, "encoding/json.Marshal") || name == "(*encoding/json.Encoder).Encode") && holdsStored(p.info.TypeOf(call.Args[0]), nil):
		return "encodes what may hold stored secrets"
	case strings.Contains(name, "golang.org/x/oauth2") && len(call.Args) > 0 && types.TypeString(p.info.TypeOf(call.Args[0]), nil) == "context.Context":
		if !p.isOpened(call.Args[0], opened) {
			return "has a library send it"
		}
	}
	return ""
}

// isOpened reports whether a context is one of those, as it is or through trust.Once.
func (p checkedPackage) isOpened(e ast.Expr, opened []types.Object) bool {
	if call, ok := e.(*ast.CallExpr); ok && p.called(call) == module+"pkg/trust.Once" {
		e = call.Args[0]
	}
	id, ok := e.(*ast.Ident)
	return ok && slices.Contains(opened, p.info.Uses[id])
}

// called returns the full name of the function that is called.
func (p checkedPackage) called(call *ast.CallExpr) string {
	switch f := call.Fun.(type) {
	case *ast.Ident:
		return fullName(p.info.Uses[f])
	case *ast.SelectorExpr:
		return fullName(p.info.Uses[f.Sel])
	}
	return ""
}

func fullName(o types.Object) string {
	if f, ok := o.(*types.Func); ok {
		return f.FullName()
	}
	return ""
}

// isSecret reports whether a value is a secret, whose text the language itself can read.
func (p checkedPackage) isSecret(e ast.Expr) bool {
	t := p.info.TypeOf(e)
	return t != nil && types.TypeString(t, nil) == secretType
}

// isText reports whether a type holds text, under whatever name: a string, bytes or runes.
func isText(t types.Type) bool {
	if types.TypeString(t, nil) == secretType {
		return false
	}
	text := types.TypeString(t.Underlying(), nil)
	return slices.Contains([]string{"string", "[]byte", "[]uint8", "[]rune", "[]int32"}, text)
}

// holdsStored reports whether the JSON of a type has secrets in it.
func holdsStored(t types.Type, seen []types.Type) bool {
	if slices.ContainsFunc(seen, func(s types.Type) bool { return types.Identical(s, t) }) {
		return false
	}
	seen = append(seen, t)
	switch name := types.TypeString(t, nil); name {
	case module + "pkg/redact.Stored", module + "pkg/redact.JSON":
		return true
	}
	switch u := t.Underlying().(type) {
	case *types.Interface: // Nobody knows what is in it.
		return true
	case *types.Struct:
		for f := range u.Fields() {
			if holdsStored(f.Type(), seen) {
				return true
			}
		}
	case *types.Pointer:
		return holdsStored(u.Elem(), seen)
	case *types.Slice:
		return holdsStored(u.Elem(), seen)
	case *types.Array:
		return holdsStored(u.Elem(), seen)
	case *types.Map:
		return holdsStored(u.Elem(), seen)
	}
	return false
}

// Every way in which a secret leaves this machine asks package disclose. What else reads one, or tells disclose what it goes by, is known.
func TestSecretsAreDisclosedInOnePlace(t *testing.T) {
	all, _ := typedSources(t)
	if len(all) < 40 {
		t.Fatalf("only %d packages", len(all))
	}
	seen := map[string]bool{}
	for _, p := range all {
		if p.dir == "pkg/disclose" {
			delete(p.files, "ground.go")
			delete(p.files, "attend.go")
		}
		p.find(func(file, what string, at token.Position) {
			seen[what+file] = true
			if mayDisclose[what][file] == "" {
				t.Errorf("%s:%d %s: hold it, and let pkg/wire send or open it (docs/architecture.md, Who may have a secret)", file, at.Line, what)
			}
		})
	}
	for what, files := range mayDisclose {
		for file := range files {
			if !seen[what+file] {
				t.Errorf("%s no longer %s: take it off the list", file, what)
			}
		}
	}
}

// The test above finds these.
func TestWhatDisclosesIsFound(t *testing.T) {
	_, exported := typedSources(t)
	for text, want := range map[string]string{
		`_ = s.Reveal()`:                                "reads the text of a secret",
		`f := s.Reveal; _ = f`:                          "reads the text of a secret",
		`_ = string(s)`:                                 "reads the text of a secret",
		`_ = []byte(s)`:                                 "reads the text of a secret",
		`_ = disclose.Kind(s)`:                          "reads the text of a secret",
		`_ = append([]byte{}, s...)`:                    "reads the text of a secret",
		`_ = copy([]byte{}, s)`:                         "reads the text of a secret",
		`_ = s[0]`:                                      "reads the text of a secret",
		`for range s {}`:                                "reads the text of a secret",
		`_ = redact.Secret(s)`:                          "",
		`_ = append([]redact.Secret{}, s)`:              "",
		`_, _ = json.Marshal(redact.Stored{Secret: s})`: "encodes what may hold stored secrets",
		`_, _ = json.Marshal([]struct{ A *redact.Stored }{})`: "encodes what may hold stored secrets",
		`_, _ = json.Marshal(oidc.Session{})`:                 "encodes what may hold stored secrets",
		`_, _ = http.NewRequest("GET", "x", nil)`:             "makes a request by hand",
		`_, _ = http.DefaultClient.Do(nil)`:                   "makes a request by hand",
		`_ = &http.Request{Method: "GET"}`:                    "makes a request by hand",
		`_, _ = http.PostForm("x", nil)`:                      "makes a request by hand",
		`new(http.Request).SetBasicAuth("u", "p")`:            "makes a request by hand",
		`http.Header{}.Set("authorization", "x")`:             "makes a request by hand",
		`_ = disclose.SupervisorAt("x")`:                      "says on what ground",
		`f := disclose.NamedRegistry; _ = f`:                  "says on what ground",
		`_ = disclose.Ground{}.Naming("x")`:                   "says on what ground",
		`_ = disclose.Attended(ctx)`:                          "says that a person is there",
		`_ = disclose.Over{Verified: true}`:                   "says how a server is verified",
		`_, _ = new(oauth2.Config).Exchange(ctx, "code")`:     "has a library send it",
		`_ = new(oauth2.Config).TokenSource(ctx, nil)`:        "has a library send it",
		`_, _ = new(clientcredentials.Config).Token(ctx)`:     "has a library send it",
		`_, _, _ = disclose.Ground{}, oidc.Session{}, s`:      "",
		`_ = http.Header{}.Get("Accept")`:                     "",
		`_, _ = json.Marshal(map[string]int{})`:               "",
	} {
		source := fmt.Sprintf(`package x
import ("context"; "encoding/json"; "net/http"; "golang.org/x/oauth2"; "golang.org/x/oauth2/clientcredentials"; %q; %q; %q)
var ( _ = json.Marshal; _ http.Header; _ oauth2.Config; _ clientcredentials.Config; _ disclose.Kind; _ redact.Secret; _ oidc.Session )
func f(ctx context.Context, s redact.Secret) { %s }`, module+"pkg/disclose", module+"pkg/redact", module+"pkg/login/oidc", text)
		got := ""
		typeCheck(t, "x", map[string]string{"x.go": source}, exported).find(func(_, what string, _ token.Position) { got = what })
		if got != want {
			t.Errorf("%s: %q, not %q", text, got, want)
		}
	}
}
