package fault

import (
	"bytes"
	"cmp"
	"context"
	"encoding/base64"
	"encoding/json"
	"io"
	"maps"
	"net/http"
	"strconv"
	"strings"
	"time"
)

type contextKey struct{}

// From returns the fault of the request, for handlers that put it into effect themselves (tokens, CAs).
func From(ctx context.Context) Fault {
	f, _ := ctx.Value(contextKey{}).(Fault)
	return f
}

// Named is a handler that knows whose some requests are, where what they carry is not Basic and no token that can be read. An
// empty answer: it does not know.
type Named struct {
	http.Handler
	Who func(*http.Request) string
}

// Middleware counts and logs every request and puts the faults into effect that need no knowledge of the endpoint.
// server is the front's name in lab.json.
func (s *Set) Middleware(server func(*http.Request) string, next http.Handler) http.Handler {
	return s.Around(func(r *http.Request) Request {
		req := describe(server(r), r)
		if named, ok := next.(Named); ok {
			req.User = cmp.Or(named.Who(r), req.User)
		}
		return req
	}, next)
}

// Around is Middleware for a server that finds out itself who asks; describe leaves the body as it was.
func (s *Set) Around(describe func(*http.Request) Request, next http.Handler) http.Handler {
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		req := describe(r)
		s.enter(&req)
		rec := &recorder{ResponseWriter: w}
		defer func() { s.leave(&req, rec.status) }()
		f, next := s.Match(req), next
		if f.After {
			next = carriedOut(next, r)
		}
		select {
		case <-time.After(time.Duration(f.Delay)):
		case <-r.Context().Done():
			return
		}
		f.serve(rec, r.WithContext(context.WithValue(r.Context(), contextKey{}, f)), next)
	})
}

// carriedOut lets next answer the request, and returns a handler that gives this answer.
func carriedOut(next http.Handler, r *http.Request) http.Handler {
	whole := &buffer{header: http.Header{}, status: http.StatusOK}
	next.ServeHTTP(whole, r)
	return http.HandlerFunc(func(w http.ResponseWriter, _ *http.Request) {
		maps.Copy(w.Header(), whole.header)
		w.WriteHeader(whole.status)
		_, _ = w.Write(whole.Bytes())
	})
}

// serve answers as the fault says, or lets next answer.
func (f Fault) serve(w *recorder, r *http.Request, next http.Handler) {
	for name, value := range f.Header {
		w.Header().Set(name, value)
	}
	switch {
	case f.Drop:
		panic(http.ErrAbortHandler)
	case f.Status != 0 || f.Body != nil || f.Garble || f.Bytes != 0:
		f.reply(w)
	case f.Truncate || f.DropAfter != 0:
		f.cut(w, r, next)
	default:
		next.ServeHTTP(w, r)
	}
}

func (f Fault) reply(w http.ResponseWriter) {
	status := f.Status
	if status == 0 {
		status = http.StatusOK
	}
	switch {
	case f.Body != nil:
		w.WriteHeader(status)
		_, _ = io.WriteString(w, *f.Body)
	case f.Bytes != 0:
		w.Header().Set("Content-Type", "application/json")
		w.WriteHeader(status)
		_, _ = io.WriteString(w, `{"padding":"`)
		_, _ = w.Write(bytes.Repeat([]byte("x"), f.Bytes))
		_, _ = io.WriteString(w, `"}`)
	default:
		w.Header().Set("Content-Type", "text/html")
		w.WriteHeader(status)
		_, _ = io.WriteString(w, "<html>\r\n<head><title>"+strconv.Itoa(status)+" "+http.StatusText(status)+"</title></head>\r\n<body>nginx</body>\r\n</html>\r\n")
	}
}

// cut lets next answer and passes on a part of the body.
func (f Fault) cut(w *recorder, r *http.Request, next http.Handler) {
	whole := &buffer{header: w.Header(), status: http.StatusOK}
	next.ServeHTTP(whole, r)
	body := whole.Bytes()
	if f.Truncate {
		body = body[:len(body)/2]
		w.WriteHeader(whole.status)
		_, _ = w.Write(body)
		return
	}
	w.Header().Set("Content-Length", strconv.Itoa(len(body)))
	w.WriteHeader(whole.status)
	_, _ = w.Write(body[:min(f.DropAfter, len(body))])
	_ = http.NewResponseController(w).Flush()
	panic(http.ErrAbortHandler)
}

// recorder remembers the status for the log.
type recorder struct {
	http.ResponseWriter
	status int
}

// WriteHeader implements http.ResponseWriter.
func (r *recorder) WriteHeader(status int) {
	if r.status == 0 {
		r.status = status
	}
	r.ResponseWriter.WriteHeader(status)
}

// Write implements http.ResponseWriter.
func (r *recorder) Write(b []byte) (int, error) {
	if r.status == 0 {
		r.status = http.StatusOK
	}
	return r.ResponseWriter.Write(b)
}

// Unwrap lets http.ResponseController reach the connection (watches, exec).
func (r *recorder) Unwrap() http.ResponseWriter { return r.ResponseWriter }

// buffer holds a whole reply.
type buffer struct {
	bytes.Buffer
	header http.Header
	status int
}

// Header implements http.ResponseWriter.
func (b *buffer) Header() http.Header { return b.header }

// WriteHeader implements http.ResponseWriter.
func (b *buffer) WriteHeader(status int) { b.status = status }

// describe reads who asks for what; the body is put back.
func describe(server string, r *http.Request) Request {
	req := Request{Server: server, Method: r.Method, Endpoint: r.URL.Path}
	if user, _, ok := r.BasicAuth(); ok {
		req.User = user
	} else if token, ok := strings.CutPrefix(r.Header.Get("Authorization"), "Bearer "); ok {
		req.User = Claim(token, "sub")
	}
	if r.Method == http.MethodPost && r.URL.Path == "/wcp/login" {
		body, _ := io.ReadAll(io.LimitReader(r.Body, 1<<16))
		r.Body = io.NopCloser(bytes.NewReader(body))
		var guest struct {
			Name      string `json:"guest_cluster_name"`
			Namespace string `json:"guest_cluster_namespace"`
		}
		if json.Unmarshal(body, &guest) == nil && guest.Name != "" {
			req.Cluster = strings.TrimPrefix(guest.Namespace+"/"+guest.Name, "/")
		}
	}
	return req
}

// Claim reads a text that a token claims, for the log and the switches only: nothing is verified.
func Claim(token, name string) string {
	parts := strings.Split(token, ".")
	if len(parts) != 3 {
		return ""
	}
	payload, err := base64.RawURLEncoding.DecodeString(parts[1])
	if err != nil {
		return ""
	}
	var claims map[string]any
	_ = json.Unmarshal(payload, &claims)
	text, _ := claims[name].(string)
	return text
}
