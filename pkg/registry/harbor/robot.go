package harbor

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"net/http"
	"net/url"
	"regexp"
	"strings"
	"time"

	"github.com/kubectl-vsphere/kubectl-vsphere/pkg/disclose"
	"github.com/kubectl-vsphere/kubectl-vsphere/pkg/redact"
	"github.com/kubectl-vsphere/kubectl-vsphere/pkg/safetext"
	"github.com/kubectl-vsphere/kubectl-vsphere/pkg/wire"
)

// ErrNoRobots means that the registry has no robot accounts that an API manages: Harbor 1, or another registry.
var ErrNoRobots = errors.New("it has no robot accounts that a program can manage")

// ErrRobotExists means that another robot account of the project has the name.
var ErrRobotExists = errors.New("there is a robot account of that name")

// Login is the user name and password of somebody with rights in a project.
type Login struct {
	Username string
	Password disclose.Secret
}

// Robot is a robot account of a project.
type Robot struct {
	ID      int64
	Name    string        // the whole user name, as robot$team-a+ci
	Secret  redact.Secret // of a new one; else empty
	Expires time.Time     // zero: never
}

// RobotSpec describes a robot account to create.
type RobotSpec struct {
	Project string
	Name    string // within the project
	Push    bool   // push and pull; false: pull only
	Days    int    // until it ends, 1 to MaxDays
	// Description is shown beside the name.
	Description string
}

// maxName bounds the name of a robot account, in bytes.
const maxName = 255

// MaxDays is the longest life of a robot account.
const MaxDays = 3650

var (
	// robotName is the name that Harbor accepts (src/controller/robot: validateName).
	robotName = regexp.MustCompile(`^[a-z0-9]+(?:[._-][a-z0-9]+)*$`)
	// userName is the whole user name of a robot account; administrators choose its prefix. A bound in the pattern
	// would cost every start of the program a millisecond.
	userName = regexp.MustCompile(`^[\x21-\x39\x3b-\x7e]+$`)
)

// robotJSON is a robot account on the wire (swagger: Robot, RobotCreated).
type robotJSON struct {
	ID      int64  `json:"id"`
	Name    string `json:"name"`
	Secret  string `json:"secret"`
	Expires int64  `json:"expires_at"` // seconds since 1970; -1: never
}

func (r robotJSON) robot() (Robot, error) {
	if r.ID <= 0 || len(r.Name) > maxName || !userName.MatchString(r.Name) {
		return Robot{}, fmt.Errorf("%w: the robot account %s of the reply cannot be one", wire.ErrServer, safetext.Quote(r.Name, maxText))
	}
	robot := Robot{ID: r.ID, Name: r.Name, Secret: redact.Secret(r.Secret)}
	const year9999 = 253402300799
	if r.Expires > 0 && r.Expires <= year9999 {
		robot.Expires = time.Unix(r.Expires, 0).UTC()
	}
	return robot, nil
}

// CreateRobot creates a robot account (POST /robots). Harbor returns its secret only this once. The error is
// ErrRobotExists, ErrNoRobots, of package wire, or says which part of spec is not valid.
func (c *Client) CreateRobot(ctx context.Context, by Login, spec RobotSpec) (Robot, error) {
	switch {
	case !robotName.MatchString(spec.Name):
		return Robot{}, fmt.Errorf("%s cannot name a robot account: lower case letters, digits, and . _ - between them", safetext.Quote(spec.Name, maxText))
	case !robotName.MatchString(spec.Project):
		return Robot{}, fmt.Errorf("%s cannot name a project", safetext.Quote(spec.Project, maxText))
	case spec.Days < 1 || spec.Days > MaxDays:
		return Robot{}, fmt.Errorf("a robot account is good for 1 to %d days", MaxDays)
	}
	access := []map[string]string{{"resource": "repository", "action": "pull"}}
	if spec.Push {
		access = append(access, map[string]string{"resource": "repository", "action": "push"})
	}
	var made robotJSON
	in := map[string]any{
		"name": spec.Name, "level": "project", "duration": spec.Days, "description": spec.Description,
		"permissions": []any{map[string]any{"kind": "project", "namespace": spec.Project, "access": access}},
	}
	err := c.do(ctx, by, call{http.MethodPost, "/robots", in, &made})
	var refused *wire.Error
	if errors.As(err, &refused) && refused.Status == http.StatusConflict {
		return Robot{}, ErrRobotExists
	}
	if err != nil {
		return Robot{}, err
	}
	robot, err := made.robot()
	if err == nil && robot.Secret == "" {
		err = fmt.Errorf("%w: the reply holds no secret", wire.ErrServer)
	}
	return robot, err
}

