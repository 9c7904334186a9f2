package objecttest

import (
	"encoding/json"
	"fmt"
	"maps"
	"net/http"
	"slices"
	"strconv"
)

// Written is called, if there is one, with each object that was created or changed, before it is stored: a webhook or a controller may change it.
// It is not called for a dry run.
type Written func(method, plural string, object map[string]any)

// described answers which kinds a version of a group has (meta/v1 APIResourceList).
func described(w http.ResponseWriter, holdings []Holding, group, version string) bool {
	resources := []map[string]string{}
	for _, h := range holdings {
		if h.Group == group && h.Version == version {
			resources = append(resources, map[string]string{"name": h.Plural, "kind": h.Kind})
		}
	}
	WriteJSON(w, http.StatusOK, map[string]any{"kind": "APIResourceList", "resources": resources})
	return true
}

// review answers whether the user may write something.
func (s *Server) review(w http.ResponseWriter, r *http.Request, holdings []Holding) bool {
	var asked struct {
		Spec struct {
			Attributes struct{ Verb, Group, Resource string } `json:"resourceAttributes"`
		} `json:"spec"`
	}
	if err := json.NewDecoder(r.Body).Decode(&asked); err != nil || asked.Spec.Attributes.Verb == "" {
		s.t.Errorf("a review of %+v: %v", asked, err)
	}
	allowed := slices.ContainsFunc(holdings, func(h Holding) bool {
		return h.Group == asked.Spec.Attributes.Group && h.Plural == asked.Spec.Attributes.Resource && !h.ReadOnly
	})
	WriteJSON(w, http.StatusCreated, map[string]any{"kind": "SelfSubjectAccessReview", "status": map[string]bool{"allowed": allowed}})
	return true
}

// write creates, changes or deletes an object of a kind. name is empty for one that is created.
func (s *Server) write(w http.ResponseWriter, r *http.Request, h Holding, namespace, name string) {
	if h.ReadOnly {
		Forbid(w, "you may not write")
		return
	}
	var body map[string]any
	if err := json.NewDecoder(r.Body).Decode(&body); err != nil {
		s.t.Errorf("%s %s: %v", r.Method, r.URL.Path, err)
	}
	query := r.URL.Query()
	if r.Method != http.MethodDelete && (query.Get("fieldManager") != "kubectl-vsphere" || query.Get("fieldValidation") != "Strict") {
		s.t.Errorf("%s %s does not say whose the fields are, or lets unknown ones be dropped", r.Method, r.URL)
	}
	object, status := h.after(r.Method, namespace, name, body)
	if status >= 300 {
		WriteJSON(w, status, map[string]any{"kind": "Status", "message": fmt.Sprint("not written: ", status)})
		return
	}
	if query.Get("dryRun") == "" {
		if s.Written != nil && r.Method != http.MethodDelete {
			s.Written(r.Method, h.Plural, object)
		}
		s.Hold(h.with(r.Method, object))
	}
	WriteJSON(w, status, object)
}

// after returns an object as it is after a request, and the status of the reply.
func (h Holding) after(method, namespace, name string, body map[string]any) (map[string]any, int) {
	objects, _ := h.objects(namespace)
	i := slices.IndexFunc(objects, func(o map[string]any) bool { return o["metadata"].(map[string]any)["name"] == name })
	if method == http.MethodPost {
		metadata := body["metadata"].(map[string]any)
		if slices.ContainsFunc(objects, func(o map[string]any) bool { return o["metadata"].(map[string]any)["name"] == metadata["name"] }) {
			return nil, http.StatusConflict
		}
		metadata["uid"], metadata["resourceVersion"] = fmt.Sprintf("uid-%d", len(objects)+1), "1"
		return body, http.StatusCreated
	}
	if i < 0 {
		return nil, http.StatusNotFound
	}
	object := objects[i]
	metadata := object["metadata"].(map[string]any)
	if method == http.MethodPatch {
		if given, _ := body["metadata"].(map[string]any); given["resourceVersion"] != nil && given["resourceVersion"] != "" && given["resourceVersion"] != metadata["resourceVersion"] {
			return nil, http.StatusConflict
		}
		merge(object, body)
		version, _ := strconv.Atoi(fmt.Sprint(metadata["resourceVersion"]))
		metadata["resourceVersion"] = strconv.Itoa(version + 1)
	}
	return object, http.StatusOK
}

// merge is RFC 7396.
func merge(into, patch map[string]any) {
	for name, value := range patch {
		of, isMap := value.(map[string]any)
		there, wasMap := into[name].(map[string]any)
		switch {
		case value == nil:
			delete(into, name)
		case isMap && wasMap:
			merge(there, of)
		default:
			into[name] = value
		}
	}
}

// with returns the kind with an object that was written.
func (h Holding) with(method string, object map[string]any) Holding {
	name := func(o map[string]any) string {
		m := o["metadata"].(map[string]any)
		return fmt.Sprint(m["namespace"], "/", m["name"])
	}
	objects := slices.Clone(h.Objects)
	h.Objects = slices.DeleteFunc(objects, func(text string) bool {
		var o map[string]any
		_ = json.Unmarshal([]byte(text), &o)
		return name(o) == name(object)
	})
	if method != http.MethodDelete {
		text, _ := json.Marshal(maps.Clone(object))
		h.Objects = append(h.Objects, string(text))
	}
	return h
}
