// Command bench measures what users wait for, in one run, against a program that does the least: get-token on a hit, and a
// login to a Supervisor with many clusters. It prints figures beside their budgets; machines are noisy, so it fails nobody.
package main

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"net/http"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strings"
	"syscall"
	"time"
)

const (
	hits     = 200
	logins   = 5
	clusters = 200
	delay    = "50ms"
)

func main() {
	if err := run(context.Background()); err != nil {
		fmt.Fprintln(os.Stderr, "bench:", err)
		os.Exit(1)
	}
}

// bench is one run: a lab, a home and the programs.
type bench struct {
	ctx      context.Context //nolint:containedctx // One run of a program.
	bin, dir string
	lab      struct {
		Supervisors []struct{ Server, CA string }
		Admin       string
	}
}

func run(ctx context.Context) error {
	bin, err := filepath.Abs("../../bin")
	if err != nil {
		return err
	}
	dir, err := os.MkdirTemp("", "vsphere-bench-")
	if err != nil {
		return err
	}
	defer os.RemoveAll(dir) //nolint:errcheck // Nothing is left to do about it.
	b := &bench{ctx: ctx, bin: bin, dir: dir}
	stop, err := b.startLab()
	if err != nil {
		return err
	}
	defer stop()
	fmt.Printf("%-58s %10s %10s\n", "", "measured", "budget")
	return errors.Join(b.hit(), b.login())
}

func (b *bench) startLab() (stop func(), err error) {
	lab := exec.CommandContext(b.ctx, b.bin+"/vsphere-lab", "up", "--dir", b.dir, "--fake-clusters", fmt.Sprint(clusters))
	lab.Stderr = os.Stderr
	if err := lab.Start(); err != nil {
		return nil, err
	}
	stop = func() {
		_ = lab.Process.Signal(syscall.SIGTERM)
		_ = lab.Wait()
	}
	for range 1200 {
		if text, err := os.ReadFile(b.dir + "/lab.json"); err == nil {
			return stop, json.Unmarshal(text, &b.lab)
		}
		time.Sleep(100 * time.Millisecond)
	}
	stop()
	return nil, errors.New("the lab is not ready")
}

// sample is one process: how long it took, and the most memory that it had.
type sample struct {
	took time.Duration
	rss  int64 // KiB
}

func (b *bench) command(name string, args ...string) *exec.Cmd {
	c := exec.CommandContext(b.ctx, name, args...)
	c.Env = []string{"HOME=" + b.dir, "PATH=" + b.bin + ":/usr/bin:/bin", "KUBECTL_VSPHERE_PASSWORD=VMware1!"}
	return c
}

func measure(c *exec.Cmd) (sample, error) {
	start := time.Now()
	err := c.Run()
	took := time.Since(start)
	if err != nil {
		return sample{}, fmt.Errorf("%s: %w", strings.Join(c.Args, " "), err)
	}
	usage, _ := c.ProcessState.SysUsage().(*syscall.Rusage)
	return sample{took, usage.Maxrss}, nil
}

// median of the times and of the memory.
func median(all []sample) sample {
	times, rss := make([]time.Duration, 0, len(all)), make([]int64, 0, len(all))
	for _, s := range all {
		times, rss = append(times, s.took), append(rss, s.rss)
	}
	slices.Sort(times)
	slices.Sort(rss)
	return sample{times[len(times)/2], rss[len(rss)/2]}
}

func row(what, measured, budget string) { fmt.Printf("%-58s %10s %10s\n", what, measured, budget) }

func mib(kib int64) string { return fmt.Sprintf("%.1f MiB", float64(kib)/1024) }

func (b *bench) loginArgs() []string {
	s := b.lab.Supervisors[0]
	return []string{"login", "--server", s.Server, "-u", "scale@vsphere.local", "--certificate-authority", s.CA}
}

// hit compares get-token with the program that does the least, in turn.
func (b *bench) hit() error {
	baseline := b.dir + "/baseline"
	build := exec.CommandContext(b.ctx, "go", "build", "-trimpath", "-ldflags", "-s -w", "-o", baseline, "./bench/baseline")
	build.Env = append(os.Environ(), "CGO_ENABLED=0")
	if out, err := build.CombinedOutput(); err != nil {
		return fmt.Errorf("build the baseline: %w\n%s", err, out)
	}
	if _, err := measure(b.command(b.bin+"/kubectl-vsphere", append(b.loginArgs(), "--workload-clusters", "none")...)); err != nil {
		return err
	}
	files, err := filepath.Glob(b.dir + "/.local/state/kubectl-vsphere/credentials/*.json")
	if err != nil || len(files) != 1 {
		return fmt.Errorf("%d credentials, %w", len(files), err)
	}
	var ours, least []sample
	for range hits {
		s, err := measure(b.command(b.bin+"/kubectl-vsphere", "get-token", "--server", b.lab.Supervisors[0].Server, "--user", "scale@vsphere.local"))
		if err != nil {
			return err
		}
		ours = append(ours, s)
		if s, err = measure(b.command(baseline, files[0])); err != nil {
			return err
		}
		least = append(least, s)
	}
	x, y := median(ours), median(least)
	row("get-token on a hit, median of 200", fmt.Sprintf("%.2f ms", ms(x.took)), "")
	row("standard library reads and prints the file, median of 200", fmt.Sprintf("%.2f ms", ms(y.took)), "")
	row("  ratio", fmt.Sprintf("%.2fx", ms(x.took)/ms(y.took)), "2.5x")
	row("  resident memory of get-token", mib(x.rss), "16 MiB")
	return nil
}

func ms(d time.Duration) float64 { return float64(d) / float64(time.Millisecond) }

// login is a whole login to many clusters with a delay on every request.
func (b *bench) login() error {
	fault := strings.NewReader(`{"delay":"` + delay + `"}`)
	req, err := http.NewRequestWithContext(b.ctx, http.MethodPost, b.lab.Admin+"faults", fault)
	if err != nil {
		return err
	}
	resp, err := http.DefaultClient.Do(req)
	if err != nil {
		return err
	}
	if err := resp.Body.Close(); err != nil || resp.StatusCode != http.StatusOK {
		return fmt.Errorf("switch the delay on: %s %w", resp.Status, err)
	}
	var all []sample
	for range logins {
		s, err := measure(b.command(b.bin+"/kubectl-vsphere", b.loginArgs()...))
		if err != nil {
			return err
		}
		all = append(all, s)
	}
	m := median(all)
	row(fmt.Sprintf("login, %d clusters, %s on every request, median of %d", clusters, delay, logins), fmt.Sprintf("%.2f s", m.took.Seconds()), "1.5 s")
	row("  resident memory of login", mib(m.rss), "64 MiB")
	return nil
}
