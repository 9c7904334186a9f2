package internal

import (
	"bytes"
	"context"
	"encoding/base64"
	"encoding/json"
	"io"
	"maps"
	"net/http"
	"slices"
	"strconv"
	"strings"
	"testing"
	"time"
	"unicode"

	"github.com/kubectl-vsphere/kubectl-vsphere/internal/costtest"
	"github.com/kubectl-vsphere/kubectl-vsphere/pkg/bounded"
	"github.com/kubectl-vsphere/kubectl-vsphere/pkg/concierge"
	"github.com/kubectl-vsphere/kubectl-vsphere/pkg/disclose"
	"github.com/kubectl-vsphere/kubectl-vsphere/pkg/kubeapi"
	"github.com/kubectl-vsphere/kubectl-vsphere/pkg/login/oidc"
	"github.com/kubectl-vsphere/kubectl-vsphere/pkg/login/sso"
	"github.com/kubectl-vsphere/kubectl-vsphere/pkg/redact"
	"github.com/kubectl-vsphere/kubectl-vsphere/pkg/registry/harbor"
	"github.com/kubectl-vsphere/kubectl-vsphere/pkg/supervisor"
	"github.com/kubectl-vsphere/kubectl-vsphere/pkg/trust"
	"github.com/kubectl-vsphere/kubectl-vsphere/pkg/wire"
)

// hostile answers every request with one body.
type hostile struct {
	body   string
	status int
	// before are bodies that come first, by the end of the path: what a client must know before it asks for more.
	before map[string]string
}

func (h hostile) RoundTrip(r *http.Request) (*http.Response, error) {
	body, status := h.body, h.status
	for end, first := range h.before {
		if strings.HasSuffix(r.URL.Path, end) {
			body, status = first, http.StatusOK
		}
	}
	return &http.Response{
		StatusCode: status, Header: http.Header{"Content-Type": {"application/json"}}, Request: r,
		Body: io.NopCloser(strings.NewReader(body)), ContentLength: int64(len(body)),
	}, nil
}

// Unwrap says that servers are verified, as far as trust.Verifies can see.
func (h hostile) Unwrap() http.RoundTripper { return new(http.Transport) }

func (h hostile) wire() *wire.Client {
	return &wire.Client{HTTP: trust.ClientOf(h), Timeout: time.Minute}
}

func (h hostile) supervisor() *supervisor.Client {
	address, _ := supervisor.ParseAddress("10.0.0.1")
	return &supervisor.Client{Wire: h.wire(), Address: address}
}

func (h hostile) kubeapi() *kubeapi.Server {
	at := func(r wire.Request) wire.Request {
		r.URL, r.Bearer = "https://10.0.0.1:6443"+r.URL, hostileToken
		return r
	}
	do := func(ctx context.Context, r wire.Request) ([]byte, error) { return h.wire().Do(ctx, at(r)) }
	return kubeapi.Watching(do, func(ctx context.Context, r wire.Request, each func([]byte) error) error {
		return h.wire().Lines(ctx, at(r), each)
	})
}

var clusterResource = kubeapi.Resource{Group: "cluster.x-k8s.io", Plural: "clusters", Kind: "Cluster"}

func (h hostile) harbor() *harbor.Client { return &harbor.Client{Wire: h.wire(), Host: "10.0.0.5"} }

func (h hostile) issuer() *oidc.Client {
	const at = "https://issuer.example/"
	s := oidc.Session{Client: "pinniped-cli", Refresh: redact.Stored{Secret: "r"}, Access: redact.Stored{Secret: "a"}, AccessUntil: time.Now().Add(time.Hour), SecretVariable: "S"}
	s.Provider = oidc.Provider{Issuer: at, Authorize: at + "authorize", Token: at + "token", JWKS: at + "jwks", Device: at + "device", Revocation: at + "revoke"}
	return &oidc.Client{Session: s, Wire: h.wire(), Now: time.Now}
}

const group = `{"preferredVersion":{"version":"v1beta1"}}`

var by = harbor.Login{Username: "dev@vsphere.local", Password: disclose.OwnRegistry("10.0.0.5").Hold(disclose.RegistryLogin, "hush-hush")}

// What the front may have.
var (
	hostilePassword = disclose.SupervisorAt("10.0.0.1").Hold(disclose.Password, "p")
	hostileToken    = disclose.SupervisorAt("10.0.0.1").Hold(disclose.SupervisorToken, "t")
)

