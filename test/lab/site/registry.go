package site

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"net"
	"net/http"
	"net/url"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strings"
	"time"

	"github.com/kubectl-vsphere/kubectl-vsphere/test/lab/admin"
	"github.com/kubectl-vsphere/kubectl-vsphere/test/lab/fault"
	"github.com/kubectl-vsphere/kubectl-vsphere/test/lab/pki"
	"github.com/kubectl-vsphere/kubectl-vsphere/test/lab/registry"
)

// registries are those of a site: all stand before one real registry.
type registries struct {
	signer  *registry.Signer
	backend *url.URL
	client  *http.Client // that asks Supervisors about passwords

	byHost map[string]*registry.Registry // under Site.mu
}

// registryVersion is what a registry says it is unless told otherwise.
const registryVersion = "v2.12.2"

// findRegistry is the real registry: the one that make built, or Debian's.
func findRegistry() string {
	if self, err := os.Executable(); err == nil {
		beside := filepath.Join(filepath.Dir(self), "registry")
		if _, err := os.Stat(beside); err == nil {
			return beside
		}
	}
	path, _ := exec.LookPath("docker-registry")
	return path
}

const registryConfig = `version: 0.1
log: {level: warn}
storage:
  filesystem: {rootdirectory: %q}
  delete: {enabled: true}
http: {addr: %q, secret: lab, relativeurls: true}
auth:
  token: {realm: "https://replaced.lab/service/token", service: %s, issuer: %s, rootcertbundle: %q}
`

// startRegistry starts the real registry, if there is one. Without it there are no registries, and all else works.
func (s *Site) startRegistry() error {
	path := findRegistry()
	if path == "" {
		fmt.Fprintln(os.Stderr, "vsphere-lab: there is no registry beside this program and no docker-registry on PATH: the site has no registry")
		return nil
	}
	dir := filepath.Join(s.Dir, "registry")
	if err := os.MkdirAll(dir, 0o700); err != nil {
		return err
	}
	signer, err := registry.NewSigner()
	if err != nil {
		return err
	}
	l, err := net.Listen("tcp", net.JoinHostPort(s.net.ip(addrShared), "0"))
	if err != nil {
		return err
	}
	address := l.Addr().String()
	if err := l.Close(); err != nil {
		return err
	}
	bundle, config := filepath.Join(dir, "signer.pem"), filepath.Join(dir, "config.yml")
	text := fmt.Sprintf(registryConfig, filepath.Join(dir, "storage"), address, registry.Service, registry.Issuer, bundle)
	if err := errors.Join(os.WriteFile(bundle, signer.PEM(), 0o600), os.WriteFile(config, []byte(text), 0o600)); err != nil {
		return err
	}
	ended, err := s.processes.Run(s.ctx, filepath.Join(dir, "registry.log"), path, "serve", config)
	if err != nil {
		return err
	}
	s.registries = registries{
		signer: signer, backend: &url.URL{Scheme: "http", Host: address}, client: s.dexClient(), byHost: map[string]*registry.Registry{},
	}
	return awaitPort(s.ctx, address, ended)
}

// awaitPort waits until somebody listens, or has ended.
func awaitPort(ctx context.Context, address string, ended <-chan error) error {
	for range 300 {
		c, err := net.Dial("tcp", address)
		if err == nil {
			return c.Close()
		}
		select {
		case err := <-ended:
			return fmt.Errorf("the registry ended: %w", errors.Join(err, errors.New("see registry.log")))
		case <-ctx.Done():
			return ctx.Err()
		case <-time.After(100 * time.Millisecond):
		}
	}
	return errors.New("the registry does not listen")
}

// AddRegistry implements admin.Site.
func (s *Site) AddRegistry(_ context.Context, spec admin.RegistrySpec) (string, error) {
	if s.registries.backend == nil {
		return "", errors.New("there is no real registry here")
	}
	c, err := s.registryConfig(spec)
	if err != nil {
		return "", err
	}
	s.mu.Lock()
	defer s.mu.Unlock()
	last, err := s.nextFront()
	if err != nil {
		return "", err
	}
	c.Host = s.net.front(last)
	ca := s.vmca
	if spec.OtherCA {
		ca = s.other
	}
	c.CA = ca.PEM
	r := registry.New(c)
	for _, u := range spec.Users {
		r.AddUser(u.Username, u.Password, u.Projects)
	}
	s.registries.byHost[c.Host] = r
	return c.Host, s.serveRegistry(last, ca, r)
}

