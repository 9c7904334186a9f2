package disclose

import (
	"fmt"
	"slices"
	"strings"
)

// Kind is a kind of secret, in words.
type Kind string

// The kinds.
const (
	Password         Kind = "vCenter password"
	ProviderPassword Kind = "provider's password"
	ClientSecret     Kind = "client's secret"
	Login            Kind = "login on a page" // what is typed there is not sent by us; on whose page is for us to decide
	Code             Kind = "code"
	DeviceCode       Kind = "device code"
	RefreshToken     Kind = "refresh token"
	AccessToken      Kind = "access token"
	IDToken          Kind = "ID token"
	SupervisorToken  Kind = "token of the Supervisor"
	ClusterToken     Kind = "token of a cluster"      //nolint:gosec // A name.
	RegistryToken    Kind = "ID token for a registry" //nolint:gosec // A name.
	RegistryLogin    Kind = "login of a registry"
	RobotSecret      Kind = "robot's secret"
	VCenterSession   Kind = "session of a vCenter"
)

// Place is what a server is to us.
type Place string

// The places.
const (
	Supervisor   Place = "the Supervisor, once it answered as one"
	ControlPlane Place = "a control plane host that it named"
	APIServer    Place = "the Supervisor's API server"
	Cluster      Place = "its API server, as the Supervisor names it"
	Context      Place = "the server of your context"
	Issuer       Place = "the issuer"
	Allowed      Place = "another server that you allowed"
	Elsewhere    Place = "a server in a plain issuer's document"
	Proven       Place = "a registry proven to be the Supervisor's"
	Named        Place = "a registry that you named for it"
	Own          Place = "its registry"
	VCenter      Place = "a vCenter that you named, once it answered as one"
)

// Unverified is what a rule says about a server whose certificate is not verified.
type Unverified string

// The answers.
const (
	Never      Unverified = "no"
	WithPerson Unverified = "with a person"
	AsKubectl  Unverified = "as kubectl does"
)

// Rule allows each of its secrets at each of its places.
type Rule struct {
	Secrets    []Kind
	Places     []Place
	Unverified Unverified
}

// Rules returns all that is allowed. No two rules are for the same secret and place.
func Rules() []Rule { return slices.Clone(rules) }

var rules = []Rule{
	{[]Kind{Password}, []Place{Supervisor, ControlPlane, VCenter}, WithPerson},
	{[]Kind{Password}, []Place{Proven}, Never},
	{[]Kind{ProviderPassword, Login}, []Place{Issuer}, WithPerson},
	{[]Kind{ProviderPassword, Login}, []Place{Allowed}, Never},
	{[]Kind{ClientSecret}, []Place{Issuer, Allowed}, Never},
	{[]Kind{Code, DeviceCode, RefreshToken, AccessToken, IDToken}, []Place{Issuer}, WithPerson},
	{[]Kind{Code, DeviceCode, RefreshToken, AccessToken, IDToken}, []Place{Allowed, Elsewhere}, Never},
	{[]Kind{SupervisorToken}, []Place{Supervisor, ControlPlane, APIServer}, WithPerson},
	{[]Kind{SupervisorToken}, []Place{Proven, Named}, Never},
	{[]Kind{SupervisorToken}, []Place{Context}, AsKubectl},
	{[]Kind{ClusterToken}, []Place{Cluster}, WithPerson},
	{[]Kind{ClusterToken}, []Place{Context}, AsKubectl},
	{[]Kind{RobotSecret}, []Place{Context}, AsKubectl},
	{[]Kind{RegistryToken}, []Place{Named}, Never},
	{[]Kind{RegistryLogin}, []Place{Own}, Never},
	{[]Kind{VCenterSession}, []Place{VCenter}, WithPerson},
}

// Table returns the rules as a table in Markdown.
func Table() string {
	var b strings.Builder
	b.WriteString("| secret | who gets it | if unverified |\n|---|---|---|\n")
	last := ""
	for _, r := range rules {
		for _, place := range r.Places {
			secrets := "| " + join(r.Secrets) + " "
			if secrets == last {
				secrets = "| "
			} else {
				last = secrets
			}
			fmt.Fprintf(&b, "%s| %s | %s |\n", secrets, place, r.Unverified)
		}
	}
	return b.String()
}

func join(kinds []Kind) string {
	var words []string
	for _, k := range kinds {
		words = append(words, string(k))
	}
	return strings.Join(words, ", ")
}
