package wire_test

import (
	"io"
	"log"
	"net/http"
	"net/url"
	"strings"
)

// quiet keeps a server from logging handshakes that fail, as some tests want and as spare connections do.
func quiet() *log.Logger { return log.New(io.Discard, "", 0) }

func proxy(address string) func(*http.Request) (*url.URL, error) {
	return func(*http.Request) (*url.URL, error) { return url.Parse(address) }
}

// farewell is a server whose reply ends properly, in the middle, once the client has left.
type farewell struct{}

func (farewell) RoundTrip(r *http.Request) (*http.Response, error) {
	end := readerFunc(func([]byte) (int, error) {
		<-r.Context().Done()
		return 0, io.EOF
	})
	return &http.Response{StatusCode: http.StatusOK, Body: io.NopCloser(io.MultiReader(strings.NewReader("{"), end))}, nil
}

type readerFunc func([]byte) (int, error)

func (f readerFunc) Read(p []byte) (int, error) { return f(p) }
