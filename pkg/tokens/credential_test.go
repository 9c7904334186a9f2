package tokens_test

import (
	"encoding/json"
	"fmt"
	"strings"
	"testing"
	"time"

	"github.com/kubectl-vsphere/kubectl-vsphere/pkg/redact"
	"github.com/kubectl-vsphere/kubectl-vsphere/pkg/tokens"
)

func secretOf(s string) redact.Secret { return redact.Secret(s) }

func TestUntilTakesALeewayOff(t *testing.T) {
	for name, tc := range map[string]struct {
		life time.Duration
		want time.Duration // after the issue
	}{
		"ten hours":             {10 * time.Hour, 10*time.Hour - 45*time.Second},
		"a minute and a half":   {90 * time.Second, 45 * time.Second},
		"a short life: half":    {60 * time.Second, 30 * time.Second},
		"whole seconds":         {61 * time.Second, 30 * time.Second},
		"a fraction at the end": {time.Hour + 900*time.Millisecond, time.Hour - 45*time.Second},
		"a second":              {time.Second, 0},
		"none":                  {0, 0},
		"less than none":        {-time.Minute, -time.Minute},
	} {
		c := tokens.Credential{Issued: now, Expires: now.Add(tc.life)}
		if got, want := c.Until(), now.Add(tc.want); !got.Equal(want) {
			t.Errorf("%s: until %v, want %v", name, got, want)
		}
	}
}

func TestUntilIsInUTC(t *testing.T) {
	zone := time.FixedZone("somewhere", 3600)
	c := tokens.Credential{Issued: now.In(zone), Expires: now.Add(time.Hour).In(zone)}
	if c.Until().Location() != time.UTC {
		t.Errorf("until %v", c.Until())
	}
}

func TestGoodEndsWithUntil(t *testing.T) {
	c := credential(clusterKey, "t")
	if !c.Good(c.Until().Add(-1)) || c.Good(c.Until()) {
		t.Error("it must be good before its end and not at its end")
	}
}

func TestAgingBeginsAfterHalfOfTheLife(t *testing.T) {
	c := credential(clusterKey, "t")
	half := c.Issued.Add(30 * time.Minute)
	if c.Aging(half) || !c.Aging(half.Add(1)) {
		t.Error("it must age after half of its life and not at half of it")
	}
}

func TestStatusIsWhatKubectlGets(t *testing.T) {
	c := credential(clusterKey, "a.b.c")
	c.Expires = c.Expires.Add(300 * time.Millisecond).In(time.FixedZone("somewhere", 3600))
	got, err := c.Status()
	if err != nil {
		t.Fatal(err)
	}
	const want = `{"expirationTimestamp":"2025-06-01T12:59:15Z","token":"a.b.c"}`
	if string(got) != want {
		t.Errorf("got %s, want %s", got, want)
	}
}

func TestACredentialDoesNotShowItsToken(t *testing.T) {
	c := credential(clusterKey, "hush")
	text, err := json.Marshal(c)
	if err != nil {
		t.Fatal(err)
	}
	if all := fmt.Sprintf("%v %+v %#v %s", c, c, c, text); strings.Contains(all, "hush") {
		t.Errorf("it shows in %s", all)
	}
}

// What says that it is good for ever is given out for 30 days.
func TestCredentialThatNeverEnds(t *testing.T) {
	issued := time.Date(2026, 11, 26, 12, 0, 0, 0, time.UTC)
	for _, life := range []time.Duration{tokens.MaxLife + time.Second, 365 * 24 * time.Hour, time.Date(9999, 1, 1, 0, 0, 0, 0, time.UTC).Sub(issued)} {
		c := tokens.Credential{Token: "t", Issued: issued, Expires: issued.Add(life)}
		if last := issued.Add(tokens.MaxLife); c.Good(last) || !c.Good(last.Add(-2*time.Minute)) || c.Until().After(last) {
			t.Errorf("%s: it is given out until %s", life, c.Until())
		}
	}
	if c := (tokens.Credential{Token: "t", Issued: issued, Expires: issued.Add(10 * time.Hour)}); c.Until() != issued.Add(10*time.Hour-45*time.Second) {
		t.Errorf("a usual one is given out until %s", c.Until())
	}
}
