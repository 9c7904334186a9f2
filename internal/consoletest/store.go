package consoletest

import (
	"os"
	"path/filepath"
	"time"

	"github.com/kubectl-vsphere/kubectl-vsphere/pkg/redact"
	"github.com/kubectl-vsphere/kubectl-vsphere/pkg/tokens"
	"github.com/kubectl-vsphere/kubectl-vsphere/pkg/trust"
)

// Life is that of a token which SignIn and KeepToken leave.
const Life = 10 * time.Hour

// SignIn saves a session of User at a Supervisor as a login with a password leaves it, with a token of the Supervisor's own API. No
// server is needed.
func (w *World) SignIn(server string, change ...func(*tokens.Session)) tokens.Session {
	w.t.Helper()
	now := w.Now()
	s := tokens.Session{
		Server: server, User: User, Method: "sso", Account: "vcenter " + User, Hosts: []string{server},
		Trust: trust.Trust{Mode: trust.Bundle, CA: w.CA.PEM}, Created: now, Updated: now,
	}
	for _, c := range change {
		c(&s)
	}
	s, err := w.Store().SaveSession(s)
	if err != nil {
		w.t.Fatal(err)
	}
	w.KeepToken(s, tokens.Key{Server: s.Server, User: s.User}, redact.Secret("token-of-"+s.User))
	return s
}

// KeepToken saves a token of a session, which is good for Life from now on.
func (w *World) KeepToken(s tokens.Session, key tokens.Key, token redact.Secret) {
	w.t.Helper()
	now := w.Now()
	err := w.Store().SaveCredential(tokens.Credential{Key: key, Session: s.ID, Token: token, Issued: now, Expires: now.Add(Life)})
	if err != nil {
		w.t.Fatal(err)
	}
}

// ReadFile returns the text of a file below the home directory. It is empty if the file does not exist.
func (w *World) ReadFile(name string) string {
	w.t.Helper()
	text, err := os.ReadFile(filepath.Join(w.Dir, name))
	if err != nil && !os.IsNotExist(err) {
		w.t.Fatal(err)
	}
	return string(text)
}

// Move lets the server at one HOST:PORT answer at another one, with the certificate that it has.
func (w *World) Move(from, to string) {
	w.mu.Lock()
	defer w.mu.Unlock()
	w.hosts[to] = w.hosts[from]
	delete(w.hosts, from)
}
