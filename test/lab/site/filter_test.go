package site

import (
	"errors"
	"net"
	"testing"
	"time"

	"github.com/kubectl-vsphere/kubectl-vsphere/test/lab/kube"
)

// A filtered port neither answers nor refuses.
func TestFilter(t *testing.T) {
	const ip = "127.76.0.1"
	if err := filter(t.Context(), ip); err != nil {
		t.Fatal(err)
	}
	for range 3 {
		conn, err := net.DialTimeout("tcp", net.JoinHostPort(ip, kube.Port), 300*time.Millisecond)
		var timed net.Error
		if err == nil || !errors.As(err, &timed) || !timed.Timeout() {
			t.Errorf("%v %v", conn, err)
		}
	}
}
