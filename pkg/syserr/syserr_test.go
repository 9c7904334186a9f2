package syserr

import (
	"errors"
	"fmt"
	"net"
	"os"
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
