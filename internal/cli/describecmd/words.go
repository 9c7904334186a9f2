package describecmd

import (
	"cmp"
	"slices"
	"strings"

	"github.com/kubectl-vsphere/kubectl-vsphere/pkg/kubeapi"
	"github.com/kubectl-vsphere/kubectl-vsphere/pkg/tkg"
)

// meaning is what a condition says, and what a person can do if it is false.
type meaning struct{ yes, no, todo string }

// meanings are those of the conditions of clusters and virtual machines.
var meanings = map[string]meaning{
	"Available":                    {"it can be used", "it cannot be used yet", ""},
	"Ready":                        {"it can be used", "it cannot be used yet", ""},
	"TopologyReconciled":           {"the last change is carried out", "the last change is not carried out", "Its version, class or a variable may be wrong: the message says which."},
	"InfrastructureReady":          {"its network and load balancer are there", "its network or load balancer is not there", ""},
	"ControlPlaneInitialized":      {"its first control plane node has come up", "no control plane node has come up yet", ""},
	"ControlPlaneAvailable":        {"its API server answers", "its API server does not answer", ""},
	"ControlPlaneReady":            {"its API server answers", "its API server does not answer", ""},
	"ControlPlaneMachinesReady":    {"its control plane nodes are ready", "not all control plane nodes are ready", ""},
	"ControlPlaneMachinesUpToDate": {"its control plane nodes are up to date", "not all control plane nodes are up to date", ""},
	"WorkersAvailable":             {"enough workers are ready", "not enough workers are ready", ""},
	"WorkerMachinesReady":          {"its workers are ready", "not all workers are ready", ""},
	"WorkerMachinesUpToDate":       {"its workers are up to date", "not all workers are up to date", ""},
	"RemoteConnectionProbe":        {"the Supervisor reaches its API server", "the Supervisor does not reach its API server", "Ask your vSphere administrator whether the Supervisor reaches the cluster's address."},

	"VirtualMachineClassReady":              {"its class is there", "its class is not there", "Choose one: kubectl vsphere list classes"},
	"VirtualMachineImageReady":              {"its image is there", "its image is not there", "Choose one: kubectl vsphere list images"},
	"VirtualMachineStorageReady":            {"its storage is there", "its storage is not there", "See what is left: kubectl vsphere list storage"},
	"VirtualMachineNetworkReady":            {"its network is there", "its network is not there", "See the networks: kubectl vsphere list networks"},
	"VirtualMachineBootstrapReady":          {"its first configuration is there", "its first configuration is not there", "Look at the Secret or ConfigMap that it names."},
	"VirtualMachineConditionPlacementReady": {"a place was found for it", "no place was found for it", "Ask your vSphere administrator whether there is room."},
	"VirtualMachineCreated":                 {"it was made in vSphere", "it was not made in vSphere", ""},
	"VirtualMachineTools":                   {"VMware Tools runs in it", "VMware Tools does not run in it", ""},
	"GuestCustomization":                    {"its guest is configured", "its guest is not configured", ""},
}

// negative are conditions whose truth is no good news: False is as it should be.
var negative = []string{"RollingOut", "Remediating", "ScalingDown", "ScalingUp", "Paused", "Deleting"}

// conditionRows returns conditions for a page, each type once.
func conditionRows(all tkg.Conditions, o kubeapi.Object) (rows [][]string) {
	seen := map[string]bool{}
	for _, c := range all {
		if seen[c.Type] || len(seen) > 60 {
			continue
		}
		seen[c.Type] = true
		status, means := map[string]string{"True": "yes", "False": "no"}[c.Status], meanings[c.Type].yes
		if status == "no" {
			means = meanings[c.Type].no
		}
		why := strings.TrimSpace(strings.ReplaceAll(c.Message, "\n", " "))
		if why == "" && c.Status != "True" && !slices.Contains(negative, c.Type) {
			why = c.Reason
		}
		if c.Stale(o) {
			why = strings.TrimSpace("(before the last change) " + why)
		}
		rows = append(rows, []string{c.Type, cmp.Or(status, "unknown"), means, why})
	}
	return rows
}

var conditionHeadings = []string{"CONDITION", "TRUE", "MEANS", "MESSAGE"}

// failedOf returns the conditions that are not as they should be, each type once.
func failedOf(all tkg.Conditions) (bad tkg.Conditions) {
	for _, c := range all {
		positive := !slices.Contains(negative, c.Type) && c.Type != "UpdatesAvailable" && c.Type != "VirtualMachineTools" && c.Type != "GuestCustomization"
		if _, again := bad.Find(c.Type); positive && c.Status == "False" && !again {
			bad = append(bad, c)
		}
	}
	return bad
}

// complain adds the conditions that are not as they should be to what is wrong. about is what has them.
func (p *page) complain(about string, all tkg.Conditions) {
	for _, c := range failedOf(all) {
		what := cmp.Or(meanings[c.Type].no, c.Type+" is false")
		if why := cmp.Or(strings.TrimSpace(strings.ReplaceAll(c.Message, "\n", " ")), c.Reason); why != "" {
			what += ": " + why
		}
		p.wrong(about+": "+what, meanings[c.Type].todo)
	}
}
