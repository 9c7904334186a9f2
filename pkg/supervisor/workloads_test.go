package supervisor_test

import (
	"errors"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/kubectl-vsphere/kubectl-vsphere/pkg/disclose"
	"github.com/kubectl-vsphere/kubectl-vsphere/pkg/supervisor"
	"github.com/kubectl-vsphere/kubectl-vsphere/pkg/wire"
)

const getWorkloads = "GET /wcp/workloads"

func TestWorkloadsSendsThePasswordOnce(t *testing.T) {
	c, f := client(t, map[string][]answer{getWorkloads: ok("[]")})
	got, _, err := c.Workloads(t.Context(), "ada", held(c, disclose.Password, password))
	if err != nil || len(got) != 0 || len(f.requests) != 1 {
		t.Fatalf("%v, %v after %d requests", got, err, len(f.requests))
	}
	user, pass, _ := f.requests[0].BasicAuth()
	if user != "ada" || pass != password.Reveal() {
		t.Errorf("sent the user %q", user)
	}
}

func TestWorkloadsReadsThePortAsItComes(t *testing.T) {
	for port, want := range map[string]int{
		`"control_plane_api_server_port":6443`:                                       6443,
		`"control_plane_api_server_port":"6443"`:                                     6443,
		`"conrol_plane_api_server_port":6444`:                                        6444,
		`"conrol_plane_api_server_port":"6444"`:                                      6444,
		`"conrol_plane_api_server_port":6444,"control_plane_api_server_port":6443`:   6443,
		`"control_plane_api_server_port":null,"conrol_plane_api_server_port":"6444"`: 6444,
		`"Control_Plane_API_Server_Port":6443`:                                       6443,
		`"control_plane_api_server_port":6443.0`:                                     6443,
		`"control_plane_api_server_port":null`:                                       0,
		`"control_plane_api_server_port":""`:                                         0,
		`"control_plane_api_server_port":"six"`:                                      0,
		`"control_plane_api_server_port":-1`:                                         0,
		`"control_plane_api_server_port":65536`:                                      0,
		`"control_plane_api_server_port":"65536"`:                                    0,
		`"control_plane_api_server_port":1.5`:                                        0,
		`"control_plane_api_server_port":1e30`:                                       0,
		`"control_plane_api_server_port":{"port":6443}`:                              0,
		`"unknown":[{"deep":1}]`:                                                     0,
	} {
		body := `[{"namespace":"team-a","master_host":"10.0.0.1",` + port + `}]`
		c, _ := client(t, map[string][]answer{getWorkloads: ok(body)})
		got, _, err := c.Workloads(t.Context(), "ada", held(c, disclose.Password, password))
		want := []supervisor.Workload{{Namespace: "team-a", Host: "10.0.0.1", APIPort: want}}
		if diff := cmp.Diff(want, got); diff != "" || err != nil {
			t.Errorf("%s: %v %s", port, err, diff)
		}
	}
}

func TestWorkloadsKeepsTheOrderAndDropsWhatIsSaidTwice(t *testing.T) {
	c, _ := client(t, map[string][]answer{getWorkloads: ok(`[
		{"namespace":"b","master_host":"SUP2.example.com","id":7},
		{"namespace":"a","master_host":"https://10.0.0.1:8443/"},
		{"namespace":"b","master_host":"sup2.example.com."},
		{"namespace":"b","master_host":"10.0.0.1"}]`)})
	got, _, err := c.Workloads(t.Context(), "ada", held(c, disclose.Password, password))
	want := []supervisor.Workload{{Namespace: "b", Host: "sup2.example.com"}, {Namespace: "a", Host: "10.0.0.1"}, {Namespace: "b", Host: "10.0.0.1"}}
	if diff := cmp.Diff(want, got); diff != "" || err != nil {
		t.Error(err, diff)
	}
}