// replies are all kinds of replies that servers send, each read as the program reads it.
var replies = map[string]func(ctx context.Context, h hostile) error{
	"front: /wcp/workloads": func(ctx context.Context, h hostile) error {
		_, _, err := h.supervisor().Workloads(ctx, "u", hostilePassword)
		return err
	},
	"front: /wcp/login": func(ctx context.Context, h hostile) error {
		_, err := sso.Login(ctx, h.wire(), sso.Request{Server: h.supervisor().Address, User: "u", Password: hostilePassword})
		return err
	},
	"front: /wcp/login for a cluster": func(ctx context.Context, h hostile) error {
		_, err := sso.Login(ctx, h.wire(), sso.Request{Server: h.supervisor().Address, User: "u", Password: hostilePassword, Cluster: &sso.Cluster{Name: "c", Namespace: "n"}})
		return err
	},
	"front: vip-cluster-info": func(ctx context.Context, h hostile) error {
		_, err := h.supervisor().APICA(ctx)
		return err
	},
	"front: pinniped-info": func(ctx context.Context, h hostile) error {
		_, err := h.supervisor().Identity(ctx)
		return err
	},
	"API: namespaces": func(ctx context.Context, h hostile) error {
		_, err := h.supervisor().As(hostileToken).Namespaces(ctx)
		return err
	},
	"API: a group": func(ctx context.Context, h hostile) error {
		_, err := h.supervisor().As(hostileToken).Cluster(ctx, "n", "c")
		return err
	},
	"API: clusters": func(ctx context.Context, h hostile) error {
		_, err := h.supervisor().As(hostileToken).UsualClusters(ctx, "n")
		return err
	},
	"API: a cluster": func(ctx context.Context, h hostile) error {
		h.before = map[string]string{"cluster.x-k8s.io": group, "run.tanzu.vmware.com": group}
		_, err := h.supervisor().As(hostileToken).Cluster(ctx, "n", "c")
		return err
	},
	"API: a kubeconfig Secret": func(ctx context.Context, h hostile) error {
		_, err := h.supervisor().As(hostileToken).Endpoint(ctx, "n", "c")
		return err
	},
	"API: cluster-info": func(ctx context.Context, h hostile) error {
		h.before = map[string]string{"cluster.x-k8s.io": group, "/clusters/c": `{"spec":{"controlPlaneEndpoint":{"host":"10.0.0.9","port":6443}}}`}
		s := h.supervisor()
		_, err := s.As(hostileToken).PublicEndpoint(ctx, s.Wire, "n", "c")
		return err
	},
	"API: a table": func(ctx context.Context, h hostile) error {
		h.before = map[string]string{"cluster.x-k8s.io": group}
		return h.kubeapi().List(ctx, kubeapi.Query{Resource: clusterResource, Namespace: "n"}, func(kubeapi.Object) {})
	},
	"API: an object of any kind": func(ctx context.Context, h hostile) error {
		h.before = map[string]string{"cluster.x-k8s.io": group}
		_, err := h.kubeapi().Get(ctx, clusterResource, "n", "c")
		return err
	},
	"API: a watch": func(ctx context.Context, h hostile) error {
		h.before = map[string]string{"cluster.x-k8s.io": group}
		h.body += "\n"
		_, err := h.kubeapi().Watch(ctx, kubeapi.Watched{Query: kubeapi.Query{Resource: clusterResource, Namespace: "n"}}, func(kubeapi.Change) {})
		return err
	},
	"issuer: discovery": func(ctx context.Context, h hostile) error {
		_, err := oidc.Discover(ctx, h.wire(), "https://issuer.example", true)
		return err
	},
	"issuer: JWKS": func(ctx context.Context, h hostile) error { return h.issuer().FetchKeys(ctx) },
	"issuer: identity providers": func(ctx context.Context, h hostile) error {
		p := oidc.Provider{}
		p.Pinniped.IdentityProviders = "https://issuer.example/v1/idps"
		_, err := p.IdentityProviders(ctx, h.wire())
		return err
	},
	"issuer: refresh": func(ctx context.Context, h hostile) error {
		return h.issuer().Renew(ctx, func() error { return nil })
	},
	"issuer: exchange": func(ctx context.Context, h hostile) error {
		_, err := h.issuer().Exchange(ctx, "audience")
		return err
	},
	"issuer: client credentials": func(ctx context.Context, h hostile) error {
		_, _, err := h.issuer().FromRunner(ctx, func(string) string { return "s" }, func(ctx context.Context, send func(context.Context, redact.Secret) error) error {
			return send(ctx, "s")
		})
		return err
	},
	"issuer: device": func(ctx context.Context, h hostile) error {
		_, err := h.issuer().Device(ctx, func(oidc.DeviceCode) error { return nil })
		return err
	},
	"registry: systeminfo": func(ctx context.Context, h hostile) error {
		_, err := h.harbor().Info(ctx)
		return err
	},
	"registry: token": func(ctx context.Context, h hostile) error { return h.harbor().Probe(ctx, "u", by.Password) },
	"registry: users/current": func(ctx context.Context, h hostile) error {
		_, err := h.harbor().CurrentUser(ctx, disclose.NamedRegistry("10.0.0.5").Hold(disclose.RegistryToken, "t"))
		return err
	},
	"registry: project": func(ctx context.Context, h hostile) error {
		_, err := h.harbor().Robots(ctx, by, "team-a")
		return err
	},
	"registry: robots": func(ctx context.Context, h hostile) error {
		h.before = map[string]string{"/projects/team-a": `{"project_id":1}`}
		_, err := h.harbor().Robots(ctx, by, "team-a")
		return err
	},
	"registry: a new robot": func(ctx context.Context, h hostile) error {
		_, err := h.harbor().CreateRobot(ctx, by, harbor.RobotSpec{Project: "team-a", Name: "ci", Days: 1})
		return err
	},
	"registry: a rotated robot": func(ctx context.Context, h hostile) error {
		_, err := h.harbor().RotateRobot(ctx, by, 7)
		return err
	},
	"registry: CA": func(ctx context.Context, h hostile) error {
		_, err := h.harbor().CA(ctx)
		return err
	},
	"concierge": func(ctx context.Context, h hostile) error {
		_, _, err := concierge.Client{Wire: h.wire(), Server: "https://10.0.0.9:6443", Form: concierge.ClusterScoped}.Exchange(ctx, disclose.ClusterAt("10.0.0.9:6443").Hold(disclose.ClusterToken, "t"))
		return err
	},
}