// pageSize is the largest page of Harbor; maxPages bounds a list that never ends.
const (
	pageSize = 100
	maxPages = 50
)

// Robots lists the robot accounts of a project (GET /robots?q=Level=project,ProjectID=…), without their secrets.
func (c *Client) Robots(ctx context.Context, by Login, project string) ([]Robot, error) {
	if !robotName.MatchString(project) {
		return nil, fmt.Errorf("%s cannot name a project", safetext.Quote(project, maxText))
	}
	var p struct {
		ID int64 `json:"project_id"`
	}
	if err := c.do(ctx, by, call{http.MethodGet, "/projects/" + project, nil, &p}); err != nil {
		return nil, err
	}
	var all []Robot
	for page := 1; page <= maxPages; page++ {
		query := url.Values{"q": {fmt.Sprintf("Level=project,ProjectID=%d", p.ID)}, "page": {fmt.Sprint(page)}, "page_size": {fmt.Sprint(pageSize)}}
		var some []robotJSON
		if err := c.do(ctx, by, call{http.MethodGet, "/robots?" + query.Encode(), nil, &some}); err != nil {
			return nil, err
		}
		for _, r := range some {
			robot, err := r.robot()
			if err != nil {
				return nil, err
			}
			robot.Secret = ""
			all = append(all, robot)
		}
		if len(some) < pageSize {
			return all, nil
		}
		if len(all) > maxPages*pageSize { // It sends longer pages than it was asked for.
			break
		}
	}
	return nil, fmt.Errorf("%w: it lists robot accounts without end", wire.ErrServer)
}

// RotateRobot gives a robot account a new secret (PATCH /robots/{id}), and returns it. Harbor makes it.
func (c *Client) RotateRobot(ctx context.Context, by Login, id int64) (redact.Secret, error) {
	var reply struct {
		Secret string `json:"secret"`
	}
	err := c.do(ctx, by, call{http.MethodPatch, fmt.Sprintf("/robots/%d", id), map[string]string{"secret": ""}, &reply})
	if err == nil && reply.Secret == "" {
		err = fmt.Errorf("%w: the reply holds no secret", wire.ErrServer)
	}
	return redact.Secret(reply.Secret), err
}

// DeleteRobot deletes a robot account (DELETE /robots/{id}).
func (c *Client) DeleteRobot(ctx context.Context, by Login, id int64) error {
	return c.do(ctx, by, call{method: http.MethodDelete, path: fmt.Sprintf("/robots/%d", id)})
}

// call is one call of the API. The reply is decoded into out, if that is not nil.
type call struct {
	method, path string // the path below /api/v2.0
	in, out      any    // JSON; nil: none
}

// do makes a call with a login.
func (c *Client) do(ctx context.Context, by Login, call call) error {
	if !sendable(by.Username) {
		return fmt.Errorf("no user name can be %s", safetext.Quote(by.Username, maxText))
	}
	r := wire.Request{
		Method: call.method, URL: c.url("/api/v2.0" + call.path), Basic: &wire.Basic{User: by.Username, Password: by.Password},
		Header:  http.Header{"X-Is-Resource-Name": {"true"}}, // A project may be called 12.
		Secrets: []redact.Secret{by.Password.Redacted()},
	}
	if call.in != nil {
		var err error
		if r.Body, err = json.Marshal(call.in); err != nil {
			return err
		}
	}
	body, err := c.Wire.Do(ctx, r)
	if err == nil && call.out != nil {
		err = wire.DecodeJSON(call.method, r.URL, body, call.out)
	}
	c.knew = knows(call, err)
	if errors.Is(err, wire.ErrNotFound) && call.path == "/robots" {
		return fmt.Errorf("%w: %w", ErrNoRobots, err)
	}
	return err
}

// Knew reports whether the answer to the last call with a login proves that Harbor knows the login: whatever that answer was, the password
// is right.
func (c *Client) Knew() bool { return c.knew }

// knows reports whether only somebody whom Harbor knows gets an answer. To others it shows public projects, and answers 401 to everything
// else (src/server/v2.0/handler/base.go: requires permission). A front may make a 403 or 409 of a 401, but not in Harbor's words.
func knows(call call, err error) bool {
	var e *wire.Error
	switch {
	case err == nil:
		return call.method != http.MethodGet || !strings.HasPrefix(call.path, "/projects/")
	case !errors.As(err, &e):
		return false
	}
	return e.Status == http.StatusForbidden && e.Code == "FORBIDDEN" || e.Status == http.StatusConflict && e.Code == "CONFLICT"
}
