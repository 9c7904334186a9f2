// Command bench measures what users wait for, in one run, against a program that does the least: get-token on a hit, logins to
// a Supervisor with many clusters, and a large kubeconfig. It prints figures beside their budgets and fails when one is over:
// nearly all are ratios, since machines are noisy. Arguments name the parts to measure: hit, helper, fullstore, login, scale,
// list, kubeconfig.
package main

import (
	"context"
	"errors"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strings"
	"syscall"
	"time"

	"github.com/kubectl-vsphere/kubectl-vsphere/test/lab/lab"
)

func main() {
	if err := run(context.Background(), os.Args[1:]); err != nil {
		fmt.Fprintln(os.Stderr, "bench:", err)
		os.Exit(1)
	}
}

// bench is one run: a lab, a home and the programs.
type bench struct {
	ctx      context.Context //nolint:containedctx // One run of a program.
	bin, dir string
	lab      *lab.Lab
	over     []string // figures that are over their budget
}

// run measures the named parts, or all.
func run(ctx context.Context, parts []string) (err error) {
	bin, err := filepath.Abs("../../bin")
	if err != nil {
		return err
	}
	dir, err := os.MkdirTemp("", "vsphere-bench-")
	if err != nil {
		return err
	}
	defer os.RemoveAll(dir) //nolint:errcheck // Nothing is left to do about it.
	b := &bench{ctx: ctx, bin: dir + "/bin", dir: dir}
	if err := os.CopyFS(b.bin, os.DirFS(bin)); err != nil {
		return err
	}
	if err := errors.Join(b.build(".", "baseline", "./bench/baseline"), b.build("../..", "other", "./internal/bench")); err != nil {
		return err
	}
	if b.lab, err = openLab(ctx, bin, dir); err != nil {
		return err
	}
	defer func() { err = errors.Join(err, b.lab.Close()) }()
	fmt.Printf(format, "", "measured", "budget")
	for _, part := range []struct {
		name    string
		measure func() error
	}{{"hit", b.hit}, {"helper", b.helper}, {"fullstore", b.fullStore}, {"login", b.login}, {"scale", b.scale}, {"list", b.list}, {"kubeconfig", b.kubeconfig}} {
		if len(parts) > 0 && !slices.Contains(parts, part.name) {
			continue
		}
		if err := part.measure(); err != nil {
			return err
		}
	}
	if len(b.over) > 0 {
		return fmt.Errorf("over the budget: %s", strings.Join(b.over, "; "))
	}
	return nil
}

// build puts a program into the directory of the run. What is measured is a copy, as an installed program is one: a file that the linker
// just wrote starts up to 10 % slower, since the page cache holds it in smaller pieces.
func (b *bench) build(module, name, pkg string) error {
	linked := b.dir + "/linked-" + name + "/" + name
	build := exec.CommandContext(b.ctx, "go", "build", "-trimpath", "-ldflags", "-s -w", "-o", linked, pkg)
	build.Env, build.Dir = append(os.Environ(), "CGO_ENABLED=0"), module
	if out, err := build.CombinedOutput(); err != nil {
		return fmt.Errorf("build %s: %w\n%s", pkg, err, out)
	}
	return os.CopyFS(b.dir, os.DirFS(filepath.Dir(linked)))
}

// openLab starts the lab, with clusters for a large login.
func openLab(ctx context.Context, bin, dir string) (*lab.Lab, error) {
	// The lab shares the processors with what is measured: its servers collect their garbage hardly ever.
	if err := errors.Join(os.Setenv(lab.Program, bin+"/vsphere-lab"), os.Setenv("GOGC", "2000")); err != nil {
		return nil, err
	}
	ctx, cancel := context.WithTimeout(ctx, 5*time.Minute)
	defer cancel()
	return lab.Open(ctx, dir, "--fake-clusters", fmt.Sprint(scaleClusters))
}

// sample is one process: how long it took, the time of the processor that it used, and the most memory that it had.
type sample struct {
	took, cpu time.Duration
	rss       int64 // KiB
}

func (b *bench) command(name string, args ...string) *exec.Cmd {
	c := exec.CommandContext(b.ctx, name, args...)
	c.Env = []string{"HOME=" + b.dir, "PATH=" + b.bin + ":/usr/bin:/bin", "KUBECTL_VSPHERE_PASSWORD=" + password}
	return c
}

// measure runs a command. It closes the file that is the command's standard input.
func measure(c *exec.Cmd) (sample, error) {
	if f, ok := c.Stdin.(*os.File); ok {
		defer f.Close() //nolint:errcheck // It was only read.
	}
	start := time.Now()
	err := c.Run()
	took := time.Since(start)
	if err != nil {
		return sample{}, fmt.Errorf("%s: %w", strings.Join(c.Args, " "), err)
	}
	usage, _ := c.ProcessState.SysUsage().(*syscall.Rusage)
	return sample{took, c.ProcessState.UserTime() + c.ProcessState.SystemTime(), usage.Maxrss}, nil
}

// median of each figure.
func median(all []sample) sample {
	var times, cpu []time.Duration
	var rss []int64
	for _, s := range all {
		times, cpu, rss = append(times, s.took), append(cpu, s.cpu), append(rss, s.rss)
	}
	slices.Sort(times)
	slices.Sort(cpu)
	slices.Sort(rss)
	return sample{times[len(times)/2], cpu[len(cpu)/2], rss[len(rss)/2]}
}

const format = "%-58s %10s %10s\n"

// tell prints a figure without a budget.
func tell(what, measured string) { fmt.Printf(format, what, measured, "") }

// atMost prints a figure that must not be more than its budget; unit is how both are printed.
func (b *bench) atMost(what string, measured, budget float64, unit string) {
	fmt.Printf(format, what, fmt.Sprintf(unit, measured), fmt.Sprintf(unit, budget))
	if measured > budget {
		b.over = append(b.over, strings.TrimSpace(what))
	}
}

// atLeast prints a figure that must not be less than its budget.
func (b *bench) atLeast(what string, measured, budget float64, unit string) {
	fmt.Printf(format, what, fmt.Sprintf(unit, measured), ">="+fmt.Sprintf(unit, budget))
	if measured < budget {
		b.over = append(b.over, strings.TrimSpace(what))
	}
}

// The units of figures.
const (
	times    = "%.2fx"
	seconds  = "%.2f s"
	mebibyte = "%.1f MiB"
	count    = "%.0f"
)

func ms(d time.Duration) string { return fmt.Sprintf("%.2f ms", float64(d)/float64(time.Millisecond)) }

func (s sample) mib() float64 { return float64(s.rss) / 1024 }

func ratio(a, b time.Duration) float64 { return float64(a) / float64(b) }

// inTurn runs two commands n times each, one after the other, and gives the medians.
func inTurn(n int, one, two func() *exec.Cmd) (x, y sample, err error) {
	var ones, twos []sample
	for range n {
		s, err := measure(one())
		if err != nil {
			return x, y, err
		}
		ones = append(ones, s)
		if s, err = measure(two()); err != nil {
			return x, y, err
		}
		twos = append(twos, s)
	}
	return median(ones), median(twos), nil
}
