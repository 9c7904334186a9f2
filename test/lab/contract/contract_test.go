package contract

import "testing"

// row is a fact about real servers for which there is public evidence. The number is its section in the team's reference.
type row struct {
	id, fact string
	test     func(t *testing.T)
	without  string // why the lab has no test of it
}

var rows = []row{
	{id: "1/ports", fact: "443 is the front and proxies the API with the caller's credentials; 6443 is the API", test: testProxy},
	{id: "1.1/banner", fact: "GET /wcp/loginbanner answers 200 with text to anybody", test: testBanner},
	{id: "1.1/detector", fact: "other servers answer another status there", test: testNotFound},
	{id: "1.1/order", fact: "the plugin asks for the banner first", without: "what clients do"},
	{id: "1.1/configured", fact: "the banner is configured at the Supervisor", without: "a fault with a body sets it here"},
	{id: "1.2/login", fact: "POST with Basic and an empty body gives 200 and session_id", test: testLogin},
	{id: "1.2/refused", fact: "401 is bad credentials, the body is the message", test: testRefused},
	{id: "1.2/guest", fact: "guest_cluster_name and _namespace give guest_cluster_server and _ca", test: testGuest},
	{id: "1.2/guest-name-only", fact: "the namespace may be left out where the name is unique", test: testGuestNameOnly},
	{id: "1.2/braces", fact: "{} gives a Supervisor token", test: testBraces},
	{id: "1.2/bare-host", fact: "guest_cluster_server is a bare host", test: testGuest},
	{id: "1.2/ca", fact: "guest_cluster_ca is base64 of PEM", test: testGuestCA},
	{id: "1.2/unknown-guest", fact: "an unknown cluster is 200 with a token and without guest_cluster_server", test: testUnknownGuest},
	{id: "1.2/no-address", fact: "so is a cluster without an address", test: testYoungGuest},
	{id: "1.2/audiences", fact: "the guest token is not the Supervisor's", test: testAudiences},
	{id: "1.2/bad-gateway", fact: "502 and 500 when the identity service is not reachable", test: testBadGateway},
	{id: "1.2/kube-config", fact: "one client reports a field kube_config", without: "contradicted by all others; clients ignore unknown fields"},
	{id: "1.2/forbidden", fact: "403 for a user without rights", without: "weak evidence; the fault switch gives the status"},
	{id: "1.2/lockout", fact: "five failures in 180 s lock for 300 s", test: testLockout},
	{id: "1.3/workloads", fact: "GET with Basic gives a JSON array of namespace and master_host", test: testWorkloads},
	{id: "1.3/bearer", fact: "no known client sends a bearer token there", test: testWorkloadsBearer},
	{id: "1.3/none", fact: "a user without namespaces gets an empty array", test: testWorkloadsNone},
	{id: "1.3/linked", fact: "namespaces of all Supervisors of the vCenter, each with its master_host", test: testWorkloads},
	{id: "1.3/port", fact: "the port comes as number or string, in two spellings, or not at all", test: testWorkloadsPort},
	{id: "1.4/page", fact: "GET / is an HTML page, 200", test: testPage},
	{id: "1.4/downloads", fact: "zip files of the plugin and of the credential helper", without: "nobody here downloads them"},
	{id: "1.4/discovery", fact: "kube-public config maps on 443 without credentials", test: testDiscovery},
	{id: "1.4/pinniped", fact: "/wcp/pinniped is the issuer of an external identity provider", without: "not simulated yet"},
	{id: "1.5/logrus", fact: "log lines of the plugin", without: "what clients print"},
	{id: "1.5/proxy", fact: "the plugin honours proxy variables", without: "what clients do"},
	{id: "1.6/vmca", fact: "the server's certificate is of the vCenter's CA, often for its address only", without: "the end-to-end tests verify it"},
	{id: "3.5/header", fact: "the token's header is kid and RS256; kid is upper-case hex of SHA-1", test: testTokenHeader},
	{id: "3.5/claims", fact: "sub, aud, domain, iss, group_names, exp, iat, jti, username; 10 hours", test: testTokenClaims},
	{id: "3.5/jwks", fact: "discovery and keys below /openidconnect", test: testDiscoveryDocument},
	{id: "3.5/flags", fact: "the API server's --oidc flags", without: "the end-to-end tests log in through them"},
	{id: "3.5/guest-audience", fact: "vmware-tes:vc:vns:k8s:<Cluster UID>", test: testAudiences},
	{id: "3.5/webhook", fact: "a cluster's webhook verifies tokens; users and groups get the prefix sso:", test: testWebhook},
	{id: "3.5/refresh", fact: "there is no refresh token", test: testLogin},
	{id: "5.1/exchange", fact: "the token exchange makes the same JWT; its errors", test: testExchange},
}

func TestContract(t *testing.T) {
	for _, r := range rows {
		if r.test != nil {
			t.Run(r.id, r.test)
		}
	}
}

// TestRowsWithoutTest prints what is known of real servers and not compared here.
func TestRowsWithoutTest(t *testing.T) {
	seen := map[string]bool{}
	for _, r := range rows {
		if seen[r.id] {
			t.Errorf("%s stands twice", r.id)
		}
		seen[r.id] = true
		switch {
		case r.test == nil && r.without == "":
			t.Errorf("%s (%s) has neither a test nor a reason", r.id, r.fact)
		case r.test == nil:
			t.Logf("%s (%s): %s", r.id, r.fact, r.without)
		}
	}
}
