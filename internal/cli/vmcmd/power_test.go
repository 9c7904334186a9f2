package vmcmd_test

import (
	"net/http"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/kubectl-vsphere/kubectl-vsphere/internal/cli/clitest"
	"github.com/kubectl-vsphere/kubectl-vsphere/internal/consoletest"
	"github.com/kubectl-vsphere/kubectl-vsphere/internal/consoletest/objecttest"
	"github.com/kubectl-vsphere/kubectl-vsphere/internal/failure"
)

// vm is a virtual machine in ns1. spec and status have no braces.
func vm(name, spec, status string) string {
	return `{"metadata":{"name":"` + name + `","namespace":"ns1","uid":"u-` + name + `","resourceVersion":"7"},"spec":{` + spec + `},"status":{` + status + `}}`
}

const (
	isOn  = `"powerState":"PoweredOn"`
	isOff = `"powerState":"PoweredOff"`
)

func machines(version string, objects ...string) objecttest.Holding {
	return objecttest.Holding{Group: "vmoperator.vmware.com", Version: version, Plural: "virtualmachines", Kind: "VirtualMachine", Columns: []string{"Power-State"}, Objects: objects}
}

// site has two virtual machines, of which the first one runs.
func site(t *testing.T) (*consoletest.World, *consoletest.Supervisor) {
	t.Helper()
	w, s := clitest.Site(t)
	clitest.SignedIn(t, w, s)
	s.Hidden = true
	s.Hold(machines("v1alpha3", vm("web-1", isOn+`,"powerOffMode":"TrySoft","restartMode":"Hard"`, isOn), vm("web-2", isOff, isOff)))
	return w, s
}

const path = "/apis/vmoperator.vmware.com/v1alpha3/namespaces/ns1/virtualmachines"

// obeys has virtual machines do what they are told after some looks.
func obeys(s *consoletest.Supervisor) {
	s.Written = func(_, _ string, o map[string]any) {
		spec, status := o["spec"].(map[string]any), o["status"].(map[string]any)
		status["powerState"] = spec["powerState"]
		if spec["nextRestartTime"] == "now" {
			spec["nextRestartTime"], status["lastRestartTime"] = "2026-11-27T13:00:00.9Z", "2026-11-27T13:00:00Z"
		}
	}
}

func TestPower(t *testing.T) {
	w, s := site(t)
	w.Run("vm", "stop", "web-1").Exits(failure.OK).Says("Stops ns1/web-1 at 10.0.0.1: its guest system shuts down, or else its power is switched off.\n", "ns1/web-1 at 10.0.0.1 is stopping.\n")
	w.Run("vm", "stop", "web-1").Exits(failure.OK).Says("ns1/web-1 at 10.0.0.1 is stopping.\n").Omits("Stops")
	if n := s.Count("PATCH " + path + "/web-1"); n != 1 {
		t.Errorf("%d changes", n)
	}
	obeys(s)
	w.Run("vm", "start", "ns1/web-2", "--wait", "5m").Exits(failure.OK).Says("Starts ns1/web-2 at 10.0.0.1.\n", "ns1/web-2 at 10.0.0.1 runs.\n")
	w.Run("vm", "start", "web-2", "-n", "ns1", "--server", clitest.Server).Exits(failure.OK).Says("ns1/web-2 at 10.0.0.1 runs already.\n")
	w.Run("vm", "restart", "web-2", "--wait", "5m").Exits(failure.OK).Says("ns1/web-2 at 10.0.0.1 has restarted.\n")
	w.Run("vm", "restart", "web-1").Exits(failure.Failed).Says("web-1 at 10.0.0.1 does not run", "kubectl vsphere vm start ns1/web-1")
	w.Run("vm", "list").Exits(failure.OK).Says("STATE", "web-1")
}

// A dry run is the server's: it is asked, and changes nothing.
func TestPowerDryRun(t *testing.T) {
	w, s := site(t)
	w.Run("vm", "stop", "web-1", "--dry-run", "--wait", "5m").Exits(failure.OK).Says("Dry run: the Supervisor accepts that ns1/web-1 at 10.0.0.1 is stopping. Nothing was changed.\n")
	w.Run("vm", "start", "web-1").Exits(failure.OK).Says("runs already")
	s.Next("PATCH "+path+"/web-1", func(w http.ResponseWriter, r *http.Request) {
		if r.URL.Query().Get("dryRun") != "All" {
			t.Error(r.URL)
		}
		w.WriteHeader(http.StatusUnprocessableEntity)
	})
	w.Run("vm", "stop", "web-1", "--dry-run").Exits(failure.Server).Says("422")
}

