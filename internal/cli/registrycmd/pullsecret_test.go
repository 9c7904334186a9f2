package registrycmd_test

import (
	"encoding/json"
	"fmt"
	"io"
	"net/http"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/kubectl-vsphere/kubectl-vsphere/internal/consoletest"
	"github.com/kubectl-vsphere/kubectl-vsphere/internal/failure"
)

const secretPath = "/api/v1/namespaces/default/secrets/vsphere-registry"

// secret is a Secret of a cluster's API server.
type secret struct {
	t       *testing.T
	text    []byte // .dockerconfigjson
	config  string // that is there before; empty: nothing
	applies []string
	status  int // of what is not a dry run; 0: it is taken
	tried   int // of the dry run
	read    int
}

func (s *secret) apply(w http.ResponseWriter, r *http.Request) {
	var in struct {
		APIVersion, Kind, Type string
		Metadata               struct{ Name, Namespace string }
		Data                   map[string][]byte
	}
	text, _ := io.ReadAll(r.Body)
	err := json.Unmarshal(text, &in)
	query := r.URL.Query()
	if err != nil || in.Type != "kubernetes.io/dockerconfigjson" || in.Metadata.Name != "vsphere-registry" || in.Metadata.Namespace != "default" ||
		query.Get("fieldManager") != "kubectl-vsphere" || r.Header.Get("Content-Type") != "application/apply-patch+yaml" {
		s.t.Errorf("%s %s: %v", r.URL, text, err)
	}
	s.applies = append(s.applies, strings.TrimSpace(query.Get("dryRun")+" "+query.Get("force")))
	status := s.tried
	if query.Get("dryRun") == "" {
		status, s.text = s.status, in.Data[".dockerconfigjson"]
	}
	if status != 0 {
		w.WriteHeader(status)
		return
	}
	_, _ = io.WriteString(w, "{}")
}

func (s *secret) get(w http.ResponseWriter, _ *http.Request) {
	switch {
	case s.read != 0:
		w.WriteHeader(s.read)
	case s.config == "":
		w.WriteHeader(http.StatusNotFound)
	default:
		_ = json.NewEncoder(w).Encode(map[string]any{"data": map[string][]byte{".dockerconfigjson": []byte(s.config)}})
	}
}

// clustered is a managed registry, and a login with the context tkc1 of a cluster that holds a Secret.
func clustered(t *testing.T) (*rig, *secret) {
	t.Helper()
	r, s := newRig(t), &secret{t: t}
	cluster := r.Cluster("tkc1", "10.0.0.9")
	cluster.Replies["PATCH "+secretPath], cluster.Replies["GET "+secretPath] = s.apply, s.get
	r.Supervisor(supervisor, &consoletest.Namespace{Name: "team-a", Clusters: []*consoletest.Cluster{cluster}})
	r.Vars[failure.PasswordVariable] = consoletest.Password
	r.Run("login", "--server", supervisor, "-u", consoletest.User, "--certificate-authority", r.CAFile).Exits(failure.OK)
	r.harbor.Managers[consoletest.User] = consoletest.Password
	r.harbor.Projects = []string{"team-a", "default"}
	r.Run("registry", "add", host).Exits(failure.Failed) // It takes no token, and robots can be made all the same.
	return r, s
}

func (r *rig) pullSecret(args ...string) consoletest.Result {
	return r.Run(append([]string{"registry", "pull-secret", "-n", "default", "--context", "tkc1"}, args...)...)
}

func TestPullSecret(t *testing.T) {
	r, s := clustered(t)
	r.pullSecret().Exits(failure.OK).Says("Secret vsphere-registry in namespace default", "pull from "+host+"/team-a", "in 30d").
		Omits("robot-secret", consoletest.Password)
	made := r.harbor.Robots[0]
	var config struct {
		Auths map[string]struct{ Username, Password, Auth string }
	}
	if err := json.Unmarshal(s.text, &config); err != nil {
		t.Fatal(err)
	}
	got := config.Auths[host]
	if len(config.Auths) != 1 || got.Username != made.Username() || got.Password != made.Secret || got.Auth == "" {
		t.Errorf("%s", s.text)
	}
	if made.Project != "team-a" || made.Push || !strings.HasPrefix(made.Name, "team-a.tkc1.default.vsphere-registry.") {
		t.Errorf("%+v", made)
	}
	if diff := cmp.Diff([]string{"All", ""}, s.applies); diff != "" {
		t.Error(diff)
	}
	if strings.Contains(string(s.text), consoletest.Password) {
		t.Error("a person's password is in the cluster")
	}

	s.config = string(s.text) // Again: the new one is in place before the old one goes.
	r.pullSecret(host, "--days", "1").Exits(failure.OK).Says("in 24h")
	if len(r.harbor.Robots) != 1 || r.harbor.Robots[0].Secret == made.Secret {
		t.Errorf("%+v", r.harbor.Robots)
	}
}

// The project is that of the cluster, unless it is named.
func TestPullSecretProject(t *testing.T) {
	r, _ := clustered(t)
	r.pullSecret("--project", "default").Exits(failure.OK).Says(host + "/default")
	if made := r.harbor.Robots[0]; made.Project != "default" {
		t.Errorf("%+v", made)
	}
}

