package tokens_test

import (
	"os"
	"path/filepath"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/kubectl-vsphere/kubectl-vsphere/pkg/tokens"
)

// What a server serves is known for some hours, to its user alone, and until the credential is removed.
func TestServed(t *testing.T) {
	store, now := newStore(t), time.Unix(1_800_000_000, 0).UTC()
	key, other := tokens.Key{Server: "10.0.0.1", User: "dev"}, tokens.Key{Server: "10.0.0.1", User: "ops"}
	served := tokens.Served{Asked: now, Versions: map[string]string{"clusters.cluster.x-k8s.io": "v1beta2"}, Everywhere: true}
	set := func() {
		t.Helper()
		if err := store.SetServed(key, tokens.Served{}, served); err != nil {
			t.Fatal(err)
		}
	}
	set()
	want := served
	want.Version = 1
	if diff := cmp.Diff(want, store.Served(key, now.Add(6*time.Hour))); diff != "" {
		t.Error(diff)
	}
	for name, got := range map[string]tokens.Served{
		"of another user":              store.Served(other, now),
		"after some hours":             store.Served(key, now.Add(6*time.Hour+1)),
		"after the clock was set back": store.Served(key, now.Add(-1)),
	} {
		if !got.Asked.IsZero() {
			t.Errorf("%s: %+v", name, got)
		}
	}
	path := filepath.Join(store.Dir(), "served", key.ID()+".json")
	info, err := os.Stat(path)
	if err != nil {
		t.Fatal(err)
	}
	known := store.Served(key, now)
	if err := store.SetServed(key, known, known); err != nil {
		t.Error(err)
	}
	if again, err := os.Stat(path); err != nil || !os.SameFile(info, again) {
		t.Errorf("it was written again: %v", err)
	}
	if err := os.WriteFile(path, []byte("{"), 0o600); err != nil {
		t.Fatal(err)
	}
	if got := store.Served(key, now); !got.Asked.IsZero() {
		t.Errorf("of a file that cannot be read: %+v", got)
	}
	for name, remove := range map[string]func() error{"the credential": func() error { return store.DeleteCredential(key) }, "all": store.ClearTokens} {
		set()
		if err := remove(); err != nil {
			t.Error(err)
		}
		if _, err := os.Stat(path); !os.IsNotExist(err) {
			t.Errorf("it outlives %s: %v", name, err)
		}
	}
}
