package wire_test

import (
	"io"
	"log"
	"net/http"
	"net/url"
)

// quiet keeps a server from logging the handshakes that a test wants to fail.
func quiet() *log.Logger { return log.New(io.Discard, "", 0) }

func proxy(address string) func(*http.Request) (*url.URL, error) {
	return func(*http.Request) (*url.URL, error) { return url.Parse(address) }
}
