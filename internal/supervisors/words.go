package supervisors

import (
	"fmt"
	"strings"

	"github.com/kubectl-vsphere/kubectl-vsphere/internal/console"
	"github.com/kubectl-vsphere/kubectl-vsphere/pkg/supervisor"
	"github.com/kubectl-vsphere/kubectl-vsphere/pkg/vcenter"
)

// State says how a Supervisor does, in a word or two. It is empty if the vCenter does not tell.
func State(s vcenter.Supervisor) string {
	config, kubernetes := strings.ToLower(s.Config), strings.ToLower(s.Kubernetes)
	switch {
	case config == "running" && kubernetes != "":
		return kubernetes
	case config != "" && kubernetes != "" && config != kubernetes:
		return config + ", " + kubernetes
	case config != "":
		return config
	}
	return kubernetes
}

// networks are the words for what the API calls a network provider.
var networks = map[string]string{"NSXT_CONTAINER_PLUGIN": "NSX", "NSX_VPC": "NSX VPC", "VSPHERE_NETWORK": "vSphere"}

// Networking returns the networking of a Supervisor. A word that is new here stays as it is.
func Networking(s vcenter.Supervisor) string {
	if word, known := networks[s.Networking]; known {
		return word
	}
	return s.Networking
}

// Address returns where a Supervisor is, or "".
func Address(s vcenter.Supervisor) string {
	if s.Address == (supervisor.Address{}) {
		return ""
	}
	return s.Address.String()
}

// maxCalled bounds the vSphere Namespaces by which a person knows a Supervisor.
const maxCalled = 3

// Called returns what a person calls a Supervisor: its name, else the user's vSphere Namespaces there.
func Called(s vcenter.Supervisor) string {
	switch {
	case s.Name != "":
		return s.Name
	case len(s.Namespaces) > maxCalled:
		return fmt.Sprintf("with %s and others", strings.Join(s.Namespaces[:maxCalled], ", "))
	case len(s.Namespaces) > 0:
		return "with " + strings.Join(s.Namespaces, ", ")
	}
	return ""
}

// TellGaps says what a list does not have, and why.
func TellGaps(e *console.Env, at supervisor.Address, l vcenter.List) {
	if l.Own {
		e.Notef("the vCenter %s does not show you all of its Supervisors: you see the addresses of your vSphere Namespaces", at)
	}
	if l.Odd > 0 {
		e.Notef("%s that the vCenter tells cannot be of a Supervisor, and is left out", count(l.Odd, "address", "addresses"))
	}
	if l.More > 0 {
		e.Notef("there are %s more, which are not shown", count(l.More, "Supervisor", "Supervisors"))
	}
}

func count(n int, one, many string) string {
	if n == 1 {
		return "1 " + one
	}
	return fmt.Sprintf("%d %s", n, many)
}
