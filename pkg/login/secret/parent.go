package secret

import "os"

// Parent is the process that started this one: kubectl, when kubectl asks for a token. Start distinguishes it from a
// later process with the same number; it is empty where the system does not say.
type Parent struct {
	PID   int
	Start string
}

// ParentProcess returns the parent of this process.
func ParentProcess() Parent {
	pid := os.Getppid()
	return Parent{PID: pid, Start: startOf(pid)}
}
