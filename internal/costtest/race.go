//go:build race

package costtest

// slowdown is how many times more processor time the race detector may need: it watches each access to memory, 2 to 20 times the work.
const slowdown = 10
