package vcenter

import (
	"errors"
	"strings"
	"testing"
	"time"
)

const (
	issuer = "https://vcenter.lab/openidconnect/" + Domain
	dev    = "dev@vsphere.local"
	right  = "VMware1!"
)

// clock is a time that a test moves.
type clock struct{ time.Time }

func (c *clock) move(d time.Duration) { c.Time = c.Add(d) }

func newService(t *testing.T) (*Service, *clock) {
	t.Helper()
	s, err := New(issuer, 0)
	if err != nil {
		t.Fatal(err)
	}
	c := &clock{time.Date(2026, 1, 2, 3, 4, 5, 0, time.UTC)}
	s.now = func() time.Time { return c.Time }
	for _, name := range []string{dev, "Ops@Vsphere.local"} {
		if err := s.AddUser(User{Username: name, Password: right, Groups: []string{"developers@vsphere.local"}}); err != nil {
			t.Fatal(err)
		}
	}
	return s, c
}

// fail gives a wrong password, n times.
func fail(t *testing.T, s *Service, n int) {
	t.Helper()
	for range n {
		if _, err := s.Check(dev, "wrong"); !errors.Is(err, ErrBadPassword) {
			t.Fatalf("a wrong password: %v", err)
		}
	}
}

// check gives the right password and wants an error, or none.
func check(t *testing.T, s *Service, want error) {
	t.Helper()
	if _, err := s.Check(dev, right); !errors.Is(err, want) {
		t.Errorf("the right password: %v, want %v", err, want)
	}
}

func TestLockout(t *testing.T) {
	s, c := newService(t)
	fail(t, s, 5)
	check(t, s, ErrLocked)
	if st := s.Status(dev); st.Failures != 5 || !st.Locked {
		t.Errorf("%d failures, locked: %t", st.Failures, st.Locked)
	}
	if _, err := s.Check("ops@vsphere.local", right); err != nil {
		t.Errorf("another account: %v", err)
	}
	c.move(299 * time.Second)
	check(t, s, ErrLocked)
	c.move(time.Second)
	check(t, s, nil)
	if st := s.Status(dev); st.Failures != 0 || st.Locked {
		t.Errorf("after the time: %d failures, locked: %t", st.Failures, st.Locked)
	}
}

func TestLockoutAnew(t *testing.T) {
	s, c := newService(t)
	fail(t, s, 5)
	c.move(300 * time.Second)
	fail(t, s, 4) // The old ones no longer count.
	check(t, s, nil)
	fail(t, s, 5)
	check(t, s, ErrLocked)
}

func TestLockoutWindow(t *testing.T) {
	s, c := newService(t)
	fail(t, s, 4)
	c.move(181 * time.Second)
	fail(t, s, 4)
	if st := s.Status(dev); st.Failures != 4 || st.Locked {
		t.Errorf("%d failures, locked: %t", st.Failures, st.Locked)
	}
	check(t, s, nil)

	fail(t, s, 1)
	c.move(90 * time.Second)
	fail(t, s, 3)
	c.move(91 * time.Second) // The first one is too old, the others are not.
	fail(t, s, 1)
	if st := s.Status(dev); st.Failures != 4 || st.Locked {
		t.Errorf("%d failures, locked: %t", st.Failures, st.Locked)
	}
	fail(t, s, 1)
	check(t, s, ErrLocked)
}

func TestLockoutLastSecondOfWindow(t *testing.T) {
	s, c := newService(t)
	fail(t, s, 4)
	c.move(180 * time.Second)
	fail(t, s, 1)
	check(t, s, ErrLocked)
}

func TestRightPasswordForgets(t *testing.T) {
	s, _ := newService(t)
	fail(t, s, 4)
	check(t, s, nil)
	fail(t, s, 4)
	check(t, s, nil)
}

// All spellings of a name count together, and what was counted is kept: the most within the window, whatever a right one forgets.
func TestWhatWasCountedIsKept(t *testing.T) {
	s, c := newService(t)
	fail(t, s, 2)
	check(t, s, nil)
	for _, name := range []string{"DEV", `vsphere.local\dev`} {
		if _, err := s.Check(name, "wrong"); !errors.Is(err, ErrBadPassword) {
			t.Errorf("%s: %v", name, err)
		}
	}
	if got, want := s.Status("Dev"), (Status{Failures: 2, Passwords: 5, Most: 4}); got != want {
		t.Errorf("%+v, want %+v", got, want)
	}
	c.move(181 * time.Second)
	fail(t, s, 3)
	if got, want := s.Status(dev), (Status{Failures: 3, Passwords: 8, Most: 4}); got != want {
		t.Errorf("later: %+v, want %+v", got, want)
	}
	fail(t, s, 2)
	check(t, s, ErrLocked)
	if got, want := s.Status(dev), (Status{Failures: 5, Locked: true, Passwords: 11, Most: 6, Locks: 1}); got != want {
		t.Errorf("locked: %+v, want %+v", got, want)
	}
	if got := s.Status("nobody"); got != (Status{}) {
		t.Errorf("nobody: %+v", got)
	}
}

func TestSetPassword(t *testing.T) {
	s, _ := newService(t)
	fail(t, s, 5)
	if err := s.SetPassword("DEV@vsphere.local", "new"); err != nil {
		t.Fatal(err)
	}
	if _, err := s.Check(dev, "new"); err != nil {
		t.Errorf("the new password: %v", err)
	}
	check(t, s, ErrBadPassword)
	if err := s.SetPassword("stranger@vsphere.local", "new"); err == nil {
		t.Error("a stranger has a password")
	}
}

