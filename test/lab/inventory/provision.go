package inventory

import (
	"fmt"
	"slices"
	"strings"

	"k8s.io/apimachinery/pkg/apis/meta/v1/unstructured"
)

// Provision is what a Supervisor has where its controllers are real: what VM Operator must know of its vCenter, and a namespace in which
// they make clusters.
type Provision struct {
	Namespace, Class string
	VCenter          VCenter
}

// VCenter tells VM Operator where its vCenter is, and what it calls its things.
type VCenter struct {
	Host, Port, Username, Password string

	Datacenter, Cluster, Pool, Folder, Network string
	// Items are the IDs of library items by the names of images.
	Items map[string]string
}

// What the controllers' programs look for.
const (
	vmOperatorNamespace = "vmware-system-vmop"
	vmOperatorSecret    = "vsphere.provider.credentials.vmoperator.vmware.com"
	supervisorZone      = "domain-c8"
	supervisorVirtualIP = "192.0.2.250" // An Endpoints object takes no address of loopback. Nobody sends anything there.
)

// Operator is what the controllers look for when they start.
func (p Provision) Operator() ([]*unstructured.Unstructured, error) {
	return render("operator.yaml", struct {
		Provision
		Operator, Secret, Zone, VirtualIP string
		Releases                          []Release
	}{p, vmOperatorNamespace, vmOperatorSecret, supervisorZone, supervisorVirtualIP, withImages()})
}

// Objects are the ClusterClass and its templates.
func (p Provision) Objects() ([]*unstructured.Unstructured, error) {
	return render("provision.yaml", struct {
		Provision
		Image string
	}{p, Current.Image})
}

// Images are the versions of all images of releases, by their names.
func Images() map[string]string {
	all := map[string]string{}
	for _, r := range withImages() {
		all[r.Image] = r.Version
	}
	return all
}

func withImages() []Release {
	return slices.DeleteFunc(slices.Clone(releases), func(r Release) bool { return r.Image == "" })
}

// Next is the first upgrade of the release of a site's clusters.
func Next() Release {
	return releases[slices.IndexFunc(releases, func(r Release) bool { return r.Name == Current.Name })+1]
}

// FindRelease finds a release by its version, or by its name, which people write for it.
func FindRelease(version string) (Release, bool) {
	i := slices.IndexFunc(releases, func(r Release) bool { return r.Name == version || r.Version == version })
	if i < 0 {
		return Release{}, false
	}
	return releases[i], true
}

// imageOf is a template of Cluster API that makes the name of an image of the version of a control plane or a pool. People write a version
// with a plus sign, or as the name of its release.
func imageOf(part string) string {
	var text strings.Builder
	for _, r := range withImages() {
		fmt.Fprintf(&text, `{{if or (eq .builtin.%[1]s.version "%[2]s") (eq .builtin.%[1]s.version "%[3]s")}}%[4]s{{end}}`, part, r.Version, r.Name, r.Image)
	}
	return text.String()
}
