package registry

import (
	"crypto/rand"
	"encoding/json"
	"fmt"
	"net/http"
	"net/url"
	"regexp"
	"slices"
	"strconv"
	"strings"
	"time"
)

// robot is a robot account of a project.
type robot struct {
	id      int64
	name    string // robot$PROJECT+NAME
	secret  string
	project string
	push    bool
	expires time.Time // zero: never
}

func (r *robot) right(project string) string {
	switch {
	case project != r.project:
		return None
	case r.push:
		return Push
	}
	return Pull
}

// robotOf finds one by what it shows.
func (r *Registry) robotOf(name, secret string) (robot, bool) {
	r.mu.Lock()
	defer r.mu.Unlock()
	for _, one := range r.robots {
		if one.name == name && one.secret == secret && (one.expires.IsZero() || time.Now().Before(one.expires)) {
			return *one, true
		}
	}
	return robot{}, false
}

// manager finds out who manages a project: an editor with a password.
func (r *Registry) manager(w http.ResponseWriter, req *http.Request, project string) bool {
	who, err := r.who(req)
	switch {
	case err != nil:
		fail(w, http.StatusUnauthorized, "UNAUTHORIZED", err.Error())
	case !who.person || who.right(project) != Push:
		fail(w, http.StatusForbidden, "FORBIDDEN", "forbidden")
	default:
		return true
	}
	return false
}

// projectID numbers the projects as they are met. The caller holds the lock.
func (r *Registry) projectID(name string) int {
	if i := slices.Index(r.projects, name); i >= 0 {
		return i + 1
	}
	r.projects = append(r.projects, name)
	return len(r.projects)
}

// project is GET /projects/{project_name_or_id}.
func (r *Registry) project(w http.ResponseWriter, req *http.Request) {
	name := req.PathValue("name")
	if req.Header.Get("X-Is-Resource-Name") != "true" {
		fail(w, http.StatusBadRequest, "BAD_REQUEST", "X-Is-Resource-Name is missing")
		return
	}
	if !r.manager(w, req, name) {
		return
	}
	r.mu.Lock()
	defer r.mu.Unlock()
	reply(w, http.StatusOK, map[string]any{"project_id": r.projectID(name), "name": name, "metadata": map[string]string{"public": "false"}})
}

// robotCreate is the swagger's RobotCreate.
type robotCreate struct {
	Name        string `json:"name"`
	Description string `json:"description"`
	Level       string `json:"level"`
	Duration    int    `json:"duration"`
	Disable     bool   `json:"disable"`
	Permissions []struct {
		Kind      string `json:"kind"`
		Namespace string `json:"namespace"`
		Access    []struct {
			Resource string `json:"resource"`
			Action   string `json:"action"`
		} `json:"access"`
	} `json:"permissions"`
}

var robotName = regexp.MustCompile(`^[a-z0-9]+(?:[._-][a-z0-9]+)*$`)

// robot checks every field.
func (c robotCreate) robot() (*robot, error) {
	switch {
	case !robotName.MatchString(c.Name):
		return nil, fmt.Errorf("robot name %q is not valid", c.Name)
	case c.Level != "project" || len(c.Permissions) != 1 || c.Permissions[0].Kind != "project":
		return nil, fmt.Errorf("only robots of one project are known here")
	case c.Duration == 0 || c.Duration < -1:
		return nil, fmt.Errorf("bad request error robot duration input")
	}
	one := &robot{project: c.Permissions[0].Namespace, name: "robot$" + c.Permissions[0].Namespace + "+" + c.Name, secret: rand.Text()}
	pull := false
	for _, a := range c.Permissions[0].Access {
		switch {
		case a.Resource != "repository" || a.Action != "pull" && a.Action != "push":
			return nil, fmt.Errorf("unknown access %s:%s", a.Resource, a.Action)
		case a.Action == "push":
			one.push = true
		default:
			pull = true
		}
	}
	if !pull {
		return nil, fmt.Errorf("a robot that may not pull can do nothing")
	}
	if c.Duration > 0 {
		one.expires = time.Now().AddDate(0, 0, c.Duration).Truncate(time.Second)
	}
	return one, nil
}

