package site

import (
	"encoding/json"
	"os"
	"path/filepath"
)

// Lab is lab.json: what a test or a person needs to use the site. Paths are absolute.
type Lab struct {
	Supervisors []LabSupervisor `json:"supervisors"`
	Users       []LabUser       `json:"users"`
	OIDC        LabOIDC         `json:"oidc"`
	// Registry is a container registry for the people of the first Supervisor; none where no real one is installed.
	Registry *LabRegistry `json:"registry,omitempty"`
	// Provision is where clusters are made; none without --provision.
	Provision *LabProvision `json:"provision,omitempty"`
	VCenter   LabVCenter    `json:"vcenter"`
	Admin     string        `json:"admin"` // URL of the admin API
}

// LabVCenter is the vCenter in lab.json: HOST or HOST:PORT of its REST API and of its issuer.
type LabVCenter struct {
	Host string `json:"host"`
	CA   string `json:"ca"`
}

// LabProvision is what a Cluster names that the first Supervisor is to make: its namespace and class, a release and the next one, as
// versions, and what its variables vmClass and storageClass may be.
type LabProvision struct {
	Namespace    string `json:"namespace"`
	Class        string `json:"class"`
	Release      string `json:"release"`
	Upgrade      string `json:"upgrade"`
	VMClass      string `json:"vmClass"`
	StorageClass string `json:"storageClass"`
}

// LabRegistry is a registry in lab.json: a Harbor that takes the tokens of its Supervisor.
type LabRegistry struct {
	Host string `json:"host"`
	CA   string `json:"ca"`
}

// LabOIDC is the OIDC provider in lab.json, with a public client for command lines.
type LabOIDC struct {
	Issuer   string `json:"issuer"`
	CA       string `json:"ca"`
	ClientID string `json:"clientID"`
	// Server is the front of a Supervisor whose people log in by lab-dex or lab-ldap, with the users and passwords of the site.
	Server string `json:"server"`
	// Browse is where to POST {"url","username","password"} to have a browser login finished: the answer is {"page","error"}.
	Browse string `json:"browse"`
}

// LabSupervisor is a Supervisor in lab.json.
type LabSupervisor struct {
	Server string `json:"server"` // what to give to --server
	// Addresses are those of the control planes of a stretched Supervisor; Server is its virtual address then.
	Addresses       []string     `json:"addresses,omitempty"`
	CA              string       `json:"ca"`
	Namespaces      []string     `json:"namespaces"`
	AdminKubeconfig string       `json:"adminKubeconfig"`
	Clusters        []LabCluster `json:"clusters"`
}

// LabCluster is a TKG cluster in lab.json. AdminKubeconfig is empty for one that has no API server.
type LabCluster struct {
	Namespace       string `json:"namespace"`
	Name            string `json:"name"`
	UID             string `json:"uid"` // of the Cluster API object
	AdminKubeconfig string `json:"adminKubeconfig"`
}

// LabUser is an account in lab.json.
type LabUser struct {
	Username   string   `json:"username"`
	Password   string   `json:"password"`
	Namespaces []string `json:"namespaces"`
}

// write puts lab.json into dir in one step, since its appearance says that all is ready.
func (l Lab) write(dir string) error {
	text, err := json.MarshalIndent(l, "", "  ")
	if err != nil {
		return err
	}
	temp := filepath.Join(dir, ".lab.json")
	if err := os.WriteFile(temp, append(text, '\n'), 0o600); err != nil {
		return err
	}
	return os.Rename(temp, filepath.Join(dir, "lab.json"))
}
