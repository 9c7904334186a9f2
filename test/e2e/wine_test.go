package e2e

import (
	"encoding/json"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"strconv"
	"strings"
	"sync"
	"syscall"
	"testing"
	"time"
)

// wine is a Windows of one test: a prefix, and a home that is not the user's.
type wine struct {
	t     *testing.T
	home  *home
	umask string // of all that Wine creates: it makes access control lists of modes
}

// randomness is a bcryptprimitives.dll for a Wine that has none: Go programs get random bytes from its ProcessPrng.
const randomness = `
	.text
	.globl ProcessPrng
ProcessPrng:
	jmp *__imp_SystemFunction036(%rip)
	.globl DllMain
DllMain:
	movl $1, %eax
	ret
	.section .drectve
	.ascii " -export:ProcessPrng"
`

// newWine makes a Windows, or skips the test where Wine is not installed. With the umask 022, what a program creates is for everybody to read
// unless it asks for something else.
func newWine(t *testing.T, umask string) *wine {
	t.Helper()
	for program, pkg := range map[string]string{"wine": "wine and wine64", "wineserver": "wine", "x86_64-w64-mingw32-ld": "binutils-mingw-w64-x86-64"} {
		if _, err := exec.LookPath(program); err != nil {
			t.Skipf("%s is not installed (Debian's %s); .ci/run installs it", program, pkg)
		}
	}
	if _, err := os.Stat(filepath.Join(bin, "windows", "kubectl.exe")); err != nil {
		t.Fatalf("%v (make cross makes it)", err)
	}
	h := newHome(t)
	h.env = append(h.env, "WINEPREFIX="+filepath.Join(h.dir, "prefix"), "WINEDEBUG=-all", "WINEDLLOVERRIDES=mscoree,mshtml=", "LC_ALL=C.UTF-8")
	w := &wine{t: t, home: h, umask: umask}
	t.Cleanup(func() {
		_, _ = w.host("wineserver", "-k")
		all, _ := filepath.Glob("/proc/[0-9]*/environ")
		for _, path := range all { // It does not always find its server.
			text, _ := os.ReadFile(path)
			pid, err := strconv.Atoi(filepath.Base(filepath.Dir(path)))
			if err == nil && strings.Contains("\x00"+string(text), "\x00WINEPREFIX="+filepath.Join(h.dir, "prefix")+"\x00") {
				_ = syscall.Kill(pid, syscall.SIGKILL)
			}
		}
	})
	if err := os.Mkdir(filepath.Join(h.dir, "prefix"), 0o700); err != nil {
		t.Fatal(err)
	}
	w.must(w.host("wineserver", "--persistent")) // Else it ends between two programs, and a third may come just then.
	w.must(w.host("wine", "wineboot", "--init"))
	if dll := w.unix(`C:\windows\system32\bcryptprimitives.dll`); !exists(dll) {
		w.write(filepath.Join(h.dir, "random.s"), randomness)
		w.write(filepath.Join(h.dir, "advapi32.def"), "LIBRARY advapi32.dll\nEXPORTS\nSystemFunction036\n")
		w.must(w.host("x86_64-w64-mingw32-as", "random.s", "-o", "random.o"))
		w.must(w.host("x86_64-w64-mingw32-dlltool", "-d", "advapi32.def", "-l", "advapi32.a"))
		w.must(w.host("x86_64-w64-mingw32-ld", "-shared", "-e", "DllMain", "-o", dll, "random.o", "advapi32.a"))
	}
	return w
}

func exists(path string) bool {
	_, err := os.Stat(path)
	return err == nil
}

func (w *wine) write(path, text string) {
	w.t.Helper()
	if err := os.MkdirAll(filepath.Dir(path), 0o700); err != nil {
		w.t.Fatal(err)
	}
	if err := os.WriteFile(path, []byte(text), 0o600); err != nil {
		w.t.Fatal(err)
	}
}

