//go:build unix

package clustercmd_test

import (
	"os"
	"strings"
	"testing"

	"github.com/kubectl-vsphere/kubectl-vsphere/internal/consoletest"
	"github.com/kubectl-vsphere/kubectl-vsphere/internal/failure"
)

// A node goes by the name of its virtual machine, its machine or itself; ssh gets its address and what stands after --.
func TestSSH(t *testing.T) {
	w, s, _ := site(t)
	w.Programs["ssh"] = w.WriteFile("ssh/ssh", "#!/bin/sh\necho \"$@\"\nexit 3\n", 0o755)
	w.Run("cluster", "ssh", "tkc1-cp-1", "--", "-v", "sudo", "reboot").Exits(3).Says("HostKeyAlias=node-u-1 ", " -l vmware-system-user 192.0.2.1 -v sudo reboot\n", "note: the host key of tkc1-cp-1 is not known yet").Omits("error:")
	w.Run("cluster", "ssh", "ns1/machine-2", "-J", "me@bastion:2222").Exits(3).Says(" -J me@bastion:2222 -l vmware-system-user 192.0.2.2\n", "HostKeyAlias=node-m-2 ")
	w.Run("cluster", "ssh", "node-2", "-n", "ns1", "--server", "10.0.0.1", "--accept-new-host-key").Exits(3).Says(" 192.0.2.2\n", "StrictHostKeyChecking=accept-new").Omits("note")
	w.Run("cluster", "ssh", "tkc1-new").Exits(failure.Failed).Says("the node tkc1-new has no address yet")
	w.Run("cluster", "ssh", "tricky").Exits(failure.Failed).Says("the address of the node tricky is no IP address").Omits("Proxy")
	w.Run("cluster", "ssh", "web-1").Exits(failure.Failed).Says("ns1/web-1 is not a node of a cluster: the Supervisor keeps no key for it", "Use the key that it was made with.")
	w.Run("cluster", "ssh", "tkc1-cp-2").Exits(failure.Failed).Says(`there is no node "tkc1-cp-2" that you may see; did you mean tkc1-cp-1?`)
	closed := secretsOf()
	closed.Closed = []string{"ns1"}
	s.Hold(closed)
	w.Run("cluster", "ssh", "tkc1-cp-1").Exits(failure.Refused).Says("you may not read the Secret tkc1-ssh in ns1 at 10.0.0.1", "The roles edit and owner")
	hold(s, consoletest.Secret("ns1", "tkc1-ssh", "ssh-privatekey", "hush-hush"))
	w.Run("cluster", "ssh", "tkc1-cp-1").Exits(failure.Failed).Says("the Secret tkc1-ssh is not as it should be").Omits("hush")
	delete(w.Programs, "ssh")
	w.Run("cluster", "ssh", "tkc1-cp-1").Exits(failure.Failed).Says("there is no ssh on your PATH")
	entries, err := os.ReadDir(w.Store().Dir() + "/ssh")
	for _, e := range entries {
		if err != nil || strings.HasSuffix(e.Name(), ".tmp") {
			t.Error(e.Name(), err)
		}
	}
}
