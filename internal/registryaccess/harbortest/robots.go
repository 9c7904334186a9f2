package harbortest

import (
	"encoding/json"
	"fmt"
	"net/http"
	"slices"
	"strconv"
	"strings"
	"time"
)

// spec is the body with which a robot account is made (swagger: RobotCreate). Other fields are not expected.
type spec struct {
	Name        string `json:"name"`
	Level       string `json:"level"`
	Duration    int    `json:"duration"`
	Description string `json:"description"`
	Permissions []struct {
		Kind      string `json:"kind"`
		Namespace string `json:"namespace"`
		Access    []struct {
			Resource string `json:"resource"`
			Action   string `json:"action"`
		} `json:"access"`
	} `json:"permissions"`
}

// robots answers what is about robot accounts. It reports whether the request was.
func (h *Harbor) robots(w http.ResponseWriter, r *http.Request) bool {
	path, below := strings.CutPrefix(r.URL.Path, "/api/v2.0/")
	project, ofProject := strings.CutPrefix(path, "projects/")
	id, ofRobot := strings.CutPrefix(path, "robots/")
	switch {
	case !below, !ofProject && !ofRobot && path != "robots":
		return false
	case !h.manages(w, r):
	case ofProject && r.Method == http.MethodGet:
		h.project(w, project)
	case ofRobot && r.Method == http.MethodPatch:
		h.rotate(w, r, id)
	case ofRobot && r.Method == http.MethodDelete:
		h.delete(w, id)
	case r.Method == http.MethodGet:
		h.list(w, r)
	case r.Method == http.MethodPost:
		h.create(w, r)
	default:
		return false
	}
	return true
}

// manages reports whether somebody has proven that they manage projects; else the reply is 401 or 403.
func (h *Harbor) manages(w http.ResponseWriter, r *http.Request) bool {
	user, password, _ := r.BasicAuth()
	if r.Header.Get("X-Is-Resource-Name") != "true" {
		h.t.Errorf("%s does not say that projects are named", r.URL)
	}
	switch {
	case password != "" && h.Managers[user] == password:
		return true
	case password != "" && h.Members[user] == password:
		refuse(w, http.StatusForbidden)
	default:
		refuse(w, http.StatusUnauthorized)
	}
	return false
}

func (h *Harbor) project(w http.ResponseWriter, name string) {
	if i := slices.Index(h.Projects, name); i >= 0 {
		write(w, http.StatusOK, map[string]any{"project_id": i + 1, "name": name})
		return
	}
	refuse(w, http.StatusNotFound)
}

func (h *Harbor) create(w http.ResponseWriter, r *http.Request) {
	var s spec
	decoder := json.NewDecoder(r.Body)
	decoder.DisallowUnknownFields()
	if err := decoder.Decode(&s); err != nil || s.Level != "project" || len(s.Permissions) != 1 || s.Permissions[0].Kind != "project" {
		h.t.Errorf("a robot account is made by %+v: %v", s, err)
	}
	made := Robot{Name: s.Name, Project: s.Permissions[0].Namespace, Days: s.Duration, Push: len(s.Permissions[0].Access) == 2}
	switch {
	case !slices.Contains(h.Projects, made.Project):
		refuse(w, http.StatusForbidden) // So says Harbor of a project that is not there.
		return
	case slices.ContainsFunc(h.Robots, func(other Robot) bool { return other.Username() == made.Username() }):
		refuse(w, http.StatusConflict)
		return
	}
	h.made++
	made.ID, made.Secret, made.Expires = int64(100+h.made), fmt.Sprint("robot-secret-", h.made), time.Now().AddDate(0, 0, made.Days).Unix()
	h.Robots = append(h.Robots, made)
	write(w, http.StatusCreated, map[string]any{"id": made.ID, "name": made.Username(), "secret": made.Secret, "expires_at": made.Expires})
}

func (h *Harbor) list(w http.ResponseWriter, r *http.Request) {
	all := []any{}
	for _, robot := range h.Robots {
		if query := r.URL.Query(); query.Get("q") == fmt.Sprintf("Level=project,ProjectID=%d", slices.Index(h.Projects, robot.Project)+1) {
			all = append(all, map[string]any{"id": robot.ID, "name": robot.Username(), "expires_at": robot.Expires})
		}
	}
	write(w, http.StatusOK, all)
}

// robot returns the index of a robot account in Robots. If it is not there, robot replies and returns -1.
func (h *Harbor) robot(w http.ResponseWriter, id string) int {
	i := slices.IndexFunc(h.Robots, func(r Robot) bool { return strconv.FormatInt(r.ID, 10) == id })
	if i < 0 {
		refuse(w, http.StatusNotFound)
	}
	return i
}

func (h *Harbor) rotate(w http.ResponseWriter, r *http.Request, id string) {
	var in map[string]string
	if err := json.NewDecoder(r.Body).Decode(&in); err != nil || len(in) != 1 || in["secret"] != "" {
		h.t.Errorf("a robot account is changed by %v: %v", in, err)
	}
	if i := h.robot(w, id); i >= 0 {
		h.made++
		h.Robots[i].Secret = fmt.Sprint("robot-secret-", h.made)
		write(w, http.StatusOK, map[string]string{"secret": h.Robots[i].Secret})
	}
}

func (h *Harbor) delete(w http.ResponseWriter, id string) {
	if i := h.robot(w, id); i >= 0 {
		h.Robots = slices.Delete(h.Robots, i, i+1)
	}
}
