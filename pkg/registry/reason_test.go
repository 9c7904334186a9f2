package registry_test

import (
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/kubectl-vsphere/kubectl-vsphere/pkg/registry"
)

// The codes are on people's disks: none is ever renamed.
func TestReasonsAreCodesOnDisk(t *testing.T) {
	s := registry.Store{Dir: filepath.Join(t.TempDir(), "store")}
	for code, reason := range map[string]registry.Reason{
		"not-harbor": registry.ReasonNotHarbor, "auth-mode": registry.ReasonAuthMode, "cli-secret": registry.ReasonCLISecret, "no-token": registry.ReasonNoToken, "refused": registry.ReasonRefused,
		"endpoint": registry.ReasonEndpoint, "unverified": registry.ReasonUnverified, "other-ca": registry.ReasonOtherCA, "public-ca": registry.ReasonPublicCA, "unknown": registry.ReasonUnknown,
	} {
		want := registry.Record{Host: "harbor.lab", Server: "10.0.0.1", User: "dev", Reason: reason, Endpoint: "10.0.0.9"}
		if err := s.SaveRecord(want); err != nil {
			t.Fatal(err)
		}
		text, err := os.ReadFile(filepath.Join(s.Dir, "registries", want.Host+".json"))
		if err != nil || !strings.Contains(string(text), `"reason": "`+code+`"`) {
			t.Errorf("%s: %s, %v", code, text, err)
		}
		if got, _, err := s.Record(want.Host); err != nil || got.Reason != reason || got.Endpoint != want.Endpoint {
			t.Errorf("%s: %+v, %v", code, got, err)
		}
	}
}

// Earlier versions kept a sentence.
func TestARecordWithASentenceIsRead(t *testing.T) {
	s := registry.Store{Dir: filepath.Join(t.TempDir(), "store")}
	old := registry.Record{Host: "harbor.lab", Server: "10.0.0.1", User: "dev", Reason: "it is no Harbor; if it is a registry all the same, type: x"}
	if err := s.SaveRecord(old); err != nil {
		t.Fatal(err)
	}
	r, found, err := s.Record(old.Host)
	if err != nil || !found || r.Reason != registry.ReasonUnknown || r.User != "dev" {
		t.Fatalf("%+v %v %v", r, found, err)
	}
	// It can be replaced by what the registry says now.
	fresh := r
	fresh.Reason = registry.ReasonNotHarbor
	if err := s.ReplaceRecord(r, fresh); err != nil {
		t.Fatal(err)
	}
	if r, _, err = s.Record(old.Host); err != nil || r.Reason != registry.ReasonNotHarbor {
		t.Errorf("%+v %v", r, err)
	}
}

func TestARecordWithoutAReasonHasNone(t *testing.T) {
	s := registry.Store{Dir: filepath.Join(t.TempDir(), "store")}
	if err := s.SaveRecord(registry.Record{Host: "harbor.lab", Server: "10.0.0.1", User: "dev", Username: "dev"}); err != nil {
		t.Fatal(err)
	}
	if r, _, err := s.Record("harbor.lab"); err != nil || r.Reason != "" {
		t.Errorf("%+v %v", r, err)
	}
}
