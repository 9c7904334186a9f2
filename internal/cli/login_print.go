package cli

import (
	"errors"
	"fmt"
	"regexp"
	"strings"

	"github.com/aymanbagabas/go-udiff"
	"k8s.io/client-go/tools/clientcmd/api"

	"github.com/kubectl-vsphere/kubectl-vsphere/pkg/kubeconfig"
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

// secretKey is a key of a kubeconfig whose value nobody should read on a screen, with what stands before and after it.
var secretKey = regexp.MustCompile(`^(.*?)(["']?\b(?:token|password|client-key-data|id-token|refresh-token|access-token|client-secret|value)["']?\s*:)(.*)$`)

// hideSecrets takes the values of secret keys out of a kubeconfig's text, whose lines begin with prefix characters of a diff. A line that
// holds more than such a key goes as a whole, since flow style may put anything there.
func hideSecrets(text string, prefix int) string {
	var out strings.Builder
	hidden := -1 // the indentation of a secret key whose value goes on in deeper lines
	for line := range strings.Lines(text) {
		body := strings.TrimRight(line, "\r\n")[min(prefix, len(strings.TrimRight(line, "\r\n"))):]
		indent := len(body) - len(strings.TrimLeft(body, " "))
		if hidden >= 0 && (indent > hidden || strings.TrimSpace(body) == "") {
			continue
		}
		hidden = -1
		m := secretKey.FindStringSubmatch(body)
		if m == nil {
			out.WriteString(line)
			continue
		}
		hidden = indent
		mark := line[:len(line)-len(strings.TrimLeft(line, "+- "))]
		if strings.Trim(m[1], " -") == "" && !strings.ContainsAny(m[3], "{}[],") {
			out.WriteString(line[:min(prefix, len(line))] + m[1] + m[2] + " [secret]\n")
			continue
		}
		out.WriteString(mark + "[a line with a secret]\n")
		if strings.Count(body, "{")+strings.Count(body, "[") == strings.Count(body, "}")+strings.Count(body, "]") {
			hidden = -1 // It ends here.
		}
	}
	return out.String()
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
		fmt.Fprint(a.Out, hideSecrets(string(text), 0))
	} else {
		for _, t := range report.Texts {
			diff := udiff.Unified(t.Path, t.Path+" (planned)", string(t.Old), string(t.New))
			fmt.Fprint(a.Out, hideSecrets(diff, 1))
		}
	}
	return a.reportFailures(res, written{}, o.clusters.Named())
}
