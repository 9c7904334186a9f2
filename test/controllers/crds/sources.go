package main

// A source is a module with definitions in YAML.
type source struct {
	Module, Version string
	Sum             string // of the module's content, as in a go.sum
	Files           []string
	Edit            func(object) object
}

const (
	capi = "sigs.k8s.io/cluster-api"
	capv = "sigs.k8s.io/cluster-api-provider-vsphere"
	vmop = "github.com/vmware-tanzu/vm-operator"
)

// The versions and checksums of modules that several sources are of.
const (
	capiVersion, capiSum = "v1.14.2", "h1:o3GFNaeNFAOEEMpDPfhCK+2CjmV6gtQ8yLEcUwCg7bA="
	vmopVersion, vmopSum = "v1.8.6", "h1:ZfPQjQWVvwcH5WQ4lCEMBhYHM48cHBhrmyNpEdJeN14="
	capvVersion, capvSum = "v1.14.0", "h1:MR3Ry1DvFeeLHH4ldFi1kChpkkB5HPOWHP0viURbL8c="
)

// sources are all kinds of a site. What else these modules define has no user here, and would cost every API server memory.
var sources = []source{
	{
		Module: capi, Version: capiVersion, Sum: capiSum,
		Files: []string{"core/config/crd/bases/cluster.x-k8s.io_*.yaml", "core/config/crd/bases/runtime*.yaml", "core/config/webhook/manifests.yaml"},
		Edit:  core,
	},
	{
		Module: capi, Version: capiVersion, Sum: capiSum,
		Files: []string{"bootstrap/kubeadm/config/crd/bases/*templates.yaml", "controlplane/kubeadm/config/crd/bases/*.yaml"},
		Edit:  kubeadm,
	},
	{
		Module: capv, Version: capvVersion, Sum: capvSum,
		Files: []string{"config/supervisor/crd/bases/*.yaml"},
		Edit:  provider,
	},
	{
		// Newer ones are in a module of their own, which the Go proxy does not have.
		Module: vmop, Version: "v1.9.0", Sum: "h1:zpquVm+bPmFEttqibZXqBR9h00wXE6g0Kj1S/AUc4oQ=",
		Files: []string{
			"config/crd/bases/*_clustervirtualmachineimages.yaml", "config/crd/bases/*_virtualmachine[cipsw]*.yaml", "config/crd/bases/*_webconsolerequests.yaml",
			"config/crd/external-crds/appplatform*.yaml", "config/crd/external-crds/iaas*.yaml", "config/crd/external-crds/cns.*.yaml",
			"config/crd/external-crds/imageregistry*.yaml", "config/crd/external-crds/netoperator*.yaml", "config/crd/external-crds/topology*.yaml",
		},
		Edit: plain,
	},
	{
		Module: "github.com/vmware-tanzu/tanzu-framework/apis/run", Version: "v0.0.0-20230419030809-7081502ebf68", Sum: "h1:DMsg44rX3xSBDCoKYU7zfJGzs9dfPkMYmM7C5fFx7Es=",
		Files: []string{
			"config/crd/bases/*_tanzukubernetesreleases.yaml", "config/crd/bases/*_osimages.yaml",
			"config/crd/bases/*_clusterbootstraps.yaml", "config/crd/bases/*_clusterbootstraptemplates.yaml",
			"config/crd/bases/*_tanzukubernetesclusters.yaml",
		},
		Edit: tanzu,
	},
}

// forProvisioning is what a Supervisor also has where clusters are made. VM Operator is older than the definitions of its kinds, whose
// module does not build: what it checks are the versions that it knows.
var forProvisioning = []source{
	{
		Module: capi, Version: capiVersion, Sum: capiSum,
		Files: []string{"bootstrap/kubeadm/config/crd/bases/*kubeadmconfigs.yaml"},
		Edit:  kubeadm,
	},
	{
		Module: capi, Version: capiVersion, Sum: capiSum,
		Files: []string{"bootstrap/kubeadm/config/webhook/manifests.yaml"},
		Edit:  checks("bootstrap", "kubeadmconfigs", "kubeadmconfigtemplates"),
	},
	{
		Module: capi, Version: capiVersion, Sum: capiSum,
		Files: []string{"controlplane/kubeadm/config/webhook/manifests.yaml"},
		Edit:  checks("controlplane", "kubeadmcontrolplanes", "kubeadmcontrolplanes/scale", "kubeadmcontrolplanetemplates"),
	},
	{
		Module: capv, Version: capvVersion, Sum: capvSum,
		Files: []string{"config/supervisor/webhook/manifests.yaml"},
		Edit:  checks("capv", "vsphereclusters", "vspheremachines", "vspheremachinetemplates"),
	},
	{
		Module: vmop, Version: vmopVersion, Sum: vmopSum,
		Files: []string{"config/crd/external-crds/cnsnodevmattachment-crd.yaml"},
		Edit:  plain,
	},
	{
		Module: vmop, Version: vmopVersion, Sum: vmopSum,
		Files: []string{"config/webhook/manifests.yaml"},
		Edit: checks("vmop", "virtualmachines", "virtualmachineclasses", "virtualmachineservices", "virtualmachinesetresourcepolicies",
			"virtualmachinewebconsolerequests", "webconsolerequests"),
	},
}
