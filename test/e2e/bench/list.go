package main

import (
	"fmt"
	"net/http"
	"os"
	"os/exec"
	"slices"
	"time"
)

const (
	listUser       = "list@vsphere.local"
	listNamespaces = 100
	listClusters   = 2 // of each
	listRuns       = 5
	// listDelay is on every request.
	listDelay = 20 * time.Millisecond
)

// list lists the clusters of many namespaces, against one namespace after the other.
func (b *bench) list() error {
	if err := b.addNamespaces(); err != nil {
		return err
	}
	own := func(c *exec.Cmd) *exec.Cmd { // Other users' sessions would be listed too.
		c.Env = append(c.Env, "HOME="+b.dir+"/list")
		return c
	}
	if err := os.Mkdir(b.dir+"/list", 0o700); err != nil {
		return err
	}
	if _, err := measure(own(b.command(b.bin+"/kubectl-vsphere", append(b.loginArgs(listUser), "--workload-clusters", "none", "--api-port", "443")...))); err != nil {
		return err
	}
	if err := b.delay(listDelay.String()); err != nil {
		return err
	}
	s := b.lab.Supervisors[0]
	var all []sample
	var first []time.Duration
	for range listRuns {
		c := own(b.command(b.bin+"/kubectl-vsphere", "list", "clusters", "--server", s.Server))
		line, m, err := firstLine(c)
		if err != nil {
			return err
		}
		all, first = append(all, m), append(first, line)
	}
	one, err := measure(b.command(b.dir+"/other", "lists", s.Server, listUser, s.CA))
	if err != nil {
		return err
	}
	slices.Sort(first)
	ours, line := median(all), first[len(first)/2]
	what := fmt.Sprintf("list clusters, %d namespaces, %s, median of %d", listNamespaces, listDelay, listRuns)
	tell(what, fmt.Sprintf(seconds, ours.took.Seconds()))
	tell("  its first line", fmt.Sprintf(seconds, line.Seconds()))
	tell("one namespace after the other, over one connection", fmt.Sprintf(seconds, one.took.Seconds()))
	b.atLeast("  times faster", ratio(one.took, ours.took), leastFasterList, times)
	b.atMost("  resident memory of list", ours.mib(), 128, mebibyte)
	return nil
}

// leastFasterList is of 16 in flight.
const leastFasterList = 7

// firstLine runs a command and returns when its first line came.
func firstLine(c *exec.Cmd) (time.Duration, sample, error) {
	w := &firstWrite{start: time.Now()}
	c.Stdout = w
	m, err := measure(c)
	return w.took, m, err
}

// firstWrite takes the time of the first write.
type firstWrite struct {
	start time.Time
	took  time.Duration
}

func (w *firstWrite) Write(p []byte) (int, error) {
	if w.took == 0 {
		w.took = time.Since(w.start)
	}
	return len(p), nil
}

// addNamespaces makes a user with many namespaces that have a few clusters each.
func (b *bench) addNamespaces() error {
	var names []string
	for i := range listNamespaces {
		name := fmt.Sprintf("list-%d", i)
		names = append(names, name)
		if err := b.admin(http.MethodPost, "namespaces", map[string]any{"supervisor": 0, "name": name}, nil); err != nil {
			return err
		}
		for k := range listClusters {
			cluster := map[string]any{"namespace": name, "name": fmt.Sprintf("%s-%d", name, k), "endpoint": "fake"}
			if err := b.admin(http.MethodPost, "clusters", cluster, nil); err != nil {
				return err
			}
		}
	}
	return b.admin(http.MethodPost, "users", map[string]any{"username": listUser, "password": password, "namespaces": names}, nil)
}
