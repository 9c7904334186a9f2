package secret

import (
	"flag"
	"fmt"
	"math/rand/v2"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/kubectl-vsphere/kubectl-vsphere/pkg/tokens"
)

// walkSeed is a walk to repeat.
var walkSeed = flag.Uint64("walk.seed", 0, "the one walk of TestThreeProcessesDoNotLockTheAccount; 0: many")

// walk is one schedule of the world of the model, by chance: up to three processes run at a time. Each stops at every call of the store, at
// the lock, and before and after vCenter counts. Then it, or another one, goes on, or is killed, or a clock jumps.
type walk struct {
	*world
	model *model
	rand  *rand.Rand
	alive []*walker
	runs  *walker // whose turn it is
	log   []string
}

// walker is a process that stops and goes on.
type walker struct {
	name    string
	turn    chan bool // false: it is killed
	stopped chan bool // false: it has ended
	slept   time.Duration
}

// newWalk begins a walk.
func newWalk(seed uint64) *walk {
	k := &walk{world: &world{marks: map[string]tokens.Mark{}}, rand: rand.New(rand.NewPCG(seed, 0))}
	k.model = &model{set: true, uptime: k.rand.IntN(2) == 0}
	k.pause = func() {
		p := k.runs
		p.stopped <- true
		if !<-p.turn {
			panic(errKilled)
		}
	}
	return k
}

// start starts a process, which stops before it does anything.
func (k *walk) start() {
	fronts := []front{honest, timesOut, lies, later, names, fills}
	a := attempt{
		server: k.rand.IntN(2), script: k.rand.IntN(2) == 0, from: []string{variable, keychain, command, command}[k.rand.IntN(4)], front: fronts[k.rand.IntN(len(fronts))],
		patient: k.rand.IntN(4) == 0,
	}
	p := &walker{name: fmt.Sprintf("%+v", a), turn: make(chan bool), stopped: make(chan bool)}
	k.alive = append(k.alive, p)
	k.log = append(k.log, "starts: "+p.name)
	go func() {
		if <-p.turn {
			a.run(k.world, k.model)
		}
		p.stopped <- false
	}()
}

// step lets a process go on to where it stops next, or kills it.
func (k *walk) step(p *walker, on bool) {
	k.runs = p
	p.turn <- on
	if !<-p.stopped {
		k.alive = slices.DeleteFunc(k.alive, func(other *walker) bool { return other == p })
	}
}

// longest is how long a process may live: the wait for an answer is bounded, and a machine that sleeps between the note and the sending
// of a password that has no answer then is not in the model.
const longest = again - window

// pass lets time pass.
func (k *walk) pass(d time.Duration) {
	for _, p := range k.alive {
		if p.slept+d >= longest {
			return
		}
	}
	for _, p := range k.alive {
		p.slept += d
	}
	k.elapsed += d
	k.wrong = slices.DeleteFunc(k.wrong, func(at time.Duration) bool { return k.elapsed-at >= window })
}

// move does one thing.
func (k *walk) move() {
	if n := len(k.alive); n > 0 && k.rand.IntN(6) > 0 {
		p := k.alive[k.rand.IntN(n)]
		on := k.rand.IntN(40) > 0
		if !on {
			k.log = append(k.log, "killed: "+p.name)
		}
		k.step(p, on)
		return
	}
	switch k.rand.IntN(24) {
	case 0:
		k.pass(time.Duration(20+k.rand.IntN(200)) * time.Second)
	case 1:
		k.pass(time.Duration(k.rand.IntN(30)) * time.Second)
	case 2:
		k.full = !k.full
	case 3:
		k.changed = true
	case 4:
		k.clock = max(k.clock-10*time.Minute, -10*time.Minute)
	case 5:
		if k.model.uptime { // Else it is a limit that docs/security.md names.
			k.clock = min(k.clock+10*time.Minute, 10*time.Minute)
		}
	default:
		if len(k.alive) < 3 {
			k.start()
		}
	}
}

// try walks, and returns the most wrong passwords that counted at a time.
func (k *walk) try(moves int) (most int) {
	for range moves {
		k.move()
		most = max(most, len(k.wrong))
	}
	for len(k.alive) > 0 {
		k.step(k.alive[0], false)
	}
	return most
}

// What TestNoScheduleLocksTheAccount cannot try for their number: three processes that stop anywhere, and long schedules.
func TestThreeProcessesDoNotLockTheAccount(t *testing.T) {
	seeds := make([]uint64, 1000)
	for i := range seeds {
		seeds[i] = rand.Uint64N(1e9) + 1
	}
	if *walkSeed != 0 {
		seeds = []uint64{*walkSeed}
	}
	walks, sent := map[int]int{}, 0
	for _, seed := range seeds {
		k := newWalk(seed)
		most := k.try(400)
		walks[most]++
		sent += k.model.sent
		if most >= locks {
			t.Fatalf("%d wrong passwords in %v; again: -walk.seed=%d\n%s", most, window, seed, strings.Join(k.log, "\n"))
		}
	}
	t.Logf("%d passwords sent; walks by their most wrong passwords: %v", sent, walks)
	if *walkSeed == 0 && walks[locks-1] == 0 {
		t.Error("no walk came to four: they show nothing")
	}
}
