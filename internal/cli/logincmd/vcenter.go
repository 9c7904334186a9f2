package logincmd

import (
	"cmp"
	"context"
	"fmt"
	"slices"
	"strings"

	"github.com/kubectl-vsphere/kubectl-vsphere/internal/console"
	"github.com/kubectl-vsphere/kubectl-vsphere/internal/failure"
	"github.com/kubectl-vsphere/kubectl-vsphere/internal/method/federated"
	"github.com/kubectl-vsphere/kubectl-vsphere/internal/method/password"
	"github.com/kubectl-vsphere/kubectl-vsphere/internal/supervisors"
	"github.com/kubectl-vsphere/kubectl-vsphere/pkg/safetext"
	"github.com/kubectl-vsphere/kubectl-vsphere/pkg/supervisor"
	"github.com/kubectl-vsphere/kubectl-vsphere/pkg/vcenter"
)

// vCenterConflicts returns a usage error for flags that do not go with --vcenter.
func (f flags) vCenterConflicts() error {
	if f.who.vCenter == "" {
		return nil
	}
	if f.who.server != "" {
		return failure.Usagef("--vcenter and --server do not go together: one finds the Supervisor, the other one names it")
	}
	other := firstSet(flagState{"--auth-method oidc", f.who.method == federated.Name}, flagState{"--identity-provider", f.provider.name != ""},
		flagState{"--trust-issuer", f.provider.trustIssuer != ""}, flagState{"an issuer", f.issuer.plain()})
	if other = cmp.Or(other, f.provider.interactiveFlag()); other != "" {
		return failure.Usagef("--vcenter is for vCenter Single Sign-On: it does not go with %s", other)
	}
	return nil
}

// readVCenter reads --vcenter. It decides the method: the password is vCenter's.
func (f flags) readVCenter(o *Options) (err error) {
	if f.who.vCenter == "" {
		return nil
	}
	if o.VCenter, err = supervisor.ParseTyped(f.who.vCenter); err != nil {
		return failure.Usagef("--vcenter: %w", err)
	}
	o.Method = password.Name
	return nil
}

// ofVCenter reports whether the vCenter says where the Supervisor is.
func (o Options) ofVCenter() bool { return o.VCenter != (supervisor.Address{}) }

// findServer asks the vCenter of the options for the Supervisor, and goes on as if the user had named that, with the same password.
func findServer(ctx context.Context, r *run) error {
	if !r.o.ofVCenter() {
		return nil
	}
	found, err := supervisors.Find(ctx, r.sites.Sessions, supervisors.Request{
		VCenter: r.o.VCenter, User: r.o.User, Trust: r.o.Trust, Aliases: r.o.Aliases, Passwords: r.o.Passwords, Forget: r.o.DryRun || r.passing,
	})
	if err != nil {
		return err
	}
	chosen, err := choose(ctx, r.env, r.o.VCenter, found)
	if err != nil {
		return err
	}
	r.o.Server, r.o.User, r.o.Passwords.Held = chosen.Address, found.User, &found.Password
	return r.recall()
}

// choose returns the Supervisor to log in to: the only one, or the one that a person picks.
func choose(ctx context.Context, e *console.Env, at supervisor.Address, found supervisors.Found) (vcenter.Supervisor, error) {
	supervisors.TellGaps(e, at, found.List)
	all := slices.DeleteFunc(slices.Clone(found.Supervisors), func(s vcenter.Supervisor) bool { return s.Address == supervisor.Address{} })
	switch {
	case len(all) == 0:
		return vcenter.Supervisor{}, nothingFound(at, found)
	case len(all) == 1:
		e.Tellf("Logging in to the Supervisor %s, which the vCenter %s names.", titleOf(all[0]), at)
		return all[0], nil
	case !console.MayPick(e):
		return vcenter.Supervisor{}, whichOne(at, found.User, all)
	}
	q := console.Question{Text: "Which Supervisor?"}
	for _, s := range all {
		q.Choices = append(q.Choices, console.Choice{Text: choiceOf(s), Name: titleOf(s)})
	}
	i, err := q.Pick(ctx, e)
	if err != nil {
		return vcenter.Supervisor{}, err
	}
	e.Tellf("Logging in to the Supervisor %s.", titleOf(all[i]))
	return all[i], nil
}

// nothingFound is the error if the vCenter tells no address.
func nothingFound(at supervisor.Address, found supervisors.Found) error {
	if found.Own {
		return failure.Hint(fmt.Errorf("the vCenter %s tells %s of no Supervisor", at, found.User),
			"Ask your vSphere administrator for a role in a vSphere Namespace. Or type the address of the Supervisor: --server ADDRESS")
	}
	return failure.Hint(fmt.Errorf("the vCenter %s has no Supervisor with an address", at), "Ask your vSphere administrator, and give the address: --server ADDRESS")
}

// titleOf names a Supervisor by its address, with what a person calls it.
func titleOf(s vcenter.Supervisor) string {
	if called := supervisors.Called(s); called != "" {
		return fmt.Sprintf("%s (%s)", s.Address, called)
	}
	return s.Address.String()
}

func choiceOf(s vcenter.Supervisor) string {
	words := []string{titleOf(s)}
	for _, word := range []string{strings.Join(s.Zones, ","), s.Version, supervisors.State(s)} {
		if word != "" {
			words = append(words, word)
		}
	}
	return strings.Join(words, "  ")
}

// maxListed bounds the Supervisors in an error.
const maxListed = 20

// whichOne is the error if nobody can be asked which Supervisor it is. Exactly what to type follows.
func whichOne(at supervisor.Address, user string, all []vcenter.Supervisor) error {
	var b strings.Builder
	for i, s := range all {
		if i == maxListed {
			fmt.Fprintf(&b, "… and %d more\n", len(all)-i)
			break
		}
		fmt.Fprintf(&b, "%s:\n  %s\n", safetext.Line(choiceOf(s), maxName), failure.LoginCommand(s.Address.String(), user))
	}
	return failure.Hint(failure.Usagef("the vCenter %s has %d Supervisors: say which one with --server", at, len(all)), "%s", safetext.Lines(strings.TrimSuffix(b.String(), "\n")))
}
