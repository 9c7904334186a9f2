package e2e

import (
	"errors"
	"fmt"
	"math/rand/v2"
	"net/http"
	"os"
	"os/exec"
	"path/filepath"
	"strconv"
	"strings"
	"sync"
	"syscall"
	"testing"
	"time"
)

// The most wrong passwords that may be counted for a person: vCenter locks the account at five.
const mostRefusals = 4

// sessionPassword is the variable that the password command of the sessions prints, so that each process may have another password.
const sessionPassword = "SESSION_PASSWORD"

// Whatever the processes of a person do, and whatever goes wrong meanwhile, at most four wrong passwords are counted: programs as they are
// built, under random schedules. In each, several of them run at a time with wrong and right passwords from several sources, under several
// spellings of the name, at two Supervisors of one vCenter, their registries, and a Pinniped with the same accounts. Fronts misbehave before
// or after vCenter has counted, processes are killed, and the store cannot be written. (TestNoScheduleLocksTheAccount tries all schedules
// of a model, with clocks.)
//
// A hash of a refused password costs a tenth of a second on purpose, so that only 60 schedules, a minute, are in a run of all tests. "make
// schedules" runs 500 (SCHEDULES=500) in some minutes. SCHEDULE=SEED runs one, and prints what it does: the same programs with the same
// passwords and faults, though the system may order them in another way.
func TestRandomSchedulesDoNotLockTheAccount(t *testing.T) {
	t.Parallel()
	needsRegistry(t)
	seeds, verbose := scheduleSeeds(t)
	const workers = 6
	next := make(chan uint64)
	parts := scheduleParts{newRegistry(t, map[string]any{"endpoint": "https://" + site.Supervisors[1].Server + "/wcp/login"}), newIssuer(t, nil)}
	sum := &scheduleSum{most: map[int]int{}}
	var group sync.WaitGroup
	for worker := range min(workers, len(seeds)) {
		group.Go(func() {
			var p *scheduleUser
			for seed := range next {
				if p == nil && !t.Failed() {
					p = newScheduleUser(t, worker, parts)
				}
				if !t.Failed() {
					p.try(t, seed, verbose, sum)
				}
			}
		})
	}
	for _, seed := range seeds {
		next <- seed
	}
	close(next)
	group.Wait()
	t.Logf("%d schedules, %d commands, %d passwords sent; schedules by their most refusals: %v", sum.schedules, sum.commands, sum.passwords, sum.most)
	if len(seeds) >= 20 && sum.most[mostRefusals] == 0 {
		t.Error("no schedule came to four refusals: they show nothing")
	}
}

// scheduleSeeds are the schedules to run.
func scheduleSeeds(t *testing.T) (seeds []uint64, verbose bool) {
	t.Helper()
	if text := os.Getenv("SCHEDULE"); text != "" {
		seed, err := strconv.ParseUint(text, 10, 64)
		if err != nil {
			t.Fatal(err)
		}
		return []uint64{seed}, true
	}
	n := 60
	if text := os.Getenv("SCHEDULES"); text != "" {
		var err error
		if n, err = strconv.Atoi(text); err != nil {
			t.Fatal(err)
		}
	}
	first := rand.Uint64N(1e9)
	for i := range n {
		seeds = append(seeds, first+uint64(i))
	}
	return seeds, false
}

// scheduleSum is what all schedules did.
type scheduleSum struct {
	mu                             sync.Mutex
	schedules, commands, passwords int
	most                           map[int]int // schedules by the most refusals of their person
}

// scheduleUser is an account with a home that is as it was before each schedule: logged in at both Supervisors, under two spellings of the name,
// and with the registry of each. Every token has ended.
type scheduleUser struct {
	*home
	user       user
	name       string    // without the domain
	spelled    [2]string // the name of the session at each Supervisor
	registries [2]string
	issuer     issuer // a Pinniped with the accounts of the vCenter
	before     string // the home to begin with
	outputs    string // a directory

	mu     sync.Mutex
	killed []int // process groups whose program was killed
}

