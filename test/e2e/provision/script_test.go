package provision

import (
	"context"
	"encoding/json"
	"fmt"
	"net/http"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/rogpeppe/go-internal/testscript"

	"github.com/kubectl-vsphere/kubectl-vsphere/test/e2e/script"
	"github.com/kubectl-vsphere/kubectl-vsphere/test/lab/lab"
)

// TestScripts runs testdata/*.txt in a lab that makes clusters. Beside testscript's own commands they have
//
//	fill FILE              replaces the variables in a file
//	run CODE PROGRAM ARGS… runs a program that must end with this exit code
//	user NAME ROLE         makes an account that has a role in $NAMESPACE; $NAME is its user name. Its password is in the environment
//	fault JSON             switches a fault of the lab on
//	keep NAME              makes $NAME of stdout
//	fetch CODE URL         gets a URL of a Supervisor's front, which must answer this status
//	key NAME               makes a private key; $NAME_pkcs1 and $NAME_spki are its public keys
//	decrypt NAME BASE64    what was encrypted for the key (RSA-OAEP-SHA512), on stdout
//	sshd ADDRESS KEYFILE   a node of a cluster that lets in who has the key, until the script ends
func TestScripts(t *testing.T) {
	bin, err := filepath.Abs("../../../bin") // where make puts the programs
	if err != nil {
		t.Fatal(err)
	}
	t.Setenv(lab.Program, filepath.Join(bin, "vsphere-lab")) // make lab-build makes it.
	site := lab.Start(t, "--provision")
	testscript.Run(t, testscript.Params{
		Dir:                 "testdata",
		Setup:               func(env *testscript.Env) error { return setup(env, site, bin) },
		RequireExplicitExec: true,
		Condition:           condition,
		Cmds: map[string]func(*testscript.TestScript, bool, []string){
			"fill": fill, "keep": script.Keep, "fetch": script.Fetch, "key": script.Key, "decrypt": script.Decrypt, "sshd": script.SSHD,
			"run":   script.Run,
			"fault": func(ts *testscript.TestScript, neg bool, args []string) { fault(ts, site, neg, args) },
			"user":  func(ts *testscript.TestScript, neg bool, args []string) { user(ts, site, neg, args) },
		},
	})
}

// setup gives each script a home of its own, and the names that lab.json has. The user is the first one who is no administrator.
func setup(env *testscript.Env, site *lab.Lab, bin string) error {
	home := filepath.Join(env.WorkDir, "home")
	if err := os.Mkdir(home, 0o700); err != nil {
		return err
	}
	sup, user, p := site.Supervisors[0], site.Users[1], site.Provision
	for name, value := range map[string]string{
		"HOME": home, "PATH": bin + string(os.PathListSeparator) + os.Getenv("PATH"),
		"SERVER": sup.Server, "NODE": strings.TrimSuffix(sup.Server, "11") + "220", // where no part of the lab listens
		"CA": sup.CA, "USERNAME": user.Username, "KUBECTL_VSPHERE_PASSWORD": user.Password,
		"NAMESPACE": p.Namespace, "CLASS": p.Class, "RELEASE": p.Release, "UPGRADE": p.Upgrade, "VMCLASS": p.VMClass, "STORAGECLASS": p.StorageClass,
	} {
		env.Setenv(name, value)
	}
	return nil
}

func condition(cond string) (bool, error) {
	if cond == "sshd" { // OpenSSH's server, and this process may mount
		return script.HasSSHD(), nil
	}
	return false, fmt.Errorf("unknown condition %q", cond)
}

func fill(ts *testscript.TestScript, neg bool, args []string) {
	if neg || len(args) != 1 {
		ts.Fatalf("usage: fill FILE")
	}
	ts.Check(os.WriteFile(ts.MkAbs(args[0]), []byte(os.Expand(ts.ReadFile(args[0]), ts.Getenv)), 0o600))
}

func fault(ts *testscript.TestScript, site *lab.Lab, neg bool, args []string) {
	if neg || len(args) != 1 {
		ts.Fatalf("usage: fault JSON")
	}
	ts.Check(site.Do(context.Background(), lab.Request{Method: http.MethodPost, Path: "faults", Body: json.RawMessage(args[0])}))
}

func user(ts *testscript.TestScript, site *lab.Lab, neg bool, args []string) {
	if neg || len(args) != 2 {
		ts.Fatalf("usage: user NAME ROLE")
	}
	name := args[0] + "-" + ts.Name() + "@vsphere.local" // Scripts run at the same time.
	ts.Check(site.Do(context.Background(), lab.Request{Method: http.MethodPost, Path: "users", Body: map[string]any{
		"username": name, "password": ts.Getenv("KUBECTL_VSPHERE_PASSWORD"), "namespaces": []string{ts.Getenv("NAMESPACE")}, "role": args[1],
	}}))
	ts.Setenv(args[0], name)
}
