package trust_test

import (
	"context"
	"encoding/pem"
	"errors"
	"net"
	"net/http"
	"net/http/httptest"
	"sync"
	"testing"
	"time"

	"github.com/kubectl-vsphere/kubectl-vsphere/pkg/trust"
)

// stopped is a connection to a server that can be stopped: it is open, and nothing comes any more.
type stopped struct {
	net.Conn
	stop   <-chan struct{}
	closed chan struct{}
	once   sync.Once
}

func (s *stopped) Read(b []byte) (int, error) {
	n, err := s.Conn.Read(b)
	select {
	case <-s.stop:
		<-s.closed
		return 0, net.ErrClosed
	default:
		return n, err
	}
}

func (s *stopped) Close() error {
	s.once.Do(func() { close(s.closed) })
	return s.Conn.Close()
}

// A reply that is under way breaks off when its server stops, though the connection stays open.
func TestAServerThatStops(t *testing.T) {
	server := httptest.NewUnstartedServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		w.WriteHeader(http.StatusOK)
		_ = http.NewResponseController(w).Flush()
		<-r.Context().Done()
	}))
	server.EnableHTTP2 = true
	server.StartTLS()
	defer server.Close()
	ca := string(pem.EncodeToMemory(&pem.Block{Type: "CERTIFICATE", Bytes: server.Certificate().Raw}))
	stop := make(chan struct{})
	client, err := trust.Trust{Mode: trust.Bundle, CA: ca}.Client(trust.Options{
		Timeout: time.Minute, Ping: 20 * time.Millisecond,
		Dial: func(ctx context.Context, network, address string) (net.Conn, error) {
			conn, err := new(net.Dialer).DialContext(ctx, network, address)
			return &stopped{Conn: conn, stop: stop, closed: make(chan struct{})}, err
		},
	})
	if err != nil {
		t.Fatal(err)
	}
	defer client.CloseIdleConnections()
	ctx, cancel := context.WithTimeout(t.Context(), 15*time.Second)
	defer cancel()
	request, _ := http.NewRequestWithContext(ctx, http.MethodGet, server.URL, nil)
	response, err := client.Do(request)
	if err != nil {
		t.Fatal(err)
	}
	defer response.Body.Close()
	if response.ProtoMajor != 2 {
		t.Fatal(response.Proto)
	}
	close(stop)
	if n, err := response.Body.Read(make([]byte, 1)); n != 0 || err == nil || errors.Is(err, context.DeadlineExceeded) {
		t.Error(n, err)
	}
}