// An object that changes meanwhile is read again, and what it is then counts.
func TestPowerConflict(t *testing.T) {
	w, s := site(t)
	conflict := func(w http.ResponseWriter, _ *http.Request) {
		s.Hold(machines("v1alpha3", strings.Replace(vm("web-1", isOn, isOn), `"7"`, `"8"`, 1)))
		w.WriteHeader(http.StatusConflict)
	}
	s.Next("PATCH "+path+"/web-1", conflict)
	w.Run("vm", "stop", "web-1").Exits(failure.OK).Says("is stopping")
	if n := s.Count("PATCH " + path + "/web-1"); n != 2 {
		t.Errorf("%d changes", n)
	}
	s.Next("PATCH "+path+"/web-1", func(w http.ResponseWriter, r *http.Request) {
		conflict(w, r)
		s.Hold(machines("v1alpha3", vm("web-1", isOff, isOff)))
	})
	s.Hold(machines("v1alpha3", vm("web-1", isOn, isOn)))
	w.Run("vm", "stop", "web-1").Exits(failure.OK).Says("is off already")
	s.Hold(machines("v1alpha3", vm("web-1", isOn, isOn)))
	s.Next("PATCH "+path+"/web-1", slices.Repeat([]http.HandlerFunc{conflict}, 5)...)
	w.Run("vm", "stop", "web-1").Exits(failure.Failed).Says("was changed by somebody else each time, 5 times")
}

// A missing role is named. What the Supervisor forbids for another reason is not taken for one.
func TestPowerForbidden(t *testing.T) {
	w, s := site(t)
	s.Next("PATCH "+path+"/web-1", func(w http.ResponseWriter, _ *http.Request) {
		w.Header().Set("Content-Type", "application/json")
		w.WriteHeader(http.StatusForbidden)
		_, _ = w.Write([]byte(`{"message":"admission webhook denied the request"}`))
	})
	w.Run("vm", "stop", "web-1").Exits(failure.Refused).Says("admission webhook denied the request").Omits("role \"edit\"")
	h := machines("v1alpha3", vm("web-1", isOn, isOn))
	h.ReadOnly = true
	s.Hold(h)
	w.Run("vm", "stop", "web-1").Exits(failure.Refused).Says("you may not patch virtualmachines in ns1", `Ask your vSphere administrator for the role "edit" or "owner" of the vSphere Namespace ns1.`)
}

// v1alpha1 spells the states otherwise, and cannot restart.
func TestPowerOfAnOldVersion(t *testing.T) {
	w, s := site(t)
	s.Hold(machines("v1alpha1", vm("web-1", `"powerState":"poweredOn"`, `"powerState":"poweredOn"`)))
	s.Written = func(_, _ string, o map[string]any) {
		if got := o["spec"].(map[string]any)["powerState"]; got != "poweredOff" {
			t.Error(got)
		}
	}
	w.Run("vm", "restart", "web-1").Exits(failure.Failed).Says("vmoperator.vmware.com/v1alpha1 only", "vm stop ns1/web-1 --wait 5m && kubectl vsphere vm start ns1/web-1")
	w.Run("vm", "start", "web-1").Exits(failure.OK).Says("runs already")
	w.Run("vm", "stop", "web-1").Exits(failure.OK)
}

// A wait has an end, and says what goes on.
func TestPowerWait(t *testing.T) {
	w, s := site(t)
	began := w.Now()
	w.Run("vm", "stop", "web-1", "--wait", "5m").Exits(failure.Failed).Says("after 5m, it is not true yet that ns1/web-1 at 10.0.0.1 is off\n", "The Supervisor goes on")
	if took := w.Now().Sub(began); took < 5*time.Minute || took > 6*time.Minute {
		t.Error(took)
	}
	w.Asleep = func(time.Duration) { w.Interrupt() }
	w.Run("vm", "stop", "web-1", "--wait", "5m").Exits(failure.Interrupted).Says("note: ns1/web-1 at 10.0.0.1 is stopping all the same; to see it, type: kubectl vsphere describe vm ns1/web-1")
	w.Asleep = func(time.Duration) { s.Hold(machines("v1alpha3", vm("web-1", isOn, isOn))) }
	w.Run("vm", "stop", "web-1", "--wait", "5m").Exits(failure.Failed).Says("somebody else has changed the power")
	w.Asleep = func(time.Duration) { s.Hold(machines("v1alpha3")) }
	w.Run("vm", "stop", "web-1", "--wait", "5m").Exits(failure.Failed).Says("ns1/web-1 at 10.0.0.1 is gone")
	w.Asleep = nil
	s.Hold(machines("v1alpha3", vm("web-1", isOn, isOn)))
	w.Run("vm", "restart", "web-1", "--wait", "5m").Exits(failure.Server).Says("made no time of spec.nextRestartTime")
	// A Supervisor that is away for a while may be there again in time.
	looks := 0
	w.Asleep = func(time.Duration) {
		if looks++; looks == 2 {
			s.Hold(machines("v1alpha3", vm("web-2", isOn, isOn)))
		}
	}
	s.Hold(machines("v1alpha3", vm("web-2", isOff, isOff)))
	bad := func(w http.ResponseWriter, _ *http.Request) { w.WriteHeader(http.StatusBadGateway) }
	s.Written = func(string, string, map[string]any) { s.Next("GET "+path+"/web-2", bad) }
	w.Run("vm", "start", "web-2", "--wait", "5m").Exits(failure.OK).Says("runs.")
}

