package registry

// Reason is why a registry gets or takes no token of the session. It is a code on disk, and what programs compare; what people read
// is made from it, and from the fields of the record that it names.
type Reason string

// The reasons. Those of the second group are ways in which nothing proved that the registry belongs to the session's site: it was sent no token.
const (
	ReasonNotHarbor Reason = "not-harbor" // It is no Harbor.
	ReasonAuthMode  Reason = "auth-mode"  // It has accounts of its own: AuthMode.
	ReasonCLISecret Reason = "cli-secret" // It takes the CLI secret that it has for the user, and that is not here.
	ReasonNoToken   Reason = "no-token"   // The session has no token of vCenter Single Sign-On, and it takes no other.
	ReasonRefused   Reason = "refused"    // It refused the session's token: Harbor is its version.

	ReasonEndpoint   Reason = "endpoint"   // It asks another server about people: Endpoint.
	ReasonUnverified Reason = "unverified" // The session does not verify certificates.
	ReasonOtherCA    Reason = "other-ca"   // Its certificate is verified by a CA that was given for it.
	ReasonPublicCA   Reason = "public-ca"  // Its certificate is of a public CA.

	ReasonUnknown Reason = "unknown" // Another version of the program wrote the record.
)

// UnmarshalText reads a reason. Earlier versions wrote a sentence there, and later ones may know more reasons: both are ReasonUnknown.
func (r *Reason) UnmarshalText(text []byte) error {
	switch *r = Reason(text); *r {
	case "", ReasonNotHarbor, ReasonAuthMode, ReasonCLISecret, ReasonNoToken, ReasonRefused,
		ReasonEndpoint, ReasonUnverified, ReasonOtherCA, ReasonPublicCA:
	default:
		*r = ReasonUnknown
	}
	return nil
}
