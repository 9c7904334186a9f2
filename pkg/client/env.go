package client

import (
	"bytes"
	"io"
	"log/slog"
	"net/http"
	"os"
	"os/exec"
	"runtime"
	"strings"
	"sync"
	"time"

	"k8s.io/cli-runtime/pkg/genericiooptions"

	"github.com/kubectl-vsphere/kubectl-vsphere/internal/console"
	"github.com/kubectl-vsphere/kubectl-vsphere/pkg/process"
)

// timeout bounds each request of a login or renewal.
const timeout = 30 * time.Second

// silent returns an environment that has no terminal and no program, prints nothing, and gives log what there is to say.
func silent(log *slog.Logger) *console.Env {
	said := io.Discard
	if log != nil {
		said = &lines{log: log}
	}
	return &console.Env{
		IOStreams: genericiooptions.IOStreams{In: strings.NewReader(""), Out: io.Discard, ErrOut: said},
		Getenv:    process.WithHome(process.Environment()), Home: process.Home(), GOOS: runtime.GOOS, Now: time.Now,
		LookPath:   func(name string) (string, error) { return "", &exec.Error{Name: name, Err: exec.ErrNotFound} },
		Executable: os.Executable, Proxy: http.ProxyFromEnvironment, Timeout: timeout,
	}
}

// lines gives each line that is written to a log.
type lines struct {
	log *slog.Logger

	mu   sync.Mutex
	rest []byte
}

// Write implements io.Writer.
func (l *lines) Write(p []byte) (int, error) {
	l.mu.Lock()
	defer l.mu.Unlock()
	l.rest = append(l.rest, p...)
	for {
		line, rest, whole := bytes.Cut(l.rest, []byte("\n"))
		if !whole {
			return len(p), nil
		}
		l.rest = rest
		if text, warned := strings.CutPrefix(string(line), "warning: "); warned {
			l.log.Warn(text)
		} else if text != "" {
			l.log.Info(text)
		}
	}
}
