package vmcmd_test

import (
	"crypto/rand"
	"crypto/rsa"
	"crypto/sha256"
	"crypto/sha512"
	"crypto/x509"
	"encoding/base64"
	"encoding/pem"
	"hash"
	"io"
	"net/http"
	"os"
	"path/filepath"
	"runtime"
	"strings"
	"testing"
	"time"

	"github.com/kubectl-vsphere/kubectl-vsphere/internal/cli/clitest"
	"github.com/kubectl-vsphere/kubectl-vsphere/internal/consoletest"
	"github.com/kubectl-vsphere/kubectl-vsphere/internal/consoletest/objecttest"
	"github.com/kubectl-vsphere/kubectl-vsphere/internal/failure"
)

const (
	secret  = "0123456789abcdef"
	console = "wss://esx1.example.com:443/ticket/" + secret
)

func requests(plural, kind, version string) objecttest.Holding {
	return objecttest.Holding{Group: "vmoperator.vmware.com", Version: version, Plural: plural, Kind: kind}
}

// seal encrypts a URL as VM Operator does. It takes PKCS#1 of 3072 bits in a PUBLIC KEY.
func seal(t *testing.T, publicKey any, text string, with hash.Hash) string {
	t.Helper()
	block, _ := pem.Decode([]byte(publicKey.(string)))
	if block == nil || block.Type != "PUBLIC KEY" {
		t.Fatalf("%q", publicKey)
	}
	key, err := x509.ParsePKCS1PublicKey(block.Bytes)
	if err != nil || key.N.BitLen() != 3072 {
		t.Fatal("another key", err)
	}
	sealed, err := rsa.EncryptOAEP(with, rand.Reader, key, []byte(text), nil)
	if err != nil {
		t.Fatal(err)
	}
	return base64.StdEncoding.EncodeToString(sealed)
}

// answered is what a Supervisor says to a request.
type answered struct {
	url, proxy string
	with       hash.Hash
	change     func(object map[string]any)
}

// consoles has requests answered at once.
func consoles(t *testing.T, s *consoletest.Supervisor, a answered) {
	t.Helper()
	s.Hold(requests("virtualmachinewebconsolerequests", "VirtualMachineWebConsoleRequest", "v1alpha3"))
	s.Written = func(_, plural string, o map[string]any) {
		spec, metadata := o["spec"].(map[string]any), o["metadata"].(map[string]any)
		if len(spec) != 2 || spec["name"] != "web-1" && spec["virtualMachineName"] != "web-1" || (spec["name"] == nil) != (plural == "webconsolerequests") {
			t.Errorf("%s %v", plural, spec)
		}
		with := a.with
		if with == nil {
			with = sha512.New()
		}
		metadata["labels"] = map[string]any{"vmoperator.vmware.com/webconsolerequest-uuid": metadata["uid"]}
		o["status"] = map[string]any{"response": seal(t, spec["publicKey"], a.url, with), "proxyAddr": a.proxy}
		if a.change != nil {
			a.change(o)
		}
	}
}

// left counts the requests that the Supervisor still has, and fails the test if their ticket was told.
func left(s *consoletest.Supervisor) int {
	n := 0
	for _, r := range s.Requests() {
		switch {
		case strings.HasPrefix(r, "POST ") && strings.HasSuffix(r, "requests"):
			n++
		case strings.HasPrefix(r, "DELETE "):
			n--
		}
	}
	return n
}

func TestWebConsoleShort(t *testing.T) {
	w, s := site(t)
	consoles(t, s, answered{url: console, proxy: "10.0.0.1"})
	r := w.Run("vm", "web-console", "web-1", "-n", "ns1", "--short", "-v", "1").Exits(failure.OK)
	if want := "https://10.0.0.1/vm/web-console/proxy?host=esx1.example.com&port=443&ticket=" + secret + "&uuid=uid-1&namespace=ns1\n"; r.Out != want {
		t.Errorf("%q", r.Out)
	}
	if strings.Contains(r.Err, secret) || strings.Contains(r.Err, "ticket=") || left(s) != 1 {
		t.Error(r.Err, s.Requests())
	}
	w.Run("vm", "web-console", "web2", "--short").Exits(failure.Failed).Says("or web-2?")
}

// vSphere 7 and 8.0 have another kind of request.
func TestWebConsoleOfAnOldVersion(t *testing.T) {
	_, other := site(t)
	consoles(t, other, answered{url: console, proxy: "10.0.0.1"})
	w, s := clitest.Site(t)
	clitest.SignedIn(t, w, s)
	s.Hidden, s.Written = true, other.Written
	s.Hold(machines("v1alpha1", vm("web-1", "", "")))
	w.Run("vm", "web-console", "web-1", "--short").Exits(failure.Failed).Says("has no consoles for virtual machines")
	s.Hold(requests("webconsolerequests", "WebConsoleRequest", "v1alpha1"))
	w.Run("vm", "web-console", "web-1", "--short").Exits(failure.OK).Says("ticket=" + secret)
}

