package doctor

import (
	"archive/zip"
	"bytes"
	"encoding/json"
	"errors"
	"fmt"
	"maps"
	"net/url"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"time"

	"k8s.io/client-go/tools/clientcmd/api"

	"github.com/kubectl-vsphere/kubectl-vsphere/internal/console"
	"github.com/kubectl-vsphere/kubectl-vsphere/internal/failure"
	"github.com/kubectl-vsphere/kubectl-vsphere/pkg/bounded"
	"github.com/kubectl-vsphere/kubectl-vsphere/pkg/kubeconfig"
	"github.com/kubectl-vsphere/kubectl-vsphere/pkg/safetext"
	"github.com/kubectl-vsphere/kubectl-vsphere/pkg/tokens"
	"github.com/kubectl-vsphere/kubectl-vsphere/pkg/tokens/credfile"
	"github.com/kubectl-vsphere/kubectl-vsphere/pkg/trust"
)

// Bundle returns an archive (ZIP) for support: the report, and what is on this machine, without secrets. It has names of servers, users and
// files, and CA certificates.
func Bundle(e *console.Env, r Report) ([]byte, error) {
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
	report, err := json.MarshalIndent(r, "", "  ") // Each by its type: a test sees that none of them can hold a secret.
	store, storeErr := json.MarshalIndent(storeOf(e), "", "  ")
	config, configErr := json.MarshalIndent(kubeconfigsOf(e), "", "  ")
	if err := errors.Join(err, storeErr, configErr); err != nil {
		return nil, err
	}
	files := map[string][]byte{
		"report.json": safetext.JSON(report), "store.json": safetext.JSON(store), "kubeconfig.json": safetext.JSON(config), "machine.txt": machine(e),
	}
	for _, name := range slices.Sorted(maps.Keys(files)) {
		if err := add(name, files[name]); err != nil {
			return nil, err
		}
	}
	if err := z.Close(); err != nil {
		return nil, err
	}
	return b.Bytes(), nil
}

// kubeconfigInfo is what a bundle has of a kubeconfig: fields that hold no secret, and no others.
type kubeconfigInfo struct {
	Path     string        `json:"path"`
	Mode     string        `json:"mode,omitempty"`
	Problem  string        `json:"problem,omitempty"`
	Current  string        `json:"current,omitempty"`
	Contexts []contextInfo `json:"contexts"`
	Clusters []clusterInfo `json:"clusters"`
	Users    []userInfo    `json:"users"`
}

type contextInfo struct {
	Name      string `json:"name"`
	Cluster   string `json:"cluster"`
	User      string `json:"user"`
	Namespace string `json:"namespace,omitempty"`
}

type clusterInfo struct {
	Name     string `json:"name"`
	Server   string `json:"server"` // scheme and host
	Proxy    string `json:"proxy,omitempty"`
	Insecure bool   `json:"insecure,omitempty"`
	CA       string `json:"ca,omitempty"`
}

type userInfo struct {
	Name    string   `json:"name"`
	Command string   `json:"command,omitempty"`
	Ours    bool     `json:"ours,omitempty"`
	Rivals  []string `json:"rivals,omitempty"` // names of fields by which it also logs in
}

// kubeconfigsOf is what a bundle has of the kubeconfig files.
func kubeconfigsOf(e *console.Env) (all []kubeconfigInfo) {
	paths, err := kubeconfig.Locate(e.Getenv, e.Home)
	if err != nil {
		return nil
	}
	for _, path := range paths[:min(len(paths), maxFiles)] {
		info := kubeconfigInfo{Path: named(path)}
		file, err := os.Stat(path)
		if err != nil { // The report has the reason.
			all = append(all, info)
			continue
		}
		info.Mode = file.Mode().String()
		config, err := kubeconfig.Files{Paths: []string{path}, Warn: func(string) {}}.Load()
		if err != nil {
			info.Problem = safetext.Error(err)
		} else {
			info.fill(config)
		}
		all = append(all, info)
	}
	return all
}

// maxFiles bounds the kubeconfig files of a bundle.
const maxFiles = 20

func (i *kubeconfigInfo) fill(config *api.Config) {
	i.Current = config.CurrentContext
	for _, name := range slices.Sorted(maps.Keys(config.Contexts)) {
		c := config.Contexts[name]
		i.Contexts = append(i.Contexts, contextInfo{name, c.Cluster, c.AuthInfo, c.Namespace})
	}
	for _, name := range slices.Sorted(maps.Keys(config.Clusters)) {
		c := config.Clusters[name]
		info := clusterInfo{Name: name, Server: serverOf(c.Server), Proxy: serverOf(c.ProxyURL), Insecure: c.InsecureSkipTLSVerify, CA: fileOf(c.CertificateAuthority, c.LocationOfOrigin)}
		if shown, err := bounded.Certificates(c.CertificateAuthorityData); err == nil && len(shown) > 0 {
			info.CA = "SHA-256 " + trust.Fingerprint(shown[0].Raw)
		}
		i.Clusters = append(i.Clusters, info)
	}
	for _, name := range slices.Sorted(maps.Keys(config.AuthInfos)) {
		u := config.AuthInfos[name]
		_, ours := kubeconfig.Ours(u)
		info := userInfo{Name: name, Ours: ours, Rivals: kubeconfig.Rivals(u)}
		if u.Exec != nil {
			info.Command = programOf(u.Exec.Command)
		}
		i.Users = append(i.Users, info)
	}
}

// serverOf returns the scheme and the host of a URL. What else is in it may be secret.
func serverOf(address string) string {
	u, err := url.Parse(address)
	if err != nil || u.Host == "" {
		return ""
	}
	return u.Scheme + "://" + u.Host
}

// fileOf returns the path of a file that a kubeconfig names, if the file is there.
func fileOf(path, kubeconfig string) string {
	at := path
	if path != "" && !filepath.IsAbs(path) {
		at = filepath.Join(filepath.Dir(kubeconfig), path)
	}
	if _, err := os.Stat(at); path != "" && err != nil {
		return "…"
	}
	return path
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
		for _, path := range paths[:min(len(paths), maxFiles)] {
			line("kubeconfig", named(path))
		}
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
		if value := e.Getenv(name); value != "" {
			shown, _ := console.ShownExceptions(value)
			line(name, shown)
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
	return console.ShownProxy(u)
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
			site.Issuer = issuerOf(site.Issuer)
			all.Sites = append(all.Sites, site)
		}
	}
	return all
}
