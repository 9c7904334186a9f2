package jwt_test

import (
	"encoding/base64"
	"encoding/json"
	"errors"
	"strings"
	"testing"
	"time"

	"github.com/kubectl-vsphere/kubectl-vsphere/internal/costtest"
	"github.com/kubectl-vsphere/kubectl-vsphere/pkg/jwt"
	"github.com/kubectl-vsphere/kubectl-vsphere/pkg/redact"
)

// token has a payload, and a header and a signature that nobody looks at.
func token(payload string) string {
	return "e30." + base64.RawURLEncoding.EncodeToString([]byte(payload)) + ".c2ln"
}

func TestPayload(t *testing.T) {
	for name, c := range map[string]struct {
		token, want string
		err         error
	}{
		"claims":                 {token: token(`{"sub":"ada"}`), want: `{"sub":"ada"}`},
		"no claims":              {token: token(`{}`), want: `{}`},
		"spaces stay":            {token: token(" {\n} "), want: " {\n} "},
		"the largest":            {token: token(`{}`) + strings.Repeat("a", jwt.MaxSize-len(token(`{}`))), want: `{}`},
		"larger":                 {token: token(`{}`) + strings.Repeat("a", jwt.MaxSize+1-len(token(`{}`))), err: jwt.ErrNotJWT},
		"nothing":                {err: jwt.ErrNotJWT},
		"an opaque token":        {token: "opaque", err: jwt.ErrNotJWT},
		"two parts":              {token: "e30.e30", err: jwt.ErrNotJWT},
		"five parts, encrypted":  {token: "e30.e30.e30.e30.e30", err: jwt.ErrNotJWT},
		"a great many parts":     {token: strings.Repeat(".", jwt.MaxSize), err: jwt.ErrNotJWT},
		"no base64":              {token: "e30.!.c2ln", err: jwt.ErrPayload},
		"base64 of another kind": {token: "e30." + base64.StdEncoding.EncodeToString([]byte(`{"a":"???>>>"}`)) + ".c2ln", err: jwt.ErrPayload},
		"base64 with a line end": {token: "e30.e3\n0.c2ln", err: jwt.ErrPayload},
		"an empty payload":       {token: "e30..c2ln", err: jwt.ErrClaims},
		"a list":                 {token: token(`[]`), err: jwt.ErrClaims},
		"null":                   {token: token(`null`), err: jwt.ErrClaims},
		"a text":                 {token: token(`"a"`), err: jwt.ErrClaims},
		"two objects":            {token: token(`{}{}`), err: jwt.ErrClaims},
		"deeper than anybody's":  {token: token(`{"a":` + strings.Repeat("[", 20000) + strings.Repeat("]", 20000) + `}`), err: jwt.ErrClaims},
	} {
		got, err := jwt.Payload(redact.Secret(c.token))
		if string(got) != c.want || !errors.Is(err, c.err) {
			t.Errorf("%s: %s, %v, want %s, %v", name, got, err, c.want, c.err)
		}
	}
}

func TestNumericDate(t *testing.T) {
	for seconds, want := range map[float64]time.Time{
		1748779200:   time.Date(2025, 6, 1, 12, 0, 0, 0, time.UTC),
		1748779200.9: time.Date(2025, 6, 1, 12, 0, 0, 0, time.UTC),
		253402300799: time.Date(9999, 12, 31, 23, 59, 59, 0, time.UTC),
		253402300800: {}, 1e300: {}, 0: {}, -5: {},
	} {
		if got := jwt.NumericDate(seconds); !got.Equal(want) {
			t.Errorf("%v is %v, want %v", seconds, got, want)
		}
	}
}

// FuzzPayload: what is read is a JSON object that stands in the token, and an error holds nothing of the token.
func FuzzPayload(f *testing.F) {
	for _, s := range []string{token(`{"exp":1}`), token(`null`), token(`[{}]`), "a.b.c", "..", "", "e30.e30.e30", "e30.e3\r\n0.", "e30.e31."} {
		f.Add(s)
	}
	for _, s := range costtest.Documents() {
		f.Add(token(s))
	}
	f.Fuzz(func(t *testing.T, s string) {
		var got json.RawMessage
		var err error
		costtest.Limit(t, "payload", func() { got, err = jwt.Payload(redact.Secret(s)) })
		if err != nil {
			if got != nil || !errors.Is(err, jwt.ErrNotJWT) && !errors.Is(err, jwt.ErrPayload) && !errors.Is(err, jwt.ErrClaims) || len(err.Error()) > 40 {
				t.Fatalf("%q: %q, %v", s, got, err)
			}
			return
		}
		var claims map[string]json.RawMessage // A number may be beyond a float64.
		if err := json.Unmarshal(got, &claims); err != nil || claims == nil || len(s) > jwt.MaxSize {
			t.Fatalf("%q: %q is no set of claims: %v", s, got, err)
		}
		_, rest, _ := strings.Cut(s, ".")
		middle, last, _ := strings.Cut(rest, ".")
		if held, _ := base64.RawURLEncoding.DecodeString(middle); string(held) != string(got) || strings.Contains(last, ".") {
			t.Fatalf("%q: %q is not what it holds", s, got)
		}
	})
}