// scheduleParts are of the site, beside what all tests use.
type scheduleParts struct {
	registry string // of the second Supervisor
	issuer   issuer
}

func newScheduleUser(t *testing.T, worker int, parts scheduleParts) *scheduleUser {
	name := fmt.Sprintf("schedule-%d", worker)
	u, err := addUser(name, "", "ns1", "ns3")
	if err != nil {
		t.Error(err)
		return nil
	}
	p := &scheduleUser{
		home: newHome(t, "SSL_CERT_FILE="+site.Registry.CA), user: u, name: name, before: t.TempDir(), outputs: t.TempDir(),
		spelled: [2]string{u.Username, `VSPHERE.LOCAL\` + name}, registries: [2]string{site.Registry.Host, parts.registry},
		issuer: parts.issuer,
	}
	for i, server := range site.Supervisors {
		for _, args := range [][]string{
			{"login", "--server", server.Server, "-u", p.spelled[i], "--certificate-authority", server.CA,
				"--password-command", "printenv " + sessionPassword},
			{"registry", "add", p.registries[i], "--server", server.Server, "-u", p.spelled[i]},
		} {
			c := p.command(append([]string{"kubectl-vsphere"}, args...)...)
			c.Env = append(c.Env, sessionPassword+"="+u.Password)
			if out, err := c.CombinedOutput(); err != nil {
				t.Errorf("%v: %v\n%s", args, err, out)
			}
		}
	}
	p.endCredentials(t)
	if out, err := exec.Command("cp", "-a", p.dir+"/.", p.before).CombinedOutput(); err != nil {
		t.Errorf("%v %s", err, out)
	}
	return p
}

// wave is what runs at a time, and what goes wrong meanwhile.
type wave struct {
	faults    []map[string]any
	processes []*scheduled
}

// scheduled is one program.
type scheduled struct {
	args  []string
	env   []string
	stdin string
	times int           // one after the other
	kill  time.Duration // after this time; 0: not
	disk  string        // KUBECTL_VSPHERE_DISK_FAULT
}

// mishaps are what a front or a registry does, for one request or more.
var mishaps = []map[string]any{
	{"after": true, "status": http.StatusGatewayTimeout},
	{"after": true, "status": http.StatusServiceUnavailable, "body": "no healthy upstream"},
	{"after": true, "status": http.StatusForbidden},
	{"after": true, "status": http.StatusTooManyRequests},
	{"after": true, "garble": true},
	{"after": true, "drop": true},
	{"after": true, "dropAfter": 7},
	{"after": true, "truncate": true},
	{"after": true, "delay": "2500ms"},
	{"status": http.StatusBadGateway},
	{"drop": true},
	{"endpoint": "/wcp/workloads", "body": "[]"}, // It asks vCenter nothing.
	{"endpoint": "/api/v2.0/projects", "after": true, "body": `{"project_id":1,"name":"ns1","metadata":{"public":"true"}}`},
}

// schedule makes the schedule of a seed.
func (p *scheduleUser) schedule(seed uint64) (waves []wave) {
	r := rand.New(rand.NewPCG(seed, 0))
	readOnly := r.IntN(8) == 0 // at some time, the home gets so
	for left := 5 + r.IntN(4); left > 0; {
		var w wave
		for range r.IntN(3) {
			fault := map[string]any{"user": p.user.Username, "count": 1 + r.IntN(3)}
			for name, value := range mishaps[r.IntN(len(mishaps))] {
				fault[name] = value
			}
			w.faults = append(w.faults, fault)
		}
		for n := min(left, 1+r.IntN(4)); n > 0; n-- {
			s := p.program(r)
			switch r.IntN(15) {
			case 0, 1:
				s.kill = time.Duration(20+r.IntN(300)) * time.Millisecond
			case 2:
				s.disk = fmt.Sprintf("%s:%d+", []string{"EIO", "ENOSPC"}[r.IntN(2)], 1+r.IntN(14))
			case 3:
				s.disk = fmt.Sprintf("%s:%d", []string{"before", "after"}[r.IntN(2)], 1+r.IntN(14))
			case 4:
				s.times = 2 + r.IntN(2)
			}
			if readOnly && len(waves) > 0 {
				s.disk = "EIO:1+"
			}
			w.processes = append(w.processes, s)
			left--
		}
		waves = append(waves, w)
	}
	return waves
}

// program is a command of one of the programs, with a password.
func (p *scheduleUser) program(r *rand.Rand) *scheduled {
	password := func() string {
		if r.IntN(6) == 0 {
			return p.user.Password
		}
		return fmt.Sprint("wrong-", r.IntN(20))
	}
	at := r.IntN(2)
	server := site.Supervisors[at].Server
	s := &scheduled{times: 1, env: []string{sessionPassword + "=" + password(), "DOCKER_CREDENTIAL_VSPHERE_TIMEOUT=2s"}}
	variable := "KUBECTL_VSPHERE_PASSWORD=" + password()
	if r.IntN(2) == 0 {
		s.env = append(s.env, variable)
	}
	switch r.IntN(8) {
	case 0, 1, 2:
		spelled := []string{p.user.Username, strings.ToUpper(p.user.Username), p.name, `VSPHERE.LOCAL\` + p.name}[r.IntN(4)]
		s.args = []string{"kubectl-vsphere", "login", "--server", server, "-u", spelled, "--certificate-authority", site.Supervisors[at].CA}
		if r.IntN(4) == 0 {
			s.args = p.issuer.loginArgs("-u", spelled, "--namespaces", "ns1")
		}
		switch r.IntN(3) {
		case 0:
			s.args, s.stdin = append(s.args, "--password-stdin"), password()+"\n"
		case 1:
			s.args = append(s.args, "--password-command", "printenv "+sessionPassword)
		default:
			s.env = append(s.env, variable)
		}
		if r.IntN(2) == 0 {
			s.args = append(s.args, "--force")
		}
		if r.IntN(3) == 0 {
			s.args = append(s.args, "--workload-clusters", "none")
		}
	case 3, 4:
		s.args = []string{"kubectl-vsphere", "get-token", "--server", server, "--user", p.spelled[at]}
	case 5:
		s.args, s.stdin = []string{"docker-credential-vsphere", "get"}, p.registries[at]
		return s
	default:
		verb := []string{"list", "create", "rotate", "delete"}[r.IntN(4)]
		s.args = []string{"kubectl-vsphere", "registry", "robot", verb, p.registries[at], "-n", "ns1"}
		if verb != "list" {
			s.args = append(s.args, "--name", p.name)
		}
	}
	s.args = append(s.args, "--request-timeout", "1500ms")
	return s
}

// try runs a schedule, and looks afterwards at what vCenter counted.
func (p *scheduleUser) try(t *testing.T, seed uint64, verbose bool, sum *scheduleSum) {
	p.reset(t)
	var log strings.Builder
	commands := 0
	for i, w := range p.schedule(seed) {
		var ids []string
		for _, fault := range w.faults {
			fmt.Fprintf(&log, "%d: %v\n", i, fault)
			ids = append(ids, addFault(t, fault))
		}
		reports := make([]string, len(w.processes))
		var group sync.WaitGroup
		for j, s := range w.processes {
			commands += s.times
			group.Go(func() {
				for range s.times {
					reports[j] += fmt.Sprintf("%d: %s\n", i, p.start(t, s))
				}
			})
		}
		group.Wait()
		log.WriteString(strings.Join(reports, ""))
		for _, id := range ids {
			removeFault(t, id)
		}
	}
	p.quiet(t)
	var counted struct{ Passwords, Most, Locks int }
	if err := adminCall(http.MethodGet, "users/"+p.user.Username, nil, &counted); err != nil {
		t.Error(err)
	}
	var sent []request
	if err := adminCall(http.MethodGet, "log?user="+p.user.Username, nil, &sent); err != nil {
		t.Error(err)
	}
	for _, r := range sent {
		fmt.Fprintf(&log, "%+v\n", r)
	}
	if counted.Most > mostRefusals || counted.Locks > 0 {
		t.Errorf("%+v; again: SCHEDULE=%d\n%s", counted, seed, log.String())
	} else if verbose {
		t.Logf("%+v\n%s", counted, log.String())
	}
	sum.mu.Lock()
	defer sum.mu.Unlock()
	sum.schedules++
	sum.commands += commands
	sum.passwords += counted.Passwords
	sum.most[counted.Most]++
}

// reset makes all as it was before the first schedule.
func (p *scheduleUser) reset(t *testing.T) {
	err := errors.Join(adminCall(http.MethodPost, "users", p.user, nil), adminCall(http.MethodDelete, "log?user="+p.user.Username, nil, nil))
	if err != nil {
		t.Error(err)
	}
	for _, dir := range []string{".local", ".kube", ".docker"} {
		if err := os.RemoveAll(filepath.Join(p.dir, dir)); err != nil {
			t.Error(err)
		}
	}
	if out, err := exec.Command("cp", "-a", p.before+"/.", p.dir).CombinedOutput(); err != nil {
		t.Errorf("%v %s", err, out)
	}
}

// start runs a program to its end, and returns a report. A child of one that was killed goes on until the schedule ends.
func (p *scheduleUser) start(t *testing.T, s *scheduled) string {
	dir := bin
	if s.disk != "" {
		dir = filepath.Join(bin, "faults")
	}
	out, err := os.CreateTemp(p.outputs, "") // No pipe: a child may outlive the program.
	if err != nil {
		t.Error(err)
		return ""
	}
	defer out.Close()
	defer os.Remove(out.Name())
	c := exec.Command(filepath.Join(dir, s.args[0]), s.args[1:]...)
	c.Dir, c.Env = p.dir, append(append([]string{}, p.env...), append(s.env, "KUBECTL_VSPHERE_DISK_FAULT="+s.disk)...)
	c.Stdin, c.Stdout, c.Stderr = strings.NewReader(s.stdin), out, out
	c.SysProcAttr = &syscall.SysProcAttr{Setpgid: true}
	if err := c.Start(); err != nil {
		t.Error(err)
		return ""
	}
	if s.kill != 0 {
		timer := time.AfterFunc(s.kill, func() { _ = c.Process.Kill() })
		defer timer.Stop()
	}
	err = c.Wait()
	if c.ProcessState.ExitCode() < 0 {
		p.mu.Lock()
		p.killed = append(p.killed, c.Process.Pid)
		p.mu.Unlock()
	}
	text, readErr := os.ReadFile(out.Name())
	if readErr != nil || strings.Contains(string(text), "goroutine ") {
		t.Errorf("%v: %v %s", s.args, readErr, text)
	}
	said := strings.ReplaceAll(strings.TrimSpace(string(text)), "\n", "\n\t")
	return fmt.Sprintf("%q env %q stdin %q kill %v disk %q: %v\n\t%s", s.args, s.env, s.stdin, s.kill, s.disk, err, said)
}

// quiet waits until nothing of the person is under way any more.
func (p *scheduleUser) quiet(t *testing.T) {
	for _, group := range p.killed {
		_ = syscall.Kill(-group, syscall.SIGKILL)
	}
	p.killed = nil
	for deadline := time.Now().Add(patience); time.Now().Before(deadline); time.Sleep(10 * time.Millisecond) {
		var all []request
		if err := adminCall(http.MethodGet, "inflight/requests", nil, &all); err != nil {
			t.Error(err)
			return
		}
		busy := false
		for _, r := range all {
			busy = busy || strings.Contains(strings.ToLower(r.User), p.name)
		}
		if !busy {
			return
		}
	}
	t.Errorf("requests of %s do not end", p.name)
}
