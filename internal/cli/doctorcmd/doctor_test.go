package doctorcmd_test

import (
	"cmp"
	"encoding/json"
	"net/http"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/zalando/go-keyring"

	"github.com/kubectl-vsphere/kubectl-vsphere/internal/cli/clitest"
	"github.com/kubectl-vsphere/kubectl-vsphere/internal/consoletest"
	"github.com/kubectl-vsphere/kubectl-vsphere/internal/doctor"
	"github.com/kubectl-vsphere/kubectl-vsphere/internal/failure"
	"github.com/kubectl-vsphere/kubectl-vsphere/pkg/tokens"
)

const (
	whoAmI = "POST /apis/authentication.k8s.io/v1/selfsubjectreviews"
	mayI   = "POST /apis/authorization.k8s.io/v1/selfsubjectaccessreviews"
)

// rig is a world in which nothing is wrong.
type rig struct {
	*consoletest.World
	site *consoletest.Supervisor
}

// cluster returns the first cluster.
func (r rig) cluster() *consoletest.Cluster { return r.site.Namespaces[0].Clusters[0] }

// well is a site whose user has logged in.
func well(t *testing.T) rig {
	t.Helper()
	keyring.MockInit()
	w, s := clitest.Site(t)
	answers(s.Replies)
	for _, c := range s.Namespaces[0].Clusters {
		answers(c.Replies)
	}
	w.Vars["PATH"] = filepath.Dir(w.Self)
	clitest.SignedIn(t, w, s)
	return rig{w, s}
}

func answers(replies map[string]http.HandlerFunc) {
	replies[whoAmI] = consoletest.Reply(`{"status":{"userInfo":{"username":"sso:dev@vsphere.local","groups":["a","b"]}}}`)
	replies[mayI] = consoletest.Reply(`{"status":{"allowed":true}}`)
}

// report runs doctor and returns what it found, and what it printed.
func (r rig) report(t *testing.T, code int, args ...string) doctor.Report {
	t.Helper()
	result := r.Run(append([]string{"doctor", "-o", "json"}, args...)...).Exits(code)
	var report doctor.Report
	if err := json.Unmarshal([]byte(result.Out), &report); err != nil {
		t.Fatalf("%v: %s", err, result.Out)
	}
	checkRemedies(t, report)
	return report
}

func check(t *testing.T, r doctor.Report, name string) doctor.Result {
	t.Helper()
	for _, c := range r.Checks {
		if c.Name == name {
			return c
		}
	}
	t.Fatalf("there is no check %s", name)
	return doctor.Result{}
}

// replace changes a file.
func replace(t *testing.T, path, old, now string) {
	t.Helper()
	text, err := os.ReadFile(path)
	if err != nil {
		t.Fatal(err)
	}
	if !strings.Contains(string(text), old) {
		t.Fatalf("%s has no %q:\n%s", path, old, text)
	}
	if err := os.WriteFile(path, []byte(strings.Replace(string(text), old, now, 1)), 0o600); err != nil {
		t.Fatal(err)
	}
}

// Nothing is wrong in a good world, and every check that has something to look at says so.
func TestNothingIsWrong(t *testing.T) {
	r := well(t)
	r.Run("doctor").Exits(failure.OK).Says("ok: programs, kubeconfig, store, ports, certificates, clocks, supervisors, identity, contexts, webhook\n",
		"skipped: passwords, proxy, names, registries\n", "Nothing is wrong.").Omits("problem", "note")
	r.Run("doctor", "--all").Exits(failure.OK).Says("ok: contexts: context tkc1: the server takes the token, which is good for 10h; you are sso:dev@vsphere.local, in 2 groups",
		"ok: contexts: context 10.0.0.1, ns1, ns2: ", "ok: supervisors: 10.0.0.1: a Supervisor answers, with Kubernetes v1.31.1", "ok: ports: 10.0.0.1: ports 443 and 6443 are open",
		"users log in with vCenter Single Sign-On")
	r.Run("sites", "rename", "10.0.0.1", "prod").Exits(failure.OK)
	r.Run("doctor", "--server", "prod", "--all").Exits(failure.OK).Says("ok: supervisors: 10.0.0.1: a Supervisor answers")
	if got := r.report(t, failure.OK, "--context", "tkc1"); len(check(t, got, "contexts").Findings) != 1 {
		t.Errorf("%+v", check(t, got, "contexts"))
	}
}