func (r *Registry) createRobot(w http.ResponseWriter, req *http.Request) {
	var in robotCreate
	decoder := json.NewDecoder(http.MaxBytesReader(w, req.Body, 1<<16))
	decoder.DisallowUnknownFields()
	err := decoder.Decode(&in)
	var one *robot
	if err == nil {
		one, err = in.robot()
	}
	if err != nil {
		fail(w, http.StatusBadRequest, "BAD_REQUEST", err.Error())
		return
	}
	if !r.manager(w, req, one.project) {
		return
	}
	r.mu.Lock()
	defer r.mu.Unlock()
	if slices.ContainsFunc(r.robots, func(other *robot) bool { return other.name == one.name }) {
		fail(w, http.StatusConflict, "CONFLICT", "robot "+one.name+" already exists")
		return
	}
	r.next++
	one.id = r.next
	r.robots = append(r.robots, one)
	w.Header().Set("Location", fmt.Sprintf("/api/v2.0/robots/%d", one.id))
	reply(w, http.StatusCreated, map[string]any{
		"id": one.id, "name": one.name, "secret": one.secret, "creation_time": time.Now().UTC().Format(time.RFC3339), "expires_at": seconds(one.expires),
	})
}

func seconds(t time.Time) int64 {
	if t.IsZero() {
		return -1
	}
	return t.Unix()
}

// listRobots is GET /robots?q=Level=project,ProjectID=1.
func (r *Registry) listRobots(w http.ResponseWriter, req *http.Request) {
	query := req.URL.Query()
	id, found := strings.CutPrefix(query.Get("q"), "Level=project,ProjectID=")
	n, err := strconv.Atoi(id)
	r.mu.Lock()
	known := n > 0 && n <= len(r.projects)
	project := ""
	if known {
		project = r.projects[n-1]
	}
	r.mu.Unlock()
	page, size := number(query, "page"), number(query, "page_size")
	if !found || err != nil || !known || page < 1 || size < 1 || size > 100 {
		fail(w, http.StatusBadRequest, "BAD_REQUEST", "the query is not one")
		return
	}
	if !r.manager(w, req, project) {
		return
	}
	r.mu.Lock()
	defer r.mu.Unlock()
	all := []any{}
	for _, one := range r.robots {
		if one.project == project {
			all = append(all, map[string]any{"id": one.id, "name": one.name, "level": "project", "expires_at": seconds(one.expires), "editable": true})
		}
	}
	w.Header().Set("X-Total-Count", strconv.Itoa(len(all)))
	from := min((page-1)*size, len(all))
	reply(w, http.StatusOK, all[from:min(from+size, len(all))])
}

func number(query url.Values, name string) int {
	n, _ := strconv.Atoi(query.Get(name))
	return n
}

// managed finds the robot of the path for somebody who may manage it.
func (r *Registry) managed(w http.ResponseWriter, req *http.Request) *robot {
	id, _ := strconv.ParseInt(req.PathValue("id"), 10, 64)
	r.mu.Lock()
	var one *robot
	if i := slices.IndexFunc(r.robots, func(one *robot) bool { return one.id == id }); i >= 0 {
		one = r.robots[i]
	}
	r.mu.Unlock()
	if one == nil {
		fail(w, http.StatusNotFound, "NOT_FOUND", "robot not found")
		return nil
	}
	if !r.manager(w, req, one.project) {
		return nil
	}
	return one
}

// rotateRobot is PATCH /robots/{id} with a RobotSec: an empty one asks for a new secret.
func (r *Registry) rotateRobot(w http.ResponseWriter, req *http.Request) {
	one := r.managed(w, req)
	if one == nil {
		return
	}
	var in struct {
		Secret *string `json:"secret"`
	}
	decoder := json.NewDecoder(http.MaxBytesReader(w, req.Body, 1<<16))
	decoder.DisallowUnknownFields()
	if err := decoder.Decode(&in); err != nil || in.Secret == nil || *in.Secret != "" {
		fail(w, http.StatusBadRequest, "BAD_REQUEST", "the secret is to be empty here")
		return
	}
	r.mu.Lock()
	defer r.mu.Unlock()
	one.secret = rand.Text()
	reply(w, http.StatusOK, map[string]string{"secret": one.secret})
}

func (r *Registry) deleteRobot(w http.ResponseWriter, req *http.Request) {
	one := r.managed(w, req)
	if one == nil {
		return
	}
	r.mu.Lock()
	defer r.mu.Unlock()
	r.robots = slices.DeleteFunc(r.robots, func(other *robot) bool { return other == one })
	w.WriteHeader(http.StatusOK)
}
