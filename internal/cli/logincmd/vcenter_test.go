package logincmd_test

import (
	"archive/zip"
	"bytes"
	"net/http"
	"strings"
	"sync"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/kubectl-vsphere/kubectl-vsphere/internal/consoletest"
	"github.com/kubectl-vsphere/kubectl-vsphere/internal/failure"
	"github.com/kubectl-vsphere/kubectl-vsphere/pkg/trust"
)

// download is the archive that a vCenter offers with its CAs.
func download(t *testing.T, all ...*consoletest.CA) []byte {
	t.Helper()
	var out bytes.Buffer
	w := zip.NewWriter(&out)
	for i, ca := range all {
		for _, name := range []string{"certs/lin/" + strings.Repeat("a", i+1) + ".0", "certs/win/" + strings.Repeat("a", i+1) + ".0.crt"} {
			f, err := w.Create(name)
			if err != nil {
				t.Fatal(err)
			}
			if _, err := f.Write([]byte(ca.PEM)); err != nil {
				t.Fatal(err)
			}
		}
	}
	if err := w.Close(); err != nil {
		t.Fatal(err)
	}
	return out.Bytes()
}

// leafOnly is a site whose servers show their own certificates alone, and whose vCenter shows one of a CA that nobody knows.
func leafOnly(t *testing.T) (*consoletest.World, *consoletest.Supervisor, *vCenter) {
	t.Helper()
	w, s := site(t)
	w.CA.Unshown = true
	w.Serve("10.0.0.1:443", w.CA, s)
	w.Serve("10.0.0.1:6443", w.CA, s)
	vc := &vCenter{t: t, reply: download(t, consoletest.NewCA(t, "other root"), w.CA)}
	w.Serve("vc.example.com:443", consoletest.NewCA(t, "machine-ca"), vc)
	given(w)
	return w, s, vc
}

// vCenter offers its CAs. It fails the test if it gets anything that is the user's.
type vCenter struct {
	t     *testing.T
	reply []byte

	mu    sync.Mutex
	asked int
	other http.HandlerFunc
}

func (v *vCenter) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	v.mu.Lock()
	defer v.mu.Unlock()
	v.asked++
	for _, name := range []string{"Authorization", "Cookie", "Proxy-Authorization"} {
		if r.Header.Get(name) != "" {
			v.t.Errorf("it got the header %s", name)
		}
	}
	if r.Method != http.MethodGet || r.RequestURI != "/certs/download.zip" || r.ContentLength > 0 {
		v.t.Errorf("it was asked %s %s with %d bytes", r.Method, r.RequestURI, r.ContentLength)
	}
	if v.other != nil {
		v.other(w, r)
		return
	}
	_, _ = w.Write(v.reply)
}

const fromVCenter = "--ca-from-vcenter"

// A front that serves its leaf only: the file that vCenter offers is taken as it is, and so is the CA in it.
func TestArchiveOfAVCenterAsCA(t *testing.T) {
	w, _, vc := leafOnly(t)
	path := w.WriteFile("download.zip", string(vc.reply), 0o600)
	w.Run(untold("--certificate-authority", path)...).Exits(0)
	w.Run(untold()...).Exits(0)
	if got := w.Session().Trust; got.Mode != trust.Bundle || len(got.Fingerprints()) != 2 {
		t.Errorf("%+v", got)
	}
	if !strings.Contains(w.ReadKubeconfig(), "certificate-authority-data") {
		t.Error("the contexts hold no CA")
	}
	w.Run(untold("--certificate-authority", w.WriteFile("bad.zip", string(vc.reply[:100]), 0o600))...).Exits(2).Says("bad.zip", "cannot be read as ZIP")
}