// An answer that is not as it should be is refused, says nothing of the ticket, and leaves no request.
func TestWebConsoleHostile(t *testing.T) {
	status := func(name string, value any) func(map[string]any) {
		return func(o map[string]any) { o["status"].(map[string]any)[name] = value }
	}
	const odd, other, cipher = "its ticket is no address of a console", "which the Supervisor's certificate is not for", "its ticket cannot be decrypted"
	for name, c := range map[string]struct {
		a    answered
		want string
	}{
		"another scheme":        {answered{url: "https://esx1:443/ticket/" + secret}, odd},
		"no port":               {answered{url: "wss://esx1/ticket/" + secret}, odd},
		"no ticket":             {answered{url: "wss://esx1:443/ticket/"}, odd},
		"a path":                {answered{url: console + "/../x"}, odd},
		"a query":               {answered{url: console + "&uuid=other"}, odd},
		"a user":                {answered{url: "wss://me@esx1:443/ticket/" + secret}, odd},
		"a nested scheme":       {answered{url: "wss://https://esx1:443/ticket/" + secret}, odd},
		"a control character":   {answered{url: console + "\x1b[31m"}, odd},
		"another server":        {answered{proxy: "evil.example.com"}, other},
		"a server with a path":  {answered{proxy: "10.0.0.1/x"}, "the reply names no host for the page"},
		"a server with a user":  {answered{proxy: "10.0.0.1@evil.example.com"}, "the reply names no host for the page"},
		"a server that is none": {answered{proxy: "\u202e"}, "the reply names no host for the page"},
		"another hash":          {answered{with: sha256.New()}, cipher},
		"no base64":             {answered{change: status("response", "\x1b[31m")}, cipher},
		"rubbish":               {answered{change: status("response", base64.StdEncoding.EncodeToString([]byte("rubbish")))}, cipher},
		"another type":          {answered{change: status("response", 7)}, "no answer for the console"},
		"no label":              {answered{change: func(o map[string]any) { delete(o["metadata"].(map[string]any), "labels") }}, "no answer for the console"},
		"no proxy":              {answered{change: status("proxyAddr", "")}, "no answer for the console"},
		"an odd UID":            {answered{change: func(o map[string]any) { o["metadata"].(map[string]any)["uid"] = "a&b=c" }}, "its request has no UID"},
	} {
		t.Run(name, func(t *testing.T) {
			w, s := site(t)
			if c.a.url == "" {
				c.a.url = console
			}
			if c.a.proxy == "" {
				c.a.proxy = "10.0.0.1"
			}
			consoles(t, s, c.a)
			r := w.Run("vm", "web-console", "web-1", "--short").Exits(failure.Server).Says(c.want).Omits(secret, "\x1b", "me@")
			if r.Out != "" || left(s) != 0 {
				t.Error(r.Out, s.Requests())
			}
		})
	}
}

// The page may be at another name of the Supervisor, if its certificate is for that name.
func TestWebConsoleAtAnotherName(t *testing.T) {
	w, s := site(t)
	w.ServeAt("10.0.0.1:6443", "10.0.0.1,sup.example.com,fd00::1", s.CA, s)
	for proxy, want := range map[string]string{"sup.example.com": "https://sup.example.com/vm", "fd00::1": "https://[fd00::1]/vm", "[fd00::1]:8443": "https://[fd00::1]:8443/vm", "sup.example.com:443": "https://sup.example.com:443/vm"} {
		consoles(t, s, answered{url: "wss://[fd00::7]:902/ticket/" + secret, proxy: proxy})
		w.Run("vm", "web-console", "web-1", "--short").Exits(failure.OK).Says(want, "?host=fd00%3A%3A7&port=902&ticket="+secret)
	}
}

