package vcenter

import (
	"encoding/base64"
	"encoding/json"
	"math/big"
	"net/http"
	"strings"
	"time"
)

// Handler serves OIDC discovery, the JWKS and the token exchange at vCenter's paths.
func (s *Service) Handler() http.Handler {
	mux := http.NewServeMux()
	mux.HandleFunc("GET /openidconnect/"+Domain+"/.well-known/openid-configuration", s.discovery)
	mux.HandleFunc("GET /openidconnect/jwks/"+Domain, s.jwks)
	mux.HandleFunc("POST /rest/vcenter/tokenservice/token-exchange", s.exchange)
	mux.HandleFunc("GET /certs/download.zip", s.download)
	return mux
}

// base is the URL of the vCenter: the issuer is BASE/openidconnect/DOMAIN.
func (s *Service) base() string { return strings.TrimSuffix(s.issuer, "/openidconnect/"+Domain) }

func (s *Service) discovery(w http.ResponseWriter, _ *http.Request) {
	base := s.base()
	writeJSON(w, http.StatusOK, map[string]any{
		"issuer":                                s.issuer,
		"authorization_endpoint":                base + "/openidconnect/oidc/authorize/" + Domain,
		"token_endpoint":                        base + "/openidconnect/token/" + Domain,
		"end_session_endpoint":                  base + "/openidconnect/logout/" + Domain,
		"jwks_uri":                              base + "/openidconnect/jwks/" + Domain,
		"response_types_supported":              []string{"code", "id_token", "token id_token"},
		"subject_types_supported":               []string{"public"},
		"id_token_signing_alg_values_supported": []string{"RS256"},
	})
}

func (s *Service) jwks(w http.ResponseWriter, _ *http.Request) {
	type jwk struct {
		KeyType   string `json:"kty"`
		Algorithm string `json:"alg"`
		Use       string `json:"use"`
		ID        string `json:"kid"`
		Exponent  string `json:"e"`
		Modulus   string `json:"n"`
	}
	keys := []jwk{}
	s.mu.Lock()
	for _, k := range s.keys {
		keys = append(keys, jwk{"RSA", "RS256", "sig", k.kid, encode(big.NewInt(int64(k.key.E)).Bytes()), encode(k.key.N.Bytes())})
	}
	s.mu.Unlock()
	writeJSON(w, http.StatusOK, map[string]any{"keys": keys})
}

// The token exchange's grant (RFC 8693) and types.
const (
	grantExchange = "urn:ietf:params:oauth:grant-type:token-exchange"
	typeSAML2     = "urn:ietf:params:oauth:token-type:saml2"
	typeIDToken   = "urn:ietf:params:oauth:token-type:id_token"
)

type exchangeRequest struct {
	Spec struct {
		GrantType          string `json:"grant_type"`
		SubjectTokenType   string `json:"subject_token_type"`
		SubjectToken       string `json:"subject_token"`
		RequestedTokenType string `json:"requested_token_type"`
		Audience           string `json:"audience"`
	} `json:"spec"`
}

// exchange makes an id_token of a login. A real vCenter takes a SAML assertion of its STS as subject token; the lab has
// no STS, so the assertion is stood in for by base64 of "user:password".
func (s *Service) exchange(w http.ResponseWriter, r *http.Request) {
	var req exchangeRequest
	decoder := json.NewDecoder(http.MaxBytesReader(w, r.Body, 1<<20))
	decoder.DisallowUnknownFields()
	if err := decoder.Decode(&req); err != nil || req.Spec.GrantType != grantExchange ||
		req.Spec.SubjectTokenType != typeSAML2 || req.Spec.RequestedTokenType != typeIDToken {
		writeJSON(w, http.StatusBadRequest, map[string]string{"type": "com.vmware.vapi.std.errors.invalid_request"})
		return
	}
	subject, err := base64.StdEncoding.DecodeString(req.Spec.SubjectToken)
	name, password, ok := strings.Cut(string(subject), ":")
	user, refused := s.Check(name, password)
	isK8s := req.Spec.Audience == Audience || strings.HasPrefix(req.Spec.Audience, Audience+":")
	if err != nil || !ok || refused != nil || !isK8s {
		writeJSON(w, http.StatusInternalServerError, map[string]string{"type": "com.vmware.vcenter.tokenservice.exceptions.InvalidGrant"})
		return
	}
	token, err := s.Mint(user, req.Spec.Audience, 0, 0)
	if err != nil {
		http.Error(w, err.Error(), http.StatusInternalServerError)
		return
	}
	writeJSON(w, http.StatusOK, map[string]any{"value": map[string]any{
		"access_token": token, "token_type": "N_A", "expires_in": int(s.lifetime / time.Second),
		"issued_token_type": typeIDToken, "scope": "openid",
	}})
}

func writeJSON(w http.ResponseWriter, status int, v any) {
	w.Header().Set("Content-Type", "application/json")
	w.WriteHeader(status)
	_ = json.NewEncoder(w).Encode(v)
}
