package main

import (
	"bytes"
	"context"
	"io"
	"net"
	"time"
)

// relay is a network with a delay: it passes connections on to a server, and what is sent there arrives half of the round trip later, as
// does what comes back. It ends with ctx.
func relay(ctx context.Context, at, server string, roundTrip time.Duration) error {
	l, err := (&net.ListenConfig{}).Listen(ctx, "tcp", at)
	if err != nil {
		return err
	}
	context.AfterFunc(ctx, func() { _ = l.Close() })
	go func() {
		for {
			client, err := l.Accept()
			if err != nil {
				return
			}
			to, err := (&net.Dialer{}).DialContext(ctx, "tcp", server)
			if err != nil {
				_ = client.Close()
				continue
			}
			go late(to, client, roundTrip/2)
			go late(client, to, roundTrip/2)
		}
	}()
	return nil
}

// sent is what was sent at a time.
type sent struct {
	at   time.Time
	what []byte
}

// late copies from one connection to another, late. The end arrives late too.
func late(to, from net.Conn, delay time.Duration) {
	under := make(chan sent, 1024) // under way
	go func() {
		defer close(under)
		part := make([]byte, 32<<10)
		for {
			n, err := from.Read(part)
			if n > 0 {
				under <- sent{time.Now(), bytes.Clone(part[:n])}
			}
			if err != nil {
				return
			}
		}
	}()
	for s := range under {
		time.Sleep(time.Until(s.at.Add(delay)))
		if _, err := to.Write(s.what); err != nil {
			break
		}
	}
	_ = to.Close()
	_, _ = io.Copy(io.Discard, from)
	for range under { // Nobody gets it any more.
	}
}
