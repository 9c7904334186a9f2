package cli

import (
	"errors"
	"fmt"

	"github.com/aymanbagabas/go-udiff"
	"k8s.io/client-go/tools/clientcmd/api"

	"github.com/kubectl-vsphere/kubectl-vsphere/pkg/kubeconfig"
	"github.com/kubectl-vsphere/kubectl-vsphere/pkg/kubeconfig/mask"
	"github.com/kubectl-vsphere/kubectl-vsphere/pkg/login"
	"github.com/kubectl-vsphere/kubectl-vsphere/pkg/tokens"
)

// planFormat is what --dry-run prints: diff (also when empty) or yaml.
type planFormat string

// String, Set and Type make it a pflag.Value.
func (f *planFormat) String() string { return string(*f) }

// Set takes yaml or diff.
func (f *planFormat) Set(s string) error {
	if s != "yaml" && s != "diff" {
		return errors.New("want yaml or diff")
	}
	*f = planFormat(s)
	return nil
}

// Type names the value in the help text.
func (f *planFormat) Type() string { return "format" }

// printKubeconfig prints a kubeconfig of this login alone, with tokens, and what failed on standard error.
func (a *App) printKubeconfig(s tokens.Session, o loginOptions, res *login.Result) error {
	text, err := kubeconfig.Plan(api.NewConfig(), programName, wantedContexts(s, o, res)).Change.Text()
	if err != nil {
		return err
	}
	if _, err := a.Out.Write(text); err != nil {
		return err
	}
	return a.reportFailures(res, written{}, o.clusters.Named())
}

// printPlan prints what would be written, and what failed on standard error.
func (a *App) printPlan(files kubeconfig.Files, s tokens.Session, o loginOptions, res *login.Result) error {
	wanted := wantedContexts(s, o, res)
	command, _ := execCommand()
	var plan, first kubeconfig.Planned
	asked := false
	report, err := files.Preview(func(old *api.Config) (kubeconfig.Change, error) {
		plan = o.plan(old, command, wanted)
		if !asked {
			first, asked = plan, true
		}
		return plan.Change, nil
	})
	if err != nil {
		return err
	}
	if o.planFormat == "yaml" {
		text, err := first.Change.Text()
		if err != nil {
			return err
		}
		if text, err = mask.Text(text); err != nil {
			return err
		}
		fmt.Fprintf(a.Out, "%s", text)
	} else {
		for _, t := range report.Texts {
			before, after, err := mask.Pair(t.Old, t.New)
			if err != nil {
				return fmt.Errorf("kubeconfig %s cannot be shown: %w", t.Path, err)
			}
			fmt.Fprint(a.Out, udiff.Unified(t.Path, t.Path+" (planned)", string(before), string(after)))
		}
	}
	return a.reportFailures(res, written{}, o.clusters.Named())
}
