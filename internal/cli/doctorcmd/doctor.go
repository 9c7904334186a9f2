// Package doctorcmd is kubectl vsphere doctor: what is wrong, and what to type.
package doctorcmd

import (
	"context"
	"errors"
	"fmt"
	"os"
	"strings"

	"github.com/spf13/cobra"

	"github.com/kubectl-vsphere/kubectl-vsphere/internal/command"
	"github.com/kubectl-vsphere/kubectl-vsphere/internal/console"
	"github.com/kubectl-vsphere/kubectl-vsphere/internal/doctor"
	"github.com/kubectl-vsphere/kubectl-vsphere/internal/failure"
	"github.com/kubectl-vsphere/kubectl-vsphere/pkg/atomicfile"
	"github.com/kubectl-vsphere/kubectl-vsphere/pkg/safetext"
)

// Deps are what the command needs from the rest of the program.
type Deps struct {
	Env *console.Env
	// Registries returns what registry clients will stumble on.
	Registries func(ctx context.Context, e *console.Env) ([]doctor.Finding, error)
}

// options are the flags of doctor.
type options struct {
	Server  string // canonical; empty: all
	Context string // empty: all
	All     bool
	Bundle  string // path of the archive; empty: none
	Format  command.Format
}

// New returns the doctor command.
func New(d Deps) *cobra.Command {
	var o options
	var server string
	c := &cobra.Command{
		Use:   "doctor",
		Short: "Looks for what is wrong, and says what to type.",
		Long: `Checks this machine, the way to the servers, and the servers: programs on PATH, kubeconfig, store,
passwords, proxy, DNS, ports, certificates, clocks, Supervisors, identity providers, contexts and
registries. It ends within 10 seconds. The exit code is 0 if nothing is wrong, else 1.

It sends no password, renews nothing and changes nothing. A token that is good goes to the server
of its context, as kubectl sends it. docs/troubleshooting.md describes each check.`,
		Example: `  kubectl vsphere doctor
  kubectl vsphere doctor --context tkc1
  kubectl vsphere doctor --bundle support.zip`,
		Args: command.NoArgs,
		RunE: func(c *cobra.Command, _ []string) (err error) {
			if o.Server, err = command.TypedServer(d.Env, server); err != nil {
				return err
			}
			if o.Server != "" && o.Context != "" {
				return failure.Usagef("--server and --context: give one of them")
			}
			return run(c.Context(), d, o)
		},
	}
	f := c.Flags()
	f.StringVar(&server, "server", "", "Look only at the Supervisor with this `ADDRESS` or name. It need not be known.")
	f.StringVar(&o.Context, "context", "", "Look only at this context (`NAME`) and its server.")
	f.BoolVar(&o.All, "all", false, "Also print what is right.")
	f.StringVar(&o.Bundle, "bundle", "", "Write an archive (ZIP) for support to this `FILE`. It has no secrets.")
	o.Format.AddTo(c)
	_ = c.RegisterFlagCompletionFunc("server", command.Servers(d.Env))
	_ = c.RegisterFlagCompletionFunc("context", command.Contexts(d.Env))
	command.Files(c, "bundle")
	return c
}

// errProblems sets the exit code.
var errProblems = errors.New("there are problems")

// run checks and prints.
func run(ctx context.Context, d Deps, o options) error {
	if o.Bundle == "-" {
		return failure.Usagef("--bundle: an archive needs a file: name one")
	}
	if o.Bundle != "" {
		if _, err := os.Lstat(o.Bundle); err == nil {
			return failure.Usagef("--bundle: %s exists", o.Bundle)
		}
	}
	p := d.Env.NewProgress()
	p.Show("Checking", 0, 0)
	report, err := doctor.Run(ctx, doctor.Options{Env: d.Env, Server: o.Server, Context: o.Context, Registries: d.Registries})
	p.Done()
	if err := errors.Join(err, ctx.Err()); err != nil {
		return err
	}
	if o.Format.Structured() {
		err = o.Format.Write(d.Env.Out, report)
	} else {
		printReport(d.Env, report, o.All)
	}
	if err == nil && o.Bundle != "" {
		err = writeBundle(d.Env, report, o.Bundle)
	}
	if err == nil && report.Problems > 0 {
		err = failure.Silent(errProblems)
	}
	return err
}

// printReport prints what is wrong, then the names of the other checks.
func printReport(e *console.Env, r doctor.Report, all bool) {
	names := map[doctor.State][]string{}
	for _, c := range r.Checks {
		if c.State == doctor.OK || c.State == doctor.Skipped {
			names[c.State] = append(names[c.State], c.Name)
		}
		for _, f := range c.Findings {
			if f.State != doctor.OK || all {
				printFinding(e, c.Name, f)
			}
		}
	}
	for _, state := range []doctor.State{doctor.OK, doctor.Skipped} {
		if len(names[state]) > 0 {
			console.Page{Env: e}.Labelf(styles[state], string(state)+":", "%s", strings.Join(names[state], ", "))
		}
	}
	switch r.Problems {
	case 0:
		e.Printf("Nothing is wrong.")
	case 1:
		e.Printf("1 problem.")
	default:
		e.Printf("%d problems.", r.Problems)
	}
}

// styles are how states look on a terminal with colours.
var styles = map[doctor.State]console.Style{doctor.OK: console.Good, doctor.Note: console.Waiting, doctor.Problem: console.Bad}

func printFinding(e *console.Env, check string, f doctor.Finding) {
	about := ""
	if f.About != "" {
		about = f.About + ": "
	}
	console.Page{Env: e}.Labelf(styles[f.State], string(f.State)+":", "%s: %s%s", check, about, f.Says)
	if f.Remedy != "" {
		e.Printf("%s", safetext.Lines(f.Remedy))
	}
	e.Printf("")
}

// writeBundle writes the archive, for the user alone. What appears at the path meanwhile stays.
func writeBundle(e *console.Env, r doctor.Report, path string) error {
	archive, err := doctor.Bundle(e, r)
	if err != nil {
		return err
	}
	err = atomicfile.Write(path, archive, atomicfile.Options{Mode: 0o600, Check: func() error {
		if _, err := os.Lstat(path); err == nil {
			return fmt.Errorf("%s exists", path)
		}
		return nil
	}})
	if err != nil {
		return fmt.Errorf("write the archive: %w", err)
	}
	e.Tellf("Wrote %s. It has no token and no password. It names servers, users and files: look at it before you send it.", path)
	return nil
}
