package e2e

import (
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"
)

// keychainScript runs in a session bus of its own with an unlocked keyring, and ends what it started.
const keychainScript = `
printf keyring | gnome-keyring-daemon --foreground --unlock --components=secrets >/dev/null 2>&1 &
trap 'kill $!; wait' EXIT
for i in $(seq 200); do echo ready | secret-tool store --label=ready probe ready 2>/dev/null && break; sleep 0.05; done
secret-tool clear probe ready
login() { kubectl-vsphere login --server "$SERVER" -u "$U" --certificate-authority "$CA" --password-stdin "$@" <password >/dev/null; }
renew() { (kubectl-vsphere get-token --server "$SERVER" --user "$U" --force-refresh >token; echo "renewed: $?"); }
held() { echo "held: $(secret-tool search --all service kubectl-vsphere 2>&1 | grep -c '^secret = ')"; }
login --save-password && renew; held
kubectl-vsphere logout >/dev/null; held
login --save-password; login; renew; held
login --save-password=false; renew; held
`

// busConfig is a session bus that starts no services by itself: a second keyring would come up while the first one starts.
const busConfig = `<busconfig>
<type>session</type>
<listen>unix:tmpdir=/tmp</listen>
<auth>EXTERNAL</auth>
<policy context="default"><allow send_destination="*" eavesdrop="true"/><allow eavesdrop="true"/><allow own="*"/></policy>
</busconfig>
`

// The password is saved in a real Secret Service (GNOME's), renews the session without a person, and goes with the session.
func TestKeychain(t *testing.T) {
	t.Parallel()
	for _, program := range []string{"dbus-run-session", "gnome-keyring-daemon", "secret-tool"} {
		if _, err := exec.LookPath(program); err != nil {
			t.Skipf("%s is not installed; .ci/run installs it", program)
		}
	}
	u := newUser(t, "ns1")
	h := newHome(t, "U="+u.Username, "SERVER="+site.Supervisors[0].Server, "CA="+site.Supervisors[0].CA)
	h.passwordFile(t, u.Password)
	bus := filepath.Join(h.dir, "bus.conf")
	if err := os.WriteFile(bus, []byte(busConfig), 0o600); err != nil {
		t.Fatal(err)
	}
	out, _ := h.run(t, "dbus-run-session", "--config-file="+bus, "--", "sh", "-c", keychainScript)
	var got []string
	for line := range strings.Lines(out) {
		if strings.HasPrefix(line, "renewed:") || strings.HasPrefix(line, "held:") {
			got = append(got, strings.TrimSpace(line))
		}
	}
	// Saved; gone with the session; kept by a login that does not mention it; taken away by one that does.
	want := "renewed: 0, held: 1, held: 0, renewed: 0, held: 1, renewed: 1, held: 0"
	if strings.Join(got, ", ") != want {
		t.Errorf("got %s\nwant %s\n%s", strings.Join(got, ", "), want, out)
	}
	if strings.Contains(out, u.Password) {
		t.Error("the password is shown")
	}
}
