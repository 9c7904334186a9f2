package clustercmd_test

import (
	"encoding/base64"
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
	password = "open-sesame"
	server   = "https://10.0.0.11:6443"
)

// site holds the clusters tkc1 and tkc2 in ns1, and tkc2 in ns2, with the Secrets of tkc1 and its nodes.
func site(t *testing.T) (w *consoletest.World, s *consoletest.Supervisor, key string) {
	t.Helper()
	w, s = clitest.Site(t)
	clitest.SignedIn(t, w, s)
	s.Hidden = true
	s.Hold(objecttest.Holding{Group: "cluster.x-k8s.io", Version: "v1beta2", Plural: "clusters", Kind: "Cluster", Objects: []string{
		`{"metadata":{"namespace":"ns1","name":"tkc1"}}`, `{"metadata":{"namespace":"ns1","name":"tkc2"}}`, `{"metadata":{"namespace":"ns2","name":"tkc2"}}`,
	}})
	const of = `"labels":{"capv.vmware.com/cluster.name":"tkc1","cluster.x-k8s.io/cluster-name":"tkc1"}`
	s.Hold(objecttest.Holding{Group: "vmoperator.vmware.com", Version: "v1alpha3", Plural: "virtualmachines", Kind: "VirtualMachine", Objects: []string{
		`{"metadata":{"namespace":"ns1","name":"tkc1-cp-1","uid":"u-1",` + of + `},"status":{"network":{"primaryIP4":"192.0.2.1"}}}`,
		`{"metadata":{"namespace":"ns1","name":"tkc1-new","uid":"u-2",` + of + `}}`,
		`{"metadata":{"namespace":"ns1","name":"web-1","uid":"u-3"},"status":{"vmIp":"192.0.2.9"}}`,
	}})
	s.Hold(objecttest.Holding{Group: "cluster.x-k8s.io", Version: "v1beta2", Plural: "machines", Kind: "Machine", Objects: []string{
		`{"metadata":{"namespace":"ns1","name":"tkc1-cp-1","uid":"m-1",` + of + `},"status":{"addresses":[{"type":"InternalIP","address":"192.0.2.99"}]}}`,
		`{"metadata":{"namespace":"ns1","name":"machine-2","uid":"m-2",` + of + `},"status":{"nodeRef":{"name":"node-2"},"addresses":[{"type":"InternalIP","address":"192.0.2.2"}]}}`,
		`{"metadata":{"namespace":"ns1","name":"tricky","uid":"m-3",` + of + `},"status":{"addresses":[{"type":"InternalIP","address":"-oProxyCommand=touch x"}]}}`,
	}})
	admin, key := w.AdminKubeconfig("tkc1", server, w.Now().Add(24*time.Hour))
	hold(s, consoletest.Secret("ns1", "tkc1-kubeconfig", "value", admin), consoletest.Secret("ns1", "tkc1-ssh", "ssh-privatekey", w.SSHKey("")),
		consoletest.Secret("ns1", "tkc1-ssh-password", "ssh-passwordkey", password))
	t.Chdir(w.Dir)
	return w, s, key
}

func hold(s *consoletest.Supervisor, secrets ...string) {
	s.Hold(secretsOf(secrets...))
}

func secretsOf(secrets ...string) objecttest.Holding {
	return objecttest.Holding{Version: "v1", Plural: "secrets", Kind: "Secret", Objects: secrets}
}

// file returns a file of the current directory, which only the user may read.
func file(t *testing.T, name string) string {
	t.Helper()
	text, err := os.ReadFile(name)
	if err != nil {
		t.Fatal(err)
	}
	if info, err := os.Stat(name); err != nil || runtime.GOOS != "windows" && info.Mode() != 0o600 {
		t.Errorf("%s: %v %v", name, info.Mode(), err)
	}
	return string(text)
}

// none fails the test if credentials were written, or asked for.
func none(t *testing.T, s *consoletest.Supervisor, names ...string) {
	t.Helper()
	for _, name := range names {
		if _, err := os.Lstat(name); err == nil {
			t.Errorf("%s was written", name)
		}
	}
	for _, r := range s.Requests() {
		if strings.Contains(r, "/secrets/") {
			t.Error(r)
		}
	}
}

