package wire

import (
	"bufio"
	"bytes"
	"context"
	"errors"
	"fmt"
	"time"

	"github.com/kubectl-vsphere/kubectl-vsphere/pkg/bounded"
)

// firstLine is how much of a line is read at first, in bytes.
const firstLine = 16 << 10

// Lines sends the request and calls each with every line of a 2xx reply as it arrives, until the reply ends, each returns an error, or ctx
// ends. The client's timeout bounds only the wait for the beginning of the reply: the caller bounds the rest with ctx. A line of more than
// MaxBody bytes ends it, and a line that is cut off is left out. The errors are those of Exchange, and of each.
func (c *Client) Lines(ctx context.Context, r Request, each func(line []byte) error) error {
	limited, cancel := context.WithCancelCause(ctx)
	defer cancel(nil)
	late := time.AfterFunc(c.timeout(), func() { cancel(context.DeadlineExceeded) })
	defer late.Stop()
	resp, err := c.send(ctx, limited, r)
	if err != nil {
		return err
	}
	defer resp.Body.Close() //nolint:errcheck // Nothing is left to do about it.
	if resp.StatusCode < 200 || resp.StatusCode > 299 {
		body, _ := bounded.Read(resp.Body, resp.ContentLength, MaxBody)
		return r.statusError(resp, body)
	}
	if !late.Stop() {
		return r.NetworkError(ctx, context.DeadlineExceeded, c.timeout())
	}
	lines := bufio.NewScanner(resp.Body)
	lines.Buffer(make([]byte, firstLine), MaxBody)
	lines.Split(wholeLines)
	for lines.Scan() {
		if err := each(lines.Bytes()); err != nil {
			return err
		}
	}
	switch err := lines.Err(); {
	case ctx.Err() != nil:
		return r.NetworkError(ctx, ctx.Err(), c.timeout())
	case errors.Is(err, bufio.ErrTooLong):
		return &Error{Method: r.Method, URL: r.URL, Kind: ErrServer, Message: fmt.Sprintf("the reply has a line of more than %d MiB", MaxBody>>20)}
	case err != nil:
		return r.NetworkError(ctx, err, c.timeout())
	}
	return nil
}

// wholeLines is bufio.ScanLines without what follows the last line end.
func wholeLines(data []byte, atEOF bool) (advance int, line []byte, err error) {
	if i := bytes.IndexByte(data, '\n'); i >= 0 {
		return i + 1, bytes.TrimSuffix(data[:i], []byte{'\r'}), nil
	}
	if atEOF {
		return len(data), nil, nil
	}
	return 0, nil, nil
}
