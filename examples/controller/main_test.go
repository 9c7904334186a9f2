package main

import (
	"context"
	"net/url"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"sync/atomic"
	"testing"
	"time"

	"github.com/kubectl-vsphere/kubectl-vsphere/test/lab/lab"

	vsphere "github.com/kubectl-vsphere/kubectl-vsphere/pkg/client"
)

// bin is where make puts the programs, unless BIN says otherwise.
func bin(t *testing.T, name string) string {
	t.Helper()
	dir := os.Getenv("BIN")
	if dir == "" {
		dir = "../../bin"
	}
	path, err := filepath.Abs(filepath.Join(dir, name))
	if err != nil {
		t.Fatal(err)
	}
	return path
}

// output runs a program, and returns what it prints.
func output(t *testing.T, program string, args ...string) string {
	t.Helper()
	out, err := exec.CommandContext(t.Context(), program, args...).CombinedOutput()
	if err != nil {
		t.Fatalf("%s %q: %v\n%s", program, args, err, out)
	}
	return string(out)
}

// life is that of tokens in this test. One is given out for half of it.
const life = 12 * time.Second

// The controller works on after its token has ended, beside kubectl, which renews the same session.
func TestControllerAcrossARenewal(t *testing.T) {
	if os.Getenv(lab.Program) == "" {
		t.Setenv(lab.Program, bin(t, "vsphere-lab"))
	}
	site, user := lab.Start(t), "dev@vsphere.local"
	password := ""
	for _, u := range site.Users {
		if u.Username == user {
			password = u.Password
		}
	}
	home := t.TempDir()
	t.Setenv("HOME", home)
	t.Setenv("KUBECONFIG", filepath.Join(home, "kubeconfig"))
	t.Setenv("KUBECTL_VSPHERE_HOME", filepath.Join(home, "store"))
	t.Setenv("KUBECTL_VSPHERE_PASSWORD", password)
	t.Setenv("PATH", filepath.Dir(bin(t, "kubectl-vsphere"))+string(filepath.ListSeparator)+os.Getenv("PATH"))
	supervisor := site.Supervisors[0]
	fault := lab.Request{Method: "POST", Path: "faults", Body: map[string]any{
		"server": supervisor.Server, "endpoint": "/wcp/login", "user": user, "count": 1000, "tokenLifetime": life.String(),
	}}
	if err := site.Do(t.Context(), fault); err != nil {
		t.Fatal(err)
	}
	output(t, "kubectl-vsphere", "login", "--server", supervisor.Server, "-u", user, "--certificate-authority", supervisor.CA)

	ctx, stop := context.WithCancel(t.Context())
	ended := make(chan error, 1)
	go func() { ended <- run(ctx, vsphere.Stored{Context: "tkc1"}, "default") }()
	admin := supervisor.Clusters[0].AdminKubeconfig
	before := logins(t, site, user)
	var greeted atomic.Int32
	for began, i := time.Now(), 0; time.Since(began) < 2*life; i++ {
		name := "greet-" + string(rune('a'+i))
		output(t, bin(t, "kubectl"), "--kubeconfig", admin, "create", "configmap", name, "--from-literal=name=Ada")
		await(t, func() bool {
			return strings.Contains(output(t, bin(t, "kubectl"), "--kubeconfig", admin, "get", "configmap", name, "-o", "jsonpath={.data.greeting}"), "hello, Ada")
		})
		greeted.Add(1)
		output(t, bin(t, "kubectl"), "--context", "tkc1", "get", "configmap", name)
		time.Sleep(2 * time.Second)
	}
	stop()
	if err := <-ended; err != nil {
		t.Error(err)
	}
	renewals := logins(t, site, user) - before
	t.Logf("%d ConfigMaps, %d renewals", greeted.Load(), renewals)
	if renewals < 2 || renewals > 8 { // A token is used for 6 s, and the loop takes some 24 s.
		t.Errorf("%d renewals", renewals)
	}
}

// logins returns how many logins of a user there were.
func logins(t *testing.T, site *lab.Lab, user string) (n int) {
	t.Helper()
	var all []struct{ Method, Endpoint string }
	if err := site.Do(t.Context(), lab.Request{Method: "GET", Path: "log?user=" + url.QueryEscape(user), Into: &all}); err != nil {
		t.Fatal(err)
	}
	for _, r := range all {
		if r.Method == "POST" && r.Endpoint == "/wcp/login" {
			n++
		}
	}
	return n
}

// await waits for a condition.
func await(t *testing.T, done func() bool) {
	t.Helper()
	for end := time.Now().Add(time.Minute); !done(); time.Sleep(200 * time.Millisecond) {
		if time.Now().After(end) {
			t.Fatal("the controller did not greet within a minute")
		}
	}
}
