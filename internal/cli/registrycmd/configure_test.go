package registrycmd_test

import (
	"strings"
	"testing"

	"github.com/kubectl-vsphere/kubectl-vsphere/internal/failure"
)

func TestConfigure(t *testing.T) {
	r := added(t)
	r.WriteFile(dockerFile, "{\n\t\"psFormat\": \"x\"\n}\n", 0o600)
	r.Run("registry", "configure", "--check").Exits(failure.Failed).Says(host+": missing", "1 of 1", "registry configure")
	r.Run("registry", "configure").Exits(failure.OK).Says("Added docker-credential-vsphere").Omits("not known here")
	if text := r.ReadFile(dockerFile); !strings.Contains(text, entry) || !strings.Contains(text, "\t\"psFormat\": \"x\"") {
		t.Error(text)
	}
	r.Run("registry", "configure", "--check").Exits(failure.OK).Says(host + ": configured")
	r.Run("registry", "configure", "--remove").Exits(failure.OK).Says("Removed docker-credential-vsphere from")
	if text := r.ReadFile(dockerFile); strings.Contains(text, host) || !strings.Contains(text, "psFormat") {
		t.Error(text)
	}
	r.Run("registry", "configure", "--remove").Exits(failure.OK).Omits("Took")
}

func TestConfigureNamed(t *testing.T) {
	r := newRig(t)
	r.Run("registry", "configure", "quay.io", "10.0.0.5:8443").Exits(failure.OK).Says("quay.io is not known here yet", "registry add quay.io")
	for _, want := range []string{`"quay.io": "vsphere"`, `"10.0.0.5:8443": "vsphere"`} {
		if text := r.ReadFile(dockerFile); !strings.Contains(text, want) {
			t.Error(text)
		}
	}
	r.WriteFile(dockerFile, `{"credHelpers":{"quay.io":"pass"}}`, 0o600)
	r.Run("registry", "configure", "quay.io", "--check").Exits(failure.Failed).Says("quay.io: pass", "--force")
	r.Run("registry", "configure", "quay.io").Exits(failure.Failed).Says("--force")
	r.Run("registry", "configure", "quay.io", "--force").Exits(failure.OK)
	r.WriteFile(dockerFile, `{`, 0o600)
	r.Run("registry", "configure", "quay.io", "--check").Exits(failure.Failed)
	r.Run("registry", "configure", "quay.io", "--remove").Exits(failure.Failed)
}

func TestConfigurePodman(t *testing.T) {
	r := added(t)
	r.Run("registry", "configure", "--podman").Exits(failure.OK).Says(".config/containers/auth.json")
	if text := r.ReadFile(".config/containers/auth.json"); !strings.Contains(text, entry) {
		t.Error(text)
	}
	r.Vars["REGISTRY_AUTH_FILE"] = r.Dir + "/elsewhere.json"
	r.Run("registry", "configure", "--podman", "--check").Exits(failure.Failed).Says("elsewhere.json", "missing")
}

func TestConfigureService(t *testing.T) {
	r := newRig(t)
	backing := func() string {
		set, err := r.records().Settings()
		if err != nil {
			t.Fatal(err)
		}
		return set.Backing
	}
	r.Run("registry", "configure", "--service", "pass").Exits(failure.OK).Says("docker-credential-pass is not on PATH")
	if backing() != "pass" {
		t.Error(backing())
	}
	r.Programs["docker-credential-secretservice"] = "/usr/bin/docker-credential-secretservice"
	r.Run("registry", "configure", "--service", "secretservice", host).Exits(failure.OK).Omits("secretservice is not on PATH")
	if text := r.ReadFile(dockerFile); backing() != "secretservice" || !strings.Contains(text, entry) {
		t.Error(backing(), text)
	}
	for _, none := range []string{"none", "file"} {
		r.Run("registry", "configure", "--service", "pass")
		r.Run("registry", "configure", "--service", none).Exits(failure.OK)
		if backing() != "" {
			t.Errorf("%s: %s", none, backing())
		}
	}
}

func TestRemove(t *testing.T) {
	r := added(t)
	r.store(t, "robot$ci")
	r.Run("registry", "configure", "--podman").Exits(failure.OK)
	r.Run("registry", "remove", host).Exits(failure.OK).Says("Removed "+host, "Removed docker-credential-vsphere from")
	for _, file := range []string{dockerFile, ".config/containers/auth.json"} {
		if text := r.ReadFile(file); strings.Contains(text, host) {
			t.Error(text)
		}
	}
	if r.record(t).Host != "" || r.stored(t).Host != "" {
		t.Error("it is still there")
	}
	if r.Session().Server != supervisor {
		t.Error("the login is gone")
	}
	r.Run("registry", "remove", host).Exits(failure.Failed).Says("is not known here")
}

// What cannot be read goes too, and docker's file stays where that is asked for.
func TestRemoveWhatIsBroken(t *testing.T) {
	r := added(t)
	r.WriteFile("store/registries/"+host+".json", "{", 0o600)
	r.Run("registry", "remove", host, "--no-configure").Exits(failure.OK).Says("Removed").Omits("Took")
	if text := r.ReadFile(dockerFile); !strings.Contains(text, entry) || r.record(t).Host != "" {
		t.Error(text)
	}
}
