package federation

import (
	"net/http"
	"slices"
	"strings"
	"testing"
	"time"
)

// A token is taken for its own audience, as long as it lasts; everything else is refused (sections 2.7 and 2.8).
func TestVerify(t *testing.T) {
	d, other := newDomain(t), newDomain(t)
	const audience = "tkc1-5f1b"
	reply := d.login()
	status, got := d.token(exchanging(reply["access_token"].(string), audience))
	if status != http.StatusOK {
		t.Fatalf("%d %v", status, got)
	}
	token := got["access_token"].(string)
	if u, err := d.service.Verify(token, audience); err != nil || u.Username != "ryan" || !slices.Equal(u.Groups, []string{"devs"}) {
		t.Errorf("%v %v", u, err)
	}
	parts := strings.Split(token, ".")
	id := strings.Split(reply["id_token"].(string), ".")
	for name, c := range map[string]struct{ token, audience string }{
		"another audience":      {token, "tkc2-77aa"},
		"a part of it":          {token, "tkc1"},
		"an ID token":           {reply["id_token"].(string), audience},
		"another payload":       {parts[0] + "." + id[1] + "." + parts[2], ClientID},
		"no signature":          {parts[0] + "." + parts[1] + ".", audience},
		"another algorithm":     {"eyJhbGciOiJub25lIn0." + parts[1] + ".", audience},
		"no token":              {"x", audience},
		"a short signature":     {parts[0] + "." + parts[1] + "." + parts[2][:20], audience},
		"an access token":       {reply["access_token"].(string), audience},
		"a signature that ends": {token + "A", audience},
	} {
		if u, err := d.service.Verify(c.token, c.audience); err == nil {
			t.Errorf("%s: it is %v", name, u)
		}
	}
	if _, err := other.service.Verify(token, audience); err == nil {
		t.Error("another key took it")
	}
	d.now = d.now.Add(2 * time.Minute)
	if _, err := d.service.Verify(token, audience); err == nil {
		t.Error("it was taken after 2 minutes")
	}
}
