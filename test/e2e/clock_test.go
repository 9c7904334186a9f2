package e2e

import (
	"fmt"
	"strings"
	"testing"
	"time"
)

// A clock that differs from the Supervisor's by an hour: a token is used for as long as it lives, neither less nor more.
func TestClockSkew(t *testing.T) {
	t.Parallel()
	for _, skew := range []string{"1h", "-1h"} {
		t.Run(skew, func(t *testing.T) {
			t.Parallel()
			h, u := newHome(t), newUser(t, "ns1")
			server := site.Supervisors[0].Server
			token := []string{"kubectl-vsphere", "get-token", "--server", server, "--user", u.Username}

			set := func(lifetime string) func() {
				id := addFault(t, map[string]any{"user": u.Username, "endpoint": "/wcp/login", "skew": skew, "tokenLifetime": lifetime})
				return func() { removeFault(t, id) }
			}
			mend := set("10h") // The lab's API servers have our clock.
			h.login(t, u, "--password-command", "cat "+h.passwordFile(t, u.Password))
			for _, name := range []string{"ns1", "tkc1"} {
				if out, code := h.run(t, "kubectl", "--context", name, "get", "configmaps"); code != 0 {
					t.Errorf("kubectl: %s", out)
				}
			}
			mend()
			mend = set("30m")
			if out, code := h.run(t, append(token, "--force-refresh")...); code != 0 {
				t.Fatal(out)
			}
			sent := len(logins(t, u))
			for range 2 {
				out, code := h.run(t, token...)
				var until time.Time
				if _, stamp, ok := strings.Cut(out, `"expirationTimestamp":"`); ok {
					until, _ = time.Parse(time.RFC3339, stamp[:strings.Index(stamp, `"`)])
				}
				if left := time.Until(until); code != 0 || left < 28*time.Minute || left > 30*time.Minute {
					t.Errorf("a token of 30 min: exit code %d, it is good for %s", code, left)
				}
			}
			if got := logins(t, u); len(got) != sent {
				t.Errorf("it is renewed at once: %q", got[sent:])
			}
			mend()
			set("2s")
			if out, code := h.run(t, append(token, "--force-refresh")...); code != 0 {
				t.Fatal(out)
			}
			time.Sleep(1100 * time.Millisecond)
			before := len(logins(t, u))
			if out, code := h.run(t, token...); code != 0 || len(logins(t, u)) != before+1 {
				t.Errorf("a token that has ended is handed out: %s", fmt.Sprint(out, logins(t, u)))
			}
		})
	}
}
