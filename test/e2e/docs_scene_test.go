package e2e

import (
	"context"
	"fmt"
	"net"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"strings"
	"testing"
	"time"
)

// stage is where a block is run: a home of its own, a user of its own, and names of the page that stand for names of the lab.
type stage struct {
	*registryHome
	names    [][2]string // of the page, of the lab
	terminal bool
	answers  map[string]string // prompts of a terminal, and what is typed
}

// scenes are what a block can ask for, in the words of its comment.
var scenes = map[string]func(*testing.T, *stage){
	"terminal":           func(_ *testing.T, s *stage) { s.terminal = true; s.setenv("KUBECTL_VSPHERE_PASSWORD", "") },
	"logged in":          func(t *testing.T, s *stage) { s.login(t, s.user) },
	"session ended":      sceneEnded,
	"pods":               scenePods,
	"registry":           sceneRegistry,
	"docker":             sceneDocker,
	"registry added":     func(t *testing.T, s *stage) { s.ok(t, "kubectl-vsphere", "registry", "add", s.host) },
	"identity provider":  sceneIdentity,
	"vcenter":            sceneVCenter,
	"administrator":      sceneAdministrator,
	"own issuer":         sceneOwnIssuer,
	"harbor with issuer": sceneHarborWithIssuer,
}

// newStage has no session yet. The password is in the environment, as in a job, unless a scene takes it out.
func newStage(t *testing.T, b consoleBlock) *stage {
	t.Helper()
	h := helperHome(t)
	u, err := addUser(fmt.Sprintf("%s-%d", strings.ToLower(pageName(b.page)), b.line), "lister", "ns1")
	if err != nil {
		t.Fatal(err)
	}
	h.user = u
	s := &stage{registryHome: h, answers: map[string]string{"Password: ": u.Password, "[y/N] ": "y"}}
	s.setenv("KUBECTL_VSPHERE_PASSWORD", u.Password)
	s.setenv("SSL_CERT_FILE", filepath.Join(h.dir, "no-roots"))
	s.name("10.0.0.1", site.Supervisors[0].Server)
	s.name("10.0.0.9", strings.TrimSuffix(tkc1(t), ":6443"))
	s.name("dev@vsphere.local", u.Username)
	s.name("/home/dev", h.dir)
	s.name("/etc/docker", filepath.Join(h.dir, "etc", "docker"))
	s.write(t, "vcenter-ca.pem", string(readFile(t, site.Supervisors[0].CA)))
	s.write(t, "front/sudo", "#!/bin/sh\nexec \"$@\"\n")
	if err := os.Chmod(filepath.Join(h.dir, "front", "sudo"), 0o700); err != nil {
		t.Fatal(err)
	}
	if err := os.Symlink(bin, filepath.Join(h.dir, "bin")); err != nil {
		t.Fatal(err)
	}
	for _, name := range b.scenes {
		scene := scenes[name]
		if scene == nil {
			t.Fatalf("unknown scene %q", name)
		}
		scene(t, s)
	}
	return s
}

// name makes a name of the page stand for one of the lab. The last one of a name counts.
func (s *stage) name(page, lab string) {
	s.names = append([][2]string{{page, lab}}, s.names...)
}

// command is a command of the page with the names of the lab.
func (s *stage) command(text string) string {
	seen := map[string]bool{}
	for _, n := range s.names {
		if !seen[n[0]] {
			text = regexp.MustCompile(`\B`+regexp.QuoteMeta(n[0])+`\b|\b`+regexp.QuoteMeta(n[0])+`\b`).ReplaceAllLiteralString(text, n[1])
		}
		seen[n[0]] = true
	}
	return text
}

// output is what the lab printed with the names of the page.
func (s *stage) output(text string) string {
	for _, n := range s.names {
		text = strings.ReplaceAll(text, n[1], n[0])
	}
	for _, n := range s.names { // A host is shown without its port, too.
		if host, _, err := net.SplitHostPort(n[1]); err == nil {
			page, _, _ := strings.Cut(n[0], ":")
			text = strings.ReplaceAll(text, host, page)
		}
	}
	return text
}

// run runs a command of the page and returns what a person sees.
func (s *stage) run(t *testing.T, step consoleStep) ([]string, int) {
	t.Helper()
	command := s.command(step.command)
	dir := s.dir
	if target, ok := strings.CutPrefix(step.command, "make "); ok {
		command, dir = "make -n "+target, "../.." // what it would do: the tests were built by it
	}
	ctx, cancel := context.WithTimeout(t.Context(), 2*patience)
	defer cancel()
	cmd := exec.CommandContext(ctx, "bash", "-c", command)
	cmd.Env, cmd.Dir = s.env, dir
	if !s.terminal {
		out, err := cmd.CombinedOutput()
		return align(shown(s.output(string(out)))), exitCode(err)
	}
	term := watch(t, cmd)
	go s.answer(term)
	code := term.wait()
	return align(shown(s.output(term.output()))), code
}

