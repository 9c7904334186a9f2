package logincmd

import (
	"fmt"

	"github.com/aymanbagabas/go-udiff"

	"github.com/kubectl-vsphere/kubectl-vsphere/internal/command"
	"github.com/kubectl-vsphere/kubectl-vsphere/internal/contexts"
	"github.com/kubectl-vsphere/kubectl-vsphere/pkg/kubeconfig/mask"
)

// printKubeconfig prints a kubeconfig of only this login, with tokens. Failures go to standard error.
func (r *run) printKubeconfig(l contexts.Login) error {
	text, err := l.Standalone()
	if err == nil {
		text, err = command.HarmlessYAML(text)
	}
	if err != nil {
		return err
	}
	if _, err := r.env.Out.Write(text); err != nil {
		return err
	}
	return r.reportFailures(l.Result, nil)
}

// printPlan prints what would be written, without secrets. Failures go to standard error.
func (r *run) printPlan(l contexts.Login) error {
	change, report, err := l.Preview(r.env, r.files)
	if err != nil {
		return err
	}
	if len(report.Texts) == 0 {
		r.env.Tellf("No changes: the kubeconfig has all of this already.") // Not on standard output, which programs read.
	}
	if r.o.Format == "yaml" {
		text, err := change.Text()
		if err == nil {
			text, err = mask.Text(text)
		}
		if err != nil {
			return err
		}
		fmt.Fprintf(r.env.Out, "%s", text)
		return r.reportFailures(l.Result, nil)
	}
	for _, t := range report.Texts {
		before, after, err := mask.Pair(t.Old, t.New)
		if err != nil {
			return fmt.Errorf("kubeconfig %s cannot be shown: %w", t.Path, err)
		}
		fmt.Fprint(r.env.Out, udiff.Unified(t.Path, t.Path+" (planned)", string(before), string(after)))
	}
	return r.reportFailures(l.Result, nil)
}
