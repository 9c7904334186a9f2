package kubeapi

import (
	"context"
	"errors"
	"fmt"
	"net/http"
	"strings"

	"github.com/kubectl-vsphere/kubectl-vsphere/pkg/address"
	"github.com/kubectl-vsphere/kubectl-vsphere/pkg/wire"
)

// Kind is a kind of object that a server has (meta/v1 APIResource).
type Kind struct {
	Resource
	Namespaced bool
	Verbs      []string
}

// maxGroups bounds the versions of groups that are asked.
const maxGroups = 1000

// Kinds returns the kinds that a server has, in all versions of all groups; one in several versions is there several times. missed are the
// versions of groups that did not answer: the server of an aggregated API may be down.
func Kinds(ctx context.Context, s *Server) (kinds []Kind, missed []string, err error) {
	const path = "/apis"
	body, err := s.do(ctx, wire.Request{Method: http.MethodGet, URL: path})
	if err != nil {
		return nil, nil, err
	}
	type version struct {
		Version string `json:"version"`
	}
	type group struct {
		Name     string    `json:"name"`
		Versions []version `json:"versions"`
	}
	var reply struct {
		Groups []group `json:"groups"`
	}
	if err := wire.DecodeJSON(http.MethodGet, path, body, &reply); err != nil {
		return nil, nil, err
	}
	all := [][2]string{{"", "v1"}}
	for _, g := range reply.Groups {
		for _, v := range g.Versions {
			if !address.IsLabel(v.Version) || strings.ContainsAny(g.Name, "/?#%") || len(all) > maxGroups {
				return nil, nil, garbled(path, fmt.Errorf("lists the group %.80q in version %.80q as number %d", g.Name, v.Version, len(all)))
			}
			all = append(all, [2]string{g.Name, v.Version})
		}
	}
	for _, g := range all {
		of, err := kindsOf(ctx, s, g[0], g[1])
		switch {
		case errors.Is(err, wire.ErrServer), errors.Is(err, wire.ErrNotFound):
			missed = append(missed, strings.TrimPrefix(g[0]+"/"+g[1], "/"))
		case err != nil:
			return nil, nil, err
		}
		kinds = append(kinds, of...)
	}
	return kinds, missed, nil
}

// kindsOf returns the kinds of a version of a group, without their parts (subresources).
func kindsOf(ctx context.Context, s *Server, group, version string) (kinds []Kind, err error) {
	path := "/apis/" + group + "/" + version
	if group == "" {
		path = "/api/" + version
	}
	body, err := s.do(ctx, wire.Request{Method: http.MethodGet, URL: path})
	if err != nil {
		return nil, err
	}
	type resource struct {
		Name       string   `json:"name"`
		Kind       string   `json:"kind"`
		Namespaced bool     `json:"namespaced"`
		Verbs      []string `json:"verbs"`
	}
	var reply struct {
		Resources []resource `json:"resources"`
	}
	if err := wire.DecodeJSON(http.MethodGet, path, body, &reply); err != nil {
		return nil, err
	}
	for _, r := range reply.Resources {
		if r.Name != "" && !strings.ContainsAny(r.Name, "/*") {
			kinds = append(kinds, Kind{Resource: Resource{Group: group, Plural: r.Name, Kind: r.Kind}, Namespaced: r.Namespaced, Verbs: r.Verbs})
		}
	}
	return kinds, nil
}
