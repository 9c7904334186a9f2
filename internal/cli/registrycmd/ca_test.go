package registrycmd_test

import (
	"os"
	"path/filepath"
	"testing"

	"github.com/kubectl-vsphere/kubectl-vsphere/internal/consoletest"
	"github.com/kubectl-vsphere/kubectl-vsphere/internal/failure"
	"github.com/kubectl-vsphere/kubectl-vsphere/pkg/trust"
)

// The CA alone goes to standard output, so that it can be piped.
func TestCA(t *testing.T) {
	r := signedIn(t)
	if result := r.Run("registry", "ca", host).Exits(failure.OK); result.Out != r.CA.PEM {
		t.Errorf("%q", result.Out)
	}
	if text := r.ReadFile(dockerFile); text != "" {
		t.Error(text)
	}
}

func TestCAInstall(t *testing.T) {
	r := signedIn(t)
	want := []string{"root/etc/docker/certs.d/10.0.0.5/ca.crt"}
	if os.Geteuid() != 0 {
		want = []string{".config/docker/certs.d/10.0.0.5/ca.crt", ".config/containers/certs.d/10.0.0.5/ca.crt"}
	}
	r.Run("registry", "ca", host, "--install").Exits(failure.OK).Says("Installed the CA of " + host)
	for _, file := range want {
		info, err := os.Stat(filepath.Join(r.Dir, file))
		if err != nil || info.Mode().Perm() != 0o644 || r.ReadFile(file) != r.CA.PEM {
			t.Errorf("%s: %v %v", file, info, err)
		}
	}
	r.Run("registry", "ca", host, "--install").Exits(failure.OK)
	r.WriteFile(want[0], "another", 0o644)
	r.Run("registry", "ca", host, "--install").Exits(failure.Failed).Says("holds another CA", "--force")
	if text := r.ReadFile(want[0]); text != "another" {
		t.Error(text)
	}
	r.Run("registry", "ca", host, "--install", "--force").Exits(failure.OK)
	if text := r.ReadFile(want[0]); text != r.CA.PEM {
		t.Error(text)
	}
}

func TestCAInstallElsewhere(t *testing.T) {
	r := signedIn(t)
	one, two := filepath.Join(r.Dir, "one"), filepath.Join(r.Dir, "two")
	r.Run("registry", "ca", host, "--certs-dir", one, "--certs-dir", two).Exits(failure.OK).Says("one/10.0.0.5/ca.crt", "two/10.0.0.5/ca.crt")
	for _, file := range []string{"one/10.0.0.5/ca.crt", "two/10.0.0.5/ca.crt"} {
		if text := r.ReadFile(file); text != r.CA.PEM {
			t.Errorf("%s: %q", file, text)
		}
	}
	r.WriteFile("file", "x", 0o600)
	r.Run("registry", "ca", host, "--certs-dir", filepath.Join(r.Dir, "file")).Exits(failure.Failed)
	r.on("darwin")
	r.Run("registry", "ca", host, "--install").Exits(failure.Usage).Says("--certs-dir")
}

// A CA that only the registry tells needs somebody who vouches for it.
func TestCAByFingerprint(t *testing.T) {
	r := newRig(t)
	r.harbor.CA = r.CA.PEM
	r.Run("registry", "ca", host).Exits(failure.Failed).Says("--ca-fingerprint", "SHA-256").Omits("BEGIN CERTIFICATE")
	sum := trust.Trust{CA: r.CA.PEM}.Fingerprints()[0]
	if result := r.Run("registry", "ca", host, "--ca-fingerprint", "sha256:"+sum).Exits(failure.OK); result.Out != r.CA.PEM {
		t.Errorf("%q", result.Out)
	}
	r.Person(consoletest.Answer{To: "Take it?", Keys: "y"})
	if result := r.Run("registry", "ca", host).Exits(failure.OK).Says(sum); result.Out != r.CA.PEM {
		t.Errorf("%q", result.Out)
	}
	r.Person(consoletest.Answer{To: "Take it?", Keys: "n"})
	r.Run("registry", "ca", host).Exits(failure.Failed).Says("the CA is not used").Omits("BEGIN CERTIFICATE")
	r.Person(consoletest.Answer{To: "Take it?", Keys: consoletest.Interrupt})
	r.Run("registry", "ca", host).Exits(failure.Interrupted)
}
