package kubeapi

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"maps"
	"net/http"
	"net/url"
	"slices"

	"github.com/kubectl-vsphere/kubectl-vsphere/pkg/wire"
)

// FieldManager is the owner of the fields that this program sets (https://kubernetes.io/docs/reference/using-api/server-side-apply/#managers).
const FieldManager = "kubectl-vsphere"

// Target is an object to write.
type Target struct {
	Resource  Resource
	Namespace string // empty: it is of the whole cluster
	Name      string
	DryRun    bool // the server checks the request and changes nothing
}

// Fields are those of an object, as in JSON. The target gives apiVersion, kind, name and namespace.
type Fields map[string]any

var (
	// ErrExists is the error of an object that is to be created and exists.
	ErrExists = errors.New("exists already")
	// ErrConflict is the error of an object that has changed since it was read, or of a field that somebody else has set: read it again.
	ErrConflict = errors.New("was changed by somebody else")
)

// Create creates an object and returns it as the server has it. The error is wire.ErrNotFound if the namespace does not exist.
func (s *Server) Create(ctx context.Context, t Target, fields Fields) (Object, error) {
	o, err := s.write(ctx, t, change{method: http.MethodPost, kind: "application/json", fields: fields, whole: true})
	return o, conflicting(err, ErrExists)
}

// Patch changes some fields of an object (JSON merge patch, RFC 7396) and returns it as the server has it. With the resourceVersion of an
// object in the fields' metadata, the error is ErrConflict if the object has changed since.
func (s *Server) Patch(ctx context.Context, t Target, fields Fields) (Object, error) {
	o, err := s.write(ctx, t, change{method: http.MethodPatch, kind: "application/merge-patch+json", fields: fields})
	return o, conflicting(err, ErrConflict)
}

// Delete deletes the object with a UID; an empty one means any. The error is ErrConflict if the object has another UID.
func (s *Server) Delete(ctx context.Context, t Target, uid string) error {
	path, _, err := t.path(ctx, s)
	if err != nil {
		return err
	}
	options := Fields{"apiVersion": "v1", "kind": "DeleteOptions"}
	if uid != "" {
		options["preconditions"] = map[string]string{"uid": uid}
	}
	body, err := json.Marshal(options)
	if err != nil {
		return err
	}
	_, err = s.do(ctx, wire.Request{Method: http.MethodDelete, URL: path + "/" + url.PathEscape(t.Name) + t.dryRun(url.Values{}), Body: body})
	return conflicting(err, ErrConflict)
}

// reviewPath asks whether the user may do something (authorization.k8s.io/v1).
const reviewPath = "/apis/authorization.k8s.io/v1/selfsubjectaccessreviews"

// May reports whether the user's roles allow a verb, such as patch, on an object. It tells a missing role from a change that the server
// refuses for another reason, which may have the status 403 too.
func May(ctx context.Context, s *Server, verb string, t Target) (bool, error) {
	body, err := json.Marshal(Fields{
		"apiVersion": "authorization.k8s.io/v1", "kind": "SelfSubjectAccessReview",
		"spec": map[string]any{"resourceAttributes": map[string]string{
			"verb": verb, "group": t.Resource.Group, "resource": t.Resource.Plural, "namespace": t.Namespace, "name": t.Name,
		}},
	})
	if err != nil {
		return false, err
	}
	reply, err := s.do(ctx, wire.Request{Method: http.MethodPost, URL: reviewPath, Body: body})
	if err != nil {
		return false, err
	}
	var review struct {
		Status struct {
			Allowed bool `json:"allowed"`
		} `json:"status"`
	}
	err = wire.DecodeJSON(http.MethodPost, reviewPath, reply, &review)
	return review.Status.Allowed, err
}

