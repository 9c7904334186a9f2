package manifest

import (
	"fmt"
	"slices"

	"github.com/kubectl-vsphere/kubectl-vsphere/pkg/kubeapi"
	"github.com/kubectl-vsphere/kubectl-vsphere/pkg/order"
	"github.com/kubectl-vsphere/kubectl-vsphere/pkg/tkg"
)

// Offer is a release that a cluster may go to.
type Offer struct {
	Release string
	Why     string // why it cannot go there now; empty: it can
}

// Upgrades returns the releases that a cluster may go to: those that the Supervisor offers it, else those of the same and the next minor
// version that are newer. The oldest is first.
func (o Offers) Upgrades(from string, offered []string) (all []Offer) {
	if len(offered) == 0 {
		offered = o.reachable(from)
	}
	for _, name := range offered {
		offer := Offer{Release: name}
		if r, found := o.find(name); found {
			offer.Why = r.Unusable()
		} else if o.knows(Releases) {
			offer.Why = "is not there"
		}
		all = append(all, offer)
	}
	order.By(all, func(a, b Offer) int { return tkg.Natural(a.Release, b.Release) })
	return all
}

// reachable returns the newer releases that are not more than one minor version away.
func (o Offers) reachable(from string) (names []string) {
	was, ok := tkg.Minor(from)
	for _, r := range o.Releases {
		to, known := tkg.Minor(r.Name)
		if ok && known && to[0] == was[0] && to[1]-was[1] <= 1 && tkg.Natural(r.Name, tkg.ReleaseName(from)) > 0 {
			names = append(names, r.Name)
		}
	}
	return names
}

// WhyNot says why a cluster cannot go to a release; "" if it can.
func (o Offers) WhyNot(from, to string, offers []Offer) string {
	i := slices.IndexFunc(offers, func(u Offer) bool { return u.Release == to })
	if i >= 0 {
		if offers[i].Why == "" {
			return ""
		}
		return fmt.Sprintf("the release %s %s", to, offers[i].Why)
	}
	was, ok := tkg.Minor(from)
	minor, known := tkg.Minor(to)
	_, found := o.find(to)
	switch {
	case !found && o.knows(Releases):
		return fmt.Sprintf("there is no release %s", to)
	case ok && known && minor[1] > was[1]+1:
		return fmt.Sprintf("the release %s is more than one minor version away from %s", to, from)
	case tkg.Natural(to, tkg.ReleaseName(from)) < 0:
		return fmt.Sprintf("the release %s is older than %s", to, from)
	}
	return fmt.Sprintf("the Supervisor does not offer the release %s to this cluster", to)
}

// Block is something that stands in the way of new nodes.
type Block struct {
	Text string
	Hard bool // it stops them; else it is only worth to know
}

// Blocks returns what stands in the way of replacing the nodes of a cluster. o is its Cluster, and asked the object that has the sizes.
func Blocks(o, asked kubeapi.Object) (all []Block) {
	var c tkg.Cluster
	o.Decode(&c)
	hard := func(format string, args ...any) { all = append(all, Block{fmt.Sprintf(format, args...), true}) }
	switch state := c.State(o); {
	case !o.Metadata.Deleted.IsZero() || !asked.Metadata.Deleted.IsZero():
		hard("it is being deleted")
	case c.Spec.Paused:
		hard("it is paused: no controller looks at it")
	case state == "changing":
		hard("its last change is not done yet")
	case state != "ready":
		hard("it is %s", state)
	}
	for _, name := range []string{"RollingOut", "Upgrading"} {
		if rolling, _ := c.All().Find(name); rolling.Status == "True" {
			hard("its nodes are being replaced already")
			break
		}
	}
	for _, name := range releaseAppliers(asked) {
		hard("%s applies its release, and sets it back: change it there", name)
	}
	for _, size := range Sizes(asked) {
		switch {
		case size.Nodes == nil || *size.Nodes != 1:
		case size.Name == tkg.ControlPlaneRole:
			all = append(all, Block{Text: "its control plane has one node: its API server is away for a moment while that is replaced"})
		default:
			all = append(all, Block{Text: fmt.Sprintf("its pool %s has one node: what has no other copy is away while that is replaced", size.Name)})
		}
	}
	return all
}

// BudgetResource is the kind that says how many copies of something must stay (https://kubernetes.io/docs/concepts/workloads/pods/disruptions).
var BudgetResource = kubeapi.Resource{Group: "policy", Plural: "poddisruptionbudgets", Kind: "PodDisruptionBudget"}

// Kept reports whether a PodDisruptionBudget lets no pod go: the node of such a pod is not replaced.
func Kept(o kubeapi.Object) bool {
	var b struct {
		Status struct {
			Allowed  int `json:"disruptionsAllowed"`
			Expected int `json:"expectedPods"`
		} `json:"status"`
	}
	o.Decode(&b)
	return b.Status.Allowed == 0 && b.Status.Expected > 0
}
