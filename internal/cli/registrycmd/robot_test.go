package registrycmd_test

import (
	"encoding/json"
	"strings"
	"testing"
	"time"

	"github.com/kubectl-vsphere/kubectl-vsphere/internal/consoletest"
	"github.com/kubectl-vsphere/kubectl-vsphere/internal/failure"
	"github.com/kubectl-vsphere/kubectl-vsphere/internal/registryaccess/harbortest"
	"github.com/kubectl-vsphere/kubectl-vsphere/pkg/redact"
)

const robotName = "robot$team-a+ci"

// managed is a rig whose person manages the project team-a, and whose password is in the environment.
func managed(t *testing.T) *rig {
	t.Helper()
	r := added(t)
	r.Vars[failure.PasswordVariable] = consoletest.Password
	r.harbor.Managers[consoletest.User] = consoletest.Password
	r.harbor.Projects = []string{"kube", "team-a"}
	return r
}

// robot runs a robot command for the project team-a.
func (r *rig) robot(word string, args ...string) consoletest.Result {
	return r.Run(append([]string{"registry", "robot", word, host, "-n", "team-a"}, args...)...)
}

func TestRobotCreate(t *testing.T) {
	r := managed(t)
	r.robot("create", "--push", "--days", "7").Exits(failure.OK).Says("User:       "+robotName, "Secret:     robot-secret-1", "in 7d", "docker login "+host+" -u '"+robotName+"' --password-stdin\n").Omits(consoletest.Password)
	if made := r.harbor.Robots[0]; !made.Push || made.Days != 7 || made.Name != "ci" {
		t.Errorf("%+v", made)
	}
	result := r.robot("create", "--name", "other", "-o", "json").Exits(failure.OK)
	var info struct {
		Registry, Username, Secret string
		ID                         int64
		Expires                    time.Time
	}
	if err := json.Unmarshal([]byte(result.Out), &info); err != nil || info.Registry != host || info.Username != "robot$team-a+other" ||
		info.Secret != "robot-secret-2" || info.ID != 102 || info.Expires.IsZero() {
		t.Errorf("%v %s", err, result.Out)
	}
	if made := r.harbor.Robots[1]; made.Push || made.Days != 30 {
		t.Errorf("%+v", made)
	}
	r.robot("create").Exits(failure.Failed).Says("another --name", "robot rotate "+host+" -n team-a --name ci")
	if stored := r.stored(t); stored.Host != "" {
		t.Errorf("%+v", stored)
	}
}

// Whatever goes wrong after the password was accepted, the person may go on: no answer of somebody who knows the password counts.
func TestRobotErrorsAreNoRefusals(t *testing.T) {
	for name, args := range map[string][]string{
		"there already":      {"create"},
		"no such account":    {"delete", "--name", "none"},
		"no such ID":         {"rotate", "--id", "4711"},
		"no such project":    {"create", "-n", "other"},
		"nothing to rotate":  {"rotate", "--name", "none"},
		"somebody's project": {"list"},
	} {
		r := managed(t)
		r.robot("create").Exits(failure.OK)
		if name == "somebody's project" {
			r.harbor.Managers, r.harbor.Members = nil, map[string]string{consoletest.User: consoletest.Password}
		}
		for i := range 6 {
			if result := r.robot(args[0], args[1:]...); result.Code == failure.OK || strings.Contains(result.Err, "is not sent") {
				t.Errorf("%s, time %d: %d %s", name, i+1, result.Code, result.Err)
			}
		}
	}
}

// A robot that is saved is not printed, and it is what clients get from then on.
func TestRobotCreateSave(t *testing.T) {
	r := managed(t)
	r.robot("create", "--save").Exits(failure.OK).Says(robotName, "saved").Omits("robot-secret")
	if stored := r.stored(t); stored.Username != robotName || stored.Secret.Secret != "robot-secret-1" || stored.Expires.IsZero() {
		t.Errorf("%+v", stored)
	}
	if result := r.robot("create", "--save", "--name", "two", "-o", "yaml").Omits("robot-secret"); !strings.Contains(result.Out, "username: robot$team-a+two") {
		t.Error(result.Out)
	}
	r.Run("registry", "list").Says("robot$team-a+two", "good for")
}

func TestRobotList(t *testing.T) {
	r := managed(t)
	r.robot("list").Exits(failure.OK).Says("no robot account in team-a")
	if result := r.robot("list", "-o", "json"); !strings.Contains(result.Out, `"robots": []`) {
		t.Error(result.Out)
	}
	r.harbor.Robots = []harbortest.Robot{
		{ID: 7, Project: "team-a", Name: "ci", Expires: r.Now().Add(73 * time.Hour).Unix()}, {ID: 8, Project: "team-a", Name: "old", Expires: -1},
		{ID: 9, Project: "kube", Name: "theirs"},
	}
	r.robot("list").Exits(failure.OK).Says("ID", "7", robotName, "in 3d", "robot$team-a+old", "never ends").Omits("theirs")
	var out struct{ Robots []struct{ ID int64 } }
	if result := r.robot("list", "-o", "json"); json.Unmarshal([]byte(result.Out), &out) != nil || len(out.Robots) != 2 || out.Robots[0].ID != 7 {
		t.Errorf("%+v %s", out, result.Out)
	}
}

