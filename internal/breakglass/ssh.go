package breakglass

import (
	"context"
	"errors"
	"fmt"
	"net/netip"
	"os/exec"
	"path/filepath"
	"runtime"
	"strings"
	"syscall"
	"time"

	"github.com/kubectl-vsphere/kubectl-vsphere/internal/console"
	"github.com/kubectl-vsphere/kubectl-vsphere/internal/failure"
	"github.com/kubectl-vsphere/kubectl-vsphere/pkg/address"
	"github.com/kubectl-vsphere/kubectl-vsphere/pkg/bounded"
	"github.com/kubectl-vsphere/kubectl-vsphere/pkg/process"
	"github.com/kubectl-vsphere/kubectl-vsphere/pkg/redact"
	"github.com/kubectl-vsphere/kubectl-vsphere/pkg/registry"
	"github.com/kubectl-vsphere/kubectl-vsphere/pkg/tokens"
)

// Session is a session of ssh with a node.
type Session struct {
	Env   *console.Env
	Store *tokens.Store
	Node  Node
	Jump  string // as -J of ssh; empty: none
	// AcceptNew takes the host key of a node that is not known yet without a question.
	AcceptNew bool
	Args      []string // options of ssh and a command, behind ours: ssh takes the first value of an option
}

// Node is where a session goes.
type Node struct {
	Name    string
	Address netip.Addr
	uid     string
}

// NodeAt returns a node as a Supervisor describes it. The address becomes an argument of ssh, and the UID a word in a file of ssh.
func NodeAt(name, uid, ip string) (Node, error) {
	if ip == "" {
		return Node{}, fmt.Errorf("the node %s has no address yet", name)
	}
	at, err := netip.ParseAddr(ip)
	if err != nil || at.Zone() != "" {
		return Node{}, fmt.Errorf("the address of the node %s is no IP address", name)
	}
	if !address.IsLabel(uid) {
		return Node{}, fmt.Errorf("the UID of the node %s is no UID", name)
	}
	return Node{name, at.Unmap(), uid}, nil
}

// alias is the name by which ssh knows the node's host key. An address is given to one node after the other, and a UID is not: so a new
// node is no changed one.
func (n Node) alias() string { return "node-" + n.uid }

// Find returns the path of ssh.
func Find(e *console.Env) (string, error) {
	path, err := e.LookPath("ssh")
	if err != nil {
		return "", failure.Hint(errors.New("there is no ssh on your PATH"), "Install OpenSSH's client.")
	}
	return path, nil
}

// Run runs ssh, and returns when it has ended. The key is in a file meanwhile. The error is a *failure.StatusError with the exit code of ssh.
func (s Session) Run(ctx context.Context, path string, key redact.Secret) error {
	file, remove, err := s.Store.LendKey(key)
	if err != nil {
		return err
	}
	defer remove()
	args, err := s.arguments(file)
	if err != nil {
		return err
	}
	if !s.AcceptNew && !s.known(ctx) {
		s.Env.Notef("the host key of %s is not known yet, and no Supervisor tells it. Compare it at the console of the virtual machine. In a script, add --accept-new-host-key", s.Node.Name)
	}
	c := process.Command(ctx, path, args, registry.Store{Dir: s.Store.Dir()}.SecretVariables())
	c.Cancel = func() error { return end(c) }
	c.WaitDelay = patience
	console.Attach(s.Env, c)
	err = c.Run()
	var exit *exec.ExitError
	switch {
	case ctx.Err() != nil:
		return ctx.Err()
	case errors.As(err, &exit) && exit.ExitCode() > 0:
		return failure.Silent(&failure.StatusError{Program: "ssh", Status: exit.ExitCode()})
	case err != nil:
		return fmt.Errorf("ssh: %w", err)
	}
	return nil
}

// patience is how long ssh may take to put the terminal back as it was.
const patience = 3 * time.Second

// end asks ssh to end. After a kill, the terminal would stay as ssh had set it.
func end(c *exec.Cmd) error {
	if runtime.GOOS == "windows" || c.Process.Signal(syscall.SIGTERM) != nil {
		return c.Process.Kill()
	}
	return nil
}

// arguments returns the arguments of ssh. Only the key of the file is offered to the node. The host key is looked up in a file of our own:
// by default ssh asks about one that is not there, and refuses another one in any case.
func (s Session) arguments(key string) ([]string, error) {
	keyFile, err := inConfig(key)
	if err != nil {
		return nil, err
	}
	hosts, err := inConfig(s.Store.HostKeysPath())
	if err != nil {
		return nil, err
	}
	check := "ask"
	if s.AcceptNew {
		check = "accept-new"
	}
	var args []string
	for _, option := range []string{
		"IdentityFile=" + keyFile, "IdentitiesOnly=yes", "UserKnownHostsFile=" + hosts, "HostKeyAlias=" + s.Node.alias(), "StrictHostKeyChecking=" + check,
		"HashKnownHosts=no", "CheckHostIP=no",
	} {
		args = append(args, "-o", option)
	}
	if s.Jump != "" {
		args = append(args, "-J", s.Jump)
	}
	return append(append(args, "-l", User, s.Node.Address.String()), s.Args...), nil
}

// inConfig returns a path as a value of ssh_config(5): in quotes, with its percent signs doubled.
func inConfig(path string) (string, error) {
	path = filepath.ToSlash(path)
	if strings.ContainsAny(path, "\"\\\r\n") || strings.Contains(path, "${") {
		return "", fmt.Errorf("ssh cannot use a file at %q", path)
	}
	return `"` + strings.ReplaceAll(path, "%", "%%") + `"`, nil
}

// maxHostKeys bounds the file of host keys, in bytes.
const maxHostKeys = 4 << 20

// known reports whether the node has a host key in our file.
func (s Session) known(ctx context.Context) bool {
	text, _ := bounded.File(ctx, s.Store.HostKeysPath(), maxHostKeys, bounded.Regular)
	for line := range strings.Lines(string(text)) {
		if strings.HasPrefix(line, s.Node.alias()+" ") {
			return true
		}
	}
	return false
}
