package kube

import (
	"context"
	"os"
	"os/exec"
	"runtime"
	"sync"
	"syscall"
	"time"
)

// The subcommands that make this program a part of Kubernetes. Each part runs in a process of its own, since it keeps its
// feature gates and metrics in package variables.
const (
	APIServerCommand = "apiserver"
	ManagerCommand   = "controller-manager"
)

// Processes starts children that die with this process, however that ends: the kernel kills them when the thread that
// started them is gone, so that all are started from one that stays.
type Processes struct {
	requests chan func()
	running  sync.WaitGroup
}

// NewProcesses makes an empty set.
func NewProcesses() *Processes {
	p := &Processes{requests: make(chan func())}
	go func() {
		runtime.LockOSThread()
		for start := range p.requests {
			start()
		}
	}()
	return p
}

// grace is how long a child may take to end by itself.
const grace = 5 * time.Second

// run starts this program with args. What it prints goes to the file log.
func (p *Processes) run(ctx context.Context, log string, args []string) (<-chan error, error) {
	self, err := os.Executable()
	if err != nil {
		return nil, err
	}
	return p.Run(ctx, log, self, args...)
}

// Run starts a program with args. What it prints goes to the file log.
func (p *Processes) Run(ctx context.Context, log, program string, args ...string) (<-chan error, error) {
	out, err := os.Create(log)
	if err != nil {
		return nil, err
	}
	cmd := exec.CommandContext(ctx, program, args...)
	cmd.Stdout, cmd.Stderr = out, out
	// Eight large programs share a machine with the tests. A GOGC of the environment comes later, and counts: make bench sets one.
	cmd.Env = append([]string{"GOGC=50"}, os.Environ()...)
	cmd.SysProcAttr = &syscall.SysProcAttr{Pdeathsig: syscall.SIGKILL, Setpgid: true}
	cmd.Cancel = func() error { return cmd.Process.Signal(syscall.SIGKILL) }
	cmd.WaitDelay = grace
	started := make(chan error)
	p.requests <- func() { started <- cmd.Start() }
	if err := <-started; err != nil {
		return nil, err
	}
	ended := make(chan error, 1)
	p.running.Go(func() {
		ended <- cmd.Wait()
		_ = out.Close()
	})
	return ended, nil
}

// Wait returns when all children have ended.
func (p *Processes) Wait() { p.running.Wait() }
