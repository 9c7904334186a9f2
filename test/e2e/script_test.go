package e2e

import (
	"archive/zip"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"net"
	"net/http"
	"net/url"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"strconv"
	"strings"
	"testing"

	"github.com/rogpeppe/go-internal/testscript"

	"github.com/kubectl-vsphere/kubectl-vsphere/test/e2e/script"
)

// TestScripts runs testdata/*.txt. Beside testscript's own commands they have
//
//	run CODE PROGRAM ARGS…          runs a program that must end with this exit code
//	lab user NAME NAMESPACES [ROLE] makes an account; $NAME is its user name
//	lab password NAME PASSWORD      changes its password
//	lab namespace SUPERVISOR NAME   makes a vSphere Namespace
//	lab cluster JSON                makes a TKG cluster
//	lab fault JSON                  switches a fault on; $FAULT is its ID
//	lab mend [ID]                   switches a fault off
//	lab front SUPERVISOR            one more address of a Supervisor; $FRONT
//	lab log NAME                    the requests of an account, sorted, on stdout
//	lab clear NAME                  forgets them
//	lab failures NAME N             compares how many wrong passwords count at the moment
//	sed FILE OLD NEW                replaces a text in a file
//	names FILE                      replaces the lab's addresses and user names by their names, for cmp
//	keep NAME                       makes $NAME of stdout
//	unzip FILE                      the texts in an archive, on stdout
//	json PATH VALUE                 compares a value of the JSON on stdout; items of a list go by their name or number
//	fetch CODE URL                  gets a URL of a Supervisor's front, which must answer this status
//	key NAME                        makes a private key; $NAME_pkcs1 and $NAME_spki are its public keys
//	decrypt NAME BASE64             what was encrypted for the key (RSA-OAEP-SHA512), on stdout
//	sshd ADDRESS KEYFILE            a node of a cluster that lets in who has the key, until the script ends
func TestScripts(t *testing.T) {
	testscript.Run(t, testscript.Params{
		Dir:                 "testdata",
		Setup:               setup,
		RequireExplicitExec: true,
		Cmds: map[string]func(*testscript.TestScript, bool, []string){
			"run": script.Run, "lab": labCommand, "sed": sedCommand, "names": namesCommand, "keep": script.Keep, "json": jsonCommand, "unzip": unzipCommand, "fetch": script.Fetch,
			"key": script.Key, "decrypt": script.Decrypt,
			"sshd": script.SSHD,
		},
		Condition: condition,
	})
}

// setup gives each script a home of its own and the names of the lab's parts.
func setup(env *testscript.Env) error {
	home := filepath.Join(env.WorkDir, "home")
	if err := os.Mkdir(home, 0o700); err != nil {
		return err
	}
	env.Setenv("HOME", home)
	env.Setenv("PATH", bin+string(os.PathListSeparator)+os.Getenv("PATH"))
	env.Setenv("BIN", bin)
	env.Setenv("PASSWORD", password)
	admin, err := url.Parse(site.Admin)
	if err != nil {
		return err
	}
	env.Setenv("ADMINHOST", admin.Host) // plain http
	env.Setenv("VCENTER", strings.Replace(site.Supervisors[0].Server, ".11", ".2", 1))
	env.Setenv("TKGCA", filepath.Join(filepath.Dir(site.Supervisors[0].CA), "tkg1", "ca.crt"))
	for i, s := range site.Supervisors {
		n := strconv.Itoa(i + 1)
		host := s.Server
		if h, _, err := net.SplitHostPort(host); err == nil {
			host = h
		}
		env.Setenv("SERVER"+n, s.Server)
		env.Setenv("HOST"+n, host)
		env.Setenv("TKG"+n, strings.TrimSuffix(host, "1"+n)+"2"+n)  // 127.A.B.11 has its cluster at 127.A.B.21
		env.Setenv("NODE"+n, strings.TrimSuffix(host, "1"+n)+"220") // where no part of the lab listens
		env.Setenv("JUMP"+n, strings.TrimSuffix(host, "1"+n)+"221") // nor here
		env.Setenv("CA", s.CA)
		env.Setenv("ADMINCONFIG"+n, s.AdminKubeconfig)
	}
	return nil
}

func condition(cond string) (bool, error) {
	if cond == "mounts" { // root, and not in a container that may not mount
		return exec.Command("unshare", "-m", "sh", "-c", "mount --bind /dev/null /dev/zero").Run() == nil, nil
	}
	if cond == "sshd" { // OpenSSH's server, and as above
		return script.HasSSHD(), nil
	}
	if cond == "root" {
		return os.Geteuid() == 0, nil
	}
	return false, fmt.Errorf("unknown condition %q", cond)
}

func sedCommand(ts *testscript.TestScript, neg bool, args []string) {
	if neg || len(args) != 3 {
		ts.Fatalf("usage: sed FILE OLD NEW")
	}
	text := ts.ReadFile(args[0])
	if !strings.Contains(text, args[1]) {
		ts.Fatalf("%s does not hold %q", args[0], args[1])
	}
	ts.Check(os.WriteFile(ts.MkAbs(args[0]), []byte(strings.ReplaceAll(text, args[1], args[2])), 0o600))
}

func unzipCommand(ts *testscript.TestScript, neg bool, args []string) {
	if neg || len(args) != 1 {
		ts.Fatalf("usage: unzip FILE")
	}
	archive, err := zip.OpenReader(ts.MkAbs(args[0]))
	ts.Check(err)
	defer archive.Close()
	for _, f := range archive.File {
		in, err := f.Open()
		ts.Check(err)
		_, err = io.Copy(ts.Stdout(), in)
		ts.Check(errors.Join(err, in.Close()))
	}
}

