package failure

import (
	"os/exec"
	"testing"
)

// What is printed to be pasted is one word to a shell, whatever a user is called.
func TestQuote(t *testing.T) {
	for in, want := range map[string]string{
		"dev@vsphere.local": "dev@vsphere.local",
		"[fd00::1]:443":     "'[fd00::1]:443'",
		"":                  "''",
		`DOM\user`:          `'DOM\user'`,
		"a b":               "'a b'",
		"it's":              `'it'\''s'`,
		"$(touch x)`y`":     "'$(touch x)`y`'",
		"straße":            "'straße'",
	} {
		got := Quote(in)
		if got != want {
			t.Errorf("%q: %s, want %s", in, got, want)
		}
		if got != want {
			continue // What is quoted wrongly would run.
		}
		c := exec.CommandContext(t.Context(), "sh", "-c", "printf %s "+got)
		c.Dir, c.Env = t.TempDir(), []string{"PATH=/nonexistent"}
		if back, err := c.Output(); err == nil && string(back) != in {
			t.Errorf("%q reaches a command as %q", in, back)
		}
	}
}

func TestCommands(t *testing.T) {
	for got, want := range map[string]string{
		LoginCommand("10.0.0.1", ""):                                   "kubectl vsphere login --server 10.0.0.1",
		LoginCommand("10.0.0.1", `D\u`):                                `kubectl vsphere login --server 10.0.0.1 -u 'D\u'`,
		LogoutCommand("sup:8443", "a@b"):                               "kubectl vsphere logout --server sup:8443 -u a@b",
		LoginCommand("[fd00::1]:8443", "a b"):                          "kubectl vsphere login --server '[fd00::1]:8443' -u 'a b'",
		(&UsageError{}).typed():                                        "kubectl vsphere",
		(&UsageError{Command: "kubectl-vsphere registry add"}).typed(): "kubectl vsphere registry add",
	} {
		if got != want {
			t.Errorf("%s, want %s", got, want)
		}
	}
}
