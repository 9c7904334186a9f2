package tokens_test

import (
	"path/filepath"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/kubectl-vsphere/kubectl-vsphere/pkg/tokens"
	"github.com/kubectl-vsphere/kubectl-vsphere/pkg/tokens/credfile"
)

func TestMarkBlocks(t *testing.T) {
	mark := tokens.Mark{Time: now, ParentPID: 100, ParentStart: "7", Everybody: true}
	for name, tc := range map[string]struct {
		pid   int
		start string
		after time.Duration
		want  bool
	}{
		"the parent at once":                {100, "7", 0, true},
		"the parent after hours":            {100, "7", 5 * time.Hour, true},
		"the parent, with a clock set back": {100, "7", -time.Hour, true},
		"another parent at once":            {200, "9", 0, true},
		"another parent within a minute":    {200, "9", time.Minute - 1, true},
		"another parent after a minute":     {200, "9", time.Minute, false},
		"another, with a clock set back":    {200, "9", -1, false},
		"a later process of the number":     {100, "8", time.Hour, false},
		"a process that only starts alike":  {101, "7", time.Hour, false},
	} {
		if got := mark.Blocks(tc.pid, tc.start, now.Add(tc.after)); got != tc.want {
			t.Errorf("%s: Blocks is %v, want %v", name, got, tc.want)
		}
	}
}

func TestMarkForOneParent(t *testing.T) {
	mark := tokens.Mark{Time: now, ParentPID: 100, ParentStart: "7"}
	if !mark.Blocks(100, "7", now.Add(time.Second)) || mark.Blocks(100, "7", now.Add(time.Minute)) || mark.Blocks(200, "9", now) {
		t.Error("it must hold for that parent, for a minute, and for nobody else")
	}
}

func TestMarkWithoutAStartDoesNotHoldForGood(t *testing.T) {
	// Where the system does not say when a process started, its number proves nothing.
	mark := tokens.Mark{Time: now, ParentPID: 100}
	if !mark.Blocks(100, "", now.Add(time.Second)) || mark.Blocks(100, "", now.Add(time.Hour)) {
		t.Error("it must hold for a minute and no longer")
	}
}

func TestNoMarkBlocksNobody(t *testing.T) {
	if (tokens.Mark{}).Blocks(0, "", time.Time{}) || (tokens.Mark{}).Blocks(100, "7", now) {
		t.Error("the zero mark blocks")
	}
}

func TestStoreKeepsAMarkUntilItIsCleared(t *testing.T) {
	s := newStore(t)
	mark := func(account string) tokens.Mark {
		t.Helper()
		m, err := s.Mark(account)
		if err != nil {
			t.Error(err)
		}
		return m
	}
	if diff := cmp.Diff(tokens.Mark{}, mark("account")); diff != "" {
		t.Errorf("before: %s", diff)
	}
	want := tokens.Mark{
		Time: now, ParentPID: 100, ParentStart: "7", Everybody: true, Reason: "refused",
		Refusals: []tokens.Refusal{{Time: now, Salt: []byte("salt"), Hash: []byte("hash")}, {Time: now}},
	}
	if err := s.SetMark("account", want); err != nil {
		t.Fatal(err)
	}
	want.Version = credfile.Version
	if diff := cmp.Diff(want, mark("account")); diff != "" {
		t.Error(diff)
	}
	if diff := cmp.Diff(tokens.Mark{}, mark("another")); diff != "" {
		t.Errorf("another account: %s", diff)
	}
	if err := s.EndQuiet("account"); err != nil {
		t.Fatal(err)
	}
	if got := mark("account"); !got.Time.IsZero() || len(got.Refusals) != 2 {
		t.Errorf("after the quiet: %+v", got)
	}
	for range 2 { // there need not be one
		if err := s.ClearMark("account"); err != nil {
			t.Fatal(err)
		}
	}
	if diff := cmp.Diff(tokens.Mark{}, mark("account")); diff != "" {
		t.Errorf("after: %s", diff)
	}
}

func TestStoreTellsAMarkThatItCannotRead(t *testing.T) {
	for name, text := range map[string]string{"garbage": "{", "a newer one": `{"version":2,"time":"2025-06-01T12:00:00Z"}`} {
		s := newStore(t)
		if err := s.SetMark("account", tokens.Mark{Time: now}); err != nil {
			t.Fatal(err)
		}
		paths, err := filepath.Glob(filepath.Join(s.Dir(), "accounts", "*.json"))
		if err != nil || len(paths) != 1 {
			t.Fatalf("%v, %v", paths, err)
		}
		overwrite(t, paths[0], text)
		if got, err := s.Mark("account"); err == nil {
			t.Errorf("%s: %+v", name, got)
		}
	}
}

// A script that logs out and in again must not lock the account: how many refusals there were stays, and nothing to guess from.
func TestClearKeepsTheNumberOfRefusals(t *testing.T) {
	s := newStore(t)
	now := time.Now().UTC()
	refusals := []tokens.Refusal{{Time: now, Uptime: time.Hour, At: "10.0.0.1 ada", Salt: []byte("salt"), Hash: []byte("hash")}, {Time: now}}
	for name, m := range map[string]tokens.Mark{"ada": {Reason: "refused", Refusals: refusals}, "asked": {Time: now, Everybody: true}} {
		if err := s.SetMark(name, m); err != nil {
			t.Fatal(err)
		}
	}
	if err := s.Clear(); err != nil {
		t.Fatal(err)
	}
	want := tokens.Mark{Version: 1, Refusals: []tokens.Refusal{{Time: now, Uptime: time.Hour}, {Time: now}}}
	got, err := s.Mark("ada")
	if diff := cmp.Diff(want, got); err != nil || diff != "" {
		t.Errorf("%v %s", err, diff)
	}
	if got, err := s.Mark("asked"); err != nil || !got.Time.IsZero() {
		t.Errorf("%v, %v", got, err)
	}
}
