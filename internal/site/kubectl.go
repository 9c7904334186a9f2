package site

import (
	"crypto/tls"
	"crypto/x509"
	"errors"
	"fmt"
	"net/http"
	"net/url"
	"strings"

	"github.com/kubectl-vsphere/kubectl-vsphere/internal/console"
	"github.com/kubectl-vsphere/kubectl-vsphere/pkg/wire"
)

// APIServer is how kubectl reaches and verifies an API server, and whom it impersonates there. It is what rest.Config of client-go holds of
// that, which would link the whole of client-go's transports.
type APIServer struct {
	Host       string // a URL
	ServerName string // in its certificate; empty: that of the URL
	Insecure   bool
	CA         []byte                                // PEM; empty: the roots of the system
	Proxy      func(*http.Request) (*url.URL, error) // the proxy-url of the kubeconfig; nil: that of the environment
	As         Impersonation
	// DisableCompression is for the clients of other programs: ours asks for no compression that it does not undo.
	DisableCompression bool

	Certificate, Key []byte // PEM; empty: no client certificate
}

// Impersonation is the user that kubectl acts as.
type Impersonation struct {
	User, UID string
	Groups    []string
	Extra     map[string][]string
}

// KubectlClient returns a client that reaches and verifies an API server as kubectl does, and acts as the user that kubectl impersonates.
func KubectlClient(e *console.Env, s *APIServer) (*wire.Client, error) {
	options := options(e)
	if s.Proxy != nil {
		options.Proxy = s.Proxy
	} else if err := checkProxy(e); err != nil {
		return nil, err
	}
	config, err := s.TLS()
	if err != nil {
		return nil, err
	}
	base := options.Transport(config)
	return newWire(e, wrapped{s.As.Wrap(base), base}), nil
}

// TLS returns how the server is verified, and the client certificate for it. As client-go does, it shows the certificate whichever CAs the
// server names.
func (s *APIServer) TLS() (*tls.Config, error) {
	config := &tls.Config{MinVersion: tls.VersionTLS12, InsecureSkipVerify: s.Insecure, ServerName: s.ServerName}
	if len(s.CA) > 0 {
		if s.Insecure {
			return nil, errors.New("it has both a CA and insecure-skip-tls-verify, which kubectl refuses")
		}
		roots := x509.NewCertPool()
		if config.RootCAs = roots; !roots.AppendCertsFromPEM(s.CA) {
			return nil, errors.New("its certificate-authority-data holds no certificate")
		}
	}
	if len(s.Certificate) > 0 {
		pair, err := tls.X509KeyPair(s.Certificate, s.Key)
		if err != nil {
			return nil, fmt.Errorf("its client certificate: %w", err)
		}
		config.GetClientCertificate = func(*tls.CertificateRequestInfo) (*tls.Certificate, error) { return &pair, nil }
	}
	return config, nil
}

// Wrap returns a transport whose requests say whom they act as.
func (i Impersonation) Wrap(next http.RoundTripper) http.RoundTripper {
	if i.User == "" {
		return next
	}
	return impersonator{next, i}
}

type impersonator struct {
	next http.RoundTripper
	as   Impersonation
}

// RoundTrip adds the headers of https://kubernetes.io/docs/reference/access-authn-authz/authentication/#user-impersonation.
func (t impersonator) RoundTrip(r *http.Request) (*http.Response, error) {
	r = r.Clone(r.Context())
	r.Header.Set("Impersonate-User", t.as.User)
	if t.as.UID != "" {
		r.Header.Set("Impersonate-Uid", t.as.UID)
	}
	for _, group := range t.as.Groups {
		r.Header.Add("Impersonate-Group", group)
	}
	for key, values := range t.as.Extra {
		for _, value := range values {
			r.Header.Add("Impersonate-Extra-"+escape(key), value)
		}
	}
	return t.next.RoundTrip(r)
}

// escape returns the key of an extra field as a part of a header's name (RFC 9110, section 5.6.2), with % before the bytes that no name may
// have, and before % itself.
func escape(key string) string {
	var out strings.Builder
	for _, b := range []byte(key) {
		switch {
		case 'a' <= b && b <= 'z', 'A' <= b && b <= 'Z', '0' <= b && b <= '9', strings.IndexByte("!#$&'*+-.^_`|~", b) >= 0:
			out.WriteByte(b)
		default:
			fmt.Fprintf(&out, "%%%02X", b)
		}
	}
	return out.String()
}