// refusals are the kinds whose error replies are read, in each of the ways that there are.
var refusals = []string{"front: /wcp/workloads", "issuer: refresh", "issuer: device"}

// What a server answers, whatever is asked, costs a bounded amount, and a reply beyond the bounds is an error.
func TestHostileReplies(t *testing.T) {
	documents := costtest.Documents()
	for _, kind := range slices.Sorted(maps.Keys(replies)) {
		for name, text := range documents {
			if strings.Trim(text[:1], "[{-") != "" {
				continue // It is YAML, which is no reply by itself.
			}
			statuses := []int{http.StatusOK}
			if slices.Contains(refusals, kind) {
				statuses = append(statuses, http.StatusBadRequest)
			}
			for _, status := range statuses {
				var err error
				costtest.Limit(t, kind+" answers with "+name, func() { err = replies[kind](t.Context(), hostile{body: text, status: status}) })
				if over := bounded.CheckJSON([]byte(text)) != nil; over && err == nil {
					t.Errorf("%s is accepted by %s", name, kind)
				}
				if err != nil && len(err.Error()) > 2000 {
					t.Errorf("%s, %s: an error of %d bytes", kind, name, len(err.Error()))
				}
			}
		}
	}
	// The front's banner may be any text.
	for name, text := range documents {
		costtest.Limit(t, "the banner is "+name, func() { _, _ = hostile{body: text, status: http.StatusOK}.supervisor().Banner(t.Context()) })
	}
}