// A request that is never answered, or that is gone, ends the wait.
func TestWebConsoleUnanswered(t *testing.T) {
	w, s := site(t)
	s.Hold(requests("virtualmachinewebconsolerequests", "VirtualMachineWebConsoleRequest", "v1alpha3"))
	began := w.Now()
	w.Run("vm", "web-console", "web-1", "--short").Exits(failure.Server).Says("no answer for the console of ns1/web-1 at 10.0.0.1 within 2 minutes", "describe vm ns1/web-1")
	if took := w.Now().Sub(began); took < 2*time.Minute || took > 2*time.Minute+20*time.Second || left(s) != 0 {
		t.Error(took, s.Requests())
	}
	w.Run("vm", "web-console", "web-2", "--short").Exits(failure.Server).Says("note: ns1/web-2 at 10.0.0.1 does not run")
	w.Asleep = func(time.Duration) { w.Interrupt() }
	w.Run("vm", "web-console", "web-1", "--short").Exits(failure.Interrupted)
	w.Asleep = func(time.Duration) {
		s.Hold(requests("virtualmachinewebconsolerequests", "VirtualMachineWebConsoleRequest", "v1alpha3"))
	}
	w.Run("vm", "web-console", "web-1", "--short").Exits(failure.Server).Says("its request is gone")
	if left(s) != 0 {
		t.Error(s.Requests())
	}
}

func TestWebConsoleForbidden(t *testing.T) {
	w, s := site(t)
	h := requests("virtualmachinewebconsolerequests", "VirtualMachineWebConsoleRequest", "v1alpha3")
	h.ReadOnly = true
	s.Hold(h)
	w.Run("vm", "web-console", "web-1", "--short").Exits(failure.Refused).Says("you may not create virtualmachinewebconsolerequests in ns1", `the role "edit" or "owner"`).Omits("stays in")
}

// At a terminal, a browser gets the page, and nothing prints its address.
func TestWebConsoleInABrowser(t *testing.T) {
	if runtime.GOOS == "windows" {
		t.Skip("the browser is a shell script, which Windows does not run")
	}
	w, s := site(t)
	consoles(t, s, answered{url: console, proxy: "10.0.0.1"})
	opened := filepath.Join(w.Dir, "opened")
	w.Vars["BROWSER"] = w.WriteFile("browser", "#!/bin/sh\necho \"$1\" > "+opened+".new && mv "+opened+".new "+opened+"\n", 0o755)
	location := make(chan string, 1)
	go func() {
		for range 1000 {
			if text, err := os.ReadFile(opened); err == nil {
				location <- fetch(t, strings.TrimSpace(string(text)))
				return
			}
			time.Sleep(10 * time.Millisecond)
		}
		location <- "nothing was opened"
	}()
	w.Person()
	r := w.Run("vm", "web-console", "web-1").Exits(failure.OK).Says("The console of ns1/web-1 at 10.0.0.1 is in your browser. The page can be opened until ").Omits(secret)
	if got := <-location; !strings.HasPrefix(got, "https://10.0.0.1/vm/web-console/proxy?host=esx1.example.com&port=443&ticket="+secret) || left(s) != 1 {
		t.Error(got, r.Err, s.Requests())
	}
	if text, _ := os.ReadFile(opened); strings.Contains(string(text), secret) {
		t.Error("the ticket is an argument of the browser")
	}
	delete(w.Vars, "BROWSER")
	w.Person()
	w.Run("vm", "web-console", "web-1").Exits(failure.Failed).Says("there is no browser here", "add --short").Omits(secret)
	if left(s) != 1 {
		t.Error(s.Requests())
	}
}

// fetch returns where a page sends a browser.
func fetch(t *testing.T, url string) string {
	client := http.Client{CheckRedirect: func(*http.Request, []*http.Request) error { return http.ErrUseLastResponse }}
	reply, err := client.Get(url)
	if err != nil {
		t.Error(err)
		return ""
	}
	_, _ = io.Copy(io.Discard, reply.Body)
	_ = reply.Body.Close()
	return reply.Header.Get("Location")
}

// What an unverified certificate says proves no other name of the Supervisor.
func TestWebConsoleOfAnUnverifiedServer(t *testing.T) {
	w, s := clitest.Site(t)
	w.Vars[failure.PasswordVariable] = consoletest.Password
	w.Run("login", "--server", clitest.Server, "-u", consoletest.User, "--insecure-skip-tls-verify").Exits(failure.OK)
	s.Hidden = true
	s.Hold(machines("v1alpha3", vm("web-1", isOn, isOn)))
	w.ServeAt("10.0.0.1:6443", "10.0.0.1,sup.example.com", s.CA, s)
	w.ServeAt("10.0.0.1:443", "10.0.0.1,sup.example.com", s.CA, s)
	consoles(t, s, answered{url: console, proxy: "sup.example.com"})
	w.Run("vm", "web-console", "web-1", "--short").Exits(failure.Server).Says("which the Supervisor's certificate is not for").Omits(secret)
	consoles(t, s, answered{url: console, proxy: "10.0.0.1"})
	w.Run("vm", "web-console", "web-1", "--short").Exits(failure.OK)
}
