package doctor

import (
	"archive/zip"
	"bytes"
	"context"
	"encoding/json"
	"fmt"
	"maps"
	"slices"
	"strings"
	"time"

	"github.com/kubectl-vsphere/kubectl-vsphere/internal/console"
	"github.com/kubectl-vsphere/kubectl-vsphere/internal/failure"
	"github.com/kubectl-vsphere/kubectl-vsphere/pkg/bounded"
	"github.com/kubectl-vsphere/kubectl-vsphere/pkg/bounded/boundedyaml"
	"github.com/kubectl-vsphere/kubectl-vsphere/pkg/kubeconfig"
	"github.com/kubectl-vsphere/kubectl-vsphere/pkg/kubeconfig/mask"
	"github.com/kubectl-vsphere/kubectl-vsphere/pkg/safetext"
	"github.com/kubectl-vsphere/kubectl-vsphere/pkg/tokens"
	"github.com/kubectl-vsphere/kubectl-vsphere/pkg/tokens/credfile"
	"github.com/kubectl-vsphere/kubectl-vsphere/pkg/trust"
)

// Bundle returns an archive (ZIP) for support: the report, and what is on this machine, without secrets. It has names of servers, users and
// files, and CA certificates.
func Bundle(ctx context.Context, e *console.Env, r Report) ([]byte, error) {
	var b bytes.Buffer
	z := zip.NewWriter(&b)
	add := func(name string, text []byte) error {
		w, err := z.CreateHeader(&zip.FileHeader{Name: name, Method: zip.Deflate, Modified: e.Now()})
		if err != nil {
			return err
		}
		_, err = w.Write(text)
		return err
	}
	report, err := json.MarshalIndent(r, "", "  ")
	if err != nil {
		return nil, err
	}
	known, err := json.MarshalIndent(storeOf(e), "", "  ")
	if err != nil {
		return nil, err
	}
	files := map[string][]byte{"report.json": report, "store.json": known, "machine.txt": machine(e)}
	paths, _ := kubeconfig.Locate(e.Getenv, e.Home)
	for i, path := range paths[:min(len(paths), maxFiles)] {
		files[fmt.Sprintf("kubeconfig-%d.yaml", i+1)] = masked(ctx, path)
	}
	for _, name := range slices.Sorted(maps.Keys(files)) {
		if err := add(name, files[name]); err != nil {
			return nil, err
		}
	}
	return b.Bytes(), z.Close()
}

// maxFiles bounds the kubeconfig files of a bundle.
const maxFiles = 20

// masked returns a kubeconfig without its secrets, or why it is not shown.
func masked(ctx context.Context, path string) []byte {
	text, err := bounded.File(ctx, path, boundedyaml.MaxFile, bounded.Regular)
	if err == nil {
		text, err = mask.Text(text)
	}
	if err != nil {
		return []byte("# not shown: " + safetext.Error(err) + "\n")
	}
	return text
}

// variables are those of the environment whose names a bundle has, if they are set. Their values may be secret.
var variables = []string{
	failure.PasswordVariable, failure.UsernameVariable, "KUBECTL_VSPHERE_INTERACTIVE", "KUBECTL_VSPHERE_PRINT_URL", "DOCKER_CREDENTIAL_VSPHERE_TIMEOUT",
	"DOCKER_AUTH_CONFIG", "REGISTRY_AUTH_FILE", "SSL_CERT_FILE", "SSL_CERT_DIR", "KUBECONFIG", "DOCKER_CONFIG", "DOCKER_HOST", credfile.HomeVariable, "SUDO_UID",
}

// machine is what a bundle has of the machine, as text.
func machine(e *console.Env) []byte {
	var b strings.Builder
	line := func(name, value string) { fmt.Fprintf(&b, "%s: %s\n", name, safetext.Line(value, maxSays)) }
	line("program", e.Agent)
	line("time", e.Now().UTC().Format(time.RFC3339))
	if self, err := e.Executable(); err == nil {
		line("executable", self)
	}
	for _, path := range onPath(e) {
		line("on PATH", path)
	}
	if paths, err := kubeconfig.Locate(e.Getenv, e.Home); err == nil {
		line("kubeconfig", strings.Join(paths, ", "))
	}
	if dir, err := credfile.Dir(e.Getenv, e.GOOS); err == nil {
		line("store", dir)
	}
	for _, name := range variables {
		if e.Getenv(name) != "" {
			line("is set", name)
		}
	}
	for _, name := range []string{"HTTPS_PROXY", "https_proxy", "HTTP_PROXY", "http_proxy"} {
		if value := e.Getenv(name); value != "" {
			line(name, hostOf(value))
		}
	}
	for _, name := range []string{"NO_PROXY", "no_proxy"} {
		if value := e.Getenv(name); value != "" && !strings.Contains(value, "@") {
			line(name, value)
		}
	}
	return []byte(b.String())
}

// hostOf returns the host of a proxy's address, which may hold a user and a password.
func hostOf(proxy string) string {
	u, err := console.ParseProxy(proxy)
	if err != nil {
		return "is not the address of a proxy"
	}
	return u.Host
}

// sessionInfo is what a bundle has of a session. What may hold a secret is left out: what renews it, and the password command.
type sessionInfo struct {
	Server   string     `json:"server"`
	User     string     `json:"user"`
	Method   string     `json:"method"`
	Trust    trust.Mode `json:"trust"`
	Hosts    []string   `json:"hosts"`
	Keychain bool       `json:"keychain,omitempty"`
	Command  bool       `json:"passwordCommand,omitempty"` // there is one
	Ends     time.Time  `json:"ends,omitzero"`
	Created  time.Time  `json:"created"`
	Updated  time.Time  `json:"updated"`
}

type credentialInfo struct {
	Server  string    `json:"server"`
	User    string    `json:"user"`
	Cluster string    `json:"cluster,omitempty"`
	Expires time.Time `json:"expires"`
}

type storeInfo struct {
	Sessions    []sessionInfo    `json:"sessions"`
	Credentials []credentialInfo `json:"credentials"`
	Sites       []tokens.Site    `json:"sites"`
}

// storeOf is what a bundle has of the store. What cannot be read is in the report.
func storeOf(e *console.Env) (all storeInfo) {
	store, err := e.OpenStore()
	if err != nil {
		return all
	}
	sessions, _ := store.Sessions()
	for _, s := range sessions {
		all.Sessions = append(all.Sessions, sessionInfo{
			s.Server, s.User, s.Method, s.Trust.Mode, s.Hosts, s.Keychain, len(s.PasswordCommand) > 0, s.Ends, s.Created, s.Updated,
		})
	}
	credentials, _ := store.Credentials()
	for _, c := range credentials {
		all.Credentials = append(all.Credentials, credentialInfo{c.Key.Server, c.Key.User, c.Key.Cluster, c.Expires})
	}
	for _, server := range store.SiteServers() {
		if site, found, err := store.Site(server); err == nil && found {
			all.Sites = append(all.Sites, site)
		}
	}
	return all
}