// Texts within replies are read within bounds too: a kubeconfig in YAML, a CA in PEM, claims in JSON, keys.
func TestHostileTextsWithinReplies(t *testing.T) {
	in := func(before string, text string, after string) string {
		quoted, _ := json.Marshal(text)
		return before + string(quoted) + after
	}
	inBase64 := func(before string, text string, after string) string {
		return before + `"` + base64.StdEncoding.EncodeToString([]byte(text)) + `"` + after
	}
	token := func(text string) string { return "e30." + base64.RawURLEncoding.EncodeToString([]byte(text)) + ".c2ln" }
	for name, text := range costtest.Documents() {
		for kind, body := range map[string]string{
			"front: vip-cluster-info":         in(`{"data":{"kubeconfig":`, text, `}}`),
			"API: cluster-info":               in(`{"data":{"kubeconfig":`, text, `}}`),
			"API: a kubeconfig Secret":        inBase64(`{"data":{"value":`, text, `}}`),
			"front: pinniped-info":            inBase64(`{"data":{"issuer":"https://issuer.example","issuer_ca_bundle_data":`, text, `}}`),
			"front: /wcp/login":               in(`{"session_id":`, token(text), `}`),
			"front: /wcp/login for a cluster": inBase64(`{"session_id":"a","guest_cluster_server":"10.0.0.9","guest_cluster_ca":`, text, `}`),
			"issuer: client credentials":      in(`{"token_type":"Bearer","access_token":"a","id_token":`, token(text), `}`),
			"issuer: refresh":                 in(`{"token_type":"Bearer","access_token":"a","id_token":`, token(text), `}`),
			"concierge":                       in(`{"status":{"credential":{"expirationTimestamp":"2040-01-01T00:00:00Z","clientKeyData":"a","clientCertificateData":`, text, `}}}`),
			"issuer: JWKS":                    inBase64(`{"keys":[{"kty":"RSA","e":"AQAB","x5c":[`, text, `],"n":"AQAB"}]}`),
		} {
			var err error
			costtest.Limit(t, kind+" holds "+name, func() { err = replies[kind](t.Context(), hostile{body: body, status: http.StatusOK}) })
			if err == nil {
				t.Errorf("%s is accepted within %s", name, kind)
			}
		}
	}
	moduli := `{"keys":[` + strings.TrimSuffix(strings.Repeat(`{"kty":"RSA","e":"AQAB","n":"`+strings.Repeat("AQAB", 4_000)+`"},`, 100), ",") + `]}`
	costtest.Limit(t, "100 keys of 96,000 bits", func() { _ = replies["issuer: JWKS"](t.Context(), hostile{body: moduli, status: http.StatusOK}) })
}

// FuzzReplies: whatever a server answers, reading it costs a bounded amount, and an error shows no control characters.
func FuzzReplies(f *testing.F) {
	kinds := slices.Sorted(maps.Keys(replies))
	for i := range kinds {
		for _, s := range []string{`{}`, `[]`, `null`, `{"session_id":"a.b.c","keys":[{"kty":"RSA"}],"items":[{}],"data":{"kubeconfig":"clusters: [{}]","value":"e30="}}`,
			`{"auth_mode":"db_auth","token":"t","secret":"s","id":1,"name":"robot$a","project_id":1}`, `{"error":"invalid_grant","error_description":"no"}`} {
			f.Add([]byte(s), i, http.StatusOK)
			f.Add([]byte(s), i, http.StatusBadRequest)
		}
	}
	f.Fuzz(func(t *testing.T, body []byte, kind, status int) {
		if kind < 0 || kind >= len(kinds) || status < 200 || status > 599 {
			return // It is no such input.
		}
		var err error
		costtest.Limit(t, kinds[kind], func() { err = replies[kinds[kind]](t.Context(), hostile{body: string(body), status: status}) })
		if err != nil && (len(err.Error()) > 2000 || strings.ContainsFunc(strings.ReplaceAll(err.Error(), "\n", " "), unicode.IsControl)) {
			t.Errorf("%s: %q", kinds[kind], err)
		}
	})
}

// unending sends the next page of a list, longer than it was asked for.
type unending struct{ page int }

// Unwrap is as hostile's.
func (u *unending) Unwrap() http.RoundTripper { return new(http.Transport) }

func (u *unending) RoundTrip(r *http.Request) (*http.Response, error) {
	u.page++
	var b bytes.Buffer
	b.WriteString(`{"metadata":{"continue":"` + strconv.Itoa(u.page) + `"},"items":[`)
	item := `{"metadata":{"name":"a` + strconv.Itoa(u.page) + `"}},`
	b.WriteString(strings.TrimSuffix(strings.Repeat(item, bounded.MaxItems), ","))
	b.WriteString(`]}`)
	return hostile{body: b.String(), status: http.StatusOK}.RoundTrip(r)
}

func TestListsThatDoNotEnd(t *testing.T) {
	costtest.Limit(t, "a list without end", func() {
		u := &unending{}
		w := &wire.Client{HTTP: trust.ClientOf(u)}
		if _, err := (&supervisor.Client{Wire: w, Address: supervisor.Address{Host: "10.0.0.1"}}).As(hostileToken).Namespaces(t.Context()); err == nil || u.page > 2 {
			t.Errorf("%d pages, %v", u.page, err)
		}
	})
	robot := `{"id":1,"name":"robot$a"},`
	body := "[" + strings.TrimSuffix(strings.Repeat(robot, 6000), ",") + "]"
	costtest.Limit(t, "robots without end", func() {
		if err := replies["registry: robots"](t.Context(), hostile{body: body, status: http.StatusOK}); err == nil {
			t.Error("the robots were accepted")
		}
	})
}