// Of what a vCenter offers, the CA that signed the Supervisor's certificate is shown and asked about, as at first use.
func TestCAFromAVCenter(t *testing.T) {
	w, s, vc := leafOnly(t)
	login := untold(fromVCenter, "https://VC.example.com/")
	w.Nobody()
	w.Run(login...).Exits(4).Says(fingerprintOf(w.CA), "--ca-fingerprint")
	w.Person(consoletest.Answer{To: firstUseOfOne, Keys: ""})
	w.Run(login...).Exits(4).Says("CA SHA-256:     "+fingerprintOf(w.CA), "The vCenter vc.example.com offers this CA, and nothing proves that it is your vCenter").Omits("other root")
	unasked(t, s)
	w.Person(consoletest.Answer{To: firstUseOfOne, Keys: "y"})
	w.Run(login...).Exits(0)
	if diff := cmp.Diff(pins(w.CA, "10.0.0.1:443"), w.Session().Trust); diff != "" {
		t.Error(diff)
	}
	asked := vc.asked
	w.Person()
	w.Run(login...).Exits(0) // It is known: the vCenter is not asked.
	if vc.asked != asked {
		t.Error("the vCenter was asked again")
	}
	w.Serve("10.0.0.1:443", consoletest.NewCA(t, "another-ca"), s)
	s.Forget()
	w.Run(login...).Exits(4).Says("None of the CAs that the vCenter vc.example.com offers signed it")
	unasked(t, s)
}

// A job compares a fingerprint: then the CA counts for every server that shows a certificate of it.
func TestCAFromAVCenterForAJob(t *testing.T) {
	w, s, _ := leafOnly(t)
	w.Run(untold("--ca-fingerprint", fingerprintOf(w.CA))...).Exits(4).Says("shows its own certificate only", fromVCenter)
	w.Run(untold(fromVCenter, "vc.example.com", "--ca-fingerprint", strings.Repeat("0", 64))...).Exits(4).Says("does not show the certificate of --ca-fingerprint")
	unasked(t, s)
	w.Run(untold(fromVCenter, "vc.example.com", "--ca-fingerprint", fingerprintOf(w.CA))...).Exits(0)
	if diff := cmp.Diff(trust.Trust{Mode: trust.Pinned, CA: w.CA.PEM}, w.Session().Trust); diff != "" {
		t.Error(diff)
	}
	w.Run(untold()...).Exits(0)
}

// A CA that differs from the one that is known is a change, wherever it comes from.
func TestCAFromAVCenterIsAChange(t *testing.T) {
	w, s, _ := leafOnly(t)
	w.Run(untold("--certificate-authority", w.CAFile)...).Exits(0)
	another := consoletest.NewCA(t, "another-ca")
	another.Unshown = true
	w.Serve("10.0.0.1:443", another, s)
	w.Serve("vc.example.com:443", another, &vCenter{t: t, reply: download(t, another)})
	s.Forget()
	w.Person()
	w.Run(untold(fromVCenter, "vc.example.com")...).Exits(4).Says("is not the one that was trusted so far", fingerprintOf(another), "--replace-ca")
	unasked(t, s)
}

// The other control plane hosts show no CA either: the same answer counts for them as for hosts that do.
func TestCAFromAVCenterForFurtherHosts(t *testing.T) {
	w, _ := linked(t, "10.0.1.1")
	w.CA.Unshown = true
	third := consoletest.NewCA(t, "third")
	third.Unshown = true
	for _, s := range []*consoletest.Supervisor{w.Supervisor("10.0.0.1"), w.Supervisor("10.0.1.1")} {
		s.Namespaces = []*consoletest.Namespace{{Name: "of1-0", Host: "10.0.1.1"}}
		if s.Host == "10.0.1.1" {
			s.CA = third
			w.Serve("10.0.1.1:443", third, s)
			w.Serve("10.0.1.1:6443", third, s)
		}
	}
	w.Serve("vc.example.com:443", third, &vCenter{t: t, reply: download(t, w.CA, third)})
	w.Person(consoletest.Answer{To: firstUseOfOne, Keys: "y"}, consoletest.Answer{To: "Trust it for 10.0.1.1 alone", Keys: "y"})
	w.Run(untold(fromVCenter, "vc.example.com")...).Exits(0).Says("CA SHA-256:     " + fingerprintOf(third))
	if got := w.Session().Trust.Pins["10.0.1.1:443"]; got != third.PEM {
		t.Errorf("%s", got)
	}
}