// answer types what each prompt wants, once each time that it appears.
func (s *stage) answer(term *terminal) {
	given := map[string]int{}
	for {
		for prompt, answer := range s.answers {
			if strings.Count(term.output(), prompt) > given[prompt] {
				given[prompt]++
				_, _ = term.master.WriteString(answer + "\r")
			}
		}
		select {
		case <-term.read:
			return
		case <-time.After(10 * time.Millisecond):
		}
	}
}

func sceneEnded(t *testing.T, s *stage) {
	s.ended(t, s.user)
	s.setenv("KUBECTL_VSPHERE_PASSWORD", "")
}

// sceneVCenter names the vCenter. Its address is the beginning of others, which is why not every block has its name.
func sceneVCenter(_ *testing.T, s *stage) { s.name("vcenter.example.com", site.VCenter.Host) }

// sceneAdministrator gives the page's administrator an account, whose password is at hand.
func sceneAdministrator(t *testing.T, s *stage) {
	u, err := addUser(s.user.Username[:strings.Index(s.user.Username, "@")]+"-admin", "admin")
	if err != nil {
		t.Fatal(err)
	}
	s.name("admin@vsphere.local", u.Username)
	s.name("10.0.0.2", site.Supervisors[1].Server)
	s.setenv("KUBECTL_VSPHERE_PASSWORD", u.Password)
}

// scenePods puts a pod that runs into tkc1. Nothing there would start it.
func scenePods(t *testing.T, s *stage) {
	const pod = `{"apiVersion":"v1","kind":"ServiceAccount","metadata":{"name":"default"}}
{"apiVersion":"v1","kind":"Pod","metadata":{"name":"web-0"},"spec":{"automountServiceAccountToken":false,"containers":[{"name":"web","image":"web"}]}}`
	const running = `{"status":{"phase":"Running","containerStatuses":[{"name":"web","ready":true,"restartCount":0,
		"image":"web","imageID":"","state":{"running":{"startedAt":"2026-01-01T00:00:00Z"}}}]}}`
	admin := "kubectl --kubeconfig '" + site.Supervisors[0].Clusters[0].AdminKubeconfig + "' -n default "
	script := admin + "apply -f pod.json && " + admin + "patch pod web-0 --subresource=status -p '" + running + "'"
	s.write(t, "pod.json", pod)
	s.ok(t, "bash", "-c", script)
}

func sceneRegistry(_ *testing.T, s *stage) { s.name("10.0.0.5", site.Registry.Host) }

// sceneDocker has an engine that trusts the registry, and the image hello:1 in it. It skips the test if there is no engine.
func sceneDocker(t *testing.T, s *stage) {
	s.dockerd(t)
	s.write(t, "Dockerfile", "FROM scratch\nCOPY vcenter-ca.pem /\n")
	s.setenv("DOCKER_BUILDKIT", "0")
	s.ok(t, "docker", "build", "-q", "-t", s.ref("hello:1"), ".")
}

// sceneIdentity is a Supervisor with an identity provider that wants a browser. The browser logs the person in.
func sceneIdentity(t *testing.T, s *stage) {
	s.name("10.0.0.1", newIssuer(t, map[string]any{"providers": []string{"lab-dex"}}).server)
	s.person(t)
}

// sceneOwnIssuer is an API server that trusts Dex.
func sceneOwnIssuer(t *testing.T, s *stage) {
	s.name("api.example.com", strings.TrimSuffix(tkc1(t), ":6443"))
	s.name("https://dex.example.com", site.OIDC.Issuer)
	s.name("--oidc-client-id kubectl", "--oidc-client-id "+site.OIDC.ClientID)
	s.write(t, "ca.pem", string(readFile(t, filepath.Join(labDir(), "tkg1", "ca.crt"))))
	s.setenv("SSL_CERT_FILE", site.OIDC.CA)
	s.person(t)
}

// sceneHarborWithIssuer is a login by an identity provider, and a Harbor that has the same one.
func sceneHarborWithIssuer(t *testing.T, s *stage) {
	i := newIssuer(t, nil)
	s.name("10.0.0.1", i.server)
	person := map[string]any{"username": s.user.Username, "password": "CLI-secret-7", "projects": map[string]string{"ns1": "push"}}
	s.name("harbor.example.com", newRegistry(t, map[string]any{"mode": "oidc_auth", "clientID": "harbor", "users": []any{person}}))
	i.password(t, s.home, s.user, "--workload-clusters", "none")
}

// person logs in on every page that a browser is to open.
func (s *stage) person(t *testing.T) {
	t.Helper()
	opened := s.fakeBrowser(t)
	ctx, cancel := context.WithCancel(context.Background())
	done := make(chan struct{})
	t.Cleanup(func() { cancel(); <-done })
	go func() {
		defer close(done)
		for n := 0; ; {
			if pages := opened(); len(pages) > n {
				n++
				if _, err := browse(t, pages[n-1], s.user.Username, s.user.Password); err != nil {
					t.Errorf("the browser: %v", err)
				}
			}
			select {
			case <-ctx.Done():
				return
			case <-time.After(10 * time.Millisecond):
			}
		}
	}()
}
