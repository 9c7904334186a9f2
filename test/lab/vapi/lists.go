package vapi

import (
	"net/http"
	"slices"

	"github.com/kubectl-vsphere/kubectl-vsphere/test/lab/vcenter"
)

// apiPort is the port of every API server here.
const apiPort = 6443

// The states of a Supervisor that works.
const (
	running = "RUNNING"
	ready   = "READY"
)

// workload is an entry of the list that users see. /wcp/workloads mirrors it.
type workload struct {
	Namespace string   `json:"namespace"`
	Host      string   `json:"master_host"`
	Port      int      `json:"control_plane_api_server_port"`
	DNSNames  []string `json:"control_plane_DNS_names"`
}

// listOwn lists the namespaces of the user, or those of another user to an administrator.
func (a *API) listOwn(r *http.Request, u vcenter.User) (any, *problem) {
	query := r.URL.Query()
	if query.Has("groups") {
		why := badRequest("the lab gives no rights to groups")
		return nil, &why
	}
	if name := query.Get("username"); query.Has("username") && vcenter.Person(name) != vcenter.Person(u.Username) {
		if !u.Administrator() {
			return nil, &unauthorized
		}
		other, ok := a.VCenter.Lookup(name)
		if !ok {
			return []workload{}, nil
		}
		u = other
	}
	list := []workload{}
	for _, ns := range a.Namespaces(u) {
		list = append(list, workload{ns.Name, ns.Host, apiPort, []string{}})
	}
	return list, nil
}

type clusterSummary struct {
	Cluster    string `json:"cluster"`
	Name       string `json:"cluster_name"`
	Config     string `json:"config_status"`
	Kubernetes string `json:"kubernetes_status"`
}

func (a *API) listClusters(*http.Request, vcenter.User) (any, *problem) {
	list := []clusterSummary{}
	for _, s := range a.Supervisors() {
		for _, z := range s.Zones {
			list = append(list, clusterSummary{z.Cluster, z.ClusterName, running, ready})
		}
	}
	return list, nil
}

// clusterSoftware is the version of the Supervisor on a vSphere cluster, and what it could become.
type clusterSoftware struct {
	Cluster   string   `json:"cluster"`
	Name      string   `json:"cluster_name"`
	Current   string   `json:"current_version"`
	Available []string `json:"available_versions"`
	State     string   `json:"state"`
}

func (a *API) listSoftware(*http.Request, vcenter.User) (any, *problem) {
	list := []clusterSoftware{}
	for _, s := range a.Supervisors() {
		for _, z := range s.Zones {
			list = append(list, clusterSoftware{z.Cluster, z.ClusterName, s.Version, []string{}, ready})
		}
	}
	return list, nil
}

// zoneInfo is a vSphere Zone of a Supervisor.
type zoneInfo struct {
	Zone     string   `json:"zone"`
	Clusters []string `json:"clusters"`
}

func (a *API) showTopology(r *http.Request, _ vcenter.User) (any, *problem) {
	for _, s := range a.Supervisors() {
		if s.ID != r.PathValue("supervisor") {
			continue
		}
		list := []zoneInfo{}
		for _, z := range s.Zones {
			list = append(list, zoneInfo{z.Name, []string{z.Cluster}})
		}
		return list, nil
	}
	return nil, &notFound
}

// clusterInfo has the fields of the real one that say where a Supervisor is and how it does.
type clusterInfo struct {
	Management string   `json:"api_server_management_endpoint"`
	Endpoint   string   `json:"api_server_cluster_endpoint"`
	APIServers []string `json:"api_servers"`
	Config     string   `json:"config_status"`
	Kubernetes string   `json:"kubernetes_status"`
	Network    string   `json:"network_provider"`
	Stats      stats    `json:"stat_summary"`
}

func (a *API) showCluster(r *http.Request, _ vcenter.User) (any, *problem) {
	all := a.Supervisors()
	i := slices.IndexFunc(all, func(s Supervisor) bool {
		return slices.ContainsFunc(s.Zones, func(z Zone) bool { return z.Cluster == r.PathValue("cluster") })
	})
	if i < 0 {
		return nil, &notFound
	}
	s := all[i]
	return clusterInfo{s.Endpoint, s.Endpoint, s.APIServers, running, ready, s.Network, stats{}}, nil
}

// stats are the resources of a Supervisor: MHz and MB. The lab measures none.
type stats struct {
	CPUUsed         int `json:"cpu_used"`
	CPUCapacity     int `json:"cpu_capacity"`
	MemoryUsed      int `json:"memory_used"`
	MemoryCapacity  int `json:"memory_capacity"`
	StorageUsed     int `json:"storage_used"`
	StorageCapacity int `json:"storage_capacity"`
}

type supervisorSummary struct {
	Supervisor string `json:"supervisor"`
	Info       struct {
		Name       string `json:"name"`
		Stats      stats  `json:"stats"`
		Config     string `json:"config_status"`
		Kubernetes string `json:"kubernetes_status"`
	} `json:"info"`
}

func (a *API) listSupervisors(*http.Request, vcenter.User) (any, *problem) {
	items := []supervisorSummary{}
	for _, s := range a.Supervisors() {
		one := supervisorSummary{Supervisor: s.ID}
		one.Info.Name, one.Info.Config, one.Info.Kubernetes = s.Name, running, ready
		items = append(items, one)
	}
	return map[string]any{"items": items}, nil
}

// instance is a vSphere Namespace as administrators see it. The first version names the vSphere cluster, the second the Supervisor.
type instance struct {
	Cluster     string `json:"cluster,omitempty"`
	Supervisor  string `json:"supervisor,omitempty"`
	Namespace   string `json:"namespace"`
	Config      string `json:"config_status"`
	Description string `json:"description"`
	Stats       struct {
		CPU     int `json:"cpu_used"`
		Memory  int `json:"memory_used"`
		Storage int `json:"storage_used"`
	} `json:"stats"`
	SelfService bool `json:"self_service_namespace"`
}

func (a *API) listInstances(*http.Request, vcenter.User) (any, *problem) {
	return a.instances(func(s Supervisor) instance { return instance{Cluster: s.Zones[0].Cluster} }), nil
}

func (a *API) listInstancesV2(*http.Request, vcenter.User) (any, *problem) {
	return a.instances(func(s Supervisor) instance { return instance{Supervisor: s.ID} }), nil
}

func (a *API) instances(of func(Supervisor) instance) []instance {
	list := []instance{}
	for _, s := range a.Supervisors() {
		for _, ns := range s.Namespaces {
			one := of(s)
			one.Namespace, one.Config = ns, running
			list = append(list, one)
		}
	}
	return list
}

// provider is an identity provider. None is the default one: the lab's vCenter has accounts of its own.
type provider struct {
	ID         string         `json:"provider"`
	Name       string         `json:"name"`
	Tag        string         `json:"config_tag"`
	Default    bool           `json:"is_default"`
	Domains    []string       `json:"domain_names"`
	Parameters map[string]any `json:"auth_query_params"`
	OIDC       OIDC           `json:"oidc"`
}

func (a *API) listProviders(w http.ResponseWriter, r *http.Request) {
	if r.URL.RawQuery != "" {
		refuse(w, r, badRequest("the list has no parameters"))
		return
	}
	list := []provider{}
	for _, p := range a.Providers {
		list = append(list, provider{p.ID, p.Name, "Oidc", false, p.Domains, map[string]any{}, p.OIDC})
	}
	writeJSON(w, http.StatusOK, list)
}
