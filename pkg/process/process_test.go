//go:build unix

package process

import (
	"os"
	"strings"
	"testing"
)

// environment is what a child sees.
func environment(t *testing.T, secrets ...string) string {
	t.Helper()
	text, err := Command(t.Context(), "/usr/bin/env", nil, secrets).Output()
	if err != nil {
		t.Fatal(err)
	}
	return "\n" + string(text)
}

// A program that is not ours gets no variable with a secret, and everything else.
func TestChildGetsNoSecret(t *testing.T) {
	t.Setenv(PasswordVariable, "S3CRET-1")
	t.Setenv("CI_TOKEN", "S3CRET-2")
	t.Setenv(PasswordVariable+"_HINT", "kept")
	got := environment(t, "CI_TOKEN")
	if strings.Contains(got, "S3CRET") || !strings.Contains(got, "\n"+PasswordVariable+"_HINT=kept\n") {
		t.Error(got)
	}
	own, err := Own(t.Context(), "/usr/bin/env").Output()
	if err != nil || strings.Count(string(own), "S3CRET") != 2 {
		t.Errorf("our own program does not get the password: %v", err)
	}
}

// A hidden variable is gone for every child, also for those of libraries, and Environment still knows it.
func TestHide(t *testing.T) {
	t.Setenv("CI_TOKEN", "S3CRET")
	getenv := Environment()
	Hide("CI_TOKEN", "", "not=a=name")
	if os.Getenv("CI_TOKEN") != "" || strings.Contains(environment(t), "S3CRET") {
		t.Error("it is still there")
	}
	if getenv("CI_TOKEN") != "S3CRET" || getenv("PATH") != os.Getenv("PATH") || getenv("CI_NOTHING") != "" {
		t.Error("it is forgotten")
	}
}
