package main

import (
	"fmt"
	"os/exec"
	"path/filepath"
)

const (
	hits   = 200
	stored = 10_000 // credentials in a full store
)

// hit compares get-token with the program that does the least, in turn.
func (b *bench) hit() error {
	s := b.lab.Supervisors[0]
	if _, err := measure(b.command(b.bin+"/kubectl-vsphere", append(b.loginArgs(scaleUser), "--workload-clusters", "none")...)); err != nil {
		return err
	}
	files, err := filepath.Glob(b.dir + "/.local/state/kubectl-vsphere/credentials/*.json")
	if err != nil || len(files) != 1 {
		return fmt.Errorf("%d credentials, %w", len(files), err)
	}
	ours, least, err := inTurn(hits,
		func() *exec.Cmd {
			return b.command(b.bin+"/kubectl-vsphere", "get-token", "--server", s.Server, "--user", scaleUser)
		},
		func() *exec.Cmd { return b.command(b.dir+"/baseline", files[0]) })
	if err != nil {
		return err
	}
	tell(fmt.Sprintf("get-token on a hit, median of %d", hits), ms(ours.took))
	tell(fmt.Sprintf("standard library reads and prints the file, median of %d", hits), ms(least.took))
	b.atMost("  ratio", ratio(ours.took, least.took), 1.6, times)
	b.atMost("  resident memory of get-token", ours.mib(), 16, mebibyte)
	return nil
}

// fullStore compares get-token on a hit among many credentials with one that is alone, in turn.
func (b *bench) fullStore() error {
	one, many := b.dir+"/store-of-one", b.dir+"/store-of-many"
	for dir, n := range map[string]int{one: 1, many: stored} {
		if _, err := measure(b.command(b.dir+"/other", "store", dir, fmt.Sprint(n))); err != nil {
			return err
		}
	}
	from := func(dir string) func() *exec.Cmd {
		return func() *exec.Cmd {
			c := b.command(b.bin+"/kubectl-vsphere", "get-token",
				"--server", "supervisor.example.com", "--user", "dev@vsphere.local", "--cluster", "production/cluster-0")
			c.Env = append(c.Env, "KUBECTL_VSPHERE_HOME="+dir)
			return c
		}
	}
	full, alone, err := inTurn(hits, from(many), from(one))
	if err != nil {
		return err
	}
	tell(fmt.Sprintf("get-token on a hit, %d credentials, median of %d", stored, hits), ms(full.took))
	tell(fmt.Sprintf("get-token on a hit, 1 credential, median of %d", hits), ms(alone.took))
	b.atMost("  ratio", ratio(full.took, alone.took), 1.15, times)
	return nil
}
