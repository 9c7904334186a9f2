// Package site wires the parts of a lab as on a real site: a vCenter identity service, two Supervisors that it links,
// each with a front and an API server, a TKG cluster in each, and an OIDC provider beside them.
package site

import (
	"context"
	"crypto/rand"
	"encoding/hex"
	"fmt"
	"net"
	"os"
	"path/filepath"
	"strconv"
	"sync"
	"time"

	"golang.org/x/sync/errgroup"

	"github.com/kubectl-vsphere/kubectl-vsphere/test/lab/admin"
	"github.com/kubectl-vsphere/kubectl-vsphere/test/lab/dex"
	"github.com/kubectl-vsphere/kubectl-vsphere/test/lab/fault"
	"github.com/kubectl-vsphere/kubectl-vsphere/test/lab/kube"
	"github.com/kubectl-vsphere/kubectl-vsphere/test/lab/pki"
	"github.com/kubectl-vsphere/kubectl-vsphere/test/lab/vcenter"
)

// Options say what lab to build.
type Options struct {
	Dir           string // all files go here
	Network       string // 127.A.B; empty takes a free one
	FakeClusters  int    // clusters that answer logins and have no API server
	TokenLifetime time.Duration
	OIDCLifetime  time.Duration // of Dex's ID tokens
	Provision     bool          // the first Supervisor makes clusters
	Ready         func(Lab)     // is told when all is ready; nil: nobody
}

// Site is a running lab.
type Site struct {
	Options
	ctx         context.Context //nolint:containedctx // The life of the servers that the admin API starts.
	net         *network
	processes   *kube.Processes
	etcd        string  // its URL
	vmca, other *pki.CA // other signed nothing here
	vcenter     *vcenter.Service
	dex         *dex.Server
	faults      *fault.Set
	registries  registries
	supervisors []*supervisor
	clusters    []*cluster

	fakes       fakes
	past        past
	provisioner provisioner

	mu     sync.Mutex
	users  []vcenter.User
	fronts int // how many were added
}

// Up starts a lab, writes lab.json when all is ready, and runs until ctx ends.
func Up(ctx context.Context, o Options) error {
	dir, err := filepath.Abs(o.Dir)
	if err != nil {
		return err
	}
	o.Dir = dir
	ctx, cancel := context.WithCancel(ctx)
	defer cancel()
	s := &Site{Options: o, ctx: ctx, processes: kube.NewProcesses(), faults: &fault.Set{}}
	defer s.processes.Wait()
	defer cancel()
	for _, name := range []string{"lab.json", "etcd"} { // Left by a lab that ran here before.
		if err := os.RemoveAll(filepath.Join(dir, name)); err != nil {
			return err
		}
	}
	if err := os.MkdirAll(dir, 0o700); err != nil {
		return err
	}
	if err := s.start(); err != nil {
		if ctx.Err() != nil {
			return nil // Stopped before it was ready.
		}
		return err
	}
	defer os.Remove(filepath.Join(dir, "lab.json")) //nolint:errcheck // Nothing is left to do about it.
	<-ctx.Done()
	return nil
}

func (s *Site) start() error {
	var err error
	if s.net, err = newNetwork(s.Network); err != nil {
		return err
	}
	if err := s.startVCenter(); err != nil {
		return err
	}
	var stop func()
	if s.etcd, stop, err = kube.StartEtcd(s.Dir, s.net.ip(addrShared)); err != nil {
		return fmt.Errorf("start etcd: %w", err)
	}
	context.AfterFunc(s.ctx, stop)
	var g errgroup.Group
	g.Go(s.startDex)
	g.Go(s.startRegistry)
	if s.Provision {
		g.Go(s.startSimulator)
	}
	for i := range 2 {
		sup := &supervisor{index: i, last: addrSupervisor + i}
		tkg, err := s.newCluster(i, &sup.issuers)
		if err != nil {
			return err
		}
		s.supervisors, s.clusters = append(s.supervisors, sup), append(s.clusters, tkg)
		g.Go(func() error { return s.startSupervisor(sup) })
		g.Go(func() error { return s.startCluster(s.ctx, tkg) })
	}
	if err := g.Wait(); err != nil {
		return err
	}
	if err := s.fill(); err != nil {
		return fmt.Errorf("create objects: %w", err)
	}
	if s.Provision {
		if err := s.startProvisioning(); err != nil {
			return fmt.Errorf("start what makes clusters: %w", err)
		}
	}
	return s.tell()
}

// tell starts what people and tests see of a site that runs, and writes lab.json.
func (s *Site) tell() error {
	url, err := s.startAdmin()
	if err != nil {
		return err
	}
	lab := s.describe(url)
	if lab.OIDC.Server, err = s.AddFront(s.ctx, admin.FrontSpec{Identity: true, Providers: []string{admin.ProviderLDAP, admin.ProviderDex}}); err != nil {
		return err
	}
	if s.registries.backend != nil {
		host, err := s.AddRegistry(s.ctx, admin.RegistrySpec{})
		if err != nil {
			return err
		}
		lab.Registry = &LabRegistry{Host: host, CA: s.caFile()}
	}
	if err := lab.write(s.Dir); err != nil || s.Ready == nil {
		return err
	}
	s.Ready(lab)
	return nil
}

func (s *Site) caFile() string { return filepath.Join(s.Dir, "ca.pem") }

// startAdmin serves the admin API under a path that nobody can guess: other users of the machine reach loopback too.
func (s *Site) startAdmin() (string, error) {
	var secret [16]byte
	if _, err := rand.Read(secret[:]); err != nil {
		return "", err
	}
	prefix := "/" + hex.EncodeToString(secret[:]) + "/"
	serve(s.ctx, s.net.claim, admin.New(prefix, s, s.vcenter, s.faults), nil)
	return "http://" + net.JoinHostPort(s.net.ip(addrShared), strconv.Itoa(claimPort)) + prefix, nil
}

// describe is lab.json.
func (s *Site) describe(adminURL string) Lab {
	lab := Lab{Admin: adminURL, VCenter: LabVCenter{Host: s.net.front(addrVCenter), CA: s.caFile()}, OIDC: LabOIDC{Issuer: s.dexIssuer(), CA: s.caFile(), ClientID: dex.PublicClient, Browse: adminURL + "browse"}}
	for _, sup := range s.supervisors {
		lab.Supervisors = append(lab.Supervisors, LabSupervisor{
			Server: s.net.front(sup.last), Addresses: sup.addresses, CA: s.caFile(), AdminKubeconfig: sup.api.AdminKubeconfig,
			Namespaces: sup.listNamespaces(), Clusters: sup.listed,
		})
	}
	if s.Provision {
		lab.Provision = describeProvisioning()
	}
	for _, u := range s.users {
		lab.Users = append(lab.Users, LabUser{u.Username, u.Password, u.Namespaces})
	}
	return lab
}
