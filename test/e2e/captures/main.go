// Command captures writes docs/captures/*.svg: what people see of login, list, describe, use and doctor on a terminal. It starts a lab, runs
// the built programs in pseudo terminals, and draws the screens. Addresses and ages, which differ in each run, are replaced by others of
// the same length, so that the same program draws the same files.
package main

import (
	"context"
	"errors"
	"flag"
	"fmt"
	"os"
	"path/filepath"
	"regexp"
	"strings"
	"time"

	"github.com/kubectl-vsphere/kubectl-vsphere/test/lab/lab"
)

func main() {
	programs := flag.String("programs", "../../bin", "the directory of kubectl and kubectl-vsphere")
	to := flag.String("to", "../../docs/captures", "the directory to write to")
	flag.Parse()
	if err := run(context.Background(), *programs, *to); err != nil {
		fmt.Fprintln(os.Stderr, "captures:", err)
		os.Exit(1)
	}
}

// network is where the lab is, and homes are where the home may be. shownNetwork and shownHome, of the same length, are what the captures show
// in their place: columns stay where they are.
const (
	network      = "127.10.0"
	shownNetwork = "10.10.10"
	homes        = "/tmp/kv%02d"
	shownHome    = "/home/dev"
)

// scene is one capture.
type scene struct {
	name    string
	title   string // for people who do not see it
	columns int
	line    string
	typed   []answer
	before  func(home string) error // what is there before; nil: nothing more
	rows    int                     // how many lines are shown; 0: all
	last    string                  // the capture is taken when this is on the screen, and Escape is typed; empty: at the end
}

// answer is what is typed once a text is on the screen.
type answer struct{ to, keys string }

// scenes are in the order in which they are played, in one home.
func scenes(password string) []scene {
	const server = network + ".11"
	return []scene{
		{
			name: "login", title: "A login: one password, and contexts for the Supervisor, its namespaces and its clusters", columns: 104,
			line:  "kubectl vsphere login --server " + server + " -u dev@vsphere.local --certificate-authority vcenter-ca.pem",
			typed: []answer{{"Password", password + "\r"}},
		},
		{name: "list", title: "The clusters of all Supervisors, with their contexts, tokens, versions and states", columns: 106, line: "kubectl vsphere list clusters"},
		{name: "describe", title: "A cluster on one page: what is wrong first, then its nodes, load balancers and conditions", columns: 106, rows: 34, line: "kubectl vsphere describe cluster tkc1"},
		{
			name: "use", title: "A choice of contexts, after the letters tkc are typed", columns: 60, line: "kubectl vsphere use",
			typed: []answer{{"Which context?", "tkc"}}, last: "Which context? tkc",
		},
		{
			name: "doctor", title: "What doctor finds wrong, and what to type", columns: 94, line: "kubectl vsphere doctor",
			before: func(home string) error { // A program of that name that was forgotten, and a mode that somebody changed.
				return errors.Join(os.Chmod(filepath.Join(home, ".kube", "config"), 0o666),
					os.Mkdir(filepath.Join(home, "bin"), 0o700), os.WriteFile(filepath.Join(home, "bin", "kubectl-vsphere"), []byte("#!/bin/sh\n"), 0o700))
			},
		},
	}
}

func run(ctx context.Context, programs, to string) (err error) {
	bin, err := filepath.Abs("../../bin")
	if err != nil {
		return err
	}
	dir, err := os.MkdirTemp("", "vsphere-captures-")
	if err != nil {
		return err
	}
	defer os.RemoveAll(dir) //nolint:errcheck // Nothing is left to do about it.
	if err := os.Setenv(lab.Program, bin+"/vsphere-lab"); err != nil {
		return err
	}
	ready, cancel := context.WithTimeout(ctx, 5*time.Minute)
	defer cancel()
	site, err := lab.Open(ready, filepath.Join(dir, "lab"), "--network", network)
	if err != nil {
		return err
	}
	defer func() { err = errors.Join(err, site.Close()) }()
	home, err := newHome()
	if err != nil {
		return err
	}
	defer os.RemoveAll(home) //nolint:errcheck // Nothing is left to do about it.
	ca, err := os.ReadFile(site.Supervisors[0].CA)
	if err == nil {
		err = errors.Join(os.MkdirAll(to, 0o755), os.WriteFile(filepath.Join(home, "vcenter-ca.pem"), ca, 0o600), install(programs, home))
	}
	if err != nil {
		return err
	}
	for _, s := range scenes(site.Users[1].Password) {
		if err := s.capture(ctx, home, to); err != nil {
			return fmt.Errorf("%s: %w", s.name, err)
		}
		if s.name == "login" {
			if err := settled(ctx, home); err != nil {
				return err
			}
		}
	}
	return nil
}

// install copies the programs to where a person has them.
func install(programs, home string) error {
	bin := filepath.Join(home, ".local", "bin")
	if err := os.MkdirAll(bin, 0o700); err != nil {
		return err
	}
	for _, name := range []string{"kubectl", "kubectl-vsphere"} {
		text, err := os.ReadFile(filepath.Join(programs, name))
		if err == nil {
			err = os.WriteFile(filepath.Join(bin, name), text, 0o700)
		}
		if err != nil {
			return err
		}
	}
	return nil
}

// newHome makes an empty home.
func newHome() (home string, err error) {
	for i := range 100 {
		home = fmt.Sprintf(homes, i)
		if err = os.Mkdir(home, 0o700); err == nil {
			return home, nil
		}
	}
	return "", err
}

// settled waits until the lab has looked at its clusters.
func settled(ctx context.Context, home string) error {
	for range 60 {
		out, _ := command(ctx, home, "kubectl vsphere list clusters").Output()
		if strings.Count(string(out), " ready\n") == 2 && !strings.Contains(string(out), "not ready") {
			return nil
		}
		time.Sleep(time.Second)
	}
	return errors.New("the clusters are not ready after a minute")
}

// capture plays a scene and draws it.
func (s scene) capture(ctx context.Context, home, to string) error {
	if s.before != nil {
		if err := s.before(home); err != nil {
			return err
		}
	}
	screen, err := s.play(ctx, home)
	if err != nil {
		return err
	}
	if s.rows > 0 && len(screen) > s.rows {
		screen = append(screen[:s.rows], row{[]piece{{text: "…", width: 1}}})
	}
	for i := range screen {
		screen[i].steady(home)
	}
	return os.WriteFile(filepath.Join(to, s.name+".svg"), draw(s.title, s.columns, screen), 0o644)
}

// ages are lengths of time that depend on when the lab was started.
var ages = regexp.MustCompile(`\b(\d+m\d+s|\d+[ms])\b`)

// shown returns a text as the captures show it. Everything takes as much room as before.
func shown(text, home string) string {
	text = strings.ReplaceAll(text, network+".", shownNetwork+".")
	text = strings.ReplaceAll(text, home, shownHome)
	return ages.ReplaceAllStringFunc(text, func(age string) string { return ("3d" + strings.Repeat(" ", len(age)))[:len(age)] })
}