func (s *Site) registryConfig(spec admin.RegistrySpec) (registry.Config, error) {
	c := registry.Config{
		Backend: s.registries.backend, Signer: s.registries.signer, Mode: spec.Mode, Version: spec.Version, Endpoint: spec.Endpoint,
		RefuseTokens: spec.RefuseTokens, ReviewPrefix: spec.ReviewPrefix, Redirect: spec.Redirect, Realm: spec.Realm,
		Identity: func(token string) (string, error) {
			u, err := s.supervisors[0].issuers.verify(token, func(string) string { return spec.ClientID })
			return u.Username, err
		},
		Review: s.reviewToken, Login: s.askSupervisor, Right: s.rightIn,
	}
	if c.Mode == "" {
		c.Mode = registry.HTTPAuth
	}
	if c.Version == "" {
		c.Version = registryVersion
	}
	if c.Endpoint == "" {
		c.Endpoint = "https://" + s.net.front(s.supervisors[0].last) + "/wcp/login"
	}
	switch {
	case len(spec.Users) > 0 && c.Mode == registry.HTTPAuth:
		return c, errors.New("users are for the other modes")
	case spec.ReviewPrefix != "" && spec.ReviewPrefix != "sso:":
		return c, errors.New(`reviewPrefix is "sso:" or nothing`)
	}
	return c, nil
}

// serveRegistry opens the front.
func (s *Site) serveRegistry(last int, ca *pki.CA, r *registry.Registry) error {
	pair, err := ca.Server("registry.lab", []net.IP{net.ParseIP(s.net.ip(last))})
	if err != nil {
		return err
	}
	l, err := s.net.listenFront(last)
	if err != nil {
		return err
	}
	describe := func(req *http.Request) fault.Request {
		user, _, _ := req.BasicAuth()
		user = strings.TrimPrefix(strings.TrimPrefix(user, "tokenreview$"), "sso:")
		return fault.Request{Server: r.Host, Method: req.Method, Endpoint: req.URL.Path, User: user}
	}
	serve(s.ctx, l, s.faults.Around(describe, r), &pair)
	return nil
}

// Registry implements admin.Site.
func (s *Site) Registry(host string) (authorized int, err error) {
	s.mu.Lock()
	r, found := s.registries.byHost[host]
	s.mu.Unlock()
	if !found {
		return 0, errors.New("there is no such registry")
	}
	return r.Authorized(), nil
}

// reviewToken has the Supervisor review a token, as Harbor does (src/pkg/authproxy): a TokenReview posted to where systeminfo says.
func (s *Site) reviewToken(token string) (string, error) {
	body, err := json.Marshal(map[string]any{"apiVersion": "authentication.k8s.io/v1beta1", "kind": "TokenReview", "spec": map[string]string{"token": token}})
	if err != nil {
		return "", err
	}
	req, err := http.NewRequestWithContext(s.ctx, http.MethodPost, "https://"+s.net.front(s.supervisors[0].last)+"/wcp/tokenreview", bytes.NewReader(body))
	if err != nil {
		return "", err
	}
	req.Header.Set("Content-Type", "application/json")
	resp, err := s.registries.client.Do(req)
	if err != nil {
		return "", err
	}
	defer resp.Body.Close() //nolint:errcheck // It was read.
	var review struct {
		Status struct {
			Authenticated bool   `json:"authenticated"`
			Error         string `json:"error"`
			User          struct {
				Username string `json:"username"`
			} `json:"user"`
		} `json:"status"`
	}
	if err := json.NewDecoder(resp.Body).Decode(&review); err != nil {
		return "", err
	}
	if !review.Status.Authenticated {
		return "", errors.New("the token is not good: " + review.Status.Error)
	}
	return review.Status.User.Username, nil
}

// askSupervisor sends a password on, as Harbor does (src/core/auth/authproxy): 200 is a yes.
func (s *Site) askSupervisor(username, password string) bool {
	req, err := http.NewRequestWithContext(s.ctx, http.MethodPost, "https://"+s.net.front(s.supervisors[0].last)+"/wcp/login", nil)
	if err != nil {
		return false
	}
	req.SetBasicAuth(username, password)
	resp, err := s.registries.client.Do(req)
	if err != nil {
		return false
	}
	return resp.Body.Close() == nil && resp.StatusCode == http.StatusOK
}

// rightIn is what a person may do in the project of a namespace.
func (s *Site) rightIn(username, project string) string {
	u, found := s.vcenter.Lookup(username)
	switch {
	case !found:
		return registry.None
	case u.Role == roleAdmin:
		return registry.Push
	case !slices.Contains(u.Namespaces, project):
		return registry.None
	case u.Role == roleView:
		return registry.Pull
	}
	return registry.Push
}
