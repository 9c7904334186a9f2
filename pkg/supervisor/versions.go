package supervisor

import (
	"context"
	"errors"
	"net/http"
	"sync"

	"github.com/kubectl-vsphere/kubectl-vsphere/pkg/redact"
	"github.com/kubectl-vsphere/kubectl-vsphere/pkg/wire"
)

// served is the preferred version of an API group, asked once however many namespaces need it.
type served struct {
	done    chan struct{} // closed when the answer is there
	version string
	err     error
}

// servedVersion gets the version that the API server prefers for a group (GET /apis/GROUP, meta/v1 APIGroup); empty
// when the group is not served.
func (c *Client) servedVersion(ctx context.Context, token redact.Secret, r resource) (string, error) {
	entry, asked := c.versions.LoadOrStore(r.group, &served{done: make(chan struct{})})
	s := entry.(*served)
	if !asked {
		s.version, s.err = c.askVersion(ctx, token, r.group)
		close(s.done)
	}
	select {
	case <-s.done:
		return s.version, s.err
	case <-ctx.Done():
		return "", ctx.Err()
	}
}

// Prepare asks for what lists of clusters need to know first, so that it is there by then. Its errors are those of the lists.
func (c *Client) Prepare(ctx context.Context, token redact.Secret) {
	var wg sync.WaitGroup
	for _, r := range clusterResources {
		wg.Go(func() { _, _ = c.servedVersion(ctx, token, r) })
	}
	wg.Wait()
}

func (c *Client) askVersion(ctx context.Context, token redact.Secret, group string) (string, error) {
	url := c.api("/apis/" + group)
	body, err := c.Wire.Do(ctx, wire.Request{Method: http.MethodGet, URL: url, Bearer: token})
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
	if !isLabel(reply.PreferredVersion.Version, false) {
		return "", &wire.Error{Method: http.MethodGet, URL: url, Kind: wire.ErrServer, Message: "the reply names no preferred version"}
	}
	return reply.PreferredVersion.Version, nil
}