func TestNames(t *testing.T) {
	s, _ := newService(t)
	for _, name := range []string{"Ops@Vsphere.local", "ops@vsphere.local", "OPS@VSPHERE.LOCAL", "ops", `VSPHERE.LOCAL\Ops`} {
		u, err := s.Check(name, right)
		if err != nil || u.Username != "Ops@Vsphere.local" {
			t.Errorf("%s is %q, %v", name, u.Username, err)
		}
		if u, ok := s.Lookup(name); !ok || u.Username != "Ops@Vsphere.local" {
			t.Errorf("%s is looked up as %q", name, u.Username)
		}
	}
	for _, name := range []string{"", "ops@other.local", `OTHER\ops`, "stranger@vsphere.local", "stranger"} {
		if _, err := s.Check(name, right); !errors.Is(err, ErrBadPassword) {
			t.Errorf("%q: %v", name, err)
		}
	}
}

func TestAddUser(t *testing.T) {
	s, _ := newService(t)
	for _, u := range []User{{}, {Username: "dev", Password: "x"}, {Username: "@vsphere.local", Password: "x"}, {Username: "dev@", Password: "x"}, {Username: dev}} {
		if err := s.AddUser(u); err == nil {
			t.Errorf("%+v is added", u)
		}
	}
	fail(t, s, 5)
	if err := s.AddUser(User{Username: dev, Password: right}); err != nil {
		t.Fatal(err)
	}
	check(t, s, nil) // An account that is replaced is not locked.
}

// mint makes a token of dev's for the Supervisor.
func mint(t *testing.T, s *Service, lifetime time.Duration) string {
	t.Helper()
	u, _ := s.Lookup(dev)
	token, err := s.Mint(u, Audience, lifetime, 0)
	if err != nil {
		t.Fatal(err)
	}
	return token
}

func TestVerify(t *testing.T) {
	s, c := newService(t)
	claims, err := s.Verify(mint(t, s, 0), Audience)
	if err != nil {
		t.Fatal(err)
	}
	if claims.Subject != dev || claims.Username != "dev" || claims.Domain != Domain || claims.Issuer != s.Issuer() {
		t.Errorf("the claims are %+v", claims)
	}
	if claims.IssuedAt != c.Unix() || claims.Expiry-claims.IssuedAt != 36000 {
		t.Errorf("iat is %d, exp %d", claims.IssuedAt, claims.Expiry)
	}
	if got := strings.Join(claims.Groups, " "); got != "Everyone@vsphere.local Users@vsphere.local developers@vsphere.local" {
		t.Errorf("the groups are %q", got)
	}
}

func TestVerifyRefuses(t *testing.T) {
	s, _ := newService(t)
	other, _ := newService(t)
	token := mint(t, s, 0)
	parts := strings.Split(token, ".")
	foreign, err := s.keys[0].sign(Claims{Audience: Audience, Issuer: "https://other.lab", Expiry: s.now().Unix() + 1})
	if err != nil {
		t.Fatal(err)
	}
	tests := []struct{ name, token, audience, want string }{
		{"a cluster's audience", token, Audience + ":uid", "wrong audience"},
		{"a beginning of the audience", token, "vmware-tes:vc:vns", "wrong audience"},
		{"no audience", token, "", "wrong audience"},
		{"another service's key", mint(t, other, 0), Audience, "unknown key"},
		{"another token's payload", parts[0] + "." + strings.Split(mint(t, s, time.Hour), ".")[1] + "." + parts[2], Audience, "wrong signature"},
		{"no algorithm", encode([]byte(`{"kid":"`+s.keys[0].kid+`","alg":"none"}`)) + "." + parts[1] + ".", Audience, "unknown key"},
		{"another issuer", foreign, Audience, "wrong issuer"},
		{"no signature", parts[0] + "." + parts[1], Audience, "not a JWT"},
		{"nothing", "", Audience, "not a JWT"},
	}
	for _, test := range tests {
		t.Run(test.name, func(t *testing.T) {
			if _, err := s.Verify(test.token, test.audience); err == nil || !strings.Contains(err.Error(), test.want) {
				t.Errorf("%v, want %s", err, test.want)
			}
		})
	}
}

func TestExpiry(t *testing.T) {
	s, c := newService(t)
	token := mint(t, s, time.Hour)
	c.move(time.Hour - time.Second)
	if _, err := s.Verify(token, Audience); err != nil {
		t.Errorf("in the last second: %v", err)
	}
	c.move(time.Second)
	if _, err := s.Verify(token, Audience); err == nil {
		t.Error("the token has no end")
	}
	if _, err := s.Verify(mint(t, s, -time.Minute), Audience); err == nil {
		t.Error("a token that has ended is good")
	}
}

func TestLifetime(t *testing.T) {
	s, err := New(issuer, time.Minute)
	if err != nil {
		t.Fatal(err)
	}
	token, err := s.Mint(User{Username: dev}, Audience, 0, 0)
	if err != nil {
		t.Fatal(err)
	}
	claims, err := s.Verify(token, Audience)
	if err != nil || claims.Expiry-claims.IssuedAt != 60 {
		t.Errorf("exp - iat is %d, %v", claims.Expiry-claims.IssuedAt, err)
	}
}

func TestRotate(t *testing.T) {
	s, _ := newService(t)
	before := mint(t, s, 0)
	if err := s.Rotate(); err != nil {
		t.Fatal(err)
	}
	after := mint(t, s, 0)
	if header := func(token string) string { return strings.Split(token, ".")[0] }; header(before) == header(after) {
		t.Error("the new token has the old key")
	}
	for name, token := range map[string]string{"old": before, "new": after} {
		if _, err := s.Verify(token, Audience); err != nil {
			t.Errorf("the %s token: %v", name, err)
		}
	}
}
