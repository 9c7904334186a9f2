// Package leak fails the tests of a package that leave goroutines or open files behind.
package leak

import (
	"fmt"
	"os"
	"testing"
	"time"

	"go.uber.org/goleak"
)

// Main is for TestMain: it runs the tests and ends the process.
func Main(m *testing.M) {
	beforeTests()
	before := files()
	code := m.Run()
	if code == 0 {
		// net/http waits half a second after a response that closes its connection, even if the server is closed.
		if err := goleak.Find(goleak.IgnoreAnyFunction("net/http.(*conn).closeWriteAndWait")); err != nil {
			fmt.Fprintln(os.Stderr, err)
			code = 1
		}
		if left := opened(before); len(left) > 0 {
			fmt.Fprintf(os.Stderr, "files are still open: %q\n", left)
			code = 1
		}
	}
	os.Exit(code)
}

// opened returns the files that are open now and were not open before. It waits a moment for connections to close.
func opened(before map[string]string) []string {
	for tries := 20; ; tries-- {
		var left []string
		for fd, target := range files() {
			if before[fd] != target && target != "anon_inode:[eventpoll]" && target != "anon_inode:[eventfd]" { // The runtime's own.
				left = append(left, fd+" "+target)
			}
		}
		if len(left) == 0 || tries == 0 {
			return left
		}
		time.Sleep(50 * time.Millisecond)
	}
}

// files returns the open files of this process, by number. It returns none on systems without /proc.
func files() map[string]string {
	const dir = "/proc/self/fd"
	open := map[string]string{}
	entries, _ := os.ReadDir(dir)
	for _, e := range entries {
		if target, err := os.Readlink(dir + "/" + e.Name()); err == nil { // Except the one that read the directory.
			open[e.Name()] = target
		}
	}
	return open
}
