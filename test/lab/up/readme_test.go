package up

import (
	"encoding/json"
	"net/url"
	"os"
	"os/exec"
	"regexp"
	"slices"
	"strings"
	"testing"

	"github.com/kubectl-vsphere/kubectl-vsphere/test/lab/lab"
)

// section returns a part of the README, with the addresses of this lab.
func section(t *testing.T, title string) string {
	t.Helper()
	text, err := os.ReadFile("../README.md")
	if err != nil {
		t.Fatal(err)
	}
	_, part, ok := strings.Cut(string(text), "\n## "+title+"\n")
	if !ok {
		t.Fatalf("the README has no section %s", title)
	}
	part, _, _ = strings.Cut(part, "\n## ")
	part = strings.ReplaceAll(part, "127.77.1.11", site.Supervisors[0].Server)
	return strings.ReplaceAll(part, "127.77.1.2/", site.VCenter.Host+"/")
}

// blocks are the code blocks of a language, each with the text before it.
func blocks(text, language string) [][2]string {
	var all [][2]string
	for {
		before, after, ok := strings.Cut(text, "```"+language+"\n")
		if !ok {
			return all
		}
		block, rest, _ := strings.Cut(after, "```\n")
		all = append(all, [2]string{before, block})
		text = rest
	}
}

// The commands of the section about the vCenter print what it says.
func TestReadmeOfTheVCenter(t *testing.T) {
	if _, err := exec.LookPath("curl"); err != nil {
		t.Skip("curl is not installed")
	}
	all := blocks(section(t, "vCenter"), "console")
	if len(all) != 1 {
		t.Fatalf("%d blocks", len(all))
	}
	var script, want string
	command := false
	for line := range strings.Lines(all[0][1]) {
		typed, first := strings.CutPrefix(line, "$ ")
		switch {
		case first, command:
			script += typed
		default:
			want += line
		}
		command = (first || command) && strings.HasSuffix(line, "\\\n")
	}
	cmd := exec.Command("sh", "-ec", strings.ReplaceAll(script, "ca.pem", site.VCenter.CA))
	out, err := cmd.CombinedOutput()
	pattern := strings.ReplaceAll(regexp.QuoteMeta(strings.TrimSpace(want)), "…", ".*")
	if err != nil || !regexp.MustCompile("^"+pattern+"$").MatchString(strings.TrimSpace(string(out))) {
		t.Errorf("%v: %s\nand not %s", err, out, want)
	}
}

var (
	posted = regexp.MustCompile("`POST \\w+`")
	// listed is a request in running text, perhaps with the fields of its body and of its reply.
	listed = regexp.MustCompile("`((?:GET|POST|DELETE) [^`]+)`( with `(\\{[^`]+\\})`)?(?:[^`]*returns\\s`(\\{[^`]+\\})`)?")
)

// All requests of the section about the admin API work, with the bodies that it shows or the fields that it lists.
func TestReadmeOfTheAdminAPI(t *testing.T) {
	text := section(t, "Admin API")
	bodies := map[string]map[string]any{} // by the request
	for _, b := range blocks(text, "json") {
		before := posted.FindAllString(b[0], -1)
		var body map[string]any
		if err := json.Unmarshal([]byte(b[1]), &body); err != nil || len(before) == 0 {
			t.Fatalf("%s: %v", b[1], err)
		}
		bodies[strings.Trim(before[len(before)-1], "`")] = body
	}
	if len(bodies) != 4 {
		t.Fatalf("%d bodies", len(bodies))
	}
	values := map[string]any{
		"supervisor": 1, "namespace": "readme", "name": "readme", "endpoint": "fake", "twin": true, "paused": true, "password": "another",
		"url": "https://" + site.OIDC.Server + "/", "username": "eve@vsphere.local",
	}
	requests := listed.FindAllStringSubmatch(text, -1)
	if len(requests) < 17 {
		t.Errorf("only %d requests: the test does not see them", len(requests))
	}
	fault := ""
	for _, r := range requests {
		method, path, _ := strings.Cut(r[1], " ")
		body := bodies[r[1]]
		if r[3] != "" {
			body = map[string]any{}
			for _, name := range fieldsOf(r[3]) {
				body[name] = values[name]
			}
			bodies[r[1]] = body
		}
		if r[1] == "DELETE clusters" { // It has the same fields.
			body = bodies["POST clusters"]
		}
		path = strings.NewReplacer("NAME", url.QueryEscape("eve@vsphere.local"), "HOST", site.Registry.Host, "=ID", "="+fault).Replace(path)
		var got any
		if err := site.Do(t.Context(), lab.Request{Method: method, Path: path, Body: body, Into: &got}); err != nil {
			t.Errorf("%s %v: %v", r[1], body, err)
		}
		reply, _ := got.(map[string]any)
		if id, ok := reply["id"].(string); ok {
			fault = id
		}
		for name := range reply {
			if r[4] != "" && !slices.Contains(fieldsOf(r[4]), name) {
				t.Errorf("%s: %v and not %s", r[1], reply, r[4])
			}
		}
		if r[4] != "" && len(reply) == 0 {
			t.Errorf("%s: nothing, and not %s", r[1], r[4])
		}
	}
	if fault == "" {
		t.Error("no fault was switched on")
	}
}

// fieldsOf are the names in a span such as {"page", "error"}.
func fieldsOf(span string) []string {
	var all []string
	for _, f := range regexp.MustCompile(`"(\w+)"`).FindAllStringSubmatch(span, -1) {
		all = append(all, f[1])
	}
	return all
}
