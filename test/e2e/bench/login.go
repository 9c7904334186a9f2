package main

import (
	"fmt"
	"net/http"

	"github.com/kubectl-vsphere/kubectl-vsphere/test/lab/lab"
)

const (
	password = "VMware1!"
	// scaleUser may use the clusters that the lab is started with.
	scaleUser     = "scale@vsphere.local"
	scaleClusters = 1000
	scaleDelay    = "20ms"
	scaleLogins   = 3

	someUser      = "some@vsphere.local"
	someNamespace = "some"
	someClusters  = 200
	someDelay     = "50ms"
	someLogins    = 5

	maxInFlight = 16
	leastFaster = 8 // A program that only sends the requests reaches 13 to 14. A login also reads, plans and writes its contexts.
)

func (b *bench) loginArgs(user string) []string {
	s := b.lab.Supervisors[0]
	return []string{"login", "--server", s.Server, "-u", user, "--certificate-authority", s.CA}
}

// logins logs a user in a few times and gives the median.
func (b *bench) logins(user string, n int) (sample, error) {
	var all []sample
	for range n {
		s, err := measure(b.command(b.bin+"/kubectl-vsphere", b.loginArgs(user)...))
		if err != nil {
			return sample{}, err
		}
		all = append(all, s)
	}
	return median(all), nil
}

// login is a whole login to many clusters with a delay on every request.
func (b *bench) login() error {
	if err := b.addSome(); err != nil {
		return err
	}
	if err := b.delay(someDelay); err != nil {
		return err
	}
	m, err := b.logins(someUser, someLogins)
	if err != nil {
		return err
	}
	b.atMost(fmt.Sprintf("login, %d clusters, %s on every request, median of %d", someClusters, someDelay, someLogins), m.took.Seconds(), 1.5, seconds)
	b.atMost("  resident memory of login", m.mib(), 64, mebibyte)
	return nil
}

// scale compares a whole login to very many clusters with the requests of one, sent one at a time.
func (b *bench) scale() error {
	if err := b.delay(scaleDelay); err != nil {
		return err
	}
	ours, err := b.logins(scaleUser, scaleLogins)
	if err != nil {
		return err
	}
	most, err := b.inFlight()
	if err != nil {
		return err
	}
	s := b.lab.Supervisors[0]
	if err := b.delay(scaleDelay); err != nil {
		return err
	}
	serial, err := measure(b.command(b.dir+"/other", "serial", s.Server, scaleUser, s.CA))
	if err != nil {
		return err
	}
	switch alone, err := b.inFlight(); {
	case err != nil:
		return err
	case alone != 1:
		return fmt.Errorf("%d requests were under way at once, and one at a time was meant", alone)
	}
	floor, err := measure(b.command(b.dir+"/other", "parallel", s.Server, scaleUser, s.CA))
	if err != nil {
		return err
	}
	what := fmt.Sprintf("login, %d clusters, %s on every request, ", scaleClusters, scaleDelay)
	tell(what+fmt.Sprintf("median of %d", scaleLogins), fmt.Sprintf(seconds, ours.took.Seconds()))
	tell("its requests one at a time, over one connection", fmt.Sprintf(seconds, serial.took.Seconds()))
	tell("the same requests, 16 at a time", fmt.Sprintf(seconds, floor.took.Seconds()))
	tell("  times faster: no program can do better", fmt.Sprintf(times, ratio(serial.took, floor.took)))
	b.atLeast("  times faster", ratio(serial.took, ours.took), leastFaster, times)
	tell("  processor time of login", fmt.Sprintf(seconds, ours.cpu.Seconds()))
	b.atMost("  resident memory of login", ours.mib(), 256, mebibyte)
	b.atMost("  most requests under way at once", float64(most), maxInFlight, count)
	return nil
}

// addSome makes a user with fewer clusters than those that the lab is started with.
func (b *bench) addSome() error {
	if err := b.admin(http.MethodPost, "namespaces", map[string]any{"supervisor": 0, "name": someNamespace}, nil); err != nil {
		return err
	}
	for i := range someClusters {
		cluster := map[string]any{"namespace": someNamespace, "name": fmt.Sprintf("some-%d", i), "endpoint": "fake"}
		if err := b.admin(http.MethodPost, "clusters", cluster, nil); err != nil {
			return err
		}
	}
	return b.admin(http.MethodPost, "users", map[string]any{"username": someUser, "password": password, "namespaces": []string{someNamespace}}, nil)
}

// delay makes every request wait, instead of what they waited before, and counts anew how many are under way at once.
func (b *bench) delay(d string) error {
	if err := b.admin(http.MethodDelete, "faults", nil, nil); err != nil {
		return err
	}
	if err := b.admin(http.MethodDelete, "inflight", nil, nil); err != nil {
		return err
	}
	return b.admin(http.MethodPost, "faults", map[string]string{"delay": d}, nil)
}

// inFlight is the most requests that were under way at once since delay.
func (b *bench) inFlight() (int, error) {
	var out struct{ Max int }
	err := b.admin(http.MethodGet, "inflight", nil, &out)
	return out.Max, err
}

// admin calls the lab's admin API.
func (b *bench) admin(method, path string, body, into any) error {
	return b.lab.Do(b.ctx, lab.Request{Method: method, Path: path, Body: body, Into: into})
}