// A person is told what credentials are for, says yes, and has them in a file; nothing else shows or changes.
func TestCredentials(t *testing.T) {
	w, _, key := site(t)
	before := w.ReadKubeconfig()
	w.Person(consoletest.Answer{To: "Write it to tkc1-kubeconfig? [y/N]", Keys: "y"})
	r := w.Run("cluster", "credentials", "tkc1", "--kind", "admin").Exits(failure.OK).Says("The admin kubeconfig of ns1/tkc1 is for the day on which nobody can log in",
		"Nobody can take it back.", "Wrote tkc1-kubeconfig. Remove it when you are done.\n", "It is valid until "+w.Now().Add(24*time.Hour).UTC().Format(time.DateOnly), "kubectl --kubeconfig tkc1-kubeconfig get nodes").Omits(key, "PRIVATE")
	if text := file(t, "tkc1-kubeconfig"); !strings.Contains(text, server) || !strings.Contains(text, key) || r.Out != "Wrote tkc1-kubeconfig. Remove it when you are done.\n" {
		t.Errorf("%q %q", text, r.Out)
	}
	w.Person(consoletest.Answer{To: "Write it to my key? [y/N]", Keys: "yes"})
	w.Run("cluster", "credentials", "ns1/tkc1", "--kind", "ssh", "--output", "my key").Exits(failure.OK).Says("The SSH key of ns1/tkc1", "ssh -i 'my key' vmware-system-user@ADDRESS").Omits("PRIVATE")
	if text := file(t, "my key"); !strings.Contains(text, "OPENSSH PRIVATE KEY") {
		t.Error(text)
	}
	w.Nobody()
	w.Run("cluster", "credentials", "tkc1", "-n", "ns1", "--server", "10.0.0.1", "--kind", "ssh-password", "--yes").Exits(failure.OK).Says("The SSH password of ns1/tkc1").Omits(password)
	if text := file(t, "tkc1-ssh-password"); text != password+"\n" {
		t.Errorf("%q", text)
	}
	if after := w.ReadKubeconfig(); after != before {
		t.Error("the kubeconfig has changed")
	}
	r = w.Run("cluster", "credentials", "tkc1", "--kind", "ssh-password", "--yes", "--output", "-").Exits(failure.OK)
	if r.Out != password+"\n" || strings.Contains(r.Err, password) {
		t.Errorf("%q %q", r.Out, r.Err)
	}
	r = w.Run("cluster", "credentials", "tkc1", "--kind", "ssh-password", "--yes", "--output", "-", "-v", "9").Exits(failure.OK)
	if encoded := base64.StdEncoding.EncodeToString([]byte(password)); strings.Contains(r.Err, password) || strings.Contains(r.Err, encoded) {
		t.Errorf("%q", r.Err)
	}
}

// Without a yes, the Secret is not even read.
func TestCredentialsAreConfirmed(t *testing.T) {
	w, s, _ := site(t)
	s.Forget()
	for keys, code := range map[string]int{"n": failure.Failed, "": failure.Failed, consoletest.Interrupt: failure.Interrupted} {
		w.Person(consoletest.Answer{To: "[y/N]", Keys: keys})
		w.Run("cluster", "credentials", "tkc1", "--kind", "ssh").Exits(code)
		none(t, s, "tkc1-ssh")
	}
	w.Nobody()
	w.Run("cluster", "credentials", "tkc1", "--kind", "ssh").Exits(failure.Usage).Says("there is no terminal to ask on: with --yes, nobody is asked")
	w.Run("cluster", "credentials", "tkc1", "--kind", "ssh", "--output", "-").Exits(failure.Usage)
	none(t, s, "tkc1-ssh")
}

// A file that exists is replaced only if asked for, and a link or a directory never is.
func TestCredentialsReplaceNothing(t *testing.T) {
	w, s, _ := site(t)
	s.Forget()
	yes := func(more ...string) consoletest.Result {
		return w.Run(append([]string{"cluster", "credentials", "tkc1", "--kind", "ssh-password", "--yes"}, more...)...)
	}
	w.WriteFile("old", "mine", 0o644)
	w.WriteFile("dir/kept", "", 0o600)
	if err := os.Symlink("old", "link"); err != nil {
		t.Fatal(err)
	}
	if err := os.Symlink("nowhere", "dangling"); err != nil {
		t.Fatal(err)
	}
	yes("--output", "old").Exits(failure.Failed).Says("old exists", "Give --output another name, or replace it with --force.")
	yes("--output", "link", "--force").Exits(failure.Failed).Says("link is a symbolic link")
	yes("--output", "dangling").Exits(failure.Failed).Says("dangling is a symbolic link")
	yes("--output", "dir", "--force").Exits(failure.Failed).Says("dir is no plain file")
	yes("--output", filepath.Join("no", "file")).Exits(failure.Failed).Says("there is no directory no")
	yes("--output", "").Exits(failure.Usage).Says("the name of the file is missing")
	none(t, s, "nowhere", "no")
	if text, err := os.ReadFile("old"); err != nil || string(text) != "mine" {
		t.Errorf("%q %v", text, err)
	}
	yes("--output", "old", "--force").Exits(failure.OK)
	if text := file(t, "old"); text != password+"\n" {
		t.Errorf("%q", text)
	}
}

