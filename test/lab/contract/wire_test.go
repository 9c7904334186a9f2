package contract

import (
	"bufio"
	"crypto/tls"
	"encoding/base64"
	"fmt"
	"io"
	"net/http"
	"net/url"
	"regexp"
	"strconv"
	"strings"
	"testing"
	"time"
)

// reply is what a server sent: the golden form of it, and what the golden form replaces by a word.
type reply struct {
	text  string // status line, content type, body
	body  string
	token string // the first JWT of the body
	to    string // where a redirect leads, with codes as in the golden form
	query url.Values
}

// send writes the bytes of a request, with the line ends of HTTP, to a connection of its own.
func (l *lab) send(t *testing.T, addr, request string) (*http.Response, error) {
	t.Helper()
	head, body, ok := strings.Cut(request, "\n\n")
	if !ok {
		t.Fatalf("a request needs an empty line after its header: %q", request)
	}
	if m := regexp.MustCompile(`\nContent-Length: (\d+)`).FindStringSubmatch(head); m != nil && m[1] != strconv.Itoa(len(body)) {
		t.Fatalf("the golden request has Content-Length %s and a body of %d bytes", m[1], len(body))
	}
	conn, err := tls.Dial("tcp", addr, &tls.Config{RootCAs: l.roots, MinVersion: tls.VersionTLS12})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = conn.Close() })
	_ = conn.SetDeadline(time.Now().Add(10 * time.Second))
	if _, err := io.WriteString(conn, strings.ReplaceAll(head, "\n", "\r\n")+"\r\n\r\n"+body); err != nil {
		t.Fatal(err)
	}
	return http.ReadResponse(bufio.NewReader(conn), nil)
}

// secret is a code or an opaque token of a FederationDomain.
var secret = regexp.MustCompile(`pin_(ac|at|rt)_[0-9a-f]{64}`)

var jwt = regexp.MustCompile(`eyJ[\w-]+\.[\w-]+\.[\w-]+`)

// ask sends a request and reads the reply.
func (l *lab) ask(t *testing.T, addr, request string) reply {
	t.Helper()
	resp, err := l.send(t, addr, request)
	if err != nil {
		t.Fatal(err)
	}
	defer resp.Body.Close()
	body, err := io.ReadAll(resp.Body)
	if err != nil {
		t.Fatal(err)
	}
	golden := jwt.ReplaceAllString(string(body), "TOKEN")
	golden = strings.ReplaceAll(golden, base64.StdEncoding.EncodeToString(l.guestCA), "CA")
	golden = secret.ReplaceAllString(golden, "pin_${1}_SECRET")
	location, err := resp.Location()
	if err != nil {
		location = &url.URL{} // It is no redirect.
	}
	return reply{
		to: secret.ReplaceAllString(location.String(), "pin_${1}_SECRET"), query: location.Query(),
		text:  fmt.Sprintf("%s %s\nContent-Type: %s\n\n%s", resp.Proto, resp.Status, resp.Header.Get("Content-Type"), golden),
		body:  string(body),
		token: jwt.FindString(string(body)),
	}
}

// want sends a request and compares the reply with its golden form.
func (l *lab) want(t *testing.T, addr, request, golden string) reply {
	t.Helper()
	got := l.ask(t, addr, request)
	if got.text != golden {
		t.Errorf("the reply is\n%s\nand should be\n%s", got.text, golden)
	}
	return got
}

// post is a login or an exchange with a JSON body.
func post(path, authorization, body string) string {
	if authorization != "" {
		authorization = "\nAuthorization: " + authorization
	}
	return "POST " + path + " HTTP/1.1\nHost: 10.0.0.1" + authorization +
		"\nContent-Type: application/json\nAccept: application/json\nContent-Length: " + strconv.Itoa(len(body)) + "\n\n" + body
}
