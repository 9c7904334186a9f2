package client_test

import (
	"context"
	"encoding/base64"
	"encoding/json"
	"encoding/pem"
	"errors"
	"fmt"
	"io"
	"log"
	"net/http"
	"net/http/httptest"
	"os"
	"path/filepath"
	"time"

	"k8s.io/client-go/rest"

	"github.com/kubectl-vsphere/kubectl-vsphere/pkg/client"
)

// supervisor answers what the examples ask of a Supervisor. One address is its front and its API server here.
func supervisor() (server string, ca []byte, stop func()) {
	s := httptest.NewTLSServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		user, password, basic := r.BasicAuth()
		claims, _ := json.Marshal(map[string]any{"sub": user, "exp": time.Now().Add(10 * time.Hour).Unix()})
		text := base64.RawURLEncoding.EncodeToString
		token := text([]byte(`{"alg":"RS256"}`)) + "." + text(claims) + ".c2ln"
		switch {
		case r.URL.Path == "/wcp/loginbanner":
			_, _ = io.WriteString(w, `""`)
		case basic && (user != "robot@vsphere.local" || password != "pass-word-7"):
			w.WriteHeader(http.StatusUnauthorized)
		case r.URL.Path == "/wcp/workloads":
			_, _ = io.WriteString(w, "[]")
		case r.URL.Path == "/wcp/login":
			_ = json.NewEncoder(w).Encode(map[string]string{"session_id": token})
		case r.URL.Path == "/version" && r.Header.Get("Authorization") != "":
			_, _ = io.WriteString(w, `{"gitVersion":"v1.31.1"}`)
		default:
			w.WriteHeader(http.StatusNotFound)
		}
	}))
	s.Config.ErrorLog = log.New(io.Discard, "", 0)
	ca = pem.EncodeToMemory(&pem.Block{Type: "CERTIFICATE", Bytes: s.Certificate().Raw})
	return s.Listener.Addr().String(), ca, s.Close
}

// A service logs in with a password, and asks an API server.
func ExampleLogin() {
	server, ca, stop := supervisor()
	defer stop()
	ctx := context.Background()
	session, err := client.Login(ctx, client.Options{
		Server:   server,
		Trust:    client.Trust{CA: ca},
		Password: &client.Password{User: "robot@vsphere.local", Password: client.Text("pass-word-7")},
	})
	if err != nil {
		fmt.Println(err)
		return
	}
	config := session.Config()
	c, err := rest.HTTPClientFor(config)
	if err != nil {
		fmt.Println(err)
		return
	}
	defer c.CloseIdleConnections()
	resp, err := c.Get(config.Host + "/version")
	if err != nil {
		fmt.Println(err)
		return
	}
	defer resp.Body.Close()
	text, err := io.ReadAll(resp.Body)
	fmt.Println(session.User(), string(text), err)
	// Output: robot@vsphere.local {"gitVersion":"v1.31.1"} <nil>
}

// A refused password is not sent again.
func ExampleLogin_refused() {
	server, ca, stop := supervisor()
	defer stop()
	_, err := client.Login(context.Background(), client.Options{
		Server:   server,
		Trust:    client.Trust{CA: ca},
		Password: &client.Password{User: "another@vsphere.local", Password: client.Text("wrong-word-9")},
	})
	fmt.Println(errors.Is(err, client.ErrRefused))
	// Output: true
}

// Nobody has logged in: the error says what to type.
func ExampleLoad() {
	dir, err := os.MkdirTemp("", "client-example-")
	if err != nil {
		fmt.Println(err)
		return
	}
	defer os.RemoveAll(dir)
	path := filepath.Join(dir, "kubeconfig")
	text := `{"apiVersion":"v1","kind":"Config","current-context":"tkc1","contexts":[{"name":"tkc1","context":{"cluster":"c","user":"u"}}],
"clusters":[{"name":"c","cluster":{"server":"https://10.0.0.11:6443"}}],"users":[{"name":"u","user":{"exec":{
"apiVersion":"client.authentication.k8s.io/v1","command":"kubectl-vsphere","interactiveMode":"IfAvailable",
"args":["get-token","--server","10.0.0.1","--user","dev@vsphere.local","--cluster","ns1/tkc1"]}}}]}`
	if err := os.WriteFile(path, []byte(text), 0o600); err != nil {
		fmt.Println(err)
		return
	}
	_, err = client.Load(context.Background(), client.Stored{Context: "tkc1", Kubeconfig: path, Store: filepath.Join(dir, "store")})
	var known *client.Error
	fmt.Println(errors.Is(err, client.ErrLoginRequired), errors.As(err, &known))
	fmt.Println(err)
	// Output:
	// true true
	// dev@vsphere.local is not logged in to 10.0.0.1; type: kubectl vsphere login --server 10.0.0.1 -u dev@vsphere.local
}

// A job gets a kubeconfig that works for as long as it takes.
func ExampleSession_Kubeconfig() {
	server, ca, stop := supervisor()
	defer stop()
	ctx := context.Background()
	session, err := client.Login(ctx, client.Options{
		Server:   server,
		Trust:    client.Trust{CA: ca},
		Password: &client.Password{User: "robot@vsphere.local", Password: client.Text("pass-word-7")},
	})
	if err != nil {
		fmt.Println(err)
		return
	}
	text, until, err := session.Kubeconfig(ctx, time.Hour)
	fmt.Println(len(text) > 0, time.Until(until) > time.Hour, err)
	// Output: true true <nil>
}