// A file that somebody makes meanwhile stays.
func TestCredentialsLoseARace(t *testing.T) {
	w, _, _ := site(t)
	w.Person(consoletest.Answer{To: "[y/N]", Reply: func(string) string {
		w.WriteFile("tkc1-ssh", "mine", 0o600)
		return "y"
	}})
	w.Run("cluster", "credentials", "tkc1", "--kind", "ssh").Exits(failure.Failed).Says("tkc1-ssh exists")
	if text := file(t, "tkc1-ssh"); text != "mine" {
		t.Errorf("%q", text)
	}
	if left, err := filepath.Glob(".kubectl-vsphere-*"); err != nil || len(left) > 0 {
		t.Error(left, err)
	}
}

// Who may not read Secrets is told which roles may; what is missing or odd is said without showing it.
func TestCredentialsThatAreNotThere(t *testing.T) {
	w, s, _ := site(t)
	try := func(name, kind string) consoletest.Result {
		return w.Run("cluster", "credentials", name, "--kind", kind, "--yes")
	}
	try("ns2/tkc2", "admin").Exits(failure.Server).Says("there is no Secret tkc2-kubeconfig in ns2 at 10.0.0.1", "kubectl vsphere describe cluster ns2/tkc2")
	try("tkc2", "admin").Exits(failure.Failed).Says(`there are several clusters "tkc2": in ns1 at 10.0.0.1, in ns2 at 10.0.0.1`, "Say which with -n or --server.")
	try("tkc9", "admin").Exits(failure.Failed).Says(`there is no cluster "tkc9" that you may see; did you mean tkc1 or tkc2?`)
	expired, _ := w.AdminKubeconfig("tkc1", server, w.Now().Add(-24*time.Hour))
	hold(s, consoletest.Secret("ns1", "tkc1-kubeconfig", "value", strings.Replace(expired, "user: {", "user: {exec: {command: hush-hush}, ", 1)), consoletest.Secret("ns1", "tkc1-ssh", "ssh-privatekey", "hush-hush"),
		consoletest.Secret("ns1", "tkc1-ssh-password", "other", "hush-hush"))
	try("tkc1", "admin").Exits(failure.Failed).Says(`the Secret tkc1-kubeconfig is not as it should be: its user has "exec"`, "Nothing of it was used.").Omits("hush")
	try("tkc1", "ssh").Exits(failure.Failed).Says("it holds 0 blocks of PEM").Omits("hush")
	try("tkc1", "ssh-password").Exits(failure.Failed).Says(`it has no "ssh-passwordkey"`).Omits("hush")
	for _, name := range []string{"tkc1-kubeconfig", "tkc1-ssh", "tkc1-ssh-password"} {
		if _, err := os.Lstat(name); err == nil {
			t.Errorf("%s was written", name)
		}
	}
	hold(s, consoletest.Secret("ns1", "tkc1-kubeconfig", "value", expired))
	try("tkc1", "admin").Exits(failure.OK).Says("warning: its certificate ended on ")
	closed := secretsOf()
	closed.Closed = []string{"ns1"}
	s.Hold(closed)
	try("tkc1", "ssh").Exits(failure.Refused).Says("you may not read the Secret tkc1-ssh in ns1 at 10.0.0.1", "The roles edit and owner of the vSphere Namespace ns1 may.")
}

func TestUsageOfCluster(t *testing.T) {
	w, _, _ := site(t)
	for line, want := range map[string]string{
		"cluster credentials --kind admin":              "which cluster? Type its name",
		"cluster credentials a b --kind admin":          "one word too many",
		"cluster credentials a -- b":                    "one word too many",
		"cluster credentials tkc1":                      "which credentials? Give --kind, one of admin, ssh, ssh-password",
		"cluster credentials tkc1 --kind root":          "which credentials?",
		"cluster credentials ns1/a/b --kind ssh":        "is not the name of a cluster: type NAME or NAMESPACE/NAME",
		"cluster credentials .. --kind ssh":             "is not a name of a cluster or node",
		"cluster credentials ns1/a -n ns2 --kind admin": "name two namespaces",
		"cluster ssh":                       "which node? Type its name",
		"cluster ssh -- uptime":             "which node? Type its name",
		"cluster ssh a b":                   "one word too many",
		"cluster ssh a -J -oProxyCommand=x": "is not a host to go through",
		"cluster ssh a --server u@a":        "--server",
		"cluster credential":                "did you mean credentials?",
	} {
		w.Run(strings.Fields(line)...).Exits(failure.Usage).Says(want)
	}
	w.Run("cluster").Exits(failure.OK).Says("gets into those whose login does not work")
	w.Run("__complete", "cluster", "credentials", "").Says("tkc1\ntkc2\n")
	w.Run("__complete", "cluster", "credentials", "tkc1", "--kind", "").Says("admin\nssh\nssh-password\n")
}
