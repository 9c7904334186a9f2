package registry

import (
	"crypto"
	"crypto/rand"
	"crypto/rsa"
	"crypto/sha256"
	"crypto/x509"
	"crypto/x509/pkix"
	"encoding/base64"
	"encoding/json"
	"encoding/pem"
	"errors"
	"math/big"
	"net/http"
	"strings"
	"time"
)

// lifetime is how long a token for the real registry is good: Harbor's default.
const lifetime = 30 * time.Minute

// tokenPrefix begins the user name of somebody who shows a token (src/server/middleware/security/auth_proxy.go).
const tokenPrefix = "tokenreview$"

// Signer signs tokens that the real registry takes: each brings its certificate, which is the only one that the registry knows.
type Signer struct {
	key  *rsa.PrivateKey
	cert []byte // DER
}

// NewSigner makes a key.
func NewSigner() (*Signer, error) {
	key, err := rsa.GenerateKey(rand.Reader, 2048)
	if err != nil {
		return nil, err
	}
	template := &x509.Certificate{
		SerialNumber: big.NewInt(1), Subject: pkix.Name{CommonName: Issuer}, NotBefore: time.Now().Add(-time.Hour), NotAfter: time.Now().AddDate(10, 0, 0),
		IsCA: true, BasicConstraintsValid: true, KeyUsage: x509.KeyUsageDigitalSignature | x509.KeyUsageCertSign,
	}
	cert, err := x509.CreateCertificate(rand.Reader, template, template, &key.PublicKey, key)
	return &Signer{key, cert}, err
}

// PEM is the certificate, for the real registry's rootcertbundle.
func (s *Signer) PEM() []byte {
	return pem.EncodeToMemory(&pem.Block{Type: "CERTIFICATE", Bytes: s.cert})
}

// access is what a token allows (https://distribution.github.io/distribution/spec/auth/jwt/).
type access struct {
	Type    string   `json:"type"`
	Name    string   `json:"name"`
	Actions []string `json:"actions"`
}

func (s *Signer) sign(subject string, allowed []access, now time.Time) (string, error) {
	header, err := json.Marshal(map[string]any{"typ": "JWT", "alg": "RS256", "x5c": []string{base64.StdEncoding.EncodeToString(s.cert)}})
	if err != nil {
		return "", err
	}
	claims, err := json.Marshal(map[string]any{
		"iss": Issuer, "sub": subject, "aud": Service, "exp": now.Add(lifetime).Unix(), "nbf": now.Add(-time.Minute).Unix(), "iat": now.Unix(),
		"jti": rand.Text(), "access": allowed,
	})
	if err != nil {
		return "", err
	}
	text := encode(header) + "." + encode(claims)
	sum := sha256.Sum256([]byte(text))
	signature, err := rsa.SignPKCS1v15(rand.Reader, s.key, crypto.SHA256, sum[:])
	return text + "." + encode(signature), err
}

func encode(b []byte) string { return base64.RawURLEncoding.EncodeToString(b) }

// token is the token service. Harbor's has GET and nothing else (src/core/service/token).
func (r *Registry) token(w http.ResponseWriter, req *http.Request) {
	if req.Method != http.MethodGet {
		w.Header().Set("Allow", http.MethodGet)
		fail(w, http.StatusMethodNotAllowed, "METHOD_NOT_ALLOWED", "method not allowed")
		return
	}
	query := req.URL.Query()
	for name := range query {
		switch name {
		case "service", "scope", "account", "client_id", "offline_token":
		default:
			fail(w, http.StatusBadRequest, "BAD_REQUEST", "unknown parameter "+name)
			return
		}
	}
	if query.Get("service") != Service {
		fail(w, http.StatusBadRequest, "BAD_REQUEST", "unable to handle service "+query.Get("service"))
		return
	}
	who, err := r.who(req)
	if err != nil {
		fail(w, http.StatusUnauthorized, "UNAUTHORIZED", err.Error())
		return
	}
	if account := query.Get("account"); account != "" && account != who.name {
		fail(w, http.StatusBadRequest, "BAD_REQUEST", "the account is not the user")
		return
	}
	allowed, err := who.allowed(query["scope"])
	if err != nil {
		fail(w, http.StatusBadRequest, "BAD_REQUEST", err.Error())
		return
	}
	now := time.Now()
	signed, err := r.Signer.sign(who.name, allowed, now)
	if err != nil {
		fail(w, http.StatusInternalServerError, "UNKNOWN", err.Error())
		return
	}
	reply(w, http.StatusOK, map[string]any{
		"token": signed, "access_token": "", "expires_in": int(lifetime.Seconds()), "issued_at": now.UTC().Format(time.RFC3339),
	})
}

// principal is somebody whom the registry knows.
type principal struct {
	name   string // as the client spells it
	person bool   // with a password: may manage robots
	right  func(project string) string
}

var errUnauthorized = errors.New("unauthorized")

// who returns the caller of a request, by its Basic authentication.
func (r *Registry) who(req *http.Request) (principal, error) {
	name, secret, ok := req.BasicAuth()
	if !ok || secret == "" {
		return principal{}, errUnauthorized
	}
	if robot, found := r.robotOf(name, secret); found {
		return principal{name: name, right: robot.right}, nil
	}
	if r.Mode != HTTPAuth {
		r.mu.Lock()
		u, found := r.users[name]
		r.mu.Unlock()
		if !found || u.password != secret {
			return principal{}, errUnauthorized
		}
		return principal{name, true, func(project string) string { return u.projects[project] }}, nil
	}
	if user, isToken := strings.CutPrefix(name, tokenPrefix); isToken {
		reviewed, err := r.Review(secret)
		if err != nil || r.RefuseTokens || r.ReviewPrefix+reviewed != user { // To the letter.
			return principal{}, errUnauthorized
		}
		return principal{name: name, right: func(project string) string { return r.Right(reviewed, project) }}, nil
	}
	if !r.Login(name, secret) {
		return principal{}, errUnauthorized
	}
	return principal{name, true, func(project string) string { return r.Right(name, project) }}, nil
}

// allowed is what of the scopes somebody gets, as "repository:team-a/image:pull,push".
func (p principal) allowed(scopes []string) ([]access, error) {
	all := []access{}
	for _, scope := range strings.Fields(strings.Join(scopes, " ")) {
		kind, rest, _ := strings.Cut(scope, ":")
		i := strings.LastIndex(rest, ":")
		if i < 0 || kind != "repository" && kind != "registry" {
			return nil, errors.New("the scope " + scope + " is none")
		}
		name, right := rest[:i], None
		if project, image, found := strings.Cut(name, "/"); kind == "repository" && found && image != "" {
			right = p.right(project)
		}
		granted := []string{}
		for _, action := range strings.Split(rest[i+1:], ",") {
			switch action {
			case "pull":
				if right != None {
					granted = append(granted, action)
				}
			case "push", "delete":
				if right == Push {
					granted = append(granted, action)
				}
			case "*":
			default:
				return nil, errors.New("the action " + action + " is none")
			}
		}
		if len(granted) > 0 {
			all = append(all, access{kind, name, granted})
		}
	}
	return all, nil
}
