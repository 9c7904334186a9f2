package contexts

import (
	"fmt"
	"os"
	"path/filepath"
	"slices"
	"strings"

	"k8s.io/client-go/tools/clientcmd/api"

	"github.com/kubectl-vsphere/kubectl-vsphere/internal/console"
	"github.com/kubectl-vsphere/kubectl-vsphere/internal/failure"
	"github.com/kubectl-vsphere/kubectl-vsphere/pkg/kubeconfig"
	"github.com/kubectl-vsphere/kubectl-vsphere/pkg/tokens"
	"github.com/kubectl-vsphere/kubectl-vsphere/pkg/tokens/credfile"
)

const programName = "kubectl-vsphere"

// Exec is how contexts call this program, if a person says so. An empty field leaves it to login.
type Exec struct {
	Command    string // the bare name, or an absolute path, perhaps of another machine
	APIVersion string // credfile.V1 or credfile.V1beta1
}

// look returns how the entries of the login look.
func (l Login) look(e *console.Env) kubeconfig.Options {
	command, _ := ExecCommand(e)
	o := kubeconfig.Options{Command: command, APIVersion: l.Exec.APIVersion, Prefix: l.Prefix, Rename: l.PrefixSet}
	o.Own = func(key tokens.Key) tokens.Key {
		own, _ := l.own(key)
		return own
	}
	o.Spellings = l.Session.Spellings()
	o.Keeps = func(exec *api.ExecConfig) (program, arguments bool) { return works(e, exec, command), answers(exec) }
	if l.Exec.Command != "" {
		o.Command = l.Exec.Command
		o.Keeps = func(exec *api.ExecConfig) (program, arguments bool) {
			return exec.Command == l.Exec.Command, answers(exec)
		}
	}
	return o
}

// works reports whether kubectl can run the program of an entry of ours. People write a path for programs that do not have their PATH,
// kubectl for the plugin, or env before it. command is what login writes.
func works(e *console.Env, exec *api.ExecConfig, command string) bool {
	call, ours := kubeconfig.CallOf(exec)
	if !ours || !runs(e, exec.Command) || !runs(e, call.Program) {
		return false
	}
	bare := command == programName
	switch {
	case call.Kubectl, call.Program == programName: // PATH may find VMware's plugin, which has the same name.
		return bare
	case !bare: // An earlier login may have written the file behind the link by which this program is called: an upgrade removes it.
		file, err := filepath.EvalSymlinks(command)
		return err != nil || file != call.Program || file == command
	}
	return true
}

// runs reports whether a program exists: on PATH, or at its absolute path. client-go takes other paths relative to the kubeconfig.
func runs(e *console.Env, program string) bool {
	if program != filepath.Base(program) && !filepath.IsAbs(program) {
		return false
	}
	_, err := e.LookPath(program)
	return err == nil
}

// answers reports whether get-token takes the arguments of an entry of ours. Without further ones they must have the form that is
// answered at once.
func answers(exec *api.ExecConfig) bool {
	call, ours := kubeconfig.CallOf(exec)
	if !ours {
		return false
	}
	if len(call.More) == 0 {
		key, fast := credfile.ParseArgs(call.Args)
		return fast && key.Same(call.Key)
	}
	for i := 0; i < len(call.More); i++ {
		name, value, joined := strings.Cut(call.More[i], "=")
		level, isLevel := strings.CutPrefix(name, "-v")
		switch {
		case name == "--force-refresh" && (!joined || value == "true" || value == "false"):
		case !slices.Contains([]string{"-v", "--verbose", "--request-timeout"}, name):
			if !isLevel || strings.Trim(level, "0123456789") != "" {
				return false
			}
		case !joined:
			i++
		}
	}
	return true
}

// ExecCommand returns the command that kubectl runs for a token: the bare name if PATH finds this file, else the path by which this
// program was called, since that may be a link which outlives an upgrade, else the path of this file. PATH may find VMware's plugin, which
// has the same name. absolute reports whether it is a path.
func ExecCommand(e *console.Env) (command string, absolute bool) {
	self, err := e.Executable()
	if err != nil {
		return programName, false
	}
	if found, err := e.LookPath(programName); err == nil && sameFile(found, self) {
		return programName, false
	}
	if filepath.Base(e.Called) != e.Called {
		if called, err := filepath.Abs(e.Called); err == nil && isProgram(called) && sameFile(called, self) {
			return called, true
		}
	}
	return self, true
}

// CheckProgram returns an error if the contexts of a login would run this program under another name: then no later login would know
// that they are ours.
func CheckProgram(e *console.Env, exec Exec) error {
	command, absolute := ExecCommand(e)
	if exec.Command != "" || !absolute || isProgram(command) { // That of the flag was checked when it was read.
		return nil
	}
	return failure.Hint(fmt.Errorf("this program is called %s, and contexts call it as %s", filepath.Base(command), programName),
		"Rename it, or put it on PATH under that name.")
}

// CheckCommand returns an error if command is not what contexts can call: this program's bare name or an absolute path of it.
func CheckCommand(command string) error {
	if command == programName || filepath.IsAbs(command) && isProgram(command) {
		return nil
	}
	return fmt.Errorf("%q is neither %s nor an absolute path of it", command, programName)
}

func isProgram(path string) bool {
	name := filepath.Base(path)
	return name == programName || strings.EqualFold(name, programName+".exe")
}

func sameFile(a, b string) bool {
	x, errX := os.Stat(a)
	y, errY := os.Stat(b)
	return errX == nil && errY == nil && os.SameFile(x, y)
}
