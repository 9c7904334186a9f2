package cli_test

import (
	"os"
	"strings"
	"testing"

	"github.com/kubectl-vsphere/kubectl-vsphere/internal/cli/clitest"
	"github.com/kubectl-vsphere/kubectl-vsphere/internal/consoletest"
	"github.com/kubectl-vsphere/kubectl-vsphere/internal/costtest"
	"github.com/kubectl-vsphere/kubectl-vsphere/internal/failure"
)

// A kubeconfig that would cost too much is not parsed, whichever command reads it. Login says so before it sends a password.
func TestAHugeKubeconfigIsRefused(t *testing.T) {
	w, s := clitest.Site(t)
	clitest.SignedIn(t, w, s)
	w.Vars[failure.PasswordVariable] = consoletest.Password
	for name, text := range map[string]string{
		"many values":   "others: [" + strings.Repeat("a,", 5<<20) + "a]\n",
		"many objects":  `{"others": [` + strings.Repeat("{},", 3<<20) + "{}]}\n",
		"deep lists":    "a:\n" + strings.Repeat("- ", 5<<20) + "b\n",
		"long lists":    "contexts:\n" + strings.Repeat("- name: a\n", 1<<20),
		"many comments": strings.Repeat("#\n", 5<<20) + "a: b\n",
	} {
		if err := os.WriteFile(w.Kubeconfig(), []byte(text), 0o600); err != nil {
			t.Fatal(err)
		}
		for _, args := range [][]string{
			{"status"}, {"whoami"}, {"get-token", "--server", "10.0.0.9", "--user", consoletest.User}, {"__complete", "whoami", "--context", ""},
			clitest.SignIn(w), clitest.SignIn(w, "--dry-run"), {"logout"},
		} {
			costtest.Limit(t, name+": "+args[0], func() {
				r := w.Run(args...)
				switch args[0] {
				case "__complete", "get-token": // They say nothing of the kubeconfig, or do not read it.
				default:
					r.Says("cannot be read: it has more than ")
				}
			})
		}
		if len(s.Requests()) != 0 {
			t.Errorf("%s: requests: %v", name, s.Requests())
		}
	}
}