func TestWorkloadsLeavesOutHostileNames(t *testing.T) {
	for name, item := range map[string]string{
		"a path as namespace":       `{"namespace":"../../etc","master_host":"10.0.0.1"}`,
		"an escape sequence":        `{"namespace":"a\u001b[2J","master_host":"10.0.0.1"}`,
		"a line end":                `{"namespace":"a\nb","master_host":"10.0.0.1"}`,
		"capitals":                  `{"namespace":"Team","master_host":"10.0.0.1"}`,
		"an empty one":              `{"namespace":"","master_host":"10.0.0.1"}`,
		"none":                      `{"master_host":"10.0.0.1"}`,
		"a long one":                `{"namespace":"` + strings.Repeat("a", 5000) + `","master_host":"10.0.0.1"}`,
		"a template":                `{"namespace":"{{x}}","master_host":"10.0.0.1"}`,
		"no host":                   `{"namespace":"a"}`,
		"an empty host":             `{"namespace":"a","master_host":""}`,
		"a host with a user":        `{"namespace":"a","master_host":"evil@10.0.0.1"}`,
		"a host with a path":        `{"namespace":"a","master_host":"10.0.0.1/x"}`,
		"a host with a line end":    `{"namespace":"a","master_host":"10.0.0.1\r\nX-Evil: 1"}`,
		"a host with control bytes": `{"namespace":"a","master_host":"\u001b]0;x\u0007"}`,
	} {
		good := `{"namespace":"good","master_host":"10.0.0.1"}`
		c, _ := client(t, map[string][]answer{getWorkloads: ok("[" + good + "," + item + "]")})
		got, invalid, err := c.Workloads(t.Context(), "ada", held(c, disclose.Password, password))
		if err != nil || len(got) != 1 || len(invalid) != 1 || !errors.Is(invalid[0], wire.ErrServer) {
			t.Errorf("%s: %+v, %v, %v; want the good row and one invalid one", name, got, invalid, err)
			continue
		}
		if text := invalid[0].Error(); strings.ContainsAny(text, "\x1b\x07\r\n") || len(text) > 500 {
			t.Errorf("%s: the error is not harmless: %q", name, text)
		}
	}
}

func TestWorkloadsTellsARefusalFromABadReply(t *testing.T) {
	for name, tc := range map[string]struct {
		answer answer
		kind   error
		says   string
	}{
		"refused":        {answer{401, ""}, wire.ErrRefused, "unauthorized (401)"},
		"forbidden":      {answer{403, ""}, wire.ErrForbidden, "forbidden (403)"},
		"not there":      {answer{404, ""}, wire.ErrNotFound, "not found (404)"},
		"HTML":           {answer{200, "<html>"}, wire.ErrServer, "a page of HTML"},
		"truncated JSON": {answer{200, `[{"namespace":"a"`}, wire.ErrServer, "ends too early"},
		"an object":      {answer{200, `{"namespace":"a"}`}, wire.ErrServer, "another shape"},
		"empty":          {answer{200, ""}, wire.ErrServer, "empty"},
	} {
		c, _ := client(t, map[string][]answer{getWorkloads: {tc.answer}})
		got, _, err := c.Workloads(t.Context(), "ada", held(c, disclose.Password, password))
		if got != nil || !errors.Is(err, tc.kind) || !strings.Contains(err.Error(), tc.says) {
			t.Errorf("%s: %v, %v", name, got, err)
			continue
		}
		if strings.Contains(err.Error(), password.Reveal()) || !strings.Contains(err.Error(), "/wcp/workloads") {
			t.Errorf("%s: %q shows the password or does not name the endpoint", name, err.Error())
		}
	}
}

func TestBanner(t *testing.T) {
	const getBanner = "GET /wcp/loginbanner"
	for name, tc := range map[string]struct {
		answer answer
		want   string
		none   bool // it is not a Supervisor
	}{
		"text":            {answer{200, "Be careful.\n"}, "Be careful.\n", false},
		"a JSON string":   {answer{200, `"Be careful."`}, "Be careful.", false},
		"empty":           {answer{200, ""}, "", false},
		"HTML":            {answer{200, "\n<!DOCTYPE html>"}, "", true},
		"a BOM and text":  {answer{200, "\uFEFFBe careful."}, "Be careful.", false},
		"brackets":        {answer{200, "[NOTICE] <<< Be careful. >>>"}, "[NOTICE] <<< Be careful. >>>", false},
		"a comment page":  {answer{200, "<!-- nginx --><html>"}, "", true},
		"a BOM and HTML":  {answer{200, "\uFEFF<html>"}, "", true},
		"another API":     {answer{200, `{"error":"not here"}`}, "", true},
		"another list":    {answer{200, `[]`}, "", true},
		"not found":       {answer{404, ""}, "", true},
		"wants a log-in":  {answer{401, ""}, "", true},
		"a redirect":      {answer{302, ""}, "", true},
		"a broken server": {answer{503, ""}, "", false},
	} {
		c, f := client(t, map[string][]answer{getBanner: {tc.answer}})
		got, err := c.Banner(t.Context())
		failed := tc.answer.status != 200 || tc.none
		if got != tc.want || (err != nil) != failed || errors.Is(err, supervisor.ErrNotSupervisor) != tc.none {
			t.Errorf("%s: %q, %v", name, got, err)
		}
		if f.requests[0].Header.Get("Authorization") != "" {
			t.Errorf("%s: asking for the banner sends credentials", name)
		}
	}
}

func TestALongBannerIsCut(t *testing.T) {
	c, _ := client(t, map[string][]answer{"GET /wcp/loginbanner": ok(strings.Repeat("x", 1<<20))})
	if got, err := c.Banner(t.Context()); err != nil || len(got) != 64<<10 {
		t.Errorf("%d bytes, %v", len(got), err)
	}
}
