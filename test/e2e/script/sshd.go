package script

import (
	"bytes"
	"net"
	"os"
	"os/exec"
	"syscall"
	"time"

	"github.com/rogpeppe/go-internal/testscript"
)

// nodeScript starts OpenSSH's server as on a node of a cluster, at the address $1, for the key whose public half is on standard input. The
// user of nodes exists in a mount namespace of its own only, so that the machine stays as it was. It ends by itself, if the test cannot end it.
const nodeScript = `set -e
mount -t tmpfs -o mode=755 none /run
mkdir /run/sshd /run/node
cat >/run/node/authorized
for f in passwd shadow; do cp -p /etc/$f /run/node/; done
echo 'vmware-system-user:x:54321:54321::/:/bin/sh' >>/run/node/passwd
echo 'vmware-system-user:*:19000:0:99999:7:::' >>/run/node/shadow
for f in passwd shadow; do mount --bind /run/node/$f /etc/$f; done
ssh-keygen -q -t ed25519 -N '' -f /run/node/host
exec timeout 10m /usr/sbin/sshd -D -e -f /dev/null -o ListenAddress="$1" -o HostKey=/run/node/host -o AuthorizedKeysFile=/run/node/authorized \
	-o UsePAM=no -o PasswordAuthentication=no -o KbdInteractiveAuthentication=no -o PidFile=none
`

// HasSSHD reports whether SSHD can work: OpenSSH's server is installed, and this process may mount.
func HasSSHD() bool {
	if _, err := os.Stat("/usr/sbin/sshd"); err != nil {
		return false
	}
	return exec.Command("unshare", "-m", "sh", "-c", "mount --bind /dev/null /dev/zero").Run() == nil
}

// SSHD runs a node until the script ends: OpenSSH's server at port 22 of an address, for the private key in a file.
func SSHD(ts *testscript.TestScript, neg bool, args []string) {
	if neg || len(args) != 2 {
		ts.Fatalf("usage: sshd ADDRESS KEYFILE")
	}
	public, err := exec.Command("ssh-keygen", "-y", "-f", ts.MkAbs(args[1])).Output()
	ts.Check(err)
	var log bytes.Buffer // It can be read when the server has ended.
	c := exec.Command("unshare", "-m", "sh", "-c", nodeScript, "sshd", args[0])
	c.Stdin, c.Stderr, c.WaitDelay = bytes.NewReader(public), &log, endTime
	ts.Check(c.Start())
	ended := make(chan error, 1)
	go func() {
		ended <- c.Wait()
		close(ended)
	}()
	ts.Defer(func() {
		_ = c.Process.Signal(syscall.SIGTERM)
		err := <-ended
		ts.Logf("sshd: %v\n%s", err, log.String())
	})
	for {
		select {
		case err := <-ended:
			ts.Fatalf("sshd: %v", err)
		case <-time.After(lookEvery):
		}
		if conn, err := net.Dial("tcp", net.JoinHostPort(args[0], "22")); err == nil {
			_ = conn.Close()
			return
		}
	}
}

const (
	lookEvery = 100 * time.Millisecond
	endTime   = 5 * time.Second
)
