package login

import (
	"errors"
)

func guess(ref Ref, closed []Namespace) []*candidate {
	var out []*candidate
	for _, ns := range closed {
		if ref.Namespace == "" || ref.Namespace == ns.Name {
			out = append(out, &candidate{ns: ns, name: ref.Name, guess: &ref})
		}
	}
	return out
}

// errUnknown means that a guess does not exist.
var errUnknown = errors.New("no such cluster")

// settleGuesses drops the guesses that do not exist: exactly one namespace must have each cluster that the user
// named.
func settleGuesses(all []*candidate, res *Result) []*candidate {
	guesses := map[Ref][]*candidate{}
	var named []Ref // in the order of the command line
	var settled []*candidate
	for _, c := range all {
		if c.guess == nil {
			settled = append(settled, c)
			continue
		}
		if guesses[*c.guess] == nil {
			named = append(named, *c.guess)
		}
		guesses[*c.guess] = append(guesses[*c.guess], c)
	}
	for _, ref := range named {
		c, err := settle(guesses[ref], res.Unlisted)
		if err != nil {
			res.Failures = append(res.Failures, Failure{What: ref.String(), Err: err})
			continue
		}
		settled = append(settled, c)
	}
	return settled
}

// settle picks the one guess that exists.
func settle(guesses []*candidate, unlisted []string) (*candidate, error) {
	var found []*candidate
	var failed error
	for _, c := range guesses {
		switch {
		case c.err == nil:
			found = append(found, c)
		case !errors.Is(c.err, errUnknown):
			failed = c.err
		}
	}
	switch {
	case len(found) == 1:
		return found[0], nil
	case len(found) > 1:
		return nil, &AmbiguousError{Name: found[0].name, In: namespacesOf(found)}
	case failed != nil:
		return nil, failed
	}
	return nil, &UnknownClusterError{Unlisted: unlisted}
}
