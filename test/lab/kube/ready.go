package kube

import (
	"context"
	"errors"
	"fmt"
	"net/http"
	"time"
)

// startTime bounds how long a part takes to be ready on a busy machine.
const startTime = 3 * time.Minute

// Child is a running part of the site.
type Child struct {
	Name  string
	Ended <-chan error
	Log   string // where it writes why it ended
}

// ErrEnded means that a part of the site has ended, and is not ready for that reason.
var ErrEnded = errors.New("ended")

// AwaitReady returns when url answers 200, or when the part behind it has ended.
func AwaitReady(ctx context.Context, client *http.Client, url string, c Child) error {
	ctx, cancel := context.WithTimeout(ctx, startTime)
	defer cancel()
	for {
		if req, err := http.NewRequestWithContext(ctx, http.MethodGet, url, nil); err == nil {
			if resp, err := client.Do(req); err == nil {
				_ = resp.Body.Close()
				if resp.StatusCode == http.StatusOK {
					return nil
				}
			}
		}
		select {
		case err := <-c.Ended:
			return fmt.Errorf("%s %w (%w); see %s", c.Name, ErrEnded, err, c.Log)
		case <-ctx.Done():
			return fmt.Errorf("%s is not ready (%w); see %s", c.Name, ctx.Err(), c.Log)
		case <-time.After(100 * time.Millisecond):
		}
	}
}