// Each check finds what is broken, and says what to do. In the good world it finds nothing of that.
func TestEachCheck(t *testing.T) {
	for name, tc := range map[string]struct {
		check string
		sick  func(t *testing.T, r rig)
		state doctor.State // empty: Problem
		says  []string
	}{
		"two programs": {"programs", func(_ *testing.T, r rig) {
			r.WriteFile("other/kubectl-vsphere", "#!/bin/sh\n", 0o755)
			r.Vars["PATH"] += ":" + filepath.Join(r.Dir, "other")
		}, "", []string{"second program of that name", "Remove the one"}},
		"another program first": {"programs", func(_ *testing.T, r rig) {
			r.WriteFile("other/kubectl-vsphere", "#!/bin/sh\n", 0o755)
			r.Vars["PATH"] = filepath.Join(r.Dir, "other") + ":" + r.Vars["PATH"]
		}, "", []string{"kubectl runs this program, and not " /* which */, "change the order of PATH"}},
		"no program": {"programs", func(_ *testing.T, r rig) {
			r.Vars["PATH"] = r.Dir
			delete(r.Programs, "kubectl-vsphere")
		}, "", []string{"kubectl-vsphere is not on PATH"}},
		"a kubeconfig that is not YAML": {"kubeconfig", func(t *testing.T, r rig) {
			replace(t, r.Kubeconfig(), "contexts:", "contexts: [")
		}, "", []string{"cannot be read", "repair it or move it away"}},
		"a kubeconfig that others can write": {"kubeconfig", func(t *testing.T, r rig) {
			if err := os.Chmod(r.Kubeconfig(), 0o666); err != nil {
				t.Fatal(err)
			}
		}, "", []string{"other people can write to it (mode 666)", "chmod 600 "}},
		"tokens that others can read": {"kubeconfig", func(t *testing.T, r rig) {
			replace(t, r.Kubeconfig(), "users:\n", "users:\n- name: x\n  user:\n    token: t\n")
			if err := os.Chmod(r.Kubeconfig(), 0o644); err != nil {
				t.Fatal(err)
			}
		}, "", []string{"other people can read it (mode 644), and it holds tokens or keys"}},
		"a lock that was left": {"kubeconfig", func(t *testing.T, r rig) {
			path := r.WriteFile("kubeconfig.lock", "", 0o600)
			old := time.Now().Add(-time.Hour)
			if err := os.Chtimes(path, old, old); err != nil {
				t.Fatal(err)
			}
		}, "", []string{"left this lock 60m ago", "others cannot change the file"}},
		"a lock that is held": {"kubeconfig", func(_ *testing.T, r rig) { r.WriteFile("kubeconfig.lock", "", 0o600) }, doctor.Note, []string{"a kubectl is changing the file now"}},
		"a part is missing": {"kubeconfig", func(t *testing.T, r rig) {
			replace(t, r.Kubeconfig(), "contexts:\n", "contexts:\n- name: broken\n  context: {cluster: nowhere, user: nobody}\n")
		}, "", []string{"names a cluster or user that is not in the kubeconfig", "Type: kubectl config delete-context broken"}},
		"the current context is gone": {"kubeconfig", func(t *testing.T, r rig) {
			replace(t, r.Kubeconfig(), "current-context: 10.0.0.1", "current-context: gone")
		}, "", []string{`the current context "gone" is not in the kubeconfig`, "kubectl vsphere use"}},
		"a command that is gone": {"kubeconfig", func(t *testing.T, r rig) {
			replace(t, r.Kubeconfig(), "command: kubectl-vsphere", "command: /gone/kubectl-vsphere")
		}, "", []string{`it runs "/gone/kubectl-vsphere", which is not there`, "Log in again. Type: kubectl vsphere login"}},
		"a command of another tool": {"kubeconfig", func(t *testing.T, r rig) {
			replace(t, r.Kubeconfig(), "users:\n", "users:\n- name: eks\n  user:\n    exec: {command: aws-gone, apiVersion: client.authentication.k8s.io/v1, interactiveMode: Never}\n")
			replace(t, r.Kubeconfig(), "contexts:\n", "contexts:\n- name: eks\n  context: {cluster: 10.0.0.1, user: eks}\n")
		}, doctor.Note, []string{`it runs "aws-gone", which is not there`}},
		"an entry of VMware's plugin": {"kubeconfig", func(t *testing.T, r rig) {
			replace(t, r.Kubeconfig(), "users:\n", "users:\n- name: wcp:10.0.0.9:dev\n  user:\n    token: t\n")
			replace(t, r.Kubeconfig(), "contexts:\n", "contexts:\n- name: old\n  context: {cluster: 10.0.0.1, user: \"wcp:10.0.0.9:dev\"}\n")
		}, doctor.Note, []string{"VMware's plugin wrote it"}},
		"a stale entry": {"kubeconfig", func(t *testing.T, r rig) {
			if err := r.Store().DeleteSession(r.Session().ID); err != nil {
				t.Fatal(err)
			}
		}, "", []string{"there is no session of dev@vsphere.local at 10.0.0.1", "Type: kubectl vsphere login --server 10.0.0.1"}},
		"a store for everybody": {"store", func(t *testing.T, r rig) {
			if err := os.Chmod(filepath.Join(r.Dir, "store"), 0o755); err != nil {
				t.Fatal(err)
			}
		}, "", []string{"can be used by other people (mode 755)", "chmod 700 "}},
		"a session that cannot be read": {"store", func(_ *testing.T, r rig) { r.WriteFile("store/sessions/x.json", "{", 0o600) }, "", []string{"x.json"}},
		"a site that cannot be read":    {"store", func(_ *testing.T, r rig) { r.WriteFile("store/sites/10.0.0.1.json", "{", 0o600) }, "", []string{"how 10.0.0.1 is verified is not known", "--forget-server"}},
		"the keychain is empty": {"passwords", func(t *testing.T, r rig) { change(t, r, func(s *tokens.Session) { s.Keychain = true }) }, "",
			[]string{"the keychain does not give the password: ", "--save-password"}},
		"the password command is gone": {"passwords", func(t *testing.T, r rig) {
			change(t, r, func(s *tokens.Session) { s.PasswordCommand = []string{"/gone/pass", "show"} })
		}, "", []string{`"/gone/pass", is not there`}},
		"a variable that is not a proxy": {"proxy", func(_ *testing.T, r rig) { r.Vars["HTTPS_PROXY"] = "ftp://u:s3cret@x" }, "", []string{"HTTPS_PROXY is set, but is not the address of a proxy", "or unset it"}},
		"a closed front":                 {"ports", func(_ *testing.T, r rig) { r.Down("10.0.0.1:443") }, "", []string{"port 443: connection refused", "A login needs it"}},
		"a closed API":                   {"ports", func(_ *testing.T, r rig) { r.Down("10.0.0.1:6443") }, "", []string{"port 6443: connection refused", "login then uses port 443. Type: kubectl vsphere login"}},
		"a changed CA": {"certificates", func(t *testing.T, r rig) { r.Serve("10.0.0.1:443", consoletest.NewCA(t, "another-ca"), r.site) }, "",
			[]string{"it shows another CA than the one that you trusted", "another-ca", "--replace-ca"}},
		"another name":        {"certificates", func(_ *testing.T, r rig) { r.ServeAt("10.0.0.1:443", "10.0.0.2", r.CA, r.site) }, "", []string{"it is for 10.0.0.2, not for", "Use one of those names"}},
		"the clock is ahead":  {"clocks", func(_ *testing.T, r rig) { r.Advance(5 * time.Minute) }, "", []string{"the clock of this machine is 5m ahead", "NTP"}},
		"the clock is behind": {"clocks", func(_ *testing.T, r rig) { r.Advance(-5 * time.Minute) }, "", []string{"the clock of this machine is 5m behind", "NTP"}},
		"not a Supervisor":    {"supervisors", func(_ *testing.T, r rig) { r.Stranger("10.0.0.1:443") }, "", []string{"is not a vSphere Supervisor", "not of vCenter"}},
		"a Supervisor in trouble": {"supervisors", func(_ *testing.T, r rig) {
			r.site.Replies["GET /wcp/loginbanner"] = consoletest.Status(http.StatusBadGateway, "no backend")
		}, "", []string{"bad gateway (502): no backend", "Workload Management"}},
		"a token that ended": {"contexts", func(_ *testing.T, r rig) { r.Advance(11 * time.Hour) }, "", []string{"its token has ended: it was good until", "Type: kubectl vsphere login --server 10.0.0.1 -u dev@vsphere.local"}},
		"a token that is renewed": {"contexts", func(_ *testing.T, r rig) {
			r.Vars[failure.PasswordVariable] = consoletest.Password
			r.Advance(11 * time.Hour)
		}, doctor.Note, []string{"its token has ended", "The next kubectl gets a new one"}},
		"a token that is refused": {"contexts", func(_ *testing.T, r rig) {
			r.site.Replies["GET /version"] = consoletest.Status(http.StatusUnauthorized, "")
		}, "", []string{"the server refuses the token, though it is good until", "Type: kubectl vsphere login"}},
		"a cluster that is gone": {"contexts", func(_ *testing.T, r rig) { r.Down("10.0.0.11:6443") }, "", []string{"connection refused", "log in again. Type: "}},
		"a cluster with another CA": {"contexts", func(t *testing.T, r rig) { r.Serve("10.0.0.11:6443", consoletest.NewCA(t, "new-ca"), r.cluster()) }, "",
			[]string{"the certificate of 10.0.0.11:6443 is not trusted", "that brings the new CA"}},
		"a user entry with a rival": {"contexts", func(t *testing.T, r rig) { replace(t, r.Kubeconfig(), "    exec:\n", "    token: t\n    exec:\n") }, "",
			[]string{"its user entry also has token", "kubectl config unset"}},
		"no rights": {"contexts", func(_ *testing.T, r rig) {
			r.cluster().Replies[mayI] = consoletest.Reply(`{"status":{"allowed":false}}`)
		}, doctor.Note,
			[]string{"you may not list pods in default", "RoleBinding"}},
	} {
		t.Run(name, func(t *testing.T) {
			r := well(t)
			before, _ := json.Marshal(check(t, r.report(t, failure.OK), tc.check))
			tc.sick(t, r)
			state, code := cmp.Or(tc.state, doctor.Problem), failure.Failed
			if state == doctor.Note { // Another check may have a problem with it.
				code = r.Run("doctor", "-o", "json").Code
			}
			result := check(t, r.report(t, code), tc.check)
			if result.State != state {
				t.Errorf("the check is %s, not %s", result.State, state)
			}
			var all strings.Builder
			for _, f := range result.Findings {
				all.WriteString(f.About + ": " + f.Says + "\n" + f.Remedy + "\n")
			}
			for _, text := range tc.says {
				if !strings.Contains(all.String(), text) {
					t.Errorf("it does not say %q:\n%s", text, all.String())
				}
				if strings.Contains(string(before), text) {
					t.Errorf("it said %q of the good world:\n%s", text, before)
				}
			}
		})
	}
}

// change changes the session.
func change(t *testing.T, r rig, how func(*tokens.Session)) {
	t.Helper()
	s := r.Session()
	how(&s)
	if _, err := r.Store().UpdateSession(s); err != nil {
		t.Fatal(err)
	}
}
