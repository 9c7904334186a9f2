package site

import (
	"context"
	"fmt"
	"sync"

	"golang.org/x/sync/errgroup"

	"github.com/kubectl-vsphere/kubectl-vsphere/test/lab/admin"
	"github.com/kubectl-vsphere/kubectl-vsphere/test/lab/front"
	"github.com/kubectl-vsphere/kubectl-vsphere/test/lab/vcenter"
)

// The namespace and the user of the clusters that exist by name only, so that nobody else lists them.
const (
	fakeNamespace = "scale"
	fakeUser      = "scale@vsphere.local"
)

// fakes are the clusters of --fake-clusters by name. Logins to them cost the lab next to nothing, so that they show what a client
// costs: the front answers from memory, with tokens that were signed before.
type fakes struct {
	mu     sync.Mutex
	guests map[string]front.Guest
	next   int // number of the next address where nothing listens
}

// address is one where nothing listens, and that no other cluster has.
func (f *fakes) address() string {
	f.mu.Lock()
	defer f.mu.Unlock()
	f.next++
	return nowhere(f.next - 1)
}

func (f *fakes) add(name string, g front.Guest) {
	f.mu.Lock()
	defer f.mu.Unlock()
	if f.guests == nil {
		f.guests = map[string]front.Guest{}
	}
	f.guests[name] = g
}

func (f *fakes) remove(namespace, name string) {
	f.mu.Lock()
	defer f.mu.Unlock()
	if namespace == fakeNamespace {
		delete(f.guests, name)
	}
}

func (f *fakes) find(namespace, name string) (front.Guest, bool) {
	f.mu.Lock()
	defer f.mu.Unlock()
	g, ok := f.guests[name]
	return g, ok && namespace == fakeNamespace
}

func (f *fakes) audiences() []string {
	f.mu.Lock()
	defer f.mu.Unlock()
	all := []string{vcenter.Audience}
	for _, g := range f.guests {
		all = append(all, vcenter.Audience+":"+g.UID)
	}
	return all
}

// addFakes creates the clusters of --fake-clusters, their user and the tokens.
func (s *Site) addFakes(ctx context.Context) error {
	if s.FakeClusters == 0 {
		return nil
	}
	if err := s.AddNamespace(ctx, 0, fakeNamespace); err != nil {
		return err
	}
	var g errgroup.Group
	g.SetLimit(16)
	for i := range s.FakeClusters {
		c := admin.ClusterSpec{
			Namespace: fakeNamespace, Name: fmt.Sprintf("fake-%04d", i+1), Endpoint: s.fakes.address(),
			Paused: true, // Thousands of connections that nobody answers would slow what is measured.
		}
		g.Go(func() error {
			uid, err := s.AddCluster(ctx, c)
			s.fakes.add(c.Name, front.Guest{UID: uid, Server: c.Endpoint, CAPEM: s.caOf(c.Endpoint).PEM})
			return err
		})
	}
	if err := g.Wait(); err != nil {
		return err
	}
	if err := s.AddUser(ctx, vcenter.User{Username: fakeUser, Password: "VMware1!", Namespaces: []string{fakeNamespace}}); err != nil {
		return err
	}
	return s.vcenter.SignAhead(fakeUser, s.fakes.audiences())
}