// A cluster that takes no secret has no robot account made for it, and one that fails late has it taken back.
func TestPullSecretThatIsNotTaken(t *testing.T) {
	for name, c := range map[string]struct {
		change func(*rig, *secret)
		code   int
		says   []string
	}{
		"not allowed":            {func(_ *rig, s *secret) { s.tried = 403 }, failure.Refused, nil},
		"another tool manages":   {func(_ *rig, s *secret) { s.tried = 409 }, failure.Server, []string{"another tool manages", "--force"}},
		"fails when written":     {func(_ *rig, s *secret) { s.status = 500 }, failure.Server, []string{"could not be written"}},
		"refused when written":   {func(_ *rig, s *secret) { s.status = 401 }, failure.Refused, []string{"could not be written"}},
		"it may not be read":     {func(_ *rig, s *secret) { s.read = 403 }, failure.Refused, []string{"--force"}},
		"it cannot be read":      {func(_ *rig, s *secret) { s.read = 500 }, failure.Server, nil},
		"for another registry":   {func(_ *rig, s *secret) { s.config = `{"auths":{"quay.io":{"username":"a"}}}` }, failure.Failed, []string{"not only for " + host, "--force"}},
		"for more than that":     {func(_ *rig, s *secret) { s.config = `{"auths":{"10.0.0.5":{},"quay.io":{}}}` }, failure.Failed, []string{"--force"}},
		"something else":         {func(_ *rig, s *secret) { s.config = `x` }, failure.Failed, []string{"--force"}},
		"a refused password":     {func(r *rig, _ *secret) { r.Vars[failure.PasswordVariable] = "wrong" }, failure.Refused, []string{"was refused"}},
		"no rights at Harbor":    {func(r *rig, _ *secret) { r.harbor.Projects = nil }, failure.Refused, []string{"editor or owner"}},
		"no such context":        {func(r *rig, _ *secret) { r.WriteFile("kubeconfig", "", 0o600) }, failure.Failed, []string{"tkc1"}},
		"a kubeconfig of a sort": {func(r *rig, _ *secret) { r.WriteFile("kubeconfig", "{", 0o600) }, failure.Failed, []string{"kubeconfig"}},
	} {
		t.Run(name, func(t *testing.T) {
			r, s := clustered(t)
			c.change(r, s)
			r.pullSecret().Exits(c.code).Says(c.says...).Omits("robot-secret", consoletest.Password)
			if len(r.harbor.Robots) > 0 {
				t.Errorf("robot accounts are left: %+v", r.harbor.Robots)
			}
		})
	}
}

func TestPullSecretForce(t *testing.T) {
	for name, change := range map[string]func(*secret){
		"of another registry": func(s *secret) { s.config = `{"auths":{"quay.io":{"username":"robot$team-a+x.y"}}}` },
		"not to be read":      func(s *secret) { s.read = 403 },
	} {
		r, s := clustered(t)
		change(s)
		r.pullSecret("--force").Exits(failure.OK)
		if diff := cmp.Diff([]string{"All true", "true"}, s.applies); diff != "" {
			t.Errorf("%s: %s", name, diff)
		}
	}
}

// The name of the old account is the cluster's word: what no such secret of ours can hold stays.
func TestPullSecretDeletesOnlyItsOwn(t *testing.T) {
	for _, username := range []string{"robot$team-a+ci", "admin", "robot$default+a.b", "robot$team-a+gone.x"} {
		r, s := clustered(t)
		r.Run("registry", "robot", "create", host, "-n", "team-a").Exits(failure.OK)
		s.config = fmt.Sprintf(`{"auths":{"%s":{"username":%q}}}`, host, username)
		r.pullSecret().Exits(failure.OK)
		if len(r.harbor.Robots) != 2 || r.harbor.Robots[0].Name != "ci" {
			t.Errorf("%s: %+v", username, r.harbor.Robots)
		}
	}
}

// An account that is left behind is named.
func TestPullSecretLeavesAnAccount(t *testing.T) {
	r, s := clustered(t)
	s.config = `{"auths":{"10.0.0.5":{"username":"robot$team-a+team-a.tkc1.x"}}}`
	r.harbor.Replies["GET /api/v2.0/projects/team-a"] = consoletest.Status(500, "no")
	r.pullSecret().Exits(failure.Server).Says("robot$team-a+team-a.tkc1.x", "could not be deleted")
}

// A secret goes where kubectl would send one: to no server without TLS. No robot account is made for it.
func TestPullSecretOfAContextWithoutTLS(t *testing.T) {
	r, s := clustered(t)
	text := r.ReadKubeconfig()
	if !strings.Contains(text, "https://10.0.0.9:6443") {
		t.Fatal(text)
	}
	r.WriteFile("kubeconfig", strings.ReplaceAll(text, "https://10.0.0.9:6443", "http://10.0.0.9:6443"), 0o600)
	r.pullSecret().Exits(failure.Failed).Says("is not https: nothing is sent to it")
	r.WriteFile("kubeconfig", strings.ReplaceAll(text, "    exec:", "    token: hush\n    exec:"), 0o600) // kubectl would write as another user.
	r.pullSecret().Exits(failure.Failed).Says("its user entry also has token, so").Omits("hush")
	if len(s.applies) > 0 || len(r.harbor.Robots) > 0 {
		t.Errorf("%q %+v", s.applies, r.harbor.Robots)
	}
}
