package migratecmd

import (
	"strings"

	"github.com/kubectl-vsphere/kubectl-vsphere/internal/console"
	"github.com/kubectl-vsphere/kubectl-vsphere/internal/failure"
	"github.com/kubectl-vsphere/kubectl-vsphere/internal/migrate"
)

// listing is the shape of -o json. docs/migration.md says what each field is.
type listing struct {
	Contexts []migrate.Context `json:"contexts"`
	// Logins are what would bring contexts that are missing.
	Logins []toType `json:"logins"`
	// Partial means that a file could not be read.
	Partial bool `json:"partial,omitempty"`
}

// toType is a login with its command line.
type toType struct {
	Login
	Command string `json:"command"`
}

func typed(logins []Login) []toType {
	all := []toType{}
	for _, l := range logins {
		all = append(all, toType{l, failure.LoginCommand(l.Server, l.User)})
	}
	return all
}

// print prints what was found.
func (o *options) print(e *console.Env, l listing) error {
	switch {
	case o.Format == "name":
		for _, c := range l.Contexts {
			e.Printf("%s", c.Name)
		}
		return nil
	case o.Format != "":
		return o.Format.Write(e.Out, l)
	case len(l.Contexts) == 0:
		e.Tellf("Other tools left no contexts for a Supervisor in your kubeconfig, nor in %s.", strings.Join(migrate.Dirs(e.Home), " or "))
		return nil
	}
	t := e.NewTable("CONTEXT", "TOOL", "SERVER", "USER", "NAMESPACE", "CLUSTER", "OURS")
	for _, c := range l.Contexts {
		t.Row(c.Name, c.Tool, c.Server, c.User, c.Namespace, c.Cluster, c.Ours)
	}
	return t.Print()
}

// maxCommands bounds the commands to type.
const maxCommands = 20

// tell says what to type for logins that were not made.
func (m migration) tell(logins []Login) {
	if len(logins) == 0 {
		return
	}
	m.Env.Tellf("To get contexts of your own, log in: tokens and passwords of other tools are not used. Type:")
	for _, l := range logins[:min(len(logins), maxCommands)] {
		m.Env.Tellf("  %s", failure.LoginCommand(l.Server, l.User))
	}
	if more := len(logins) - maxCommands; more > 0 {
		m.Env.Notef("there are %d more; to see all, type: kubectl vsphere migrate -o json", more)
	}
}

// tellRest says why the others have nothing to be done.
func (m migration) tellRest() {
	lost, missing := 0, 0
	for _, c := range m.all {
		switch {
		case c.Ours == "" && c.Server == "":
			lost++
		case c.Ours == "":
			missing++
		}
	}
	switch {
	case lost > 0:
		m.Env.Notef("some do not say which Supervisor they belong to (%d); a login there brings yours", lost)
	case missing == 0:
		m.Env.Tellf("You have contexts of your own for all of them.")
	}
}
