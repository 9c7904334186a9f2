package consoletest

import (
	"cmp"
	"encoding/base64"
	"encoding/json"
	"fmt"
	"io"
	"net"
	"net/http"
	"slices"
	"strings"
	"sync"
	"time"
)

// Supervisor is a strict one: a request that it does not know fails the test. Fields may be changed between runs.
type Supervisor struct {
	Host       string // its front is at port 443, its API server at port 6443
	CA         *CA
	Banner     string
	Users      map[string]string // passwords
	Namespaces []*Namespace
	// Replies answer a request (see Count for its name) in place of the Supervisor.
	Replies map[string]http.HandlerFunc
	// Hidden means that nobody may list namespaces.
	Hidden bool
	// Identity is the data of kube-public/pinniped-info; nil: there is no external identity provider.
	Identity map[string]string
	// Untold means that kube-public/vip-cluster-info is not there.
	Untold bool
	Life   time.Duration // of tokens; 0 is 10 hours
	// Spellings are further names of users, in lower case, and whose they are: vCenter knows DOMAIN\name and, in its default domain, name.
	Spellings map[string]string
	Written   Written
	// Subject, if set, is what tokens call a user who logs in with a name.
	Subject func(name, user string) string

	w        *World
	issuer   string  // of its tokens
	pinniped *Issuer // nil: no Pinniped
	mu       sync.Mutex
	next     map[string][]http.HandlerFunc
	requests map[string]int
	order    []string
	tokens   map[string]string // user
	minted   int
	holdings []Holding
	events   []event        // of all holdings, in order
	watching map[string]int // watches under way, by plural
	turned   chan struct{}  // closed when the fields above, or ended, change
	ended    chan struct{}  // closed to end all watches
	oldest   int            // a watch from an older version is told to list again
}

// Namespace is a vSphere Namespace.
type Namespace struct {
	Name     string
	Host     string // its control plane host; empty: the Supervisor
	Clusters []*Cluster
	// Closed means that nobody may list its clusters.
	Closed bool
}

// Password is that of User.
const (
	User     = "dev@vsphere.local"
	Password = "pass-word-7"
)

// Supervisor serves a Supervisor, whose one user is User.
func (w *World) Supervisor(host string, namespaces ...*Namespace) *Supervisor {
	w.t.Helper()
	s := &Supervisor{
		Host: host, CA: w.CA, Users: map[string]string{User: Password}, Namespaces: namespaces, Replies: map[string]http.HandlerFunc{},
		w: w, issuer: "https://vcenter.example/openidconnect/vsphere.local", requests: map[string]int{}, tokens: map[string]string{},
		next: map[string][]http.HandlerFunc{}, watching: map[string]int{}, turned: make(chan struct{}), ended: make(chan struct{}),
	}
	w.Serve(net.JoinHostPort(host, "443"), s.CA, s)
	w.Serve(net.JoinHostPort(host, "6443"), s.CA, s)
	return s
}

// Count is how many requests of a name there were: "METHOD /path", and " NAMESPACE/NAME" for a login to a cluster.
func (s *Supervisor) Count(name string) int {
	s.mu.Lock()
	defer s.mu.Unlock()
	return s.requests[name]
}

// Requests are the names of all requests, in their order.
func (s *Supervisor) Requests() []string {
	s.mu.Lock()
	defer s.mu.Unlock()
	return slices.Clone(s.order)
}

// Forget forgets the requests so far.
func (s *Supervisor) Forget() {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.requests, s.order = map[string]int{}, nil
}

// Next answers the next requests of a name, one reply each.
func (s *Supervisor) Next(name string, replies ...http.HandlerFunc) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.next[name] = replies
}

// login is the body of POST /wcp/login; empty for the Supervisor itself.
type login struct {
	Name      string `json:"guest_cluster_name"`
	Namespace string `json:"guest_cluster_namespace"`
}

// ServeHTTP counts a request and answers it.
func (s *Supervisor) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	name, in := r.Method+" "+r.URL.Path, login{}
	if name == "POST /wcp/login" {
		if in = s.loginBody(r); in.Name != "" {
			name += " " + in.Namespace + "/" + in.Name
		}
	}
	s.mu.Lock()
	s.requests[name]++
	s.order = append(s.order, name)
	reply := s.Replies[name]
	if queue := s.next[name]; len(queue) > 0 {
		reply, s.next[name] = queue[0], queue[1:]
	}
	s.mu.Unlock()
	path := strings.Split(strings.Trim(r.URL.Path, "/"), "/")
	switch {
	case reply != nil:
		reply(w, r)
	case r.URL.Path == "/wcp/loginbanner":
		_, _ = io.WriteString(w, s.Banner)
	case r.URL.Path == "/wcp/workloads":
		s.workloads(w, r)
	case r.URL.Path == "/wcp/login":
		s.login(w, r, in)
	case strings.HasPrefix(r.URL.Path, "/wcp/pinniped/") && s.pinniped != nil:
		s.pinniped.ServeHTTP(w, r)
	case strings.HasPrefix(r.URL.Path, "/api/v1/namespaces/kube-public/configmaps/"):
		s.public(w, path[len(path)-1])
	case r.URL.Path == "/version", strings.HasPrefix(r.URL.Path, "/api"):
		s.api(w, r, path)
	default:
		s.unexpected(w, name)
	}
}

