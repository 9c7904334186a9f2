package site

import (
	"context"
	"crypto/tls"
	"errors"
	"io"
	"log"
	"net"
	"net/http"
	"time"

	"github.com/kubectl-vsphere/kubectl-vsphere/test/lab/kube"
	"github.com/kubectl-vsphere/kubectl-vsphere/test/lab/pki"
)

// serve runs a server until ctx ends.
func serve(ctx context.Context, l net.Listener, h http.Handler, pair *pki.Pair) {
	server := &http.Server{
		Handler: h, ReadHeaderTimeout: 30 * time.Second,
		ErrorLog:    log.New(io.Discard, "", 0), // Clients that distrust or hang up are what tests are about.
		BaseContext: func(net.Listener) context.Context { return ctx },
	}
	if pair != nil {
		// HTTP/1.1 only: a dropped connection is one request then, as behind nginx.
		l = tls.NewListener(l, &tls.Config{Certificates: []tls.Certificate{pair.TLS}, MinVersion: tls.VersionTLS12, NextProtos: []string{"http/1.1"}})
	}
	go func() {
		if err := server.Serve(l); !errors.Is(err, http.ErrServerClosed) && ctx.Err() == nil {
			log.Printf("serve %s: %v", l.Addr(), err)
		}
	}()
	context.AfterFunc(ctx, func() { _ = server.Close() })
}

// forward passes TCP connections on, so that an API server answers at a second address.
func forward(ctx context.Context, from, to string) error {
	l, err := net.Listen("tcp", net.JoinHostPort(from, kube.Port))
	if err != nil {
		return err
	}
	context.AfterFunc(ctx, func() { _ = l.Close() })
	go func() {
		for {
			in, err := l.Accept()
			if err != nil {
				return
			}
			go pipe(in, net.JoinHostPort(to, kube.Port))
		}
	}()
	return nil
}

func pipe(in net.Conn, to string) {
	defer in.Close() //nolint:errcheck // Nothing is left to do about it.
	out, err := net.Dial("tcp", to)
	if err != nil {
		return
	}
	defer out.Close() //nolint:errcheck // Nothing is left to do about it.
	done := make(chan struct{}, 2)
	go func() { _, _ = io.Copy(out, in); done <- struct{}{} }()
	go func() { _, _ = io.Copy(in, out); done <- struct{}{} }()
	<-done
}
