package console_test

import (
	"errors"
	"net/http"
	"os"
	"os/exec"
	"strings"
	"testing"

	"github.com/kubectl-vsphere/kubectl-vsphere/internal/console"
)

var goodProxies = []string{
	"http://proxy:3128", "proxy:3128", "proxy", "proxy.example.com", "https://proxy", "http://proxy/", "http://user:pass@proxy:3128", "user:pass@proxy:3128",
	"http://10.0.0.1:8080", "10.0.0.1:8080", "http://[::1]:3128", "[::1]:3128", "socks5://proxy:1080", "socks5h://proxy", "http://user:p%40ss@proxy:3128",
	"http://under_score:3128", "http://proxy:3128/path",
}

var badProxies = []string{
	"http://[", "::1", "proxy:port:x", "http://proxy:port", "http://pro xy:3128", " http://proxy", "ftp://proxy:21", "socks4://proxy:1080", "http://", "http:///",
	"://proxy", "http://proxy:0", "http://proxy:70000", "http://proxy:", "http://[::1", "http://::1:3128", "http://a%zz:1", "http://proxy:3128?x=y",
	"http://user:hush@[", "hush@:80", "\n", "http://proxy\n",
}

func TestParseProxy(t *testing.T) {
	for _, s := range goodProxies {
		if u, err := console.ParseProxy(s); err != nil || u.Hostname() == "" {
			t.Errorf("%q: %v %v", s, u, err)
		}
	}
	for _, s := range badProxies {
		if u, err := console.ParseProxy(s); err == nil || strings.Contains(err.Error(), "hush") {
			t.Errorf("%q is taken for %+v: %v", s, u, err)
		}
	}
}

// What is accepted is what net/http uses, so that nothing is ever sent directly where a proxy is named. net/http reads the environment
// once in a process, so each value has its own.
func TestProxyIsWhatTheLibraryUses(t *testing.T) {
	if value := os.Getenv("TEST_PROXY_OF"); value != "" {
		r, _ := http.NewRequestWithContext(t.Context(), http.MethodGet, "https://10.9.9.9/", http.NoBody)
		u, err := http.ProxyFromEnvironment(r)
		want, parseErr := console.ParseProxy(value)
		if err != nil || parseErr != nil || u == nil || u.Host != want.Host || u.Scheme != want.Scheme {
			t.Errorf("%v %v, want %v %v", u, err, want, parseErr)
		}
		return
	}
	for _, value := range goodProxies {
		c := exec.CommandContext(t.Context(), os.Args[0], "-test.run", "^TestProxyIsWhatTheLibraryUses$")
		c.Env = []string{"TEST_PROXY_OF=" + value, "HTTPS_PROXY=" + value}
		if out, err := c.CombinedOutput(); err != nil {
			t.Errorf("%q: %v\n%s", value, err, out)
		}
	}
}

func TestCheckProxy(t *testing.T) {
	for name, c := range map[string]struct {
		vars map[string]string
		want string // the variable that is wrong
	}{
		"nothing":                      {nil, ""},
		"good ones":                    {map[string]string{"HTTPS_PROXY": "http://a:1", "http_proxy": "b:2", "NO_PROXY": "::: [", "ALL_PROXY": "::1"}, ""},
		"a bad one":                    {map[string]string{"HTTPS_PROXY": "http://u:hush@["}, "HTTPS_PROXY"},
		"a bad one, small":             {map[string]string{"https_proxy": "::1"}, "https_proxy"},
		"a bad one behind a good one":  {map[string]string{"HTTPS_PROXY": "a:1", "https_proxy": "::1"}, ""},
		"a bad one for http":           {map[string]string{"HTTPS_PROXY": "a:1", "HTTP_PROXY": "ftp://a"}, "HTTP_PROXY"},
		"a bad one for http, in small": {map[string]string{"http_proxy": "a b"}, "http_proxy"},
	} {
		e := &console.Env{Getenv: func(name string) string { return c.vars[name] }}
		err := e.CheckProxy()
		var wrong *console.ProxyError
		if c.want == "" && err != nil || c.want != "" && (!errors.As(err, &wrong) || wrong.Variable != c.want || strings.Contains(err.Error(), "hush")) {
			t.Errorf("%s: %v", name, err)
		}
	}
}
