package oidc

import (
	"encoding/base64"
	"testing"
	"time"

	"github.com/kubectl-vsphere/kubectl-vsphere/pkg/redact"
)

// What a runner provides is handed out until it ends, to the person whom it names.
func TestUnverified(t *testing.T) {
	for payload, want := range map[string]Claims{
		`{"sub":"s","exp":1748779200}`:                                               {Subject: "s", Username: "s"},
		`{"sub":"s","email":"a@b","exp":1748779200.5}`:                               {Subject: "s", Username: "a@b"},
		`{"sub":"s","email":"a@b","preferred_username":"ada","exp":1748779200}`:      {Subject: "s", Username: "ada"},
		`{"sub":"s","preferred_username":"ada","username":"Ada L","exp":1748779200}`: {Subject: "s", Username: "Ada L"},
		`{"sub":"s","username":7,"exp":1748779200}`:                                  {Subject: "s", Username: "s"},
	} {
		got, err := unverified(runnerToken(payload))
		if err != nil || got.Subject != want.Subject || got.Username != want.Username || got.Expiry != time.Unix(1748779200, 0).UTC() || string(got.All) != payload {
			t.Errorf("%s: %+v, %v", payload, got, err)
		}
	}
	for payload, want := range map[string]string{
		`null`:                    "it holds no JWT",
		`{"sub":"s"}`:             "it holds no JWT that says when it ends",
		`{"sub":"s","exp":"now"}`: "it holds no JWT that says when it ends",
		`{"sub":"s","exp":-1}`:    "it holds no JWT that says when it ends",
		`{"sub":"s","exp":1e300}`: "it holds no JWT that says when it ends",
		`{"exp":1748779200}`:      "its user name cannot be one",
		"{\"sub\":\"a\\u001b[31m\",\"exp\":1748779200}": "its user name cannot be one",
	} {
		if got, err := unverified(runnerToken(payload)); err == nil || err.Error() != want {
			t.Errorf("%s: %+v, %v, want %s", payload, got, err, want)
		}
	}
	for _, text := range []string{"", "opaque", "a.b", "a.!.c"} {
		if _, err := unverified(redact.Secret(text)); err == nil || err.Error() != "it holds no JWT" {
			t.Errorf("%q: %v", text, err)
		}
	}
}

func runnerToken(payload string) redact.Secret {
	return redact.Secret("e30." + base64.RawURLEncoding.EncodeToString([]byte(payload)) + ".c2ln")
}
