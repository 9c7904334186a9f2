package registry

// Reason is why a registry gets no token of the session, or does not accept it. It is a code, on disk and in comparisons. Messages to
// people are made from it and from other fields of the record.
type Reason string

// The reasons. With a reason of the second group, the registry got no token: nothing proved that it belongs to the session's site.
const (
	ReasonNotHarbor Reason = "not-harbor" // It is not a Harbor.
	ReasonAuthMode  Reason = "auth-mode"  // It has its own accounts, see Record.AuthMode.
	ReasonCLISecret Reason = "cli-secret" // It needs the user's CLI secret, which is not stored.
	ReasonNoToken   Reason = "no-token"   // It accepts only tokens of vCenter Single Sign-On, and the session has none.
	ReasonRefused   Reason = "refused"    // It refused the session's token. Record.Harbor is its version.

	ReasonEndpoint   Reason = "endpoint"   // It authenticates users at another server, Record.Endpoint.
	ReasonUnverified Reason = "unverified" // The session does not verify certificates.
	ReasonOtherCA    Reason = "other-ca"   // Its certificate is verified by a CA that the user gave for it.
	ReasonPublicCA   Reason = "public-ca"  // Its certificate is from a public CA.

	ReasonUnknown Reason = "unknown" // Another version of the program wrote the record.
)

// UnmarshalText reads a reason. Sentences of earlier versions and reasons of later versions become ReasonUnknown.
func (r *Reason) UnmarshalText(text []byte) error {
	switch *r = Reason(text); *r {
	case "", ReasonNotHarbor, ReasonAuthMode, ReasonCLISecret, ReasonNoToken, ReasonRefused,
		ReasonEndpoint, ReasonUnverified, ReasonOtherCA, ReasonPublicCA:
	default:
		*r = ReasonUnknown
	}
	return nil
}