// Version returns the version in which a resource is written: the first one in which it was read, or that the server says to have it in.
func (s *Server) Version(ctx context.Context, r Resource) (string, error) {
	if known, ok := s.served.Load(r.String()); ok {
		return known.(string), nil
	}
	versions, err := s.Versions(ctx, r.Group)
	if err != nil {
		return "", err
	}
	for _, version := range versions {
		has, err := has(ctx, s, r, version)
		if err != nil {
			return "", err
		}
		if has {
			s.served.Store(r.String(), version)
			return version, nil
		}
	}
	return "", fmt.Errorf("%s: %w", r, ErrNotServed)
}

// has reports whether a version of a group has a resource (meta/v1 APIResourceList).
func has(ctx context.Context, s *Server, r Resource, version string) (bool, error) {
	kinds, err := kindsOf(ctx, s, r.Group, version)
	if errors.Is(err, wire.ErrNotFound) {
		err = nil
	}
	return slices.ContainsFunc(kinds, func(found Kind) bool { return found.Plural == r.Plural }), err
}

// change is what to do to an object.
type change struct {
	method, kind string
	fields       Fields
	whole        bool        // the fields are an object, not a part of one
	operations   []Operation // in place of fields
}

// write sends a change, and returns the object as the server has it.
func (s *Server) write(ctx context.Context, t Target, c change) (Object, error) {
	path, version, err := t.path(ctx, s)
	if err != nil {
		return Object{}, err
	}
	if c.whole {
		c.fields = t.object(version, c.fields)
	}
	var sent any = c.fields
	if c.operations != nil {
		sent = c.operations
	}
	body, err := json.Marshal(sent)
	if err != nil {
		return Object{}, err
	}
	if c.method != http.MethodPost {
		path += "/" + url.PathEscape(t.Name)
	}
	reply, err := s.do(ctx, wire.Request{
		Method: c.method, Body: body, Header: http.Header{"Content-Type": {c.kind}},
		// A field that the server does not know is an error: it would be dropped, and the change with it.
		URL: path + t.dryRun(url.Values{"fieldManager": {FieldManager}, "fieldValidation": {"Strict"}}),
	})
	if err != nil {
		return Object{}, err
	}
	var f fields
	if err := wire.DecodeJSON(c.method, path, reply, &f); err != nil {
		return Object{}, err
	}
	o, err := t.Resource.parse(f, t.Namespace, list{})
	if err == nil && o.Metadata.Name != t.Name {
		err = fmt.Errorf("holds the %s %.80q where %.80q was written", t.Resource.Kind, o.Metadata.Name, t.Name)
	}
	if err != nil {
		return Object{}, &wire.Error{Method: c.method, URL: path, Kind: wire.ErrServer, Message: "the reply " + err.Error()}
	}
	return o, nil
}

// path returns the path of the list that an object is in, and its version.
func (t Target) path(ctx context.Context, s *Server) (path, version string, err error) {
	version, err = s.Version(ctx, t.Resource)
	if err != nil {
		return "", "", err
	}
	return pathOf(t.Resource, version, t.Namespace), version, nil
}

// object returns fields as an object of a version.
func (t Target) object(version string, fields Fields) Fields {
	o := maps.Clone(fields)
	if o == nil {
		o = Fields{}
	}
	metadata := map[string]any{}
	if given, ok := o["metadata"].(map[string]any); ok {
		metadata = maps.Clone(given)
	}
	metadata["name"] = t.Name
	if t.Namespace != "" {
		metadata["namespace"] = t.Namespace
	}
	o["metadata"], o["kind"], o["apiVersion"] = metadata, t.Resource.Kind, version
	if t.Resource.Group != "" {
		o["apiVersion"] = t.Resource.Group + "/" + version
	}
	return o
}

// dryRun returns the query of a request.
func (t Target) dryRun(query url.Values) string {
	if t.DryRun {
		query.Set("dryRun", "All")
	}
	if len(query) == 0 {
		return ""
	}
	return "?" + query.Encode()
}

// conflicting adds a kind to the error of a reply with the status 409.
func conflicting(err, kind error) error {
	var failed *wire.Error
	if errors.As(err, &failed) && failed.Status == http.StatusConflict {
		return fmt.Errorf("%w: %w", kind, err)
	}
	return err
}