// hostCommand is a command of this machine, such as wine.
func (w *wine) hostCommand(args ...string) *exec.Cmd {
	return w.home.command(append([]string{"sh", "-c", "umask " + w.umask + `; exec "$@"`, "sh"}, args...)...)
}

// host runs a program of this machine.
func (w *wine) host(args ...string) (output string, code int) {
	return w.start("", nil, args...)()
}

func (w *wine) must(output string, code int) string {
	w.t.Helper()
	if code != 0 {
		w.t.Fatalf("exit %d\n%s", code, output)
	}
	return output
}

// start starts a program of this machine; wait returns how it ended. Its output goes to a file, since Wine's servers would hold a pipe open.
func (w *wine) start(stdin string, env []string, args ...string) (wait func() (output string, code int)) {
	w.t.Helper()
	out, err := os.CreateTemp(w.home.dir, "out-")
	if err != nil {
		w.t.Fatal(err)
	}
	c := w.hostCommand(args...)
	c.Env = append(c.Env, env...)
	c.Stdin, c.Stdout, c.Stderr = strings.NewReader(stdin), out, out
	if err := c.Start(); err != nil {
		w.t.Fatal(err)
	}
	return func() (string, int) {
		code := exitCode(c.Wait())
		text, err := os.ReadFile(out.Name())
		if err != nil {
			w.t.Error(err)
		}
		_ = out.Close()
		return strings.ReplaceAll(string(text), "\r\n", "\n"), code
	}
}

// run runs a Windows program by its path there.
func (w *wine) run(args ...string) (output string, code int) {
	return w.start("", nil, append([]string{"wine"}, args...)...)()
}

// ok runs a Windows program that must succeed.
func (w *wine) ok(args ...string) string {
	w.t.Helper()
	out, code := w.run(args...)
	if code != 0 {
		w.t.Fatalf("%s: exit %d\n%s", strings.Join(args, " "), code, out)
	}
	return out
}

