package manifestcmd

import (
	"context"
	"fmt"
	"slices"
	"strings"

	"github.com/kubectl-vsphere/kubectl-vsphere/internal/console"
	"github.com/kubectl-vsphere/kubectl-vsphere/internal/failure"
	"github.com/kubectl-vsphere/kubectl-vsphere/internal/session"
	"github.com/kubectl-vsphere/kubectl-vsphere/internal/survey"
)

// choosePlace returns the place of a vSphere Namespace. Without a name it is that of the current context, or the only one, or a person picks.
func choosePlace(ctx context.Context, s *survey.Site, ns string) (*survey.Place, string, error) {
	current, err := session.FindContext(s.Config, "")
	ours := err == nil && current.Key.Cluster == "" && current.Namespace != ""
	if ns == "" {
		all := s.NamespacesOf()
		switch {
		case ours && slices.Contains(all, current.Namespace):
			ns = current.Namespace
		case len(all) == 1:
			ns = all[0]
		case len(all) == 0:
			return nil, "", failure.Usagef("in which vSphere Namespace? Name it with -n")
		case !console.MayPick(s.Env):
			return nil, "", failure.Usagef("in which vSphere Namespace? Name it with -n; there are %s", survey.SomeOf(all))
		default:
			if ns, err = pick(ctx, s.Env, "In which vSphere Namespace?", choices{values: all}); err != nil {
				return nil, "", err
			}
		}
	}
	places := survey.InNamespace(s, ns)
	if ours {
		if i := slices.IndexFunc(places, func(p *survey.Place) bool { return p.Key == current.Key }); i >= 0 {
			return places[i], ns, nil
		}
	}
	switch len(places) {
	case 0:
		return nil, "", fmt.Errorf("no session leads to the vSphere Namespace %s", ns)
	case 1:
		return places[0], ns, nil
	}
	var users []string
	for _, p := range places {
		users = append(users, p.Key.User+" at "+p.Title)
	}
	return nil, "", failure.Hint(fmt.Errorf("several sessions may lead to the vSphere Namespace %s: %s", ns, strings.Join(users, ", ")),
		"Say which with --server, or make the context of one of them the current one: kubectl vsphere use NAME")
}

// choices are values, and what else to say about each; no notes: nothing.
type choices struct{ values, notes []string }

// pick lets a person choose a value.
func pick(ctx context.Context, e *console.Env, question string, from choices) (string, error) {
	q := console.Question{Text: question}
	for i, v := range from.values {
		if from.notes != nil && from.notes[i] != "" {
			v += "   " + from.notes[i]
		}
		q.Choices = append(q.Choices, console.Choice{Text: v})
	}
	i, err := q.Pick(ctx, e)
	if err != nil {
		return "", err
	}
	return from.values[i], nil
}
