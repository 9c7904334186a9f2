package secret

import (
	"strings"
	"unicode"
)

// UserName names the person whom an identity service counts refusals for: Guard.Name. Spellings of one name are one person: vCenter
// takes DOMAIN\user, user@domain and, in its default domain, user, in any case. Users of the same name in two domains count together
// too, since no client knows which domain is the default one.
func UserName(user string) string {
	bare := user[strings.LastIndexByte(user, '\\')+1:]
	bare, _, _ = strings.Cut(bare, "@")
	if bare = fold(bare); bare == "" {
		bare = fold(user)
	}
	return "refusals of " + bare
}

// fold is stricter than tokens.Fold: it joins all spellings of a letter (the Kelvin sign is a k), and leaves out what a directory
// ignores or does not show.
func fold(s string) string {
	return strings.Map(func(r rune) rune {
		if unicode.IsSpace(r) || unicode.In(r, unicode.Cc, unicode.Cf) {
			return -1
		}
		r = unicode.ToLower(unicode.ToUpper(r)) // As Java compares: a dotted I and a dotless i are an i.
		for least := unicode.SimpleFold(r); ; least = unicode.SimpleFold(least) {
			if least <= r { // The orbit of r begins anew with its least member.
				return least
			}
		}
	}, s)
}
