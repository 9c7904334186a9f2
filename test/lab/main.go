// Command vsphere-lab runs a whole vSphere Supervisor site on loopback addresses, for tests and for trying things out.
package main

import (
	"context"
	"errors"
	"flag"
	"fmt"
	"io"
	"os"
	"os/signal"
	"syscall"

	"github.com/spf13/cobra"
	"golang.org/x/term"
	"k8s.io/component-base/cli"
	apiserver "k8s.io/kubernetes/cmd/kube-apiserver/app"
	manager "k8s.io/kubernetes/cmd/kube-controller-manager/app"

	"github.com/kubectl-vsphere/kubectl-vsphere/test/lab/kube"
	"github.com/kubectl-vsphere/kubectl-vsphere/test/lab/site"
)

const usage = `usage: vsphere-lab up --dir DIR [--network 127.A.B] [--fake-clusters N] [--token-lifetime 10h] [--oidc-lifetime 5m]
                      [--provision] [--quiet] [--until-eof]

Runs a vCenter, two Supervisors and two TKG clusters until SIGTERM or Ctrl-C. DIR/lab.json appears when all is ready. On a
terminal, addresses, users and commands to try are printed then.

  --provision   the first Supervisor makes clusters: see "provision" in lab.json
  --quiet       prints nothing when ready
  --until-eof   ends also when standard input does: a program that starts the lab cannot leave it behind
`

func main() {
	if part, ok := parts[first(os.Args[1:])]; ok {
		c := part()
		c.SetArgs(os.Args[2:])
		os.Exit(cli.Run(c))
	}
	if err := run(os.Args[1:]); err != nil {
		fmt.Fprintln(os.Stderr, "vsphere-lab:", err)
		os.Exit(1)
	}
}

// parts are the parts of Kubernetes that this program is when a lab runs it as its child.
var parts = map[string]func() *cobra.Command{
	kube.APIServerCommand: apiserver.NewAPIServerCommand,
	kube.ManagerCommand:   manager.NewControllerManagerCommand,
}

func first(args []string) string {
	if len(args) == 0 {
		return ""
	}
	return args[0]
}

func run(args []string) error {
	if first(args) != "up" {
		fmt.Fprint(os.Stderr, usage)
		os.Exit(2)
	}
	var o site.Options
	flags := flag.NewFlagSet("up", flag.ExitOnError)
	flags.Usage = func() { fmt.Fprint(os.Stderr, usage) }
	flags.StringVar(&o.Dir, "dir", "", "")
	flags.StringVar(&o.Network, "network", "", "")
	flags.IntVar(&o.FakeClusters, "fake-clusters", 0, "")
	flags.DurationVar(&o.TokenLifetime, "token-lifetime", 0, "")
	flags.DurationVar(&o.OIDCLifetime, "oidc-lifetime", 0, "")
	flags.BoolVar(&o.Provision, "provision", false, "")
	quiet, untilEOF := flags.Bool("quiet", false, ""), flags.Bool("until-eof", false, "")
	_ = flags.Parse(args[1:])
	if o.Dir == "" || flags.NArg() > 0 {
		return errors.New("--dir is missing, or there are arguments too many")
	}
	ctx, stop := signal.NotifyContext(context.Background(), os.Interrupt, syscall.SIGTERM)
	defer stop()
	if *untilEOF {
		go func() {
			_, _ = io.Copy(io.Discard, os.Stdin)
			stop()
		}()
	}
	if !*quiet && term.IsTerminal(int(os.Stdout.Fd())) {
		o.Ready = func(l site.Lab) { l.Guide(os.Stdout, o.Dir) }
	}
	return site.Up(ctx, o)
}
