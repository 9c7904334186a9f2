package vmcmd

import (
	"crypto/rand"
	"crypto/rsa"
	"crypto/sha512"
	"crypto/x509"
	"encoding/base64"
	"encoding/pem"
	"errors"
	"net/url"
	"strconv"
	"strings"

	"github.com/kubectl-vsphere/kubectl-vsphere/internal/console"
	"github.com/kubectl-vsphere/kubectl-vsphere/pkg/address"
	"github.com/kubectl-vsphere/kubectl-vsphere/pkg/redact"
)

// keyBits is the size of the key that a console's ticket is encrypted for. OAEP with SHA-512 leaves 254 bytes of it for the URL; of 2048
// bits it would leave 126.
const keyBits = 3072

// newKey makes a key for one console.
func newKey(e *console.Env) (*rsa.PrivateKey, error) {
	if e.NewKey != nil {
		return e.NewKey(keyBits)
	}
	return rsa.GenerateKey(rand.Reader, keyBits)
}

// publicKey returns the public key as VM Operator reads it: PEM of the type PUBLIC KEY that holds PKCS#1.
func publicKey(key *rsa.PrivateKey) string {
	return string(pem.EncodeToMemory(&pem.Block{Type: "PUBLIC KEY", Bytes: x509.MarshalPKCS1PublicKey(&key.PublicKey)}))
}

// ticket is what a console is opened with. Whoever has it can use the console for two minutes.
type ticket struct {
	host, port string // where the page connects to
	secret     redact.Secret
}

// The errors of a ticket have nothing of it.
var (
	errCipher = errors.New("its ticket cannot be decrypted")
	errTicket = errors.New("its ticket is no address of a console")
	errProxy  = errors.New("the reply names no host for the page")
)

// maxTicket bounds what follows /ticket/, in bytes.
const maxTicket = 128

// ticketCharacters are those of a ticket: none has a meaning in a URL.
const ticketCharacters = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_"

// openTicket decrypts a ticket (RSA-OAEP with SHA-512, no label) and reads it: wss://HOST:PORT/ticket/TICKET.
func openTicket(key *rsa.PrivateKey, response string) (ticket, error) {
	sealed, err := base64.StdEncoding.DecodeString(response)
	if err != nil {
		return ticket{}, errCipher
	}
	text, err := rsa.DecryptOAEP(sha512.New(), nil, key, sealed, nil)
	if err != nil {
		return ticket{}, errCipher
	}
	rest, isURL := strings.CutPrefix(string(text), "wss://")
	at, secret, found := strings.Cut(rest, "/ticket/")
	if !isURL || !found || secret == "" || len(secret) > maxTicket || strings.Trim(secret, ticketCharacters) != "" {
		return ticket{}, errTicket
	}
	host, port, err := hostPort(at)
	if err != nil || port == "" {
		return ticket{}, errTicket
	}
	return ticket{host, port, redact.Secret(secret)}, nil
}

// hostPort reads HOST or HOST:PORT, and nothing else that an address may be.
func hostPort(text string) (host, port string, err error) {
	if strings.Contains(text, "://") || strings.HasSuffix(text, "/") {
		return "", "", errProxy
	}
	host, number, err := address.Parse(text)
	if err != nil {
		return "", "", errProxy
	}
	if number == 0 && (strings.HasSuffix(text, ":"+strconv.Itoa(address.FrontPort)) && !strings.EqualFold(text, host)) {
		number = address.FrontPort // Parse leaves it out.
	}
	if number != 0 {
		port = strconv.Itoa(number)
	}
	return host, port, nil
}

// page returns the page of a console: that of the proxy, which knows the request by its UID.
func (t ticket) page(proxy, namespace, uid string) (redact.Secret, error) {
	host, port, err := hostPort(proxy)
	if err != nil {
		return "", err
	}
	number, _ := strconv.Atoi(port)
	at := address.Format(host, number)
	if number == 0 && strings.Contains(host, ":") {
		at = "[" + host + "]"
	}
	esc := url.QueryEscape
	return redact.Secret("https://" + at + "/vm/web-console/proxy?host=" + esc(t.host) + "&port=" + esc(t.port) + "&ticket=" + t.secret.Reveal() +
		"&uuid=" + esc(uid) + "&namespace=" + esc(namespace)), nil
}
