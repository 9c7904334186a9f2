package describecmd

import (
	"cmp"
	"slices"
	"strings"

	"github.com/kubectl-vsphere/kubectl-vsphere/pkg/kubeapi"
	"github.com/kubectl-vsphere/kubectl-vsphere/pkg/safetext"
	"github.com/kubectl-vsphere/kubectl-vsphere/pkg/tkg"
)

// meaning is what a condition says, and what a person can do if it is false.
type meaning struct{ yes, no, todo string }

const (
	soon = "Wait a minute. If this does not change, ask your vSphere administrator."
	ask  = "Ask your vSphere administrator."
)

// meanings are those of the conditions of clusters and virtual machines.
var meanings = map[string]meaning{
	"Available":                    {"it can be used", "it cannot be used yet", ""},
	"Ready":                        {"it can be used", "it cannot be used yet", ""},
	"TopologyReconciled":           {"the last change is carried out", "the last change is not carried out", "Its version, class or a variable may be wrong: the message says which."},
	"InfrastructureReady":          {"its network and load balancer are there", "its network or load balancer is not there", "If this does not change in some minutes, ask your vSphere administrator whether addresses are left."},
	"ControlPlaneInitialized":      {"its first control plane node has come up", "no control plane node has come up yet", "If this does not change in some minutes, look at its nodes and virtual machines."},
	"ControlPlaneAvailable":        {"its API server answers", "its API server does not answer", soon},
	"ControlPlaneReady":            {"its API server answers", "its API server does not answer", soon},
	"ControlPlaneMachinesReady":    {"its control plane nodes are ready", "not all control plane nodes are ready", ""},
	"ControlPlaneMachinesUpToDate": {"its control plane nodes are up to date", "not all control plane nodes are up to date", ""},
	"WorkersAvailable":             {"enough workers are ready", "not enough workers are ready", ""},
	"WorkerMachinesReady":          {"its workers are ready", "not all workers are ready", ""},
	"WorkerMachinesUpToDate":       {"its workers are up to date", "not all workers are up to date", ""},
	"RemoteConnectionProbe":        {"the Supervisor reaches its API server", "the Supervisor does not reach its API server", "Ask your vSphere administrator whether the Supervisor reaches the cluster's address."},
	"UpdatesAvailable":             {"there are newer releases for it", "there is no newer release for it", ""},
	"RollingOut":                   {"its nodes are being replaced", "no node is being replaced", ""},
	"Remediating":                  {"a node that failed is being replaced", "no node that failed is being replaced", ""},
	"ScalingUp":                    {"nodes are being added", "no node is being added", ""},
	"ScalingDown":                  {"nodes are being removed", "no node is being removed", ""},
	"Paused":                       {"no controller looks at it", "its controllers look at it", ""},
	"Deleting":                     {"it is being deleted", "nobody is deleting it", ""},

	"VirtualMachineClassReady":              {"its class is there", "its class is not there", "Choose one: kubectl vsphere list classes"},
	"VirtualMachineImageReady":              {"its image is there", "its image is not there", "Choose one: kubectl vsphere list images"},
	"VirtualMachineStorageReady":            {"its storage is there", "its storage is not there", "See what is left: kubectl vsphere list storage"},
	"VirtualMachineNetworkReady":            {"its network is there", "its network is not there", "See the networks: kubectl vsphere list networks"},
	"VirtualMachineBootstrapReady":          {"its first configuration is there", "its first configuration is not there", "Look at the Secret or ConfigMap that it names."},
	"VirtualMachineConditionPlacementReady": {"a place was found for it", "no place was found for it", "Ask your vSphere administrator whether there is room."},
	"VirtualMachineCreated":                 {"it was made in vSphere", "it was not made in vSphere", soon},
	"VirtualMachineTools":                   {"VMware Tools runs in it", "VMware Tools does not run in it", ""},
	"GuestCustomization":                    {"its guest is configured", "its guest is not configured", ""},
}

// negative are conditions whose truth is no good news: False is as it should be.
var negative = []string{"RollingOut", "Remediating", "ScalingDown", "ScalingUp", "Paused", "Deleting"}

// summaries are conditions that only say that another one is not as it should be.
var summaries = []string{"Available", "Ready"}

