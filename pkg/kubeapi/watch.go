package kubeapi

import (
	"bytes"
	"cmp"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"net/http"
	"net/url"
	"strconv"
	"strings"
	"time"

	"github.com/kubectl-vsphere/kubectl-vsphere/pkg/bounded"
	"github.com/kubectl-vsphere/kubectl-vsphere/pkg/wire"
)

// Lines sends a request, whose URL is a path, to an API server and calls each with every line of its reply as it arrives
// (wire.Client.Lines).
type Lines func(ctx context.Context, r wire.Request, each func(line []byte) error) error

// Change is an event of a watch: an object is new or has changed, or it is gone.
type Change struct {
	Object Object
	Gone   bool
}

// Watched is what to watch.
type Watched struct {
	Query
	Version string        // of ListFrom, or what a watch before has returned
	For     time.Duration // after which the server ends the watch, in whole seconds
	// Silent is how long nothing may come until the watch ends, so that it is begun again; 0: for ever. API servers send a bookmark about once a
	// minute. A server that is gone may look like a list that does not change.
	Silent time.Duration
}

var (
	// ErrExpired is the error of a watch from a version that the server no longer knows (410 Gone): list again.
	ErrExpired = errors.New("the version is too old")
	// ErrNotWatched is the error of a list that the server, or the user's role, does not let be watched.
	ErrNotWatched = errors.New("cannot be watched")
)

// grace is how long a watch may be open after its end, until it is cut off.
const grace = 15 * time.Second

// Watch calls each with every change of a list since a version, in order, until the server ends the watch, which is no error. It returns the
// version to go on with. (https://kubernetes.io/docs/reference/using-api/api-concepts/#efficient-detection-of-changes)
func (s *Server) Watch(ctx context.Context, w Watched, each func(Change)) (version string, err error) {
	version = w.Version
	if s.lines == nil {
		return version, ErrNotWatched
	}
	err = s.inVersions(ctx, w.Resource, func(served string) error {
		limited, cancel := context.WithTimeout(ctx, w.For+grace)
		defer cancel()
		f := follower{w: w, path: pathOf(w.Resource, served, w.Namespace), version: version, each: each}
		values := url.Values{
			"watch": {"true"}, "allowWatchBookmarks": {"true"}, "resourceVersion": {version}, "timeoutSeconds": {strconv.Itoa(int(w.For.Seconds()))},
		}
		each := f.line
		if w.Silent > 0 {
			silence := time.AfterFunc(w.Silent, cancel)
			defer silence.Stop()
			each = func(line []byte) error {
				silence.Reset(w.Silent)
				return f.line(line)
			}
		}
		accept := w.accept()
		if w.Form == MetadataOnly {
			accept = asMetadatum
		}
		err := s.lines(limited, wire.Request{Method: http.MethodGet, URL: w.on(f.path, values), Accept: accept}, each)
		version = f.version
		if ctx.Err() == nil && limited.Err() != nil {
			return nil // It was due, or silent.
		}
		return refused(err)
	})
	return version, err
}

// refused sorts the errors of a watch that did not begin.
func refused(err error) error {
	var failed *wire.Error
	if !errors.As(err, &failed) {
		return err
	}
	switch failed.Status {
	case http.StatusGone:
		return fmt.Errorf("%w: %w", ErrExpired, err)
	case http.StatusForbidden, http.StatusMethodNotAllowed:
		return fmt.Errorf("%w: %w", ErrNotWatched, err)
	}
	return err
}

// follower reads the events of one watch.
type follower struct {
	w       Watched
	path    string
	version string
	each    func(Change)
	// heading is the table of the first event, without its row: the later ones have no columns.
	heading table
}

// line reads one event (meta/v1 WatchEvent).
func (f *follower) line(text []byte) error {
	if len(bytes.TrimSpace(text)) == 0 {
		return nil
	}
	var e struct {
		Type   string          `json:"type"`
		Object json.RawMessage `json:"object"`
	}
	if err := wire.DecodeJSON(http.MethodGet, f.path, text, &e); err != nil {
		return err
	}
	switch e.Type {
	case "ADDED", "MODIFIED", "DELETED":
	case "BOOKMARK":
		f.bookmark(e.Object)
		return nil
	case "ERROR":
		return f.failed(e.Object)
	default:
		return garbled(f.path, fmt.Errorf("holds a %.60q where an event belongs", e.Type))
	}
	o, err := f.object(e.Object)
	if err != nil {
		return garbled(f.path, err)
	}
	if version := usable(o.Metadata.Version); version != "" {
		f.version = version
	}
	f.each(Change{Object: o, Gone: e.Type == "DELETED"})
	return nil
}

// object returns the object of an event: a table of one row, or the object itself from a server that makes none.
func (f *follower) object(text json.RawMessage) (Object, error) {
	// What is wrong with it is found below: text was read once before.
	var t table
	_ = bounded.JSON(text, &t)
	if t.Kind != "Table" || !strings.HasPrefix(t.APIVersion, "meta.k8s.io/") {
		var o fields
		_ = bounded.JSON(text, &o)
		if f.w.Form == MetadataOnly {
			return f.w.metadata(o)
		}
		return f.w.Resource.parse(o, f.w.Namespace, list{})
	}
	f.columns(t)
	t.Columns = f.heading.Columns
	if len(t.Rows) != 1 {
		return Object{}, fmt.Errorf("is an event with %d objects", len(t.Rows))
	}
	objects, err := t.objects(f.w.Query)
	if err != nil {
		return Object{}, err
	}
	return objects[0], nil
}

// columns keeps the columns of the first event.
func (f *follower) columns(t table) {
	if len(t.Columns) > 0 {
		f.heading.Columns = t.Columns
	}
}

// bookmark takes the version of an event that has nothing else. It is in the object, or in that of a row.
func (f *follower) bookmark(text json.RawMessage) {
	var t table
	_ = bounded.JSON(text, &t)
	f.columns(t)
	version := t.Metadata.Version
	if len(t.Rows) == 1 {
		var m Metadata
		_ = bounded.JSON(t.Rows[0].Object["metadata"], &m)
		version = cmp.Or(m.Version, version)
	}
	if version = usable(version); version != "" {
		f.version = version
	}
}

// failed returns the error of an event that says so (meta/v1 Status). It has none of the server's words, which may repeat what was sent.
func (f *follower) failed(text json.RawMessage) error {
	var status struct {
		Code int `json:"code"`
	}
	_ = bounded.JSON(text, &status)
	err := &wire.Error{Method: http.MethodGet, URL: f.path, Status: status.Code, Kind: wire.ErrServer, Message: fmt.Sprintf("the watch ended with status %d", status.Code)}
	if status.Code == http.StatusUnauthorized {
		err.Kind = wire.ErrRefused
	}
	return err
}
