package lab

import (
	"bytes"
	"context"
	"encoding/json"
	"fmt"
	"io"
	"net/http"
)

// Request is a request to the admin API: a method, and a path such as "users" or "faults?id=3". Body, if any, is sent as JSON, and
// the reply is read into Into, if that is a pointer.
type Request struct {
	Method, Path string
	Body, Into   any
}

// maxReply bounds what is read of a reply. A log of many requests is the longest.
const maxReply = 64 << 20

// Do calls the admin API: users, clusters, fronts, the request log and faults, as the lab's README lists them. An error has the text of
// the reply.
func (l *Lab) Do(ctx context.Context, r Request) error {
	var body io.Reader
	if r.Body != nil {
		text, err := json.Marshal(r.Body)
		if err != nil {
			return err
		}
		body = bytes.NewReader(text)
	}
	req, err := http.NewRequestWithContext(ctx, r.Method, l.Admin+r.Path, body)
	if err != nil {
		return err
	}
	resp, err := http.DefaultClient.Do(req)
	if err != nil {
		return err
	}
	defer resp.Body.Close() //nolint:errcheck // It was only read.
	reply, err := io.ReadAll(io.LimitReader(resp.Body, maxReply))
	switch {
	case err != nil:
		return err
	case resp.StatusCode != http.StatusOK:
		return fmt.Errorf("%s %s: %s: %s", r.Method, r.Path, resp.Status, bytes.TrimSpace(reply))
	case r.Into == nil:
		return nil
	}
	return json.Unmarshal(reply, r.Into)
}
