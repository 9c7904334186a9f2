package syserr

import (
	"slices"
	"syscall"
	"testing"
)

// Windows has the numbers of Winsock; those of package syscall for Unix are invented there.
func TestCodesOfWindows(t *testing.T) {
	for k, codesOfSystem := range map[Kind][]syscall.Errno{
		Refused: {10061, 1225}, NoRoute: {10065, 10051, 1231, 1232}, Broken: {10054, 10053, 109}, TimedOut: {10060, 121},
		NoAddress: {10049}, Full: {112, 39, 1295}, Faulty: {1117, 23}, ReadOnly: {19}, Busy: {32, 33},
	} {
		for _, code := range codesOfSystem {
			if !slices.Contains(codes(k), code) {
				t.Errorf("kind %d has not %d", k, code)
			}
		}
	}
}