// unexpected fails the test.
func (s *Supervisor) unexpected(w http.ResponseWriter, name string) {
	s.w.t.Errorf("the Supervisor %s does not expect %s", s.Host, name)
	w.WriteHeader(http.StatusTeapot)
}

func (s *Supervisor) loginBody(r *http.Request) (in login) {
	text, err := io.ReadAll(r.Body)
	if len(text) > 0 && err == nil {
		decoder := json.NewDecoder(strings.NewReader(string(text)))
		decoder.DisallowUnknownFields()
		err = decoder.Decode(&in)
	}
	if err != nil || r.Header.Get("Content-Type") != "application/json" {
		s.w.t.Errorf("a login with the body %q of %q: %v", text, r.Header.Get("Content-Type"), err)
	}
	return in
}

// user is who proves themselves with a password; else the reply is 401.
func (s *Supervisor) user(w http.ResponseWriter, r *http.Request) (string, bool) {
	user, password, _ := r.BasicAuth()
	user = cmp.Or(s.Spellings[strings.ToLower(user)], user)
	for known, right := range s.Users {
		if strings.EqualFold(known, user) && password == right {
			return known, true
		}
	}
	w.WriteHeader(http.StatusUnauthorized)
	return "", false
}

func (s *Supervisor) workloads(w http.ResponseWriter, r *http.Request) {
	if _, ok := s.user(w, r); !ok {
		return
	}
	all := []map[string]any{}
	for _, ns := range s.Namespaces {
		all = append(all, map[string]any{"namespace": ns.Name, "master_host": cmp.Or(ns.Host, s.Host), "control_plane_api_server_port": 6443})
	}
	writeJSON(w, http.StatusOK, all)
}

func (s *Supervisor) login(w http.ResponseWriter, r *http.Request, in login) {
	user, ok := s.user(w, r)
	if !ok {
		return
	}
	subject := user
	if name, _, _ := r.BasicAuth(); s.Subject != nil {
		subject = s.Subject(name, user)
	}
	reply := map[string]string{"session_id": s.token(user, subject, in)}
	if c := s.cluster(in.Namespace, in.Name); c != nil && !c.Building {
		reply["guest_cluster_server"], reply["guest_cluster_ca"] = c.Host, base64.StdEncoding.EncodeToString([]byte(c.CA.PEM))
		c.accept(reply["session_id"])
	}
	writeJSON(w, http.StatusOK, reply)
}

// token makes a token in the shape of vCenter's. Nobody verifies its signature.
func (s *Supervisor) token(user, subject string, in login) string {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.minted++
	now := s.w.Now()
	claims, _ := json.Marshal(map[string]any{
		"iss": s.issuer, "sub": subject, "aud": "vmware-tes:vc:vns:k8s", "jti": fmt.Sprint(s.minted, " ", in.Namespace, "/", in.Name),
		"iat": now.Unix(), "exp": now.Add(cmp.Or(s.Life, 10*time.Hour)).Unix(),
	})
	text := base64.RawURLEncoding.EncodeToString
	token := text([]byte(`{"alg":"RS256"}`)) + "." + text(claims) + ".c2ln"
	s.tokens[token] = user
	return token
}

// public answers for the config maps that everybody may read.
func (s *Supervisor) public(w http.ResponseWriter, name string) {
	switch {
	case name == "vip-cluster-info" && !s.Untold:
		writeJSON(w, http.StatusOK, clusterInfo(s.CA))
	case name == "pinniped-info" && s.Identity != nil:
		writeJSON(w, http.StatusOK, map[string]any{"kind": "ConfigMap", "data": s.Identity})
	default:
		w.WriteHeader(http.StatusNotFound)
	}
}

// clusterInfo is a config map with a kubeconfig that tells a CA.
func clusterInfo(ca *CA) map[string]any {
	config, _ := json.Marshal(map[string]any{"clusters": []any{map[string]any{"cluster": map[string]any{"certificate-authority-data": []byte(ca.PEM)}}}})
	return map[string]any{"kind": "ConfigMap", "data": map[string]string{"kubeconfig": string(config)}}
}

func writeJSON(w http.ResponseWriter, status int, body any) {
	w.Header().Set("Content-Type", "application/json")
	w.WriteHeader(status)
	_ = json.NewEncoder(w).Encode(body)
}
