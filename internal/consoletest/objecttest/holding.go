package objecttest

import (
	"encoding/json"
	"net/http"
	"slices"
	"strconv"
	"strings"
)

// Holding is a kind of object, served as tables and one by one.
type Holding struct {
	Group, Version, Plural, Kind string
	// Columns are the headings after the name. One that ends with "+" is shown only if there is room.
	Columns []string
	// Objects are JSON. A field "cells" of an object is its row, without the name.
	Objects []string
	// Everywhere means that the user may list the objects of all namespaces at once.
	Everywhere bool
	// Closed are the namespaces in which nobody may list them; "" are all at once, or objects of no namespace.
	Closed []string
	// ReadOnly means that nobody may change them.
	ReadOnly bool
	// Unwatched means that nobody may watch them.
	Unwatched bool
}

// Hold serves a kind of object, in place of what there was of it.
func (s *Server) Hold(h Holding) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.changed(h)
	s.holdings = slices.DeleteFunc(s.holdings, func(o Holding) bool { return o.Group == h.Group && o.Plural == h.Plural })
	s.holdings = append(s.holdings, h)
}

// Objects are those of a kind, as JSON.
func (s *Server) Objects(plural string) []string {
	s.mu.Lock()
	defer s.mu.Unlock()
	for _, h := range s.holdings {
		if h.Plural == plural {
			return slices.Clone(h.Objects)
		}
	}
	return nil
}

// Answer answers for what is held. It reports whether it did. path is that of the URL, in its parts.
func (s *Server) Answer(w http.ResponseWriter, r *http.Request, path []string) bool {
	if OfLogin(r) {
		return false
	}
	s.mu.Lock()
	holdings := slices.Clone(s.holdings)
	s.mu.Unlock()
	if path[0] == "apis" && len(path) == 2 {
		return discovered(w, holdings, path[1])
	}
	if path[0] == "apis" && len(path) == 3 {
		return described(w, holdings, path[1], path[2])
	}
	if r.URL.Path == "/apis/authorization.k8s.io/v1/selfsubjectaccessreviews" {
		return s.review(w, r, holdings)
	}
	if path[0] == "api" { // The core group has no name.
		path = slices.Insert(slices.Clone(path), 1, "")
	}
	if len(path) < 4 {
		return false
	}
	namespace, rest := "", path[3:]
	if rest[0] == "namespaces" && len(rest) > 2 {
		namespace, rest = rest[1], rest[2:]
	}
	i := slices.IndexFunc(holdings, func(h Holding) bool { return h.Group == path[1] && h.Version == path[2] && h.Plural == rest[0] })
	switch {
	case i < 0: // Of a known group, it has no such kind.
		known := slices.ContainsFunc(holdings, func(h Holding) bool { return h.Group == path[1] })
		if known {
			w.WriteHeader(http.StatusNotFound)
		}
		return known
	case slices.Contains(holdings[i].Closed, namespace), namespace == "" && !holdings[i].Everywhere && holdings[i].namespaced():
		Forbid(w, "you may not")
	case r.Method != http.MethodGet:
		s.write(w, r, holdings[i], namespace, strings.Join(rest[1:], "/"))
	case len(rest) > 1:
		holdings[i].one(w, namespace, rest[1])
	case r.URL.Query().Get("watch") == "true":
		s.watch(w, r, holdings[i], namespace)
	default:
		s.List(w, r, holdings[i], namespace)
	}
	return true
}

// discovered answers which versions a group has (meta/v1 APIGroup).
func discovered(w http.ResponseWriter, holdings []Holding, group string) bool {
	var versions []map[string]string
	for _, h := range holdings {
		if h.Group == group {
			versions = append(versions, map[string]string{"version": h.Version})
		}
	}
	switch {
	case len(versions) > 0:
	case group == "cluster.x-k8s.io" || group == "run.tanzu.vmware.com": // As logins ask.
		return false
	default:
		w.WriteHeader(http.StatusNotFound)
		return true
	}
	WriteJSON(w, http.StatusOK, map[string]any{"kind": "APIGroup", "versions": versions, "preferredVersion": versions[0]})
	return true
}

