package contract

import (
	"testing"
)

// row is a fact of the protocol reference: the section and a name, what it says in our own words, and either the test
// that the lab keeps to it or the reason why it has none. Rows of section "lab" are the lab's own rules, stricter or more
// certain than what is known of real Supervisors; those that begin with oidc are of the reference oidc-and-exec.md.
type row struct {
	id, says string
	test     func(*testing.T, *lab)
	without  string
}

const (
	clientSide   = "client side"
	notSimulated = "not simulated"
	siteSide     = "made by package site, which needs a Kubernetes API server"
)

var rows = []row{
	{id: "1/ports", says: "443 is the front, 6443 the API server", without: siteSide},
	{id: "1/api-on-443", says: "443 also proxies the Kubernetes API, with the credentials of the caller", test: testAPIProxy},
	{id: "1/api-on-443-overload", says: "the proxy answers 500 when it has no connections left", without: notSimulated + "; a fault with status 500 stands in for it"},

	{id: "1.1/banner", says: "200 and a text without credentials show a Supervisor", test: testBanner},
	{id: "1.1/no-banner", says: "any other status shows that it is none", test: testNoBanner},
	{id: "1.1/banner-first", says: "the plugin asks for the banner before anything else", without: clientSide},
	{id: "1.1/banner-configured", says: "the text is a setting of the Supervisor", test: testBannerConfigured},

	{id: "1.2/empty-body", says: "POST with Basic and no body gives a session_id", test: testLoginEmptyBody},
	{id: "1.2/braces", says: "so does an empty JSON object", test: testLoginBraces},
	{id: "1.2/bad-password", says: "a wrong password is 401 and a text", test: testLoginBadPassword},
	{id: "1.2/no-basic", says: "Harbor's test server answers 500 without Basic", without: "no real Supervisor; the lab answers 401, see lab/no-authorization"},
	{id: "1.2/other-error", says: "another status has the text of the error", test: testLoginOtherError},
	{id: "1.2/guest", says: "names of the guest keys in body and reply", test: testLoginGuest},
	{id: "1.2/guest-name-only", says: "the namespace of a guest may be left out", test: testLoginGuestNameOnly},
	{id: "1.2/guest-server", says: "the server of a guest is a bare host", test: testGuestServer},
	{id: "1.2/guest-ca", says: "the CA of a guest is base64 of PEM", test: testGuestCA},
	{id: "1.2/unknown-cluster", says: "an unknown guest is a success without a server", test: testLoginUnknownCluster},
	{id: "1.2/guest-token", says: "the token for a guest is another one than the Supervisor's", test: testGuestToken},
	{id: "1.2/gateway-errors", says: "502 and 500 while a part behind the front is away", test: testLoginGatewayErrors},
	{id: "1.2/kube-config", says: "one source tells of a kubeconfig in the reply", without: "contradicted by every other client"},
	{id: "1.2/forbidden", says: "403 for a user without namespaces", without: notSimulated + "; weak, not measured"},
	{id: "1.2/lockout", says: "the account is locked after 5 wrong passwords", test: testLockout},
	{id: "1.2/unlock", says: "180 s count, 300 s are locked", without: "needs a clock of its own; vcenter_test.go has it"},

	{id: "1.3/array", says: "a JSON array with namespace and master_host", test: testWorkloads},
	{id: "1.3/basic", says: "the clients send Basic, not a token", test: testWorkloadsBasic},
	{id: "1.3/bad-gateway", says: "502 is what the plugin calls bad gateway", test: testWorkloadsBadGateway},
	{id: "1.3/first", says: "the plugin asks right after the password and gives up on a failure", without: clientSide},
	{id: "1.3/fields", says: "master_host is an address or a name", test: testWorkloadsBareHost},
	{id: "1.3/port-number", says: "the port may be a number", test: portTest("8443", "8443")},
	{id: "1.3/port-string", says: "the port may be a string", test: portTest(`"8443"`, `"8443"`)},
	{id: "1.3/spellings", says: "a client declares the port with a typo and the names in lower case", without: clientSide + "; the lab has vCenter's spelling"},
	{id: "1.3/all-supervisors", says: "the list is of all Supervisors of the vCenter", test: testWorkloadsTwoSupervisors},

	{id: "1.4/page", says: "the root is an HTML page with 200", test: testPage},
	{id: "1.4/plugin-zip", says: "the plugin as a zip per platform, 404 for arm64", without: notSimulated},
	{id: "1.4/sha256sum", says: "a checksum file beside it", without: notSimulated},
	{id: "1.4/docker-helper", says: "the docker credential helper as a zip", without: notSimulated},
	{id: "1.4/vcf-cli", says: "the VCF CLI from 9.1 on", without: notSimulated},
	{id: "1.4/pinniped", says: "the issuer of Pinniped", without: siteSide},
	{id: "1.4/discovery", says: "config maps of kube-public on 443 without credentials", test: testAPIAnonymous},

	{id: "1.5/logrus", says: "log lines of the plugin", without: clientSide},
	{id: "1.5/proxy-variables", says: "the plugin heeds the proxy variables", without: clientSide},
	{id: "1.5/server-forms", says: "forms of --server that the plugin takes", without: clientSide},
	{id: "1.5/redirect", says: "http is redirected to https", without: notSimulated + "; weak"},

	{id: "1.6/vmca", says: "vCenter's CA issued the certificate, often with an address only", test: testCertificate},
	{id: "1.6/names", says: "names are in the certificate only if configured", without: siteSide},
	{id: "1.6/no-chains", says: "vSphere 7 has no certificate chains here", without: notSimulated},
	{id: "1.6/vip-cluster-info", says: "a config map holds the CA that users see", without: siteSide},
	{id: "1.6/insecure", says: "the plugin only has a flag to skip verification", without: clientSide},

	{id: "3.4/texts", says: "what the plugin prints on errors", without: clientSide},
	{id: "3.4/login-eof", says: "a login may end without a reply", test: testLoginDropped},
	{id: "3.4/young-cluster", says: "a new guest refuses every token for a while", test: testReviewRefuses},

	{id: "3.5/claims", says: "the claims of a Supervisor token", test: testTokenClaims},
	{id: "3.5/header", says: "kid and RS256, kid is a SHA-1 in upper-case hex", test: testTokenHeader},
	{id: "3.5/lifetime", says: "a token is good for 36000 s", test: testTokenLifetime},
	{id: "3.5/expires-in", says: "one posting has expires_in 35999", without: "a second that passed; the lab has 36000 as in 5.1"},
	{id: "3.5/supervisor-audience", says: "audience of the Supervisor", test: testSupervisorAudience},
	{id: "3.5/apiserver-flags", says: "the API server's OIDC flags, prefix sso:", without: siteSide},
	{id: "3.5/jwks", says: "path of the keys, which verify the tokens", test: testJWKS},
	{id: "3.5/discovery", says: "path and content of the discovery document", test: testDiscovery},
	{id: "3.5/proxy-exchanges", says: "the front gets the token from STS and the exchange service", without: notSimulated + "; the front mints it in the process"},
	{id: "3.5/guest-audience", says: "audience of a guest ends in the UID of its Cluster", test: testGuestAudience},
	{id: "3.5/webhook", says: "a guest reviews tokens at /tokenreview", test: testReview},
	{id: "3.5/webhook-own-audience", says: "it takes tokens for itself only", test: testReviewOtherAudience},
	{id: "3.5/webhook-prefix", says: "users of a guest begin with sso:", test: testReview},
	{id: "3.5/webhook-daemonset", says: "where a guest runs the webhook and keeps the keys", without: notSimulated},
	{id: "3.5/no-refresh-token", says: "there is no refresh token", test: testNoRefreshToken},

	{id: "5.1/saml", says: "STS issues SAML assertions", without: notSimulated + "; base64 of user:password stands in for the assertion"},
	{id: "5.1/session", says: "POST with Basic begins a session, a header carries it, DELETE ends it", test: testSession},
	{id: "5.1/session-refused", says: "401 for a wrong password and for none", test: testSessionRefused},
	{id: "5.1/session-exchange", says: "a vAPI session before the exchange", test: testSessionBeforeExchange},
	{id: "5.1/exchange-api", says: "below /api the exchange has bare bodies", without: notSimulated + "; an inference"},
	{id: "5.1/exchange", says: "the exchange gives the same kind of token", test: testExchange},
	{id: "5.1/exchange-invalid-request", says: "400 for a malformed exchange", test: testExchangeInvalidRequest},
	{id: "5.1/exchange-invalid-grant", says: "500 for a refused one", test: testExchangeInvalidGrant},

	{id: "5.2/providers", says: "the identity providers, also before a login", test: testIdentityProvidersOfVCenter},
	{id: "5.2/grants", says: "access tokens of a provider are exchanged for SAML", without: notSimulated + "; no provider is the default one"},
	{id: "5.3/unauthenticated", says: "401 without a session", test: testVCenterUnauthenticated},
	{id: "5.3/namespaces-user", says: "a user's namespaces with their hosts", test: testNamespacesUser},
	{id: "5.3/instances", says: "the namespaces of all, by vSphere cluster", test: administrationTest("instances")},
	{id: "5.3/instances-v2", says: "the same by Supervisor", test: administrationTest("instances-v2")},
	{id: "5.3/clusters", says: "the vSphere clusters with a Supervisor", test: administrationTest("clusters")},
	{id: "5.3/cluster", says: "api_server_cluster_endpoint is the address for users", test: administrationTest("cluster")},
	{id: "5.3/topology", says: "the vSphere Zones of a Supervisor, and their vSphere clusters", test: administrationTest("topology")},
	{id: "5.3/software", says: "the version of each Supervisor, by vSphere cluster", test: administrationTest("software")},
	{id: "5.3/summaries", says: "the Supervisors", test: administrationTest("summaries")},
	{id: "5.3/providers-of-supervisor", says: "the identity providers of a Supervisor", without: notSimulated},
	{id: "5.3/more", says: "Supervisor services, VM classes, networks", without: notSimulated},
	{id: "objects1/download", says: "certs/download.zip has several roots and revocation lists", without: "a zip file; vcenter/download_test.go has it"},

	{id: "oidc2.1/host", says: "another Host is 404", test: testFederationHost},
	{id: "oidc2.1/callback", says: "the upstream comes back to /callback", without: "needs a browser; federation/oidc_test.go has it"},
	{id: "oidc2.1/choose", says: "a page to choose from, without a name and with several providers", test: testChoose},
	{id: "oidc2.2/discovery", says: "the document, and nothing more in it", test: testFederationDiscovery},
	{id: "oidc2.2/get", says: "it is for GET", test: testFederationMethod},
	{id: "oidc2.2/providers", says: "the providers by name, with flows in the order of preference", test: testIdentityProviders},
	{id: "oidc2.2/keys", says: "ES256 keys", test: testFederationKeys},
	{id: "oidc2.2/client-rules", says: "what a client makes of them", without: clientSide},
	{id: "oidc2.2/ages", says: "older Supervisors lack scopes, flows and types", without: notSimulated},
	{id: "oidc2.3/any-port", says: "every port of 127.0.0.1, with the path /callback", test: testAnyPort},
	{id: "oidc2.3/other-redirects", says: "400 and no redirect for any other", test: testOtherRedirects},
	{id: "oidc2.3/unknown-provider", says: "400 for an unknown name; the type is not looked at", test: testUnknownProvider},
	{id: "oidc2.3/headers-need-name", says: "400 for a password without a name", test: testHeadersNeedProvider},
	{id: "oidc2.3/protocol", says: "a redirect with an error for PKCE, scope, state", test: testProtocolErrors},
	{id: "oidc2.3/basic", says: "client_id in the form, or Basic without a password", test: testBasicClient},
	{id: "oidc2.4/ldap", says: "the browser goes to the Supervisor's own form for LDAP", test: testBrowserLDAP},
	{id: "oidc2.4/oidc", says: "and to the provider for OIDC", test: testBrowserOIDC},
	{id: "oidc2.4/form-post", says: "form_post is a page that posts", test: testPostedForm},
	{id: "oidc2.4/listener", says: "what the listener answers", without: clientSide},
	{id: "oidc2.4/reply", says: "the reply of the token endpoint, with its prefixes", test: testCodeReply},
	{id: "oidc2.4/id-token", says: "the claims of the ID token", test: testIDToken},
	{id: "oidc2.5/code", says: "a redirect with code and state at once", test: testHeaders},
	{id: "oidc2.5/refused", says: "a redirect with access_denied, and the words of each type", test: testHeadersRefused},
	{id: "oidc2.6/rotates", says: "each refresh token is for one use, and a second use is invalid_grant", test: testRefreshRotates},
	{id: "oidc2.6/access", says: "a refresh ends the old access token", test: testRefreshEndsAccess},
	{id: "oidc2.6/upstream", says: "401 when the upstream refuses", test: testRefreshRefused},
	{id: "oidc2.6/parallel", says: "of refreshes at once one wins", without: "federation/oidc_test.go has it"},
	{id: "oidc2.6/both-win", says: "seldom both win, and one holds dead tokens", without: notSimulated + "; one always wins"},
	{id: "oidc2.6/code", says: "a second use of a code revokes, a wrong verifier burns", test: testCodeOnce},
	{id: "oidc2.7/exchange", says: "a JWT for an audience", test: testAudience},
	{id: "oidc2.7/refused", says: "audiences, tokens and parameters that are refused", test: testAudienceRefused},
	{id: "oidc2.7/unasked", says: "username and groups are granted unasked", test: testUnaskedScopes},
	{id: "oidc2.7/lifetimes", says: "code 10 min, access and ID 2 min, refresh 9 h", without: "needs a clock of its own; federation_test.go has it, and the replies here say 120 s"},

	{id: "objects4/answer", says: "a ticket for the key's owner, and a label with the request's UID", without: "needs a Kubernetes API; webconsole/webconsole_test.go has it"},
	{id: "objects4/key", says: "a key that is not PKCS#1 is refused, and the spec is immutable", without: "webconsole/webhook_test.go has it"},
	{id: "objects4/end", says: "a request is deleted after 120 s", without: "webconsole/webconsole_test.go has it"},
	{id: "objects4/validator", says: "400 without uuid or namespace, 403 for an unknown one", without: "webconsole/webconsole_test.go has it"},
	{id: "objects4/console", says: "the page connects to the ticket's URL", without: notSimulated + "; nothing answers there"},

	{id: "lab/no-authorization", says: "401 without credentials", test: testNoAuthorization},
	{id: "lab/unknown-field", says: "a field that no client sends is refused", test: testUnknownField},
	{id: "lab/namespace-only", says: "a guest namespace without a name is refused", test: testNamespaceOnly},
	{id: "lab/no-address", says: "a guest without an address is as one that is not there, but for the audience", test: testNoAddress},
	{id: "lab/no-server-fault", says: "a fault takes the address away", test: testNoServerFault},
	{id: "lab/wrong-ca-fault", says: "a fault gives another CA", test: testWrongCAFault},
	{id: "lab/expired-fault", says: "a fault gives tokens that a guest refuses as expired", test: testExpiredFault},
	{id: "lab/no-workloads", says: "an empty array for a user without namespaces", test: testNoWorkloads},
	{id: "lab/port-absent", says: "a fault leaves the port out", test: testPortAbsent},
	{id: "lab/kube-config", says: "a fault adds kube_config: null, a string or a mapping", test: testKubeConfig},
	{id: "lab/vcenter-rights", says: "403 for what only administrators see", test: testVCenterRights},
	{id: "lab/vcenter-strict", says: "unknown parameters, bodies and paths are refused in the API's shapes", test: testVCenterStrict},
	{id: "lab/vcenter-lockout", says: "sessions and logins lock one account together", test: testVCenterLockout},
	{id: "lab/vcenter-sessions", says: "a session ends after 5 idle minutes, and a user has at most 500", without: "needs a clock of its own; vapi/session_test.go has it"},
	{id: "lab/review-malformed", says: "400 for what is no TokenReview", test: testReviewMalformed},
}

func TestContract(t *testing.T) {
	l := newLab(t)
	for _, r := range rows {
		if r.test != nil {
			t.Run(r.id, func(t *testing.T) { r.test(t, l) })
		}
	}
}

// TestRowsWithoutTest lists the rows that nothing tests; go test -v shows them.
func TestRowsWithoutTest(t *testing.T) {
	seen := map[string]bool{}
	for _, r := range rows {
		switch {
		case seen[r.id]:
			t.Errorf("%s: twice in the table", r.id)
		case r.test == nil && r.without == "":
			t.Errorf("%s: neither a test nor a reason", r.id)
		case r.test != nil && r.without != "":
			t.Errorf("%s: a test and a reason", r.id)
		case r.test == nil:
			t.Logf("%-28s %s (%s)", r.id, r.says, r.without)
		}
		seen[r.id] = true
	}
}
