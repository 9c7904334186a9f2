// Package provision plays what is not there where real controllers make TKG clusters: the load balancer that gives a cluster its address,
// the machines that boot as nodes of a cluster, and the operator that makes a Cluster of a TanzuKubernetesCluster. Nothing of them is open
// source, or they would need real machines.
package provision

import (
	"context"
	"errors"
	"fmt"
	"io"
	"log"
	"time"

	"k8s.io/apimachinery/pkg/types"

	"github.com/kubectl-vsphere/kubectl-vsphere/test/lab/kube"
	"github.com/kubectl-vsphere/kubectl-vsphere/test/lab/pki"
)

// Config is what an Agent knows of its Supervisor.
type Config struct {
	Supervisor *kube.Client
	Namespace  string
	Addresses  []string // for load balancers
	// Boot starts the API server of a cluster at its address, until ctx ends, and returns its client.
	Boot func(ctx context.Context, c Cluster) (*kube.Client, error)
	// Release names the release of a version, and the versions that a cluster of it may go to; "": there is none.
	Release func(version string) (name, upgrades string)
	Class   string // of a TanzuKubernetesCluster's Cluster
	// SSH makes a key and a password for the nodes of a cluster.
	SSH func() (key, password string, err error)
	Log io.Writer
}

// Cluster is a cluster whose first machine boots.
type Cluster struct {
	Namespace, Name, UID string
	Address              string  // of its API server
	CA                   *pki.CA // that Cluster API made
	ServiceAccountKey    []byte  // PEM
}

// Agent plays for one namespace.
type Agent struct {
	Config
	log      *log.Logger
	etcd     *pki.CA
	view     *view
	changed  chan struct{} // holds one value when something has changed
	balancer balancer
	guests   map[types.UID]*guest // by their Clusters
	secrets  map[types.UID]bool   // the Clusters that have theirs
}

// New makes an agent.
func New(c Config) *Agent {
	return &Agent{
		Config: c, log: log.New(c.Log, "", log.LstdFlags|log.Lmicroseconds), changed: make(chan struct{}, 1),
		balancer: balancer{addresses: c.Addresses}, guests: map[types.UID]*guest{}, secrets: map[types.UID]bool{},
	}
}

// again is how soon what failed is tried again, when nothing has changed.
const again = time.Second

// Run plays until ctx ends.
func (a *Agent) Run(ctx context.Context) error {
	var err error
	if a.etcd, err = newEtcdCA(); err != nil {
		return err
	}
	if a.view, err = newView(ctx, a.Supervisor.Dynamic, a.Namespace, a.wake); err != nil {
		return err
	}
	for {
		var retry <-chan time.Time
		if err := a.pass(ctx); err != nil && ctx.Err() == nil {
			a.log.Print(err)
			retry = time.After(again)
		}
		select {
		case <-ctx.Done():
			return nil
		case <-a.changed:
		case <-retry:
		}
	}
}

// wake makes the agent look again.
func (a *Agent) wake() {
	select {
	case a.changed <- struct{}{}:
	default: // It will.
	}
}

// pass brings everything one step nearer to what it should be.
func (a *Agent) pass(ctx context.Context) error {
	clusters, err := list[cluster](a.view, clusters)
	if err != nil {
		return err
	}
	errs := []error{a.balance(ctx), a.makeTwins(ctx, clusters)}
	for _, c := range clusters {
		if err := errors.Join(a.describe(ctx, c), a.lookAfter(ctx, c)); err != nil {
			errs = append(errs, fmt.Errorf("cluster %s: %w", c.Name, err))
		}
	}
	a.endGuests(clusters)
	return errors.Join(errs...)
}
