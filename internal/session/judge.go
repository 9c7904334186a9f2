package session

import (
	"context"
	"sync"
	"time"

	"github.com/kubectl-vsphere/kubectl-vsphere/pkg/kubeapi"
	"github.com/kubectl-vsphere/kubectl-vsphere/pkg/login"
	"github.com/kubectl-vsphere/kubectl-vsphere/pkg/supervisor"
	"github.com/kubectl-vsphere/kubectl-vsphere/pkg/tkg"
)

// sure is how long a cluster must advertise another address than its own before nobody waits for it any more: what makes a cluster may be
// in the middle of a change.
const sure = 10 * time.Second

// SupervisorOf returns the API of the Supervisor that makes a cluster.
type SupervisorOf func(ctx context.Context, c login.Cluster) (*kubeapi.Server, error)

// judge sees clusters that advertise the address of an earlier cluster.
type judge struct {
	look  login.Look
	at    SupervisorOf
	now   func() time.Time
	slots chan struct{} // one for each question under way

	mu    sync.Mutex
	since map[login.Ref]time.Time // since when one is seen so
}

// Judged returns look, which then also sees a cluster that advertises the address of an earlier one of its name, and so never comes
// up. The error is a *tkg.ReaddressedError then. After a while, waiting cannot help any more.
func Judged(look login.Look, at SupervisorOf, now func() time.Time) login.Look {
	j := &judge{look: look, at: at, now: now, slots: make(chan struct{}, login.MaxInFlight), since: map[login.Ref]time.Time{}}
	return j.see
}

func (j *judge) see(ctx context.Context, c login.Cluster) (login.Cluster, bool, error) {
	c, passes, err := j.look(ctx, c)
	advertised := hostOf(c)
	if err == nil || advertised == "" {
		return c, passes, err
	}
	readdressed := j.readdressed(ctx, c, advertised)
	j.mu.Lock()
	defer j.mu.Unlock()
	if readdressed == nil {
		delete(j.since, c.Ref())
		return c, passes, err
	}
	if j.since[c.Ref()].IsZero() {
		j.since[c.Ref()] = j.now()
	}
	return c, j.now().Sub(j.since[c.Ref()]) < sure, readdressed
}

// readdressed returns a *tkg.ReaddressedError for such a cluster; nil also if the Supervisor does not say.
func (j *judge) readdressed(ctx context.Context, c login.Cluster, advertised string) error {
	select {
	case j.slots <- struct{}{}:
		defer func() { <-j.slots }()
	case <-ctx.Done():
		return nil
	}
	server, err := j.at(ctx, c)
	if err != nil {
		return nil
	}
	parts, err := tkg.ReadEndpointParts(ctx, server, c.Namespace, c.Name)
	if err != nil {
		return nil
	}
	return parts.Readdressed(advertised)
}

// hostOf returns the host of the API server, or "".
func hostOf(c login.Cluster) string {
	address, err := supervisor.ServerOf(c.URL)
	if c.URL == "" {
		address, err = supervisor.ParseAddress(c.Server)
	}
	if err != nil {
		return ""
	}
	return address.Host
}