// unix is where a path of drive C: is.
func (w *wine) unix(path string) string {
	return filepath.Join(w.home.dir, "prefix", "drive_c", strings.ReplaceAll(strings.TrimPrefix(path, `C:\`), `\`, "/"))
}

// windows is what Wine calls a path of this machine.
func windows(path string) string { return "Z:" + strings.ReplaceAll(path, "/", `\`) }

// says fails unless text has all of the words.
func says(t *testing.T, text string, words ...string) {
	t.Helper()
	for _, word := range words {
		if !strings.Contains(text, word) {
			t.Errorf("no %q in:\n%s", word, text)
		}
	}
}

// winSite is a Windows with the programs in C:\vsphere, first on PATH, and a user of the lab.
type winSite struct {
	*wine
	user   user
	login  []string // the command that logs in, without a source of a password
	store  string   // a path of this machine, as the next one
	config string
}

func newWinSite(t *testing.T) *winSite {
	t.Helper()
	w := &winSite{wine: newWine(t, "022"), user: newUser(t, "ns1")}
	for _, name := range []string{"kubectl-vsphere.exe", "docker-credential-vsphere.exe", "kubectl.exe"} {
		text, err := os.ReadFile(filepath.Join(bin, "windows", name))
		if err != nil {
			t.Fatal(err)
		}
		w.write(w.unix(`C:\vsphere\`+name), string(text))
	}
	w.home.env = append(w.home.env, `WINEPATH=C:\vsphere`)
	profile := strings.TrimSpace(w.ok("cmd", "/c", "echo", "%USERPROFILE%"))
	local := strings.TrimSpace(w.ok("cmd", "/c", "echo", "%LOCALAPPDATA%"))
	w.store, w.config = w.unix(local+`\kubectl-vsphere`), w.unix(profile+`\.kube\config`)
	w.login = []string{`C:\vsphere\kubectl-vsphere.exe`, "login", "--server", site.Supervisors[0].Server, "-u", w.user.Username,
		"--certificate-authority", windows(site.Supervisors[0].CA), "--workload-clusters", "none"}
	return w
}

// asUser runs a login with the password in the environment.
func (w *winSite) loginWith(env []string, flags ...string) (output string, code int) {
	return w.start("", env, append(append([]string{"wine"}, w.login...), flags...)...)()
}

func (w *winSite) password() []string { return []string{"KUBECTL_VSPHERE_PASSWORD=" + w.user.Password} }

// renew gets a new token without a password in the environment.
func (w *winSite) renew() (output string, code int) {
	return w.run(`C:\vsphere\kubectl-vsphere.exe`, "get-token", "--server", site.Supervisors[0].Server, "--user", w.user.Username, "--force-refresh")
}

// A person on Windows, from the first login to the logout, with the programs and the kubectl that people have there.
func TestWine(t *testing.T) {
	t.Parallel()
	w := newWinSite(t)
	steps := []struct {
		name string
		do   func(*testing.T)
	}{
		{"version", w.version}, {"login with a variable", w.withVariable}, {"kubectl", w.kubectl}, {"status", w.status},
		{"login with a prompt", w.withPrompt}, {"Credential Manager", w.credentialManager}, {"batch file", w.batchFile},
		{"locks", w.locks}, {"two logins", w.twoLogins}, {"install-helper", w.installHelper}, {"docker", w.docker},
		{"permissions", w.permissions}, {"unreachable", w.unreachable}, {"logout", w.logout},
	}
	for _, s := range steps { // Each goes on where the one before ended.
		if !t.Run(s.name, func(t *testing.T) {
			w.t = t
			s.do(t)
		}) {
			break
		}
	}
	w.t = t
}

func (w *winSite) version(t *testing.T) {
	says(t, w.ok(`C:\vsphere\kubectl-vsphere.exe`, "version"), "windows/amd64")
	says(t, w.ok(`C:\vsphere\docker-credential-vsphere.exe`, "version"), "docker-credential-vsphere")
}

func (w *winSite) withVariable(t *testing.T) {
	w.must(w.loginWith(w.password()))
	text := read(t, w.config)
	says(t, text, "command: kubectl-vsphere", "name: ns1")
	if strings.Contains(text, "token:") || strings.Contains(text, "eyJ") {
		t.Error("there is a token in the kubeconfig")
	}
}

// kubectl.exe finds kubectl-vsphere.exe by PATH and runs get-token, once as a plugin of kubectl and once for a credential.
func (w *winSite) kubectl(t *testing.T) {
	w.ok(`C:\vsphere\kubectl.exe`, "--context", "ns1", "create", "configmap", "wine", "--from-literal=a=b")
	says(t, w.ok(`C:\vsphere\kubectl.exe`, "--context", "ns1", "get", "configmap", "wine", "-o", "jsonpath={.data.a}"), "b")
	w.ok(`C:\vsphere\kubectl.exe`, "--context", "ns1", "delete", "configmap", "wine")
	says(t, w.ok(`C:\vsphere\kubectl.exe`, "vsphere", "version"), "windows/amd64")
}

func (w *winSite) status(t *testing.T) {
	says(t, w.ok(`C:\vsphere\kubectl-vsphere.exe`, "status"), w.user.Username, site.Supervisors[0].Server)
}

// A console of Windows: the program asks, and does not show what is typed.
func (w *winSite) withPrompt(t *testing.T) {
	term := watch(t, w.hostCommand(append([]string{"wine"}, w.login...)...))
	term.expect("Password:")
	term.expectHidden() // Wine takes the terminal over when something is read.
	term.enter(w.user.Password + "\r")
	if code := term.wait(); code != 0 || strings.Contains(term.output(), w.user.Password) {
		t.Errorf("exit %d, or it shows the password:\n%q", code, term.output())
	}
}

func (w *winSite) credentialManager(t *testing.T) {
	w.must(w.loginWith(w.password(), "--save-password"))
	says(t, w.must(w.renew()), `"token":`)
	w.must(w.loginWith(w.password(), "--save-password=false"))
	out, code := w.renew()
	if code == 0 {
		t.Error("the password is still there")
	}
	says(t, out, "kubectl vsphere login --server "+site.Supervisors[0].Server+" -u "+w.user.Username)
}

// A batch file gives the password: its path has backslashes and a space.
func (w *winSite) batchFile(t *testing.T) {
	w.write(w.unix(`C:\my tools\pw.cmd`), "@echo off\r\necho "+w.user.Password+"\r\n")
	w.write(w.unix(`C:\tools\pw.cmd`), "@echo "+w.user.Password+"\r\n")
	w.must(w.loginWith(nil, "--password-command", `C:\tools\pw.cmd`))
	w.must(w.loginWith(nil, "--password-command", `"C:\my tools\pw.cmd" ops`))
	says(t, w.must(w.renew()), `"token":`)
	out, code := w.loginWith(nil, "--password-command", `"C:\my tools\pw.cmd" a&b`)
	if code != 2 {
		t.Errorf("exit %d", code)
	}
	says(t, out, "is a batch file")
	w.ok(`C:\vsphere\kubectl-vsphere.exe`, "logout") // Else the command renews all that follows.
	w.must(w.loginWith(w.password()))
}

// The lock of a kubectl that was killed is broken, and that of one that runs is waited for.
func (w *winSite) locks(t *testing.T) {
	lock := w.config + ".lock"
	w.write(lock, "")
	old := time.Now().Add(-2 * time.Minute)
	if err := os.Chtimes(lock, old, old); err != nil {
		t.Fatal(err)
	}
	w.ok(`C:\vsphere\kubectl.exe`, "config", "get-contexts") // It only reads.
	if err := os.Remove(w.config); err != nil {
		t.Fatal(err)
	}
	says(t, w.must(w.loginWith(w.password())), "Removed the stale lock")
	if exists(lock) || !exists(w.config) {
		t.Error("the lock is left, or no kubeconfig was written")
	}
	if err := os.Remove(w.config); err != nil {
		t.Fatal(err)
	}
	w.write(lock, "")
	out, code := w.loginWith(w.password())
	if code == 0 || exists(w.config) {
		t.Errorf("exit %d: a kubeconfig was written under a lock", code)
	}
	says(t, out, "is locked by", `.kube\config.lock; wait for the kubectl that is using it; if there is none, delete `)
	if err := os.Remove(lock); err != nil {
		t.Fatal(err)
	}
	w.must(w.loginWith(w.password()))
}

func (w *winSite) twoLogins(t *testing.T) {
	second, err := addUser("wine-second", "", "ns3")
	if err != nil {
		t.Fatal(err)
	}
	args := append([]string{"wine"}, w.login...)
	other := append([]string{}, args...)
	for i, word := range other {
		if word == w.user.Username {
			other[i] = second.Username
		}
	}
	var wg sync.WaitGroup
	for _, wait := range []func() (string, int){
		w.start("", w.password(), args...), w.start("", []string{"KUBECTL_VSPHERE_PASSWORD=" + second.Password}, other...),
	} {
		wg.Go(func() {
			if out, code := wait(); code != 0 {
				t.Errorf("exit %d\n%s", code, out)
			}
		})
	}
	wg.Wait()
	text := read(t, w.config)
	says(t, text, "name: ns1", "name: ns3", w.user.Username, second.Username)
	w.ok(`C:\vsphere\kubectl-vsphere.exe`, "logout", "--server", site.Supervisors[0].Server, "-u", second.Username)
}

// The copy is known as ours, and the login after an upgrade renews it.
func (w *winSite) installHelper(t *testing.T) {
	w.write(w.unix(`C:\tools\x`), "")
	for range 2 {
		says(t, w.ok(`C:\vsphere\kubectl-vsphere.exe`, "registry", "install-helper", `C:\tools`), `is now at C:\tools\docker-credential-vsphere.exe`)
	}
	newer := read(t, w.unix(`C:\vsphere\docker-credential-vsphere.exe`)) + "newer"
	w.write(w.unix(`C:\vsphere\docker-credential-vsphere.exe`), newer)
	w.must(w.loginWith(w.password()))
	if read(t, w.unix(`C:\tools\docker-credential-vsphere.exe`)) != newer {
		t.Error("the copy is of the earlier version")
	}
	w.write(w.unix(`C:\tools\docker-credential-vsphere.exe`), "theirs")
	if out, code := w.run(`C:\vsphere\kubectl-vsphere.exe`, "registry", "install-helper", `C:\tools`); code == 0 {
		t.Errorf("another program was replaced:\n%s", out)
	}
	w.ok(`C:\vsphere\kubectl-vsphere.exe`, "registry", "install-helper", `C:\tools`, "--force")
}

// What docker does: it starts the helper and writes the server URL. Once from the store, and once after a renewal.
func (w *winSite) docker(t *testing.T) {
	w.ok(`C:\vsphere\kubectl-vsphere.exe`, "registry", "add", site.Registry.Host)
	get := func(env []string) (string, int) {
		return w.start(site.Registry.Host+"\n", env, "wine", `C:\tools\docker-credential-vsphere.exe`, "get")()
	}
	hit := w.must(get(nil))
	var login struct{ ServerURL, Username, Secret string }
	if err := json.Unmarshal([]byte(hit), &login); err != nil || login.Username == "" || login.Secret == "" {
		t.Errorf("%v: %q", err, hit)
	}
	for _, path := range w.files("credentials") {
		if err := os.Remove(path); err != nil {
			t.Fatal(err)
		}
	}
	out, code := get(nil)
	if code == 0 {
		t.Error("a token without a password")
	}
	says(t, out, fmt.Sprintf("kubectl vsphere login --server %s -u %s", site.Supervisors[0].Server, w.user.Username))
	says(t, w.must(get(w.password())), `"Secret"`)
}

// files are those in a directory of the store.
func (w *winSite) files(dir string) []string {
	all, err := filepath.Glob(filepath.Join(w.store, dir, "*.json"))
	if err != nil || len(all) == 0 {
		w.t.Errorf("no files in %s: %v", dir, err)
	}
	return all
}

// Wine keeps the list of a file as its mode; administrators are the group. Without a list of ours, others could read it.
func (w *winSite) permissions(t *testing.T) {
	for _, path := range append(append(w.files("sessions"), w.files("credentials")...), w.store, filepath.Join(w.store, "sessions"), w.config) {
		if info, err := os.Stat(path); err != nil || info.Mode().Perm()&0o007 != 0 {
			t.Errorf("%s: %v", path, err)
		}
	}
	if err := os.Chmod(w.store, 0o777); err != nil {
		t.Fatal(err)
	}
	for _, command := range []string{"status", "login"} {
		out, code := w.run(append([]string{w.login[0], command}, map[string][]string{"login": w.login[2:]}[command]...)...)
		if code == 0 {
			t.Errorf("%s uses a store of everybody:\n%s", command, out)
		}
		says(t, out, "can be used by other people (Everyone)", "type: icacls C:", `/inheritance:r /remove:g "*S-1-1-0" /grant:r "*`)
	}
	if err := os.Chmod(w.store, 0o700); err != nil {
		t.Fatal(err)
	}
}

func (w *winSite) unreachable(t *testing.T) {
	out, code := w.run(`C:\vsphere\kubectl-vsphere.exe`, "login", "--server", "127.0.0.1:1", "-u", w.user.Username)
	if code != 4 {
		t.Errorf("exit %d", code)
	}
	says(t, out, "connection refused")
}

func (w *winSite) logout(t *testing.T) {
	w.must(w.loginWith(w.password(), "--save-password"))
	w.ok(`C:\vsphere\kubectl-vsphere.exe`, "logout")
	for _, dir := range []string{"sessions", "credentials"} {
		if left, _ := filepath.Glob(filepath.Join(w.store, dir, "*.json")); len(left) > 0 {
			t.Errorf("left: %q", left)
		}
	}
	if text := read(t, w.config); strings.Contains(text, "ns1") {
		t.Errorf("left:\n%s", text)
	}
	if _, code := w.renew(); code == 0 {
		t.Error("a renewal after the logout")
	}
}
