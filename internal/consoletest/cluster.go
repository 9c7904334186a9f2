package consoletest

import (
	"net"
	"net/http"
	"strings"
	"sync"
	"time"

	"github.com/kubectl-vsphere/kubectl-vsphere/internal/consoletest/objecttest"
)

// Cluster is a TKG cluster. Its API server accepts the tokens that its Supervisor made for it.
type Cluster struct {
	Name string
	Host string // of its API server, at port 6443
	UID  string
	CA   *CA
	URL  string // where the Secret of the cluster says that it is, if that is not Host
	// Building means that it has no address yet.
	Building bool
	// Sealed means that nobody may read its Secret.
	Sealed bool
	// Concierge answers its TokenCredentialRequest; nil: it has no Concierge.
	Concierge http.HandlerFunc
	// Replies answer a request, "METHOD /path", in place of the cluster.
	Replies map[string]http.HandlerFunc

	w        *World
	mu       sync.Mutex
	accepted map[string]bool
	requests map[string]int
}

// Cluster serves the API server of a TKG cluster.
func (w *World) Cluster(name, host string) *Cluster {
	w.t.Helper()
	c := &Cluster{
		Name: name, Host: host, UID: "uid-" + name, CA: NewCA(w.t, name+"-ca"), Replies: map[string]http.HandlerFunc{},
		w: w, accepted: map[string]bool{}, requests: map[string]int{},
	}
	w.Serve(net.JoinHostPort(host, "6443"), c.CA, c)
	return c
}

// Count is how many requests of a name, "METHOD /path", there were.
func (c *Cluster) Count(name string) int {
	c.mu.Lock()
	defer c.mu.Unlock()
	return c.requests[name]
}

func (c *Cluster) accept(token string) {
	c.mu.Lock()
	defer c.mu.Unlock()
	c.accepted[token] = true
}

// ServeHTTP answers what a login asks of an API server.
func (c *Cluster) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	name := r.Method + " " + r.URL.Path
	c.mu.Lock()
	c.requests[name]++
	reply := c.Replies[name]
	known := c.accepted[strings.TrimPrefix(r.Header.Get("Authorization"), "Bearer ")] ||
		len(r.TLS.PeerCertificates) > 0 && r.TLS.PeerCertificates[0].CheckSignatureFrom(c.CA.cert) == nil
	c.mu.Unlock()
	switch {
	case reply != nil:
		reply(w, r)
	case r.URL.Path == "/api/v1/namespaces/kube-public/configmaps/cluster-info":
		objecttest.WriteJSON(w, http.StatusOK, clusterInfo(c.CA))
	case strings.HasSuffix(r.URL.Path, "/tokencredentialrequests") && c.Concierge == nil:
		w.WriteHeader(http.StatusNotFound)
	case r.URL.Path == "/apis/login.concierge.pinniped.dev/v1alpha1/tokencredentialrequests":
		c.Concierge(w, r)
	case r.URL.Path == "/version" && known:
		objecttest.WriteJSON(w, http.StatusOK, map[string]string{"gitVersion": "v1.31.1"})
	case r.URL.Path == "/version":
		w.WriteHeader(http.StatusUnauthorized)
	default:
		c.w.t.Errorf("the cluster %s does not expect %s", c.Name, name)
		w.WriteHeader(http.StatusTeapot)
	}
}

// Status answers with a status, and a text of the server.
func Status(code int, text string) http.HandlerFunc {
	return func(w http.ResponseWriter, _ *http.Request) { http.Error(w, text, code) }
}

// Busy answers 503, and asks to wait (Retry-After).
func Busy(after string) http.HandlerFunc {
	return func(w http.ResponseWriter, _ *http.Request) {
		w.Header().Set("Retry-After", after)
		w.WriteHeader(http.StatusServiceUnavailable)
	}
}

// Reply answers 200 with a body.
func Reply(body string) http.HandlerFunc {
	return func(w http.ResponseWriter, _ *http.Request) { _, _ = w.Write([]byte(body)) }
}

// Slow answers after a while, unless the client has gone.
func Slow(d time.Duration) http.HandlerFunc {
	return func(w http.ResponseWriter, r *http.Request) {
		select {
		case <-time.After(d):
		case <-r.Context().Done(): // TLS says so before the connection is closed: an answer could still be read.
			panic(http.ErrAbortHandler)
		}
		w.WriteHeader(http.StatusGatewayTimeout)
	}
}
