//go:build unix

package console

import (
	"bytes"
	"errors"
	"os"
	"path/filepath"
	"syscall"
	"testing"

	"k8s.io/cli-runtime/pkg/genericiooptions"
)

// A pipe whose reader has gone is noticed without a write. What has no reader, such as a file, is never closed.
func TestOpen(t *testing.T) {
	file, err := os.Create(filepath.Join(t.TempDir(), "file"))
	if err != nil {
		t.Fatal(err)
	}
	defer file.Close()
	reader, pipe, err := os.Pipe()
	if err != nil {
		t.Fatal(err)
	}
	defer pipe.Close()
	for _, out := range []*os.File{file, pipe} {
		e := &Env{IOStreams: genericiooptions.IOStreams{Out: out}}
		e.Protect()
		if err := Open(e); err != nil {
			t.Errorf("%s: %v", out.Name(), err)
		}
	}
	if err := Open(&Env{IOStreams: genericiooptions.IOStreams{Out: new(bytes.Buffer)}}); err != nil {
		t.Error(err)
	}
	reader.Close()
	e := &Env{IOStreams: genericiooptions.IOStreams{Out: pipe}}
	e.Protect()
	if err := Open(e); !errors.Is(err, syscall.EPIPE) {
		t.Error(err)
	}
}
