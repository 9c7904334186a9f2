package up

import (
	"crypto/tls"
	"crypto/x509"
	"encoding/json"
	"io"
	"net"
	"net/http"
	"os"
	"strings"
	"testing"
	"time"

	"github.com/kubectl-vsphere/kubectl-vsphere/test/lab/lab"
	"k8s.io/client-go/dynamic"
	"k8s.io/client-go/rest"
	"k8s.io/client-go/tools/clientcmd"
)

// person is a user with the token of a login.
type person struct {
	client *http.Client
	api    string // URL of the Supervisor's API
	token  string
}

// login proves a user at a Supervisor.
func login(t *testing.T, supervisor int, username, password string) person {
	t.Helper()
	sup := site.Supervisors[supervisor]
	return loginAt(t, sup.Server, sup.CA, username, password)
}

// loginAt does so at an address. The login and the API are verified by the file ca.
func loginAt(t *testing.T, server, ca, username, password string) person {
	t.Helper()
	text, err := os.ReadFile(ca)
	if err != nil {
		t.Fatal(err)
	}
	roots := x509.NewCertPool()
	roots.AppendCertsFromPEM(text)
	p := person{client: &http.Client{Transport: &http.Transport{TLSClientConfig: &tls.Config{RootCAs: roots, MinVersion: tls.VersionTLS12}}}}
	req, err := http.NewRequestWithContext(t.Context(), http.MethodPost, "https://"+server+"/wcp/login", nil)
	if err != nil {
		t.Fatal(err)
	}
	req.SetBasicAuth(username, password)
	resp, err := p.client.Do(req)
	if err != nil {
		t.Fatal(err)
	}
	defer resp.Body.Close()
	var reply struct {
		Token string `json:"session_id"`
	}
	if err := json.NewDecoder(resp.Body).Decode(&reply); err != nil || reply.Token == "" {
		t.Fatal(resp.Status, err)
	}
	host, _, err := net.SplitHostPort(server)
	if err != nil {
		host = server
	}
	p.token, p.api = reply.Token, "https://"+net.JoinHostPort(host, "6443")
	return p
}

// newPerson makes a user of ns1, the first Supervisor's.
func newPerson(t *testing.T, role string) person {
	t.Helper()
	const password = "VMware1!"
	name := strings.ToLower(t.Name()) + "-" + role + "@vsphere.local"
	call(t, http.MethodPost, "users", map[string]any{"username": name, "password": password, "namespaces": []string{"ns1"}, "role": role})
	return login(t, 0, name, password)
}

// call sends a request to the admin API.
func call(t *testing.T, method, path string, in any) {
	t.Helper()
	if err := site.Do(t.Context(), lab.Request{Method: method, Path: path, Body: in}); err != nil {
		t.Fatal(err)
	}
}

// do sends a request to the API as the person. The body is a JSON object, or empty.
func (p person) do(t *testing.T, method, path, body string) (status int, reply []byte) {
	t.Helper()
	req, err := http.NewRequestWithContext(t.Context(), method, p.api+path, strings.NewReader(body))
	if err != nil {
		t.Fatal(err)
	}
	req.Header.Set("Authorization", "Bearer "+p.token)
	req.Header.Set("Content-Type", "application/json")
	if method == http.MethodGet {
		req.Header.Set("Accept", "application/json;as=Table;g=meta.k8s.io;v=v1,application/json")
	}
	resp, err := p.client.Do(req)
	if err != nil {
		t.Fatal(err)
	}
	defer resp.Body.Close()
	if reply, err = io.ReadAll(resp.Body); err != nil {
		t.Fatal(err)
	}
	return resp.StatusCode, reply
}

// administrator is the client of a kubeconfig in lab.json.
func administrator(t *testing.T, kubeconfig string) (*rest.Config, dynamic.Interface) {
	t.Helper()
	config, err := clientcmd.BuildConfigFromFlags("", kubeconfig)
	if err != nil {
		t.Fatal(err)
	}
	config.QPS, config.Burst, config.WarningHandler = 100, 100, rest.NoWarnings{}
	client, err := dynamic.NewForConfig(config)
	if err != nil {
		t.Fatal(err)
	}
	return config, client
}

// eventually waits for what a controller does.
func eventually(t *testing.T, check func() string) {
	t.Helper()
	deadline := time.Now().Add(2 * time.Minute)
	for {
		problem := check()
		if problem == "" {
			return
		}
		if time.Now().After(deadline) {
			t.Fatal(problem)
		}
		time.Sleep(200 * time.Millisecond)
	}
}
