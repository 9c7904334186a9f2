package tkg

import (
	"cmp"
	"strings"

	"github.com/kubectl-vsphere/kubectl-vsphere/pkg/kubeapi"
)

// Releases and their images: the group depends on the version of the Supervisor.
var (
	TanzuReleaseResource = kubeapi.Resource{Group: GroupTanzu, Plural: "tanzukubernetesreleases", Kind: "TanzuKubernetesRelease"}
	VKSReleaseResource   = kubeapi.Resource{Group: GroupVKS, Plural: "kubernetesreleases", Kind: "KubernetesRelease"}
	TanzuImageResource   = kubeapi.Resource{Group: GroupTanzu, Plural: "osimages", Kind: "OSImage"}
	VKSImageResource     = kubeapi.Resource{Group: GroupVKS, Plural: "osimages", Kind: "OSImage"}
)

// ReleaseFacts are what a list shows of a release.
type ReleaseFacts struct {
	Version, Ready, Compatible string
	Images                     []string // names of OSImages
}

// ReleaseFactsOf reads a TanzuKubernetesRelease or a KubernetesRelease.
func ReleaseFactsOf(o kubeapi.Object) ReleaseFacts {
	var r struct {
		Spec struct {
			Version string      `json:"version"`
			Images  []Reference `json:"osImages"`
		} `json:"spec"`
		Status struct {
			Conditions Conditions `json:"conditions"`
		} `json:"status"`
	}
	o.Decode(&r)
	f := ReleaseFacts{Version: r.Spec.Version, Ready: r.Status.Conditions.Word("Ready"), Compatible: r.Status.Conditions.Word("Compatible")}
	for _, label := range []string{"incompatible", "deactivated", "invalid"} { // A label without a value.
		if _, there := o.Metadata.Labels[label]; there {
			f.Compatible = label
		}
	}
	for _, image := range r.Spec.Images {
		f.Images = append(f.Images, image.Name)
	}
	return f
}

// SystemOf returns the operating system of an OSImage.
func SystemOf(o kubeapi.Object) string {
	var i struct {
		Spec struct {
			OS struct {
				Name    string `json:"name"`
				Version string `json:"version"`
			} `json:"os"`
		} `json:"spec"`
	}
	o.Decode(&i)
	return cmp.Or(strings.TrimSpace(strings.TrimSpace(i.Spec.OS.Name)+" "+strings.TrimSpace(i.Spec.OS.Version)), "yes")
}

// Word returns the status of a condition in a word.
func (all Conditions) Word(name string) string {
	switch c, _ := all.Find(name); c.Status {
	case "True":
		return "yes"
	case "False":
		return "no"
	}
	return "unknown"
}
