package inventory

// Release is a Tanzu Kubernetes release.
type Release struct {
	Name, Version string // the same, as an object's name and as people write it
	Kubernetes    string
	Upgrades      string // the versions that a cluster of it may go to
	Incompatible  string // why the Supervisor does not take it
	Image, Item   string // none: the content library does not have it yet
}

// Current is the release of the clusters of a site. Both releases after it are upgrades: of its minor version, and of the next one.
var Current = releases[1]

var releases = []Release{
	{
		Name: "v1.32.7---vmware.2-fips-vkr.1", Version: "v1.32.7+vmware.2-fips-vkr.1", Kubernetes: "v1.32.7+vmware.2-fips",
		Upgrades: "v1.33.3+vmware.1-fips-vkr.1 v1.33.6+vmware.1-fips-vkr.2",
		Image:    "vmi-2f1b7cc0a91d5e6b3", Item: "2f1b7cc0-a91d-4e6b-8a33-90c1d5b7e101",
	},
	{
		Name: "v1.33.3---vmware.1-fips-vkr.1", Version: "v1.33.3+vmware.1-fips-vkr.1", Kubernetes: "v1.33.3+vmware.1-fips",
		Upgrades: "v1.33.6+vmware.1-fips-vkr.2 v1.34.1+vmware.1-fips-vkr.4",
		Image:    "vmi-eb9aa754cd564981a", Item: "eb9aa754-cd56-4981-a0d4-5d0b7c2f8102",
	},
	{
		Name: "v1.33.6---vmware.1-fips-vkr.2", Version: "v1.33.6+vmware.1-fips-vkr.2", Kubernetes: "v1.33.6+vmware.1-fips",
		Upgrades: "v1.34.1+vmware.1-fips-vkr.4",
		Image:    "vmi-70c3f5d2be4a8916c", Item: "70c3f5d2-be4a-4916-8c1d-3b6f9a2d7103",
	},
	{
		Name: "v1.34.1---vmware.1-fips-vkr.4", Version: "v1.34.1+vmware.1-fips-vkr.4", Kubernetes: "v1.34.1+vmware.1-fips",
		Image: "vmi-93d8a1e64c7f2b05d", Item: "93d8a1e6-4c7f-4b05-9d2e-8e4c0f5a6104",
	},
	{
		Name: "v1.34.2---vmware.1-fips-vkr.1", Version: "v1.34.2+vmware.1-fips-vkr.1", Kubernetes: "v1.34.2+vmware.1-fips",
	},
	{
		Name: "v1.35.0---vmware.1-fips-vkr.1", Version: "v1.35.0+vmware.1-fips-vkr.1", Kubernetes: "v1.35.0+vmware.1-fips",
		Incompatible: "a newer Supervisor is needed",
		Image:        "vmi-b5e2c9f07a1d8364e", Item: "b5e2c9f0-7a1d-4364-8e7b-1f2d3c4b5105",
	},
}
