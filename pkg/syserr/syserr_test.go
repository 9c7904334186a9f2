package syserr

import (
	"errors"
	"fmt"
	"net"
	"os"
	"runtime"
	"slices"
	"syscall"
	"testing"
)

func TestKindsHaveCodesOfTheirOwn(t *testing.T) {
	of := map[syscall.Errno]Kind{}
	for k := Refused; k <= Busy; k++ {
		all := codes(k)
		if len(all) == 0 {
			t.Errorf("kind %d has no code", k)
		}
		for _, code := range all {
			if other, taken := of[code]; taken {
				t.Errorf("%d is of the kinds %d and %d", code, other, k)
			}
			of[code] = k
			if !k.Is(&os.PathError{Op: "write", Path: "f", Err: fmt.Errorf("in an error: %w", os.NewSyscallError("call", code))}) {
				t.Errorf("%v is not of kind %d", code, k)
			}
		}
		if k.Is(nil) || k.Is(errors.New("connection refused")) || k.Is(syscall.Errno(0)) {
			t.Errorf("kind %d is anything", k)
		}
	}
	if codes(Busy+1) != nil {
		t.Error("a kind is not tested")
	}
}

// Windows has the numbers of Winsock; those of package syscall for Unix are invented there.
func TestCodesOfWindows(t *testing.T) {
	if runtime.GOOS != "windows" {
		t.Skip("only on Windows do its numbers mean this")
	}
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

// What this system says of a port at which nobody listens.
func TestRefusedBySystem(t *testing.T) {
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	address := l.Addr().String()
	_ = l.Close()
	if _, err := net.Dial("tcp", address); !Refused.Is(err) {
		t.Errorf("%v is not Refused", err)
	}
	if _, err := net.Listen("tcp", "192.0.2.1:0"); !NoAddress.Is(err) {
		t.Errorf("%v is not NoAddress", err)
	}
}
