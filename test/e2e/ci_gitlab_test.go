package e2e

import (
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"strings"
	"testing"
)

// gitlabJob is a job of a pipeline, or a hidden one that others extend.
type gitlabJob struct {
	Extends      string
	Image        string
	Variables    map[string]string
	IDTokens     map[string]struct{ Aud string } `yaml:"id_tokens"`
	BeforeScript []string                        `yaml:"before_script"`
	Script       []string
	AfterScript  []string `yaml:"after_script"`
}

var interpolation = regexp.MustCompile(`\$\[\[ inputs\.([a-z-]+) \]\]`)

// component returns the jobs of templates/login.yml, with its inputs put in as GitLab does: into the text, before it is read.
func component(t *testing.T, inputs map[string]string) map[string]gitlabJob {
	t.Helper()
	head, body, ok := strings.Cut(read(t, "../../templates/login.yml"), "\n---\n")
	if !ok {
		t.Fatal("the header is not a document of its own")
	}
	var header struct {
		Spec struct {
			Inputs map[string]struct {
				Description string
				Default     *string
			}
		}
	}
	parseYAML(t, head, &header)
	for name := range inputs {
		if _, ok := header.Spec.Inputs[name]; !ok {
			t.Errorf("there is no input %s", name)
		}
	}
	body = interpolation.ReplaceAllStringFunc(body, func(s string) string {
		name := interpolation.FindStringSubmatch(s)[1]
		input, ok := header.Spec.Inputs[name]
		if !ok || input.Description == "" {
			t.Errorf("the input %s is not described", name)
		}
		value, given := inputs[name]
		switch {
		case given:
			return value
		case input.Default == nil:
			t.Errorf("the input %s is required", name)
			return ""
		default:
			return *input.Default
		}
	})
	var jobs map[string]gitlabJob
	parseYAML(t, body, &jobs)
	return jobs
}

// pipeline is a recipe of docs/ci.md that includes the component.
func pipeline(t *testing.T, heading string) (inputs map[string]string, job gitlabJob) {
	t.Helper()
	var file struct {
		Include []struct {
			Component string
			Inputs    map[string]string
		}
		Deploy gitlabJob
	}
	parseYAML(t, recipe(t, heading), &file)
	if len(file.Include) != 1 || !strings.Contains(file.Include[0].Component, "/login@") {
		t.Fatalf("%+v", file)
	}
	return file.Include[0].Inputs, file.Deploy
}

// play runs a job that extends one of the component's.
func (r *runner) play(t *testing.T, job, base gitlabJob) {
	t.Helper()
	for name, value := range base.Variables {
		r.env[name] = os.Expand(value, func(name string) string { return r.env[name] })
	}
	for _, script := range [][]string{append(base.BeforeScript, job.Script...), base.AfterScript} {
		if code := r.sh(t, strings.Join(script, "\n"), nil); code != 0 {
			t.Errorf("exit code %d", code)
		}
	}
	r.deployed(t, r.env["KUBECTL_VSPHERE_HOME"])
}

func TestCIGitLab(t *testing.T) {
	t.Parallel()
	r := newRunner(t, "bash", "-eo", "pipefail", "-c")
	inputs, job := pipeline(t, "GitLab CI")
	base := component(t, inputs)[job.Extends]
	if base.Image != inputs["image"] || len(base.IDTokens) > 0 {
		t.Errorf("%+v", base)
	}
	r.env["CI_PROJECT_DIR"], r.env["VSPHERE_CA"], r.env["VSPHERE_PASSWORD"] = r.dir, site.Supervisors[0].CA, r.user.Password
	r.play(t, job, base)
}

// With the job's ID token. The lab's Dex is the issuer in place of GitLab.
func TestCIGitLabToken(t *testing.T) {
	t.Parallel()
	r := newRunner(t, "bash", "-eo", "pipefail", "-c")
	inputs, job := pipeline(t, "With the job's ID token")
	inputs["audience"] = site.OIDC.ClientID
	base := component(t, inputs)[job.Extends]
	if base.IDTokens["VSPHERE_ID_TOKEN"].Aud != site.OIDC.ClientID {
		t.Errorf("%+v", base.IDTokens)
	}
	r.env["CI_PROJECT_DIR"], r.env["VSPHERE_CA"] = r.dir, filepath.Join(labDir(), "tkg1", "ca.crt")
	r.env["API_SERVER"], r.env["VSPHERE_ID_TOKEN"] = tkc1(t), jobToken(t, r.user)
	r.play(t, job, base)
}

// The shell in the action, in the component and in our scripts has no mistake that shellcheck knows.
func TestShellcheck(t *testing.T) {
	t.Parallel()
	if _, err := exec.LookPath("shellcheck"); err != nil {
		t.Skip("shellcheck is not here: install Debian's shellcheck")
	}
	check := func(name, shell, text string) {
		cmd := exec.Command("shellcheck", "--norc", "-s", shell, "-")
		cmd.Stdin = strings.NewReader(text)
		if out, err := cmd.CombinedOutput(); err != nil {
			t.Errorf("%s: %v\n%s", name, err, out)
		}
	}
	for _, s := range loginAction(t).Runs.Steps {
		check(s.Name, "bash", s.Run)
	}
	for name, job := range component(t, map[string]string{"server": "10.0.0.1", "image": "x", "username": "dev@vsphere.local"}) {
		check(name, "sh", strings.Join(append(job.BeforeScript, job.AfterScript...), "\n"))
	}
	check("scripts/image", "sh", read(t, "../../scripts/image"))
}
