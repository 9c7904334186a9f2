// Package lost decides how people logged in to a session that is no longer there, for both programs: the command that they are told must not
// lead a password to another service.
package lost

// Method returns the login method of a lost session: that of all other sessions at its server if they have one, else, if there are none,
// that of an issuer by which somebody logged in there once. others are the methods of those sessions, issuer is the method of issuers, or
// empty if nobody did. The answer is empty if nobody can know.
func Method(others []string, issuer string) string {
	if len(others) == 0 {
		return issuer
	}
	for _, method := range others[1:] {
		if method != others[0] {
			return ""
		}
	}
	return others[0]
}
