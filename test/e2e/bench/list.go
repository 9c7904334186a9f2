package main

import (
	"cmp"
	"context"
	"fmt"
	"net"
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
	listRuns       = 5 // and as many one after the other
	// listDelay is that of every answer, or of every round trip.
	listDelay = 20 * time.Millisecond
	// firstLineMore is what the first line may take beside round trips.
	firstLineMore = 50 * time.Millisecond
)

// list lists the clusters of many namespaces, against one namespace after the other: through the front of the Supervisor, where each request
// is answered late, and at the API server itself, over a network that delivers late.
func (b *bench) list() error {
	if err := b.addNamespaces(); err != nil {
		return err
	}
	host := b.lab.Supervisors[0].Server
	ctx, end := context.WithCancel(b.ctx)
	defer end()
	if err := relay(ctx, net.JoinHostPort(host, farPort), net.JoinHostPort(host, "6443"), listDelay); err != nil {
		return err
	}
	if err := settle(ctx); err != nil {
		return err
	}
	front, err := b.listBy("443", listDelay)
	if err != nil {
		return err
	}
	far, err := b.listBy(farPort, 0)
	if err != nil {
		return err
	}
	tell(fmt.Sprintf("list clusters, %d namespaces, each answer %s late", listNamespaces, listDelay), fmt.Sprintf(seconds, front.all.took.Seconds()))
	tell("  the fastest of them", fmt.Sprintf(seconds, front.best.Seconds()))
	tell("  its first line, the first time", fmt.Sprintf(seconds, front.cold.Seconds()))
	b.atMost("  its first line", front.first.Seconds(), (listDelay + firstLineMore).Seconds(), seconds)
	b.atLeast("  times faster than one after the other", ratio(front.one, front.best), leastFasterList, times)
	tell(fmt.Sprintf("the same at the API server, round trip %s", listDelay), fmt.Sprintf(seconds, far.all.took.Seconds()))
	tell("  the fastest of them", fmt.Sprintf(seconds, far.best.Seconds()))
	tell("  its first line, the first time", fmt.Sprintf(seconds, far.cold.Seconds()))
	b.atMost("  its first line: TCP and TLS take a round trip each", far.first.Seconds(), (3*listDelay + firstLineMore).Seconds(), seconds)
	tell("  one after the other, over one connection", fmt.Sprintf(seconds, far.one.Seconds()))
	b.atLeast("  times faster", ratio(far.one, far.best), leastFasterList, times)
	b.atMost("  resident memory of list", max(front.all.mib(), far.all.mib()), 128, mebibyte)
	return nil
}

// leastFasterList is of 16 in flight. A list and the servers of the lab use all of two processors, so others on the machine make lists
// slower, and hardly those that come one after the other: the fastest of each is compared.
const leastFasterList = 10

// farPort is a port of the Supervisor's host that is the API server's, far away.
const farPort = "16443"

// listed is how long lists took.
type listed struct {
	all         sample        // until the end: the median
	best, one   time.Duration // until the end, and one namespace after the other: the fastest
	first, cold time.Duration // until the first line: the fastest, and that of the first list, which knows nothing of the server
}

// listBy lists at a port of the Supervisor's host, with a delay of each answer of its front.
func (b *bench) listBy(port string, delay time.Duration) (listed, error) {
	home := b.dir + "/list-" + port // Other users' sessions would be listed too.
	own := func(c *exec.Cmd) *exec.Cmd {
		c.Env = append(c.Env, "HOME="+home)
		return c
	}
	if err := os.Mkdir(home, 0o700); err != nil {
		return listed{}, err
	}
	if err := b.delay("0s"); err != nil {
		return listed{}, err
	}
	if _, err := measure(own(b.command(b.bin+"/kubectl-vsphere", append(b.loginArgs(listUser), "--workload-clusters", "none", "--api-port", port)...))); err != nil {
		return listed{}, err
	}
	if err := b.delay(delay.String()); err != nil {
		return listed{}, err
	}
	s := b.lab.Supervisors[0]
	var all []sample
	var first []time.Duration
	for range listRuns {
		line, m, err := firstLine(own(b.command(b.bin+"/kubectl-vsphere", "list", "clusters", "--server", s.Server)))
		if err != nil {
			return listed{}, err
		}
		all, first = append(all, m), append(first, line)
	}
	var ones []sample
	for range listRuns {
		m, err := measure(b.command(b.dir+"/other", "lists", s.Server, listUser, s.CA, port))
		if err != nil {
			return listed{}, err
		}
		ones = append(ones, m)
	}
	return listed{all: median(all), best: fastest(all), one: fastest(ones), first: slices.Min(first), cold: first[0]}, nil
}

// fastest is what took the least time.
func fastest(all []sample) time.Duration {
	return slices.MinFunc(all, func(a, b sample) int { return cmp.Compare(a.took, b.took) }).took
}

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