func TestRobotRotate(t *testing.T) {
	r := managed(t)
	r.harbor.Robots = []harbortest.Robot{{ID: 7, Project: "team-a", Name: "ci", Secret: "old"}, {ID: 8, Project: "team-a", Name: "two", Secret: "old"}}
	r.robot("rotate", "--name", "ci").Exits(failure.OK).Says(robotName, "robot-secret-1")
	r.robot("rotate", "--id", "8").Exits(failure.OK).Says("robot$team-a+two", "robot-secret-2")
	r.robot("rotate", "--name", "robot$team-a+two").Exits(failure.OK).Says("robot-secret-3")
	if r.stored(t).Host != "" {
		t.Error("what nobody saved is saved")
	}
	r.robot("rotate", "--save").Exits(failure.OK).Omits("robot-secret")
	if stored := r.stored(t); stored.Secret.Secret != "robot-secret-4" {
		t.Errorf("%+v", stored)
	}
	r.robot("rotate").Exits(failure.OK).Says("robot-secret-5")
	if stored := r.stored(t); stored.Secret.Secret != redact.Secret("robot-secret-5") {
		t.Error("clients of this machine have the old secret, which is of no use any more")
	}
	r.robot("rotate", "--name", "two").Exits(failure.OK)
	if stored := r.stored(t); stored.Secret.Secret != "robot-secret-5" {
		t.Error("the secret of another one is stored")
	}
}

func TestRobotDelete(t *testing.T) {
	r := managed(t)
	r.robot("create", "--save").Exits(failure.OK)
	r.robot("create", "--name", "two").Exits(failure.OK)
	r.robot("delete", "--name", "two").Exits(failure.OK).Says("Deleted robot$team-a+two")
	if r.stored(t).Username != robotName {
		t.Error("another one is forgotten")
	}
	r.robot("delete").Exits(failure.OK).Says("Deleted " + robotName)
	if len(r.harbor.Robots) > 0 || r.stored(t).Host != "" {
		t.Errorf("%+v %+v", r.harbor.Robots, r.stored(t))
	}
	r.robot("delete").Exits(failure.Failed).Says(`no robot account "ci" in team-a`)
	r.robot("delete", "--id", "7").Exits(failure.Failed).Says("no robot account with the ID 7")
}

// Names that end alike are not the same account.
func TestRobotOfAnotherName(t *testing.T) {
	r := managed(t)
	r.harbor.Robots = []harbortest.Robot{{ID: 7, Project: "team-a", Name: "my-ci"}}
	r.robot("delete", "--name", "ci").Exits(failure.Failed).Says("no robot account")
	if len(r.harbor.Robots) != 1 {
		t.Error("another one is deleted")
	}
}

func TestRobotErrors(t *testing.T) {
	for name, c := range map[string]struct {
		change func(*rig)
		word   string
		code   int
		says   string
	}{
		"a registry that was not added": {func(r *rig) { r.Run("registry", "remove", host) }, "list", failure.Failed, "registry add " + host},
		"Harbor 1": {func(r *rig) { r.harbor.Replies["POST /api/v2.0/robots"] = consoletest.Status(404, "no") }, "create", failure.Server,
			"Harbor 1"},
		"a project that is not there": {func(r *rig) { r.harbor.Projects = nil }, "create", failure.Refused, "editor or owner"},
		"no rights": {func(r *rig) {
			r.harbor.Managers, r.harbor.Members = nil, map[string]string{consoletest.User: consoletest.Password}
		}, "rotate", failure.Refused, "editor or owner"},
		"a wrong password": {func(r *rig) { r.Vars[failure.PasswordVariable] = "wrong" }, "delete", failure.Refused, "was refused"},
		"no password":      {func(r *rig) { delete(r.Vars, failure.PasswordVariable) }, "list", failure.Failed, failure.PasswordVariable},
		"an unproven one":  {func(r *rig) { r.harbor.Endpoint = "" }, "create", failure.Failed, "your password is not sent to " + host},
		"nobody there":     {func(r *rig) { r.Down(host + ":443") }, "create", failure.Server, host},
		"an invalid name":  {func(*rig) {}, "create --name CI", failure.Failed, "lower case"},
	} {
		t.Run(name, func(t *testing.T) {
			r := managed(t)
			c.change(r)
			words := strings.Fields(c.word)
			r.robot(words[0], words[1:]...).Exits(c.code).Says(c.says).Omits(consoletest.Password)
			if len(r.harbor.Robots) > 0 {
				t.Error("a robot account is made")
			}
		})
	}
}

// A person is asked where there is one.
func TestRobotAsks(t *testing.T) {
	r := managed(t)
	delete(r.Vars, failure.PasswordVariable)
	r.Person(consoletest.Answer{To: "Password of " + consoletest.User + " for " + host, Keys: consoletest.Password})
	r.robot("create").Exits(failure.OK).Says("robot-secret-1")
	r.Person(consoletest.Answer{To: "Password of", Keys: ""})
	r.robot("list").Exits(failure.Failed).Says("nothing was typed")
	r.Person(consoletest.Answer{To: "Password of", Keys: consoletest.Interrupt})
	r.robot("list").Exits(failure.Interrupted)
}