// After Ctrl-C in the request nobody knows whether it arrived.
func TestPowerInterrupted(t *testing.T) {
	w, s := site(t)
	s.Next("PATCH "+path+"/web-1", func(_ http.ResponseWriter, r *http.Request) {
		w.Interrupt()
		<-r.Context().Done()
	})
	w.Run("vm", "stop", "web-1").Exits(failure.Interrupted).Says("it is not known whether the Supervisor has got the change", "describe vm ns1/web-1")
}

func TestUsage(t *testing.T) {
	w, s := site(t)
	w.Run("vm", "stop").Exits(failure.Usage).Says("which virtual machine?")
	w.Run("vm", "stop", "a", "b").Exits(failure.Usage).Says("one virtual machine at a time")
	w.Run("vm", "stop", "ns1/a", "-n", "ns2").Exits(failure.Usage).Says("two namespaces")
	w.Run("vm", "stop", "a", "-n", "A B").Exits(failure.Usage).Says("not a name of a namespace")
	w.Run("vm", "stop", "a", "--wait", "5").Exits(failure.Usage).Says("which unit?")
	w.Run("vm", "stop", "a", "--wait", "-5m").Exits(failure.Usage)
	w.Run("vm", "stopp", "a").Exits(failure.Usage).Says("did you mean stop")
	w.Run("vm", "stop", "web1").Exits(failure.Failed).Says(`there is no vm "web1" that you may see; did you mean web-1`)
	w.Run("vm", "web-console", "web-1").Exits(failure.Usage).Says("add --short")
	w.Run("vm", "list", "web-1").Exits(failure.Usage)
	for _, r := range s.Requests() {
		if !strings.HasPrefix(r, "GET ") {
			t.Error(r)
		}
	}
	w.Run("vm").Exits(failure.OK).Says("web-console")
}

// A node of a cluster has controllers of its own.
func TestPowerOfANode(t *testing.T) {
	w, s := site(t)
	s.Hold(machines("v1alpha3", strings.Replace(vm("web-1", isOn, isOn), `"uid"`, `"labels":{"capv.vmware.com/cluster.name":"tkc1"},"uid"`, 1)))
	w.Run("vm", "stop", "web-1").Exits(failure.OK).Says("node of the cluster tkc1")
}

// Of several users at a Supervisor, the one of the current context acts, and is named.
func TestPowerAsOneOfTwo(t *testing.T) {
	w, s := site(t)
	s.Users["ops@vsphere.local"] = consoletest.Password
	w.Vars[failure.PasswordVariable] = consoletest.Password
	w.Run("login", "--server", clitest.Server, "-u", "ops@vsphere.local", "--certificate-authority", w.CAFile).Exits(failure.OK)
	w.Run("vm", "stop", "web-1").Exits(failure.OK).Says("ns1/web-1 at 10.0.0.1 as ops@vsphere.local is stopping")
	w.Run("use", "ns1").Exits(failure.OK)
	w.Run("vm", "stop", "web-1").Exits(failure.OK).Says("ns1/web-1 at 10.0.0.1 as dev@vsphere.local is stopping")
}

// Somebody else's change after the look is not written over.
func TestPowerStale(t *testing.T) {
	w, s := site(t)
	s.Next("GET "+path+"/web-1", func(w http.ResponseWriter, r *http.Request) {
		w.Header().Set("Content-Type", "application/json")
		_, _ = w.Write([]byte(strings.Replace(vm("web-1", isOn, isOn), `{"metadata"`, `{"apiVersion":"vmoperator.vmware.com/v1alpha3","kind":"VirtualMachine","metadata"`, 1)))
		s.Hold(machines("v1alpha3", strings.Replace(vm("web-1", isOff, isOff), `"7"`, `"8"`, 1)))
	})
	w.Run("vm", "stop", "web-1").Exits(failure.OK).Says("is off already")
}
