package sitecmd

import (
	"fmt"
	"slices"
	"strings"

	"github.com/spf13/cobra"

	"github.com/kubectl-vsphere/kubectl-vsphere/internal/failure"
)

// kubectls are kinds of objects within clusters that people ask for by habit.
var kubectls = []string{"no", "node", "nodes", "po", "pod", "pods", "deploy", "deployment", "deployments"}

// askKubectl is the next step for what is in a cluster.
func askKubectl(word string) string {
	return fmt.Sprintf("What is in a cluster, kubectl shows: kubectl --context CLUSTER get %s", strings.ToLower(word))
}

// Get returns the usage error of "get", which is a command of kubectl.
func Get(c *cobra.Command, args []string) error {
	unknown := fmt.Errorf("unknown command %q; to list what Supervisors hold, type: kubectl vsphere list %s", "get", kindOr(args, "WHAT"))
	step := "For the objects of a context, type: kubectl get " + kindOr(args, "KIND")
	if len(args) > 0 && slices.Contains(kubectls, strings.ToLower(args[0])) {
		step = askKubectl(args[0])
	}
	return &failure.UsageError{Command: c.CommandPath(), Group: true, Err: failure.Hint(unknown, "%s", step)}
}

// kindOr returns the first argument if it is something to list, else another word.
func kindOr(args []string, other string) string {
	if len(args) > 0 && findKind(args[0]) != nil {
		return args[0]
	}
	return other
}
