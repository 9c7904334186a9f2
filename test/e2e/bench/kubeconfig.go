package main

import (
	"errors"
	"fmt"
	"os"
	"os/exec"
)

const (
	contexts = 5000 // in the file
	added    = 1000
	merges   = 5
)

// kubeconfig compares what a login does to a large file with client-go, which reads and writes it, in turn. Each is a process of
// its own, of the same program: what they take and the most memory that was resident tell the two apart.
func (b *bench) kubeconfig() error {
	file, ours, theirs := b.dir+"/large", b.dir+"/ours", b.dir+"/theirs"
	if _, err := measure(b.command(b.dir+"/other", "kubeconfig", file, fmt.Sprint(contexts))); err != nil {
		return err
	}
	text, err := os.ReadFile(file)
	if err != nil {
		return err
	}
	var broken error
	fresh := func(path string, args ...string) func() *exec.Cmd {
		return func() *exec.Cmd {
			broken = errors.Join(broken, os.WriteFile(path, text, 0o600))
			return b.command(b.dir+"/other", args...)
		}
	}
	x, y, err := inTurn(merges, fresh(ours, "update", ours, fmt.Sprint(added)), fresh(theirs, "clientcmd", theirs))
	if err := errors.Join(broken, err); err != nil {
		return err
	}
	tell(fmt.Sprintf("%d new contexts for a kubeconfig of %d, median of %d", added, contexts, merges), fmt.Sprintf(seconds, x.took.Seconds()))
	tell("client-go reads and writes that file once", fmt.Sprintf(seconds, y.took.Seconds()))
	b.atMost("  ratio", ratio(x.took, y.took), 2, times)
	b.atMost("  ratio of the peaks of resident memory", float64(x.rss)/float64(y.rss), 2, times)
	return nil
}
