package up

import (
	"context"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"testing"
	"time"

	"github.com/kubectl-vsphere/kubectl-vsphere/test/lab/lab"
)

// site is the lab that all tests of this package share.
var site *lab.Lab

func TestMain(m *testing.M) {
	if how := os.Getenv(strayHow); how != "" {
		if err := playStray(how); err != nil {
			fmt.Fprintln(os.Stderr, err)
			os.Exit(1)
		}
		os.Exit(0)
	}
	code, err := run(m)
	if err != nil {
		fmt.Fprintln(os.Stderr, err)
		code = 1
	}
	os.Exit(code)
}

// run starts the lab that make lab-build makes, and ends it after the tests.
func run(m *testing.M) (code int, err error) {
	if err := errors.Join(isolate(), adopt()); err != nil {
		return 1, err
	}
	program, err := filepath.Abs("../../../bin/vsphere-lab")
	if err != nil {
		return 1, err
	}
	if err := os.Setenv(lab.Program, program); err != nil {
		return 1, err
	}
	dir, err := os.MkdirTemp("", "vsphere-lab-")
	if err != nil {
		return 1, err
	}
	defer os.RemoveAll(dir)
	ctx, cancel := context.WithTimeout(context.Background(), 10*time.Minute)
	defer cancel()
	if site, err = lab.Open(ctx, dir, "--provision"); err != nil {
		return 1, err
	}
	code = m.Run()
	return code, errors.Join(site.Close(), checkPackets())
}