// What a vCenter answers is not believed, and leads nowhere: no redirect is followed, and nothing large is unpacked.
func TestBadVCenters(t *testing.T) {
	var bomb bytes.Buffer
	w := zip.NewWriter(&bomb)
	f, _ := w.Create("certs/lin/1.0")
	_, _ = f.Write(make([]byte, 64<<20))
	_ = w.Close()
	many := make([]*consoletest.CA, 101)
	for i := range many {
		many[i] = consoletest.NewCA(t, "one of many")
	}
	crowd := download(t, many...)
	for name, tc := range map[string]struct {
		reply http.HandlerFunc
		says  string
	}{
		"a crowd":   {func(w http.ResponseWriter, _ *http.Request) { _, _ = w.Write(crowd) }, "more than 100 CAs"},
		"elsewhere": {consoletest.Redirect(elsewhere), "302"},
		"nothing":   {consoletest.Status(404, ""), "/certs/download.zip"},
		"a page":    {consoletest.Reply("<html>"), "no certificate"},
		"a bomb":    {func(w http.ResponseWriter, _ *http.Request) { _, _ = w.Write(bomb.Bytes()) }, "4 MiB"},
	} {
		t.Run(name, func(t *testing.T) {
			w, s, vc := leafOnly(t)
			stranger := w.Stranger("evil.example:443")
			vc.other = tc.reply
			w.Person()
			r := w.Run(untold(fromVCenter, "vc.example.com")...).Exits(4).Says("the CAs of the vCenter vc.example.com could not be fetched", "Check --ca-from-vcenter")
			if name != "elsewhere" {
				r.Says(tc.says)
			}
			unasked(t, s)
			if got := stranger.Got(); len(got) > 0 {
				t.Errorf("sent elsewhere: %q", got)
			}
		})
	}
	world, s, _ := leafOnly(t)
	world.Down("vc.example.com:443")
	world.Run(untold(fromVCenter, "vc.example.com")...).Exits(4).Says("could not be fetched")
	unasked(t, s)
	for _, more := range [][]string{{"--certificate-authority", world.CAFile}, {"--insecure-skip-tls-verify"}} {
		world.Run(untold(append(more, fromVCenter, "vc.example.com")...)...).Exits(2).Says(fromVCenter)
	}
	world.Run(untold(fromVCenter, "a:b:c")...).Exits(2).Says(fromVCenter)
}

// Without its CA, a person can trust the one certificate, and is told what that means.
func TestFirstUseOfAFrontThatShowsNoCA(t *testing.T) {
	w, _, _ := leafOnly(t)
	w.Person(consoletest.Answer{To: firstUseOfOne, Keys: "y"})
	w.Run(untold()...).Exits(0).Says("does not show its CA: you can trust this one certificate", fromVCenter).Omits("last SHA-256")
	w.Person()
	w.Run(untold()...).Exits(0)
}

// A certificate without the typed address: a CA does not help, another address does. It is named only if the site's own CA signed it: anybody
// has a certificate of a public CA for a name of their own.
func TestCertificateOfAnotherName(t *testing.T) {
	const name = "sup.example.com"
	w, s := site(t)
	given(w)
	w.ServeAt("10.0.0.1:443", "*.example.com,"+name, w.CA, s)
	right := []string{"Its CA is the one that you trust: do not fetch that again.", "--server " + name, "--control-plane-address " + name + "=10.0.0.1"}
	w.Run(signIn(w)...).Exits(4).Says(right...).Omits("--certificate-authority", "*.example.com=")
	w.ServeAt(name+":443", name, w.CA, s)
	w.Run("login", "--server", name, "-u", consoletest.User, "--certificate-authority", w.CAFile).Says("Logged in successfully.")

	for reason, more := range map[string][]string{"nothing is known": nil, "of another CA": {"--certificate-authority", w.WriteFile("o.pem", consoletest.NewCA(t, "o").PEM, 0o600)}} {
		w.Person()
		r := w.Run(untold(more...)...).Exits(4).Says("does not help").Omits("--server "+name, "do not fetch that again")
		if r.Code != 4 {
			t.Error(reason)
		}
	}
	delete(w.Vars, failure.PasswordVariable)
	s.Forget()
	w.Run(untold()...).Exits(4)
	unasked(t, s)
}
