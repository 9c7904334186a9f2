package main

import (
	"bytes"
	"crypto/tls"
	"encoding/base64"
	"encoding/pem"
	"fmt"
	"log"
	"net/http"
	"net/http/httptest"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"sync/atomic"
	"testing"

	"k8s.io/klog/v2"

	"github.com/kubectl-vsphere/kubectl-vsphere/internal/console"
	"github.com/kubectl-vsphere/kubectl-vsphere/pkg/safetext"
)

// The test binary is the program too: it runs itself with the arguments of that.
const programVariable = "MAIN_TEST_PROGRAM"

func TestMain(m *testing.M) {
	switch os.Getenv(programVariable) {
	case "":
		os.Exit(m.Run())
	case "log":
		logTo(console.System().ErrOut)
		log.Print("by log \x1b[31m")
		klog.Error("by klog \x1b[32m\u202e")
		klog.V(9).Info("not shown")
		os.Exit(0)
	case "request":
		os.Exit(request(os.Args[1]))
	}
	os.Exit(run())
}

// request sends a password over HTTP/2, whatever version the program itself prefers.
func request(url string) int {
	client := http.Client{Transport: &http.Transport{ForceAttemptHTTP2: true, TLSClientConfig: &tls.Config{InsecureSkipVerify: true}}}
	r, err := http.NewRequest(http.MethodGet, url, nil)
	if err != nil {
		return 1
	}
	r.SetBasicAuth("dev@vsphere.local", password)
	reply, err := client.Do(r)
	if err != nil || reply.ProtoMajor != 2 {
		return 1
	}
	_ = reply.Body.Close()
	return 0
}

const password = "S3CRET-of-dev"

// supervisor takes a login over HTTP/2. It is at an address of the network, and not in memory.
func supervisor(t *testing.T) (s *httptest.Server, token string, sent *atomic.Int32) {
	t.Helper()
	sent = new(atomic.Int32)
	claims := base64.RawURLEncoding.EncodeToString([]byte(`{"iss":"https://vcenter","sub":"dev@vsphere.local","exp":4102444800}`))
	token = "eyJhbGciOiJSUzI1NiJ9." + claims + ".S3CRET"
	s = httptest.NewUnstartedServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		if _, given, _ := r.BasicAuth(); given == password {
			sent.Add(1)
		}
		switch r.URL.Path {
		case "/wcp/loginbanner":
		case "/wcp/workloads":
			fmt.Fprint(w, `[]`)
		case "/wcp/login":
			fmt.Fprintf(w, `{"session_id":%q}`, token)
		default:
			w.WriteHeader(http.StatusNotFound)
		}
	}))
	s.EnableHTTP2 = true
	s.StartTLS()
	t.Cleanup(s.Close)
	return s, token, sent
}

// What a library logs is as harmless as what we print.
func TestLibrariesLogHarmlessly(t *testing.T) {
	c := exec.CommandContext(t.Context(), os.Args[0])
	c.Env = append(os.Environ(), programVariable+"=log")
	out, err := c.CombinedOutput()
	said := string(out)
	if err != nil || !safetext.IsText(out) || strings.Count(said, "by log") != 1 || strings.Count(said, "by klog") != 1 || strings.Contains(said, "not shown") {
		t.Errorf("%v %q", err, out)
	}
}

// No setting of Go and no level of -v prints a secret. Go can print each header of HTTP/2.
func TestLogsShowNoSecret(t *testing.T) {
	dir := t.TempDir()
	program := filepath.Join(dir, "kubectl-vsphere") // login refuses to write contexts that call another name.
	if self, err := os.Executable(); err != nil || os.Symlink(self, program) != nil {
		t.Skip("no symbolic link can be made; on Windows, turn on developer mode")
	}
	for _, setting := range []string{"", "GODEBUG=http2debug=1", "GODEBUG=http2debug=2", "GODEBUG=netdns=go+2,http2debug=2,gctrace=1", "SSLKEYLOGFILE="} {
		s, token, sent := supervisor(t)
		ca, keys := filepath.Join(dir, "ca.pem"), filepath.Join(dir, "keys")
		text := pem.EncodeToMemory(&pem.Block{Type: "CERTIFICATE", Bytes: s.Certificate().Raw})
		if err := os.WriteFile(ca, text, 0o600); err != nil {
			t.Fatal(err)
		}
		if setting == "SSLKEYLOGFILE=" {
			setting += keys
		}
		login := exec.CommandContext(t.Context(), program, "login", "--server", strings.TrimPrefix(s.URL, "https://"), "-u", "dev@vsphere.local",
			"--certificate-authority", ca, "-v", "9")
		login.Env = append(os.Environ(), programVariable+"=login", "KUBECTL_VSPHERE_PASSWORD="+password, "KUBECTL_VSPHERE_HOME="+dir+"/store",
			"KUBECONFIG="+dir+"/config", "HTTPS_PROXY=", "https_proxy=", "PATH="+dir, setting)
		var out bytes.Buffer
		login.Stdout, login.Stderr = &out, &out
		if err := login.Run(); sent.Load() == 0 || !strings.Contains(out.String(), "GET https://") {
			t.Fatalf("%s: no password was sent: %v\n%s", setting, err, &out)
		}
		other := exec.CommandContext(t.Context(), program, s.URL)
		other.Env = append(os.Environ(), programVariable+"=request", setting)
		other.Stdout, other.Stderr = &out, &out
		if err := other.Run(); err != nil {
			t.Fatalf("%s: no password was sent over HTTP/2: %v\n%s", setting, err, &out)
		}
		basic := base64.StdEncoding.EncodeToString([]byte("dev@vsphere.local:" + password))
		for _, secret := range []string{password, basic, token, "S3CRET"} {
			if strings.Contains(out.String(), secret) {
				t.Errorf("%s: %s is shown\n%s", setting, secret, &out)
			}
		}
		if _, err := os.Stat(keys); err == nil {
			t.Errorf("%s: the keys of TLS are written to a file", setting)
		}
	}
}
