package consoletest

import (
	"crypto/ed25519"
	"crypto/rand"
	"encoding/base64"
	"encoding/json"
	"encoding/pem"
	"fmt"
	"time"

	"golang.org/x/crypto/ssh"
)

// AdminKubeconfig is an admin kubeconfig of a cluster as Cluster API makes it, and its private key. The certificate ends at until.
func (w *World) AdminKubeconfig(cluster, server string, until time.Time) (text, key string) {
	w.t.Helper()
	certificate, key := w.CA.client("kubernetes-admin", until)
	text = fmt.Sprintf(`apiVersion: v1
kind: Config
clusters:
- name: %[1]s
  cluster: {server: "%[2]s", certificate-authority-data: %[3]s}
contexts:
- name: %[1]s-admin@%[1]s
  context: {cluster: %[1]s, user: %[1]s-admin}
current-context: %[1]s-admin@%[1]s
preferences: {}
users:
- name: %[1]s-admin
  user: {client-certificate-data: %[4]s, client-key-data: %[5]s}
`, cluster, server, encoded(w.CA.PEM), encoded(certificate), encoded(key))
	return text, encoded(key)
}

func encoded(text string) string { return base64.StdEncoding.EncodeToString([]byte(text)) }

// SSHKey is a private key in the form of OpenSSH; with a passphrase, unless that is empty.
func (w *World) SSHKey(passphrase string) string {
	w.t.Helper()
	_, private, err := ed25519.GenerateKey(rand.Reader)
	if err != nil {
		w.t.Fatal(err)
	}
	block, err := ssh.MarshalPrivateKey(private, "")
	if passphrase != "" {
		block, err = ssh.MarshalPrivateKeyWithPassphrase(private, "", []byte(passphrase))
	}
	if err != nil {
		w.t.Fatal(err)
	}
	return string(pem.EncodeToMemory(block))
}

// Secret is a Secret as JSON, for Holding.
func Secret(namespace, name, key, value string) string {
	text, err := json.Marshal(map[string]any{"metadata": map[string]any{"namespace": namespace, "name": name}, "data": map[string][]byte{key: []byte(value)}})
	if err != nil {
		panic(err)
	}
	return string(text)
}
