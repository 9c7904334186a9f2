package supervisor

import (
	"context"
	"errors"
	"net/http"
	"sync"

	"github.com/kubectl-vsphere/kubectl-vsphere/pkg/address"
	"github.com/kubectl-vsphere/kubectl-vsphere/pkg/wire"
)

// served is the preferred version of an API group, asked for once however many namespaces need it.
type served struct {
	done    chan struct{} // closed when version and err are set
	version string
	err     error
}

// servedVersion returns the version that the API server prefers for a group (GET /apis/GROUP, meta/v1 APIGroup);
// empty when it does not serve the group.
func (a *API) servedVersion(ctx context.Context, r resource) (string, error) {
	entry, asked := a.client.versions.LoadOrStore(r.group, &served{done: make(chan struct{})})
	s := entry.(*served)
	if !asked {
		s.version, s.err = a.askVersion(ctx, r.group)
		close(s.done)
	}
	select {
	case <-s.done:
		return s.version, s.err
	case <-ctx.Done():
		return "", ctx.Err()
	}
}

// Prepare asks for the versions that lists of clusters need, before they do. The lists return its errors.
func (a *API) Prepare(ctx context.Context) {
	var wg sync.WaitGroup
	for _, r := range clusterResources {
		wg.Go(func() { _, _ = a.servedVersion(ctx, r) })
	}
	wg.Wait()
}

func (a *API) askVersion(ctx context.Context, group string) (string, error) {
	url := a.client.api("/apis/" + group)
	body, err := a.client.Wire.Do(ctx, wire.Request{Method: http.MethodGet, URL: url, Bearer: a.token})
	if errors.Is(err, wire.ErrNotFound) {
		return "", nil
	}
	if err != nil {
		return "", err
	}
	var reply struct {
		PreferredVersion struct {
			Version string `json:"version"`
		} `json:"preferredVersion"`
	}
	if err := wire.DecodeJSON(http.MethodGet, url, body, &reply); err != nil {
		return "", err
	}
	if !address.IsLabel(reply.PreferredVersion.Version) {
		return "", &wire.Error{Method: http.MethodGet, URL: url, Kind: wire.ErrServer, Message: "the reply names no preferred version"}
	}
	return reply.PreferredVersion.Version, nil
}