// causes are the conditions that explain why another one is false: as long as they are false, it cannot be true.
var causes = map[string][]string{
	"ControlPlaneInitialized":               {"InfrastructureReady"},
	"ControlPlaneAvailable":                 {"InfrastructureReady", "ControlPlaneInitialized"},
	"ControlPlaneReady":                     {"InfrastructureReady", "ControlPlaneInitialized", "ControlPlaneAvailable"},
	"ControlPlaneMachinesReady":             {"InfrastructureReady", "ControlPlaneInitialized"},
	"RemoteConnectionProbe":                 {"InfrastructureReady", "ControlPlaneInitialized"},
	"WorkersAvailable":                      {"InfrastructureReady", "ControlPlaneInitialized"},
	"WorkerMachinesReady":                   {"InfrastructureReady", "ControlPlaneInitialized", "WorkersAvailable"},
	"VirtualMachineConditionPlacementReady": {"VirtualMachineClassReady", "VirtualMachineImageReady", "VirtualMachineStorageReady", "VirtualMachineNetworkReady", "VirtualMachineBootstrapReady"},
	"VirtualMachineCreated":                 {"VirtualMachineClassReady", "VirtualMachineImageReady", "VirtualMachineStorageReady", "VirtualMachineNetworkReady", "VirtualMachineBootstrapReady", "VirtualMachineConditionPlacementReady"},
}

// maxMessage bounds a message of a condition, in characters.
const maxMessage = 400

// messageOf returns the message of a condition in one line.
func messageOf(c tkg.Condition) string {
	lines := strings.FieldsFunc(c.Message, func(r rune) bool { return r == '\n' || r == '\r' })
	for i := range lines {
		lines[i] = strings.TrimPrefix(strings.TrimSpace(lines[i]), "* ")
	}
	return safetext.Line(strings.Join(lines, "; "), maxMessage)
}

// conditionRows returns conditions for a page, each type once.
func conditionRows(all tkg.Conditions, o kubeapi.Object) (rows [][]string) {
	seen := map[string]bool{}
	for _, c := range all {
		if seen[c.Type] || len(seen) > 60 {
			continue
		}
		seen[c.Type] = true
		status, means := "unknown", "nobody knows yet"
		switch c.Status {
		case "True":
			status, means = "yes", meanings[c.Type].yes
		case "False":
			status, means = "no", meanings[c.Type].no
		}
		why := messageOf(c)
		if why == "" && c.Status != "True" && !slices.Contains(negative, c.Type) {
			why = c.Reason
		}
		if c.Stale(o) {
			why = strings.TrimSpace("(before the last change) " + why)
		}
		rows = append(rows, []string{c.Type, status, means, why})
	}
	return rows
}

var conditionHeadings = []string{"CONDITION", "TRUE", "MEANS", "MESSAGE"}

// failedOf returns the conditions that are not as they should be, each type once. Those that only follow from another one are left out.
func failedOf(all tkg.Conditions) (bad tkg.Conditions) {
	for _, c := range all {
		positive := !slices.Contains(negative, c.Type) && c.Type != "UpdatesAvailable" && c.Type != "VirtualMachineTools" && c.Type != "GuestCustomization"
		if _, again := bad.Find(c.Type); positive && c.Status == "False" && !again {
			bad = append(bad, c)
		}
	}
	isBad := func(name string) bool { _, found := bad.Find(name); return found }
	caused := func(c tkg.Condition) bool { return slices.ContainsFunc(causes[c.Type], isBad) }
	summary := func(c tkg.Condition) bool { return slices.Contains(summaries, c.Type) }
	if slices.ContainsFunc(bad, func(c tkg.Condition) bool { return !summary(c) }) {
		return slices.DeleteFunc(slices.Clone(bad), func(c tkg.Condition) bool { return summary(c) || caused(c) })
	}
	return bad[:min(len(bad), 1)]
}

// complain adds the conditions that are not as they should be to what is wrong. about is what has them.
func (p *page) complain(about string, all tkg.Conditions) {
	for _, c := range failedOf(all) {
		what := cmp.Or(meanings[c.Type].no, c.Type+" is false")
		if why := cmp.Or(messageOf(c), c.Reason); why != "" {
			what += ": " + why
		}
		p.wrong(about+": "+what, meanings[c.Type].todo)
	}
}
