// Package breakglass reads the Secrets by which people get into a cluster whose login does not work: the admin kubeconfig that Cluster API
// keeps beside it, and the SSH key and password of its nodes. What has another shape than expected is refused, and no error repeats it.
// It also runs ssh with such a key.
package breakglass

import (
	"errors"
	"fmt"
	"strings"
	"time"

	"golang.org/x/crypto/ssh"

	"github.com/kubectl-vsphere/kubectl-vsphere/pkg/bounded"
	"github.com/kubectl-vsphere/kubectl-vsphere/pkg/kubeapi"
	"github.com/kubectl-vsphere/kubectl-vsphere/pkg/redact"
	"github.com/kubectl-vsphere/kubectl-vsphere/pkg/safetext"
)

// Kind is a kind of credentials.
type Kind string

// The kinds.
const (
	Admin       Kind = "admin"
	SSHKey      Kind = "ssh"
	SSHPassword Kind = "ssh-password"
)

// Kinds are all kinds.
var Kinds = []string{string(Admin), string(SSHKey), string(SSHPassword)}

// User is the user of nodes to whom SSH key and password belong.
const User = "vmware-system-user"

// Resource is the kind of object that holds credentials.
var Resource = kubeapi.Resource{Plural: "secrets", Kind: "Secret"}

// place is where a cluster's credentials are.
type place struct{ suffix, key string }

var places = map[Kind]place{
	Admin:       {"-kubeconfig", "value"},
	SSHKey:      {"-ssh", "ssh-privatekey"},
	SSHPassword: {"-ssh-password", "ssh-passwordkey"},
}

// SecretName returns the name of the Secret of a cluster.
func (k Kind) SecretName(cluster string) string { return cluster + places[k].suffix }

// Credentials are what a Secret holds.
type Credentials struct {
	Text  redact.Secret // of a file
	Until time.Time     // zero: nobody knows
}

// Read reads the Secret of a cluster.
func (k Kind) Read(cluster string, secret kubeapi.Object) (c Credentials, err error) {
	var held struct {
		Data map[string][]byte `json:"data"`
	}
	secret.Decode(&held)
	text := held.Data[places[k].key]
	switch {
	case len(text) == 0:
		err = fmt.Errorf("it has no %q", places[k].key)
	case k == Admin:
		c, err = readAdmin(cluster, text)
	case k == SSHKey:
		c.Text, err = readKey(text)
	default:
		c.Text, err = readPassword(text)
	}
	if err != nil {
		return Credentials{}, fmt.Errorf("the Secret %s is not as it should be: %w", k.SecretName(cluster), err)
	}
	return c, nil
}

// readKey reads a private key without a passphrase, in any form that OpenSSH takes.
func readKey(text []byte) (redact.Secret, error) {
	blocks, err := bounded.PEM(text)
	switch {
	case err != nil:
		return "", fmt.Errorf("it %w", err)
	case len(blocks) != 1:
		return "", fmt.Errorf("it holds %d blocks of PEM, not one key", len(blocks))
	}
	key := encode(blocks[0])
	_, err = ssh.ParseRawPrivateKey([]byte(key.Reveal()))
	var encrypted *ssh.PassphraseMissingError
	switch {
	case errors.As(err, &encrypted):
		return "", errors.New("its key has a passphrase")
	case err != nil:
		return "", errors.New("it holds no private key that OpenSSH knows")
	}
	return key, nil
}

// maxPassword bounds a password, in characters.
const maxPassword = 512

func readPassword(text []byte) (redact.Secret, error) {
	password := strings.TrimRight(string(text), "\r\n")
	if password == "" || !safetext.IsLine(password, maxPassword) {
		return "", errors.New("it holds no password of one line")
	}
	return redact.Secret(password + "\n"), nil
}
