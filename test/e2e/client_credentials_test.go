package e2e

import (
	"context"
	"encoding/base64"
	"encoding/json"
	"path/filepath"
	"strings"
	"testing"

	"github.com/zitadel/oidc/v3/example/server/storage"
	"github.com/zitadel/oidc/v3/pkg/op"
)

// machineStorage gives its service users tokens that an API server can read: JWTs.
type machineStorage struct{ *storage.Storage }

// ClientCredentials implements op.ClientCredentialsStorage.
func (m machineStorage) ClientCredentials(ctx context.Context, id, secret string) (op.Client, error) {
	c, err := m.Storage.ClientCredentials(ctx, id, secret)
	return machine{c}, err
}

type machine struct{ op.Client }

// AccessTokenType implements op.Client.
func (machine) AccessTokenType() op.AccessTokenType { return op.AccessTokenTypeJWT }

// A job has a client of its own, whose secret the runner provides: it logs in without a person, and again when the token has ended.
func TestPlainClientCredentials(t *testing.T) {
	t.Parallel()
	r := newRevoker(t)
	h := &registryHome{home: newHome(t)}
	secret := h.write(t, "secret", "verysecret\n")
	login := func(flags ...string) (string, int) {
		return h.run(t, append([]string{"kubectl-vsphere", "login", "--server", tkc1(t), "--certificate-authority", filepath.Join(labDir(), "tkg1", "ca.crt"),
			"--oidc-issuer-url", r.URL, "--oidc-ca", r.ca, "--oidc-client-id", "sid1"}, flags...)...)
	}
	if out, code := login("--oidc-client-secret-file", secret); code != 0 || !strings.Contains(out, "you are sid1") || strings.Contains(out, "note:") {
		t.Fatalf("%d %s", code, out)
	}
	token := func() (string, int) {
		return h.run(t, "kubectl-vsphere", "get-token", "--server", tkc1(t), "--user", "sid1")
	}
	out, code := token()
	var answer struct{ Status struct{ Token string } }
	if code != 0 || json.Unmarshal([]byte(out), &answer) != nil {
		t.Fatalf("%d %s", code, out)
	}
	payload, err := base64.RawURLEncoding.DecodeString(strings.Split(answer.Status.Token+"..", ".")[1])
	var claims struct {
		Issuer  string `json:"iss"`
		Subject string `json:"sub"`
	}
	if err != nil || json.Unmarshal(payload, &claims) != nil || claims.Issuer != r.URL || claims.Subject != "sid1" {
		t.Errorf("%v %s", err, payload)
	}
	if text, _ := json.Marshal(h.session(t)); strings.Contains(string(text), "verysecret") {
		t.Error("the session holds the secret")
	}
	h.endCredentials(t)
	if again, code := token(); code != 0 || again == out {
		t.Errorf("again: %d %s", code, again)
	}
	h.write(t, "secret", "wrong")
	h.endCredentials(t)
	if out, code := token(); code != 3 || strings.Contains(out, "wrong\"") || !strings.Contains(out, "does not take the client's secret") {
		t.Errorf("a wrong secret: %d %s", code, out)
	}
	if out, code := token(); code != 3 || !strings.Contains(out, "is not sent again") {
		t.Errorf("once more: %d %s", code, out)
	}
	if out, code := login("--oidc-client-secret-file", secret); code != 3 || !strings.Contains(out, "the client's secret from "+secret+" was refused at ") || !strings.Contains(out, "use --force") {
		t.Errorf("by a login: %d %s", code, out)
	}
	if out, code := login("--oidc-client-secret-file", secret, "--force"); code != 3 || !strings.Contains(out, "does not take the client's secret") {
		t.Errorf("by force: %d %s", code, out)
	}
	t.Run("variable", func(t *testing.T) {
		h.setenv("CLIENT_SECRET", "verysecret")
		if out, code := login("--oidc-client-secret-variable", "CLIENT_SECRET"); code != 0 {
			t.Errorf("%d %s", code, out)
		}
		h.setenv("CLIENT_SECRET", "")
		if out, code := login("--oidc-client-secret-variable", "CLIENT_SECRET"); code == 0 || !strings.Contains(out, "CLIENT_SECRET") {
			t.Errorf("nothing in it: %d %s", code, out)
		}
	})
	for _, flags := range [][]string{{"--oidc-client-secret-file", secret, "--oidc-client-secret-variable", "X"}, {"--oidc-client-secret-file", filepath.Join(h.dir, "none")}} {
		if out, code := login(flags...); code == 0 {
			t.Errorf("%q: %s", flags, out)
		}
	}
}
