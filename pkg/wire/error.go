package wire

import (
	"context"
	"crypto/tls"
	"encoding/base64"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"net"
	"net/http"
	"net/url"
	"strings"
	"time"

	"github.com/kubectl-vsphere/kubectl-vsphere/pkg/duration"
	"github.com/kubectl-vsphere/kubectl-vsphere/pkg/redact"
	"github.com/kubectl-vsphere/kubectl-vsphere/pkg/safetext"
	"github.com/kubectl-vsphere/kubectl-vsphere/pkg/syserr"
	"github.com/kubectl-vsphere/kubectl-vsphere/pkg/trust"
)

// The kinds of an Error.
var (
	ErrRefused     = errors.New("identity refused")     // 401
	ErrForbidden   = errors.New("forbidden")            // 403
	ErrNotFound    = errors.New("not found")            // 404
	ErrUnreachable = errors.New("server not reachable") // no whole reply arrived
	ErrServer      = errors.New("server error")         // another status, or a reply that is not as it should be
)

// Error is a failed exchange. Its text is one line: the endpoint and the reason.
type Error struct {
	Method  string
	URL     string
	Status  int           // 0 when there was no reply
	Message string        // the reason, or the server's own words made harmless
	Code    string        // of a registry's list of errors, as CONFLICT; else empty
	After   time.Duration // RetryAfter of the reply
	Kind    error
	Err     error
}

// Error names the endpoint without its query.
func (e *Error) Error() string {
	return fmt.Sprintf("%s %s: %s", e.Method, safetext.Line(withoutQuery(e.URL), 400), e.Message)
}

// Unwrap returns the kind and the cause.
func (e *Error) Unwrap() []error {
	if e.Err == nil {
		return []error{e.Kind}
	}
	return []error{e.Kind, e.Err}
}

// Wait returns how long the server asks to wait before the next request; 0 if it does not say.
func (e *Error) Wait() time.Duration { return e.After }

func withoutQuery(s string) string {
	s, _, _ = strings.Cut(s, "?")
	return s
}

// statusError makes the error of a reply that is not 2xx. The closed plugin names the status in lower case; so does
// this.
func (r Request) statusError(resp *http.Response, body []byte) error {
	if r.Failed != nil {
		return r.Failed(resp, body)
	}
	e := &Error{Method: r.Method, URL: r.URL, Status: resp.StatusCode, Kind: ErrServer, After: RetryAfter(resp)}
	switch resp.StatusCode {
	case http.StatusUnauthorized:
		e.Kind = ErrRefused
	case http.StatusForbidden:
		e.Kind = ErrForbidden
	case http.StatusNotFound:
		e.Kind = ErrNotFound
	}
	e.Message = statusText(resp.StatusCode)
	if e.After > 0 {
		e.Message += ", and asks to wait " + duration.Text(e.After)
	}
	if resp.StatusCode >= 300 && resp.StatusCode <= 399 {
		e.Message += ": the server answers with a redirect, which is not followed"
	}
	var said string
	if said, e.Code = serverSaid(resp.Header.Get("Content-Type"), r.withoutSecrets(body)); said != "" {
		e.Message += ": " + said
	}
	return e
}

// withoutSecrets removes the secrets of the request from a reply: a proxy or a debug page may repeat headers.
func (r Request) withoutSecrets(body []byte) []byte {
	secrets := append([]redact.Secret{r.Bearer.Redacted()}, r.Secrets...)
	if r.Basic != nil {
		password := r.Basic.Password.Redacted()
		secrets = append(secrets, password, redact.Secret(base64.StdEncoding.EncodeToString([]byte(r.Basic.User+":"+password.Reveal()))))
	}
	return []byte(Conceal(string(body), secrets...))
}

// minSecret is the length in bytes from which a secret is removed. A shorter one occurs in every sentence, and its
// gaps would show it.
const minSecret = 3

// Conceal removes secrets from a server's text: as they are, and in the spelling of URLs and JSON.
func Conceal(text string, secrets ...redact.Secret) string {
	for _, secret := range secrets {
		s := secret.Reveal()
		if len(s) < minSecret {
			continue
		}
		spelled := []string{s, url.QueryEscape(s), url.PathEscape(s)}
		if quoted, err := json.Marshal(s); err == nil {
			spelled = append(spelled, strings.Trim(string(quoted), `"`))
		}
		for _, s := range spelled {
			text = strings.ReplaceAll(text, s, "[secret]")
		}
	}
	return text
}

func statusText(code int) string {
	text := strings.ToLower(http.StatusText(code))
	if text == "" {
		text = "unknown status"
	}
	return fmt.Sprintf("%s (%d)", text, code)
}

// NetworkError words an error of net/http for a request that got no whole reply within timeout, here or in another package. ctx is
// the caller's: when it ended, its error is the answer, since nothing is wrong with the server. The result is an *Error of kind
// ErrUnreachable, a *trust.UntrustedError, or ctx's error.
func (r Request) NetworkError(ctx context.Context, err error, timeout time.Duration) error {
	if ctx.Err() != nil {
		return fmt.Errorf("%s %s: %w", r.Method, withoutQuery(r.URL), ctx.Err())
	}
	e := &Error{Method: r.Method, URL: r.URL, Kind: ErrUnreachable}
	host := r.URL
	if u, parseErr := url.Parse(r.URL); parseErr == nil {
		host = u.Host
	}
	var said *Error
	if errors.As(err, &said) { // By Checked.
		return said
	}
	var untrusted *trust.UntrustedError
	if explained := trust.Explain(host, err); errors.As(explained, &untrusted) {
		return untrusted
	}
	e.Message = networkMessage(err, timeout)
	if errors.Is(err, trust.ErrNoCertificate) {
		e.Kind, e.Err = ErrServer, trust.ErrNoCertificate
	}
	return e
}

func networkMessage(err error, timeout time.Duration) string {
	var dns *net.DNSError
	var op *net.OpError
	var record tls.RecordHeaderError
	var alert tls.AlertError
	var timed interface{ Timeout() bool }
	via := ""
	if errors.As(err, &op) && op.Op == "proxyconnect" {
		via = " (through the proxy of HTTPS_PROXY or the kubeconfig; NO_PROXY exempts a host)"
	}
	switch {
	case errors.As(err, &dns) && dns.IsNotFound:
		return "no such host: " + safetext.Quote(dns.Name, maxMessage) + via
	case errors.As(err, &timed) && timed.Timeout(), syserr.TimedOut.Is(err):
		return fmt.Sprintf("no answer within %s", duration.Text(timeout)) + via
	case syserr.Refused.Is(err):
		return "connection refused" + via
	case syserr.NoRoute.Is(err):
		return "no route to host" + via
	case errors.Is(err, io.EOF), errors.Is(err, io.ErrUnexpectedEOF), syserr.Broken.Is(err):
		return "the connection was closed before the reply was complete" + via
	case errors.As(err, &record), errors.Is(err, http.ErrSchemeMismatch):
		return "the server does not speak TLS on this port"
	case errors.As(err, &alert):
		return "TLS: " + alert.Error()
	}
	return innermost(err) + via
}

// innermost drops the wrapping of net/http, which repeats the URL with its query.
func innermost(err error) string {
	var u *url.Error
	if errors.As(err, &u) {
		err = u.Err
	}
	return clean(err.Error())
}