func jsonCommand(ts *testscript.TestScript, neg bool, args []string) {
	if neg || len(args) != 2 {
		ts.Fatalf("usage: json PATH VALUE")
	}
	var value any
	ts.Check(json.Unmarshal([]byte(ts.ReadFile("stdout")), &value))
	for name := range strings.SplitSeq(args[0], ".") {
		switch of := value.(type) {
		case map[string]any:
			value = of[name]
		case []any:
			value = nil
			for i, item := range of {
				if fields, _ := item.(map[string]any); fields["name"] == name || strconv.Itoa(i) == name {
					value = item
				}
			}
		}
	}
	if fmt.Sprint(value) != args[1] {
		ts.Fatalf("%s is %v, not %s", args[0], value, args[1])
	}
}

// nowhere matches the addresses of clusters that exist by name only.
var nowhere = regexp.MustCompile(`127\.78\.\d+\.\d+`)

// namesCommand makes a file independent of the lab's addresses.
func namesCommand(ts *testscript.TestScript, neg bool, args []string) {
	if neg || len(args) != 1 {
		ts.Fatalf("usage: names FILE")
	}
	text := ts.ReadFile(args[0])
	for i := range site.Supervisors {
		n := strconv.Itoa(i + 1)
		text = strings.ReplaceAll(text, ts.Getenv("HOST"+n), "HOST"+n)
		text = strings.ReplaceAll(text, ts.Getenv("TKG"+n), "TKG"+n)
	}
	text = nowhere.ReplaceAllString(text, "NOWHERE")
	text = strings.ReplaceAll(text, userSuffix(ts), "")
	ts.Check(os.WriteFile(ts.MkAbs(args[0]), []byte(text), 0o600))
}

// userSuffix makes user names unique among scripts that run at the same time.
func userSuffix(ts *testscript.TestScript) string { return "-" + ts.Name() }

func labCommand(ts *testscript.TestScript, neg bool, args []string) {
	if neg || len(args) == 0 {
		ts.Fatalf("usage: lab COMMAND ARGS…")
	}
	commands := map[string]func(*testscript.TestScript, []string) error{
		"user": labUser, "password": labPassword, "namespace": labNamespace, "cluster": labCluster, "fault": labFault,
		"mend": labMend, "front": labFront, "log": labLog, "clear": labClear, "failures": labFailures,
	}
	command := commands[args[0]]
	if command == nil {
		ts.Fatalf("unknown: lab %s", args[0])
	}
	ts.Check(command(ts, args[1:]))
}

func labUser(ts *testscript.TestScript, args []string) error {
	role := ""
	if len(args) > 2 {
		role = args[2]
	}
	var namespaces []string
	if args[1] != "" {
		namespaces = strings.Split(args[1], ",")
	}
	u, err := addUser(args[0]+userSuffix(ts), role, namespaces...)
	ts.Setenv(args[0], u.Username)
	return err
}

func labPassword(ts *testscript.TestScript, args []string) error {
	return adminCall(http.MethodPost, "users/"+url.PathEscape(ts.Getenv(args[0]))+"/password", map[string]string{"password": args[1]}, nil)
}

func labNamespace(_ *testscript.TestScript, args []string) error {
	n, err := strconv.Atoi(args[0])
	if err != nil {
		return err
	}
	return adminCall(http.MethodPost, "namespaces", map[string]any{"supervisor": n - 1, "name": args[1]}, nil)
}

func labCluster(_ *testscript.TestScript, args []string) error {
	return adminCall(http.MethodPost, "clusters", json.RawMessage(args[0]), nil)
}

func labFault(ts *testscript.TestScript, args []string) error {
	var out struct{ ID string }
	err := adminCall(http.MethodPost, "faults", json.RawMessage(args[0]), &out)
	ts.Setenv("FAULT", out.ID)
	return err
}

func labMend(ts *testscript.TestScript, args []string) error {
	id := ts.Getenv("FAULT")
	if len(args) > 0 {
		id = args[0]
	}
	return adminCall(http.MethodDelete, "faults?id="+id, nil, nil)
}

func labFront(ts *testscript.TestScript, args []string) error {
	n, err := strconv.Atoi(args[0])
	if err != nil {
		return err
	}
	spec := map[string]any{"supervisor": n - 1}
	for _, trait := range args[1:] { // filtered, unnamed
		spec[trait] = true
	}
	var out struct{ Server string }
	err = adminCall(http.MethodPost, "fronts", spec, &out)
	ts.Setenv("FRONT", out.Server)
	return err
}

func labLog(ts *testscript.TestScript, args []string) error {
	text, err := requests(ts.Getenv(args[0]))
	if err == nil {
		_, err = fmt.Fprint(ts.Stdout(), text)
	}
	return err
}

func labClear(ts *testscript.TestScript, args []string) error {
	return adminCall(http.MethodDelete, "log?user="+url.QueryEscape(ts.Getenv(args[0])), nil, nil)
}

func labFailures(ts *testscript.TestScript, args []string) error {
	var out struct {
		Failures int
		Locked   bool
	}
	if err := adminCall(http.MethodGet, "users/"+url.PathEscape(ts.Getenv(args[0])), nil, &out); err != nil {
		return err
	}
	if strconv.Itoa(out.Failures) != args[1] || out.Locked {
		return fmt.Errorf("%d wrong passwords count (locked: %t), not %s", out.Failures, out.Locked, args[1])
	}
	return nil
}
