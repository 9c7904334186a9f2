package contract

import (
	"strings"
	"testing"
)

// exchangeOf is a token exchange. The lab's subject token is base64 of user:password.
func exchangeOf(grant, subject, audience string) string {
	return post("/rest/vcenter/tokenservice/token-exchange", "",
		`{"spec":{"grant_type":"`+grant+`",`+
			`"subject_token_type":"urn:ietf:params:oauth:token-type:saml2","subject_token":"`+strings.TrimPrefix(subject, "Basic ")+`",`+
			`"requested_token_type":"urn:ietf:params:oauth:token-type:id_token","audience":"`+audience+`"}}`)
}

const (
	grant          = "urn:ietf:params:oauth:grant-type:token-exchange"
	invalidRequest = `HTTP/1.1 400 Bad Request
Content-Type: application/json

{"type":"com.vmware.vapi.std.errors.invalid_request"}
`
	invalidGrant = `HTTP/1.1 500 Internal Server Error
Content-Type: application/json

{"type":"com.vmware.vcenter.tokenservice.exceptions.InvalidGrant"}
`
)

func testExchange(t *testing.T, l *lab) {
	for _, audience := range []string{supAudience, guestAudience} {
		got := l.want(t, l.identity, exchangeOf(grant, basicDev, audience), `HTTP/1.1 200 OK
Content-Type: application/json

{"value":{"access_token":"TOKEN","expires_in":36000,"issued_token_type":"urn:ietf:params:oauth:token-type:id_token","scope":"openid","token_type":"N_A"}}
`)
		l.checkToken(t, got.token, audience, dev)
	}
}

func testExchangeInvalidRequest(t *testing.T, l *lab) {
	l.want(t, l.identity, exchangeOf("password", basicDev, supAudience), invalidRequest)
	for _, body := range []string{"", "{}", `{"grant_type":"` + grant + `"}`, `{"spec":{"subject":"x"}}`} {
		l.want(t, l.identity, post("/rest/vcenter/tokenservice/token-exchange", "", body), invalidRequest)
	}
}

func testExchangeInvalidGrant(t *testing.T, l *lab) {
	l.want(t, l.identity, exchangeOf(grant, basicWrong, supAudience), invalidGrant)
	l.want(t, l.identity, exchangeOf(grant, "%%%", supAudience), invalidGrant)
	l.want(t, l.identity, exchangeOf(grant, basicDev, "vmware-tes:vc:nsxd-v2:nsx"), invalidGrant)
	testExchange(t, l) // A right password forgets the wrong one.
}

func testNoRefreshToken(t *testing.T, l *lab) {
	for _, got := range []reply{
		l.ask(t, l.identity, exchangeOf(grant, basicDev, supAudience)),
		l.ask(t, l.supers, loginDev),
	} {
		if got.token == "" || strings.Contains(got.body, "refresh") {
			t.Errorf("the reply is\n%s", got.text)
		}
	}
}
