package main

import (
	"context"
	"errors"
	"net/url"

	"github.com/vmware/govmomi"
	"github.com/vmware/govmomi/find"
	"github.com/vmware/govmomi/object"
	"github.com/vmware/govmomi/pbm"
	"github.com/vmware/govmomi/vim25/types"
)

// network is a port group whose name can be a part of a DNS name, as VM Operator asks for.
const network = "primary"

// policy is the storage policy that every vCenter has.
const policy = "vSAN Default Storage Policy"

// inventory is what VM Operator must know of the vCenter: where it is, and the IDs of its managed objects.
type inventory struct {
	Host     string `json:"host"`
	Port     string `json:"port"`
	Username string `json:"username"`
	Password string `json:"password"`

	Datacenter string `json:"datacenter"`
	Cluster    string `json:"cluster"`
	Pool       string `json:"pool"`
	Folder     string `json:"folder"`
	Datastore  string `json:"datastore"`
	Network    string `json:"network"` // its name
	Policy     string `json:"policy"`
	Library    string `json:"library"`
	// Items are the IDs of the library's items by the names of the images.
	Items map[string]string `json:"items"`
}

// describe finds what the simulator's model made.
func describe(ctx context.Context, c *govmomi.Client, at *url.URL) (*inventory, error) {
	password, _ := at.User.Password()
	inv := &inventory{Host: at.Hostname(), Port: at.Port(), Username: at.User.Username(), Password: password, Network: network, Items: map[string]string{}}
	finder := find.NewFinder(c.Client)
	dc, err := finder.DefaultDatacenter(ctx)
	if err != nil {
		return nil, err
	}
	finder.SetDatacenter(dc)
	folders, err := dc.Folders(ctx)
	if err != nil {
		return nil, err
	}
	cluster, err := finder.DefaultClusterComputeResource(ctx)
	if err != nil {
		return nil, err
	}
	pool, err := cluster.ResourcePool(ctx)
	if err != nil {
		return nil, err
	}
	datastore, err := finder.DefaultDatastore(ctx)
	if err != nil {
		return nil, err
	}
	inv.Datacenter, inv.Folder, inv.Cluster = dc.Reference().Value, folders.VmFolder.Reference().Value, cluster.Reference().Value
	inv.Pool, inv.Datastore = pool.Reference().Value, datastore.Reference().Value
	policies, err := pbm.NewClient(ctx, c.Client)
	if err != nil {
		return nil, err
	}
	if inv.Policy, err = policies.ProfileIDByName(ctx, policy); err != nil {
		return nil, err
	}
	return inv, addNetwork(ctx, finder)
}

// addNetwork adds the port group to the distributed switch.
func addNetwork(ctx context.Context, finder *find.Finder) error {
	all, err := finder.NetworkList(ctx, "*")
	if err != nil {
		return err
	}
	for _, n := range all {
		if s, ok := n.(*object.DistributedVirtualSwitch); ok {
			task, err := s.AddPortgroup(ctx, []types.DVPortgroupConfigSpec{{
				Name: network, NumPorts: 1024, Type: string(types.DistributedVirtualPortgroupPortgroupTypeEarlyBinding),
			}})
			if err != nil {
				return err
			}
			return task.Wait(ctx)
		}
	}
	return errors.New("the simulator has no distributed switch")
}