// objects are those of a namespace, with their cells.
func (h Holding) objects(namespace string) (objects []map[string]any, cells [][]any) {
	for _, text := range h.Objects {
		var o map[string]any
		if err := json.Unmarshal([]byte(text), &o); err != nil {
			panic(err)
		}
		row, _ := o["cells"].([]any)
		delete(o, "cells")
		metadata := o["metadata"].(map[string]any)
		if in, _ := metadata["namespace"].(string); namespace != "" && in != namespace {
			continue
		}
		o["apiVersion"], o["kind"] = strings.TrimPrefix(h.Group+"/"+h.Version, "/"), h.Kind
		objects, cells = append(objects, o), append(cells, append([]any{metadata["name"]}, row...))
	}
	return objects, cells
}

func (h Holding) namespaced() bool {
	objects, _ := h.objects("")
	return slices.ContainsFunc(objects, func(o map[string]any) bool { return o["metadata"].(map[string]any)["namespace"] != nil })
}

func (h Holding) one(w http.ResponseWriter, namespace, name string) {
	objects, _ := h.objects(namespace)
	for _, o := range objects {
		if o["metadata"].(map[string]any)["name"] == name {
			WriteJSON(w, http.StatusOK, o)
			return
		}
	}
	WriteJSON(w, http.StatusNotFound, map[string]any{"kind": "Status", "message": "not found"})
}

// List answers with a page of a list, as it is asked for: with a table and its objects, or with the objects.
func (s *Server) List(w http.ResponseWriter, r *http.Request, h Holding, namespace string) {
	query := r.URL.Query()
	limit, err := strconv.Atoi(query.Get("limit"))
	if err != nil || limit < 1 || !s.asksWell(r) {
		s.t.Errorf("%s is asked for without a limit, or with half of what makes a table: %q", r.URL, r.Header.Get("Accept"))
	}
	columns := h.columns()
	objects, cells := h.objects(namespace)
	from, _ := strconv.Atoi(query.Get("continue"))
	rows, items, metadata := []any{}, []any{}, map[string]any{"resourceVersion": s.version()}
	for i := from; i < len(objects); i++ {
		if len(items) == limit {
			metadata["continue"] = strconv.Itoa(i)
			break
		}
		for len(cells[i]) < len(columns) {
			cells[i] = append(cells[i], nil)
		}
		if selected(objects[i], query.Get("labelSelector")) {
			rows, items = append(rows, map[string]any{"cells": cells[i], "object": objects[i]}), append(items, objects[i])
		}
	}
	if AsMetadata(r) {
		bare := []any{}
		for _, o := range items {
			bare = append(bare, bareOf(o.(map[string]any)))
		}
		WriteJSON(w, http.StatusOK, map[string]any{"apiVersion": "meta.k8s.io/v1", "kind": "PartialObjectMetadataList", "metadata": metadata, "items": bare})
		return
	}
	if !AsTable(r) {
		version := strings.TrimPrefix(h.Group+"/"+h.Version, "/")
		WriteJSON(w, http.StatusOK, map[string]any{"apiVersion": version, "kind": h.Kind + "List", "metadata": metadata, "items": items})
		return
	}
	WriteJSON(w, http.StatusOK, map[string]any{"apiVersion": "meta.k8s.io/v1", "kind": "Table", "metadata": metadata, "columnDefinitions": columns, "rows": rows})
}

// bareOf returns the metadata of an object, as meta/v1 PartialObjectMetadata.
func bareOf(object map[string]any) map[string]any {
	return map[string]any{"apiVersion": "meta.k8s.io/v1", "kind": "PartialObjectMetadata", "metadata": object["metadata"]}
}

// asksWell reports whether a request asks for a table with its objects, or for objects alone.
func (s *Server) asksWell(r *http.Request) bool {
	want := ""
	if AsTable(r) {
		want = "Object"
	}
	return r.URL.Query().Get("includeObject") == want
}

func (h Holding) columns() []any {
	columns := []any{map[string]any{"name": "Name", "type": "string", "format": "name"}}
	for _, c := range h.Columns {
		name, wide := strings.CutSuffix(c, "+")
		priority := 0
		if wide {
			priority = 1
		}
		columns = append(columns, map[string]any{"name": name, "type": "string", "priority": priority})
	}
	return columns
}

// selected reports whether an object has a label: NAME=VALUE, or nothing.
func selected(o map[string]any, selector string) bool {
	name, value, _ := strings.Cut(selector, "=")
	labels, _ := o["metadata"].(map[string]any)["labels"].(map[string]any)
	return selector == "" || labels[name] == value
}
