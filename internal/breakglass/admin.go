package breakglass

import (
	"crypto/tls"
	"encoding/base64"
	"encoding/pem"
	"errors"
	"fmt"
	"maps"
	"slices"

	"k8s.io/client-go/tools/clientcmd/api"

	"github.com/kubectl-vsphere/kubectl-vsphere/pkg/address"
	"github.com/kubectl-vsphere/kubectl-vsphere/pkg/bounded"
	"github.com/kubectl-vsphere/kubectl-vsphere/pkg/bounded/boundedyaml"
	"github.com/kubectl-vsphere/kubectl-vsphere/pkg/kubeconfig/codec"
	"github.com/kubectl-vsphere/kubectl-vsphere/pkg/redact"
	"github.com/kubectl-vsphere/kubectl-vsphere/pkg/supervisor"
	"github.com/kubectl-vsphere/kubectl-vsphere/pkg/trust"
)

// adminConfig is a kubeconfig of one cluster and one user.
type adminConfig struct {
	Clusters []struct {
		Name    string         `json:"name"`
		Cluster map[string]any `json:"cluster"`
	} `json:"clusters"`
	Users []struct {
		Name string         `json:"name"`
		User map[string]any `json:"user"`
	} `json:"users"`
	Contexts []struct {
		Name    string `json:"name"`
		Context struct {
			Cluster string `json:"cluster"`
			User    string `json:"user"`
		} `json:"context"`
	} `json:"contexts"`
}

// What a cluster and a user may have. Other fields run a program, read a file or send the certificate elsewhere.
var (
	clusterFields = []string{"server", "certificate-authority-data", "tls-server-name", "disable-compression", "extensions"}
	userFields    = []string{"client-certificate-data", "client-key-data", "extensions"}
)

// readAdmin reads an admin kubeconfig, and makes another one of what was checked: with names of the cluster's own, and nothing else in it.
func readAdmin(name string, text []byte) (Credentials, error) {
	var from adminConfig
	if boundedyaml.Unmarshal(text, &from) != nil {
		return Credentials{}, errors.New("it holds no kubeconfig")
	}
	if len(from.Clusters) != 1 || len(from.Users) != 1 || len(from.Contexts) != 1 {
		return Credentials{}, fmt.Errorf("its kubeconfig has %d clusters, %d users and %d contexts, not one of each", len(from.Clusters), len(from.Users), len(from.Contexts))
	}
	if of := from.Contexts[0].Context; of.Cluster != from.Clusters[0].Name || of.User != from.Users[0].Name {
		return Credentials{}, errors.New("its context is of another cluster or user")
	}
	cluster, err := readCluster(from.Clusters[0].Cluster)
	if err != nil {
		return Credentials{}, err
	}
	user, pair, err := readUser(from.Users[0].User)
	if err != nil {
		return Credentials{}, err
	}
	to := api.NewConfig()
	admin := name + "-admin"
	to.CurrentContext = admin + "@" + name
	to.Clusters[name], to.AuthInfos[admin] = cluster, user
	to.Contexts[to.CurrentContext] = &api.Context{Cluster: name, AuthInfo: admin}
	made, err := codec.Write(to)
	return Credentials{Text: redact.Secret(made), Until: pair.Leaf.NotAfter}, err
}

// only returns an error if fields has others than those known.
func only(fields map[string]any, known []string, of string) error {
	for _, name := range slices.Sorted(maps.Keys(fields)) {
		if !slices.Contains(known, name) {
			return fmt.Errorf("its %s has %.60q", of, name)
		}
	}
	return nil
}

func readCluster(fields map[string]any) (*api.Cluster, error) {
	if err := only(fields, clusterFields, "cluster"); err != nil {
		return nil, err
	}
	typed, _ := fields["server"].(string)
	server, err := supervisor.CheckURL(typed)
	if err == nil {
		_, err = supervisor.ParseAddress(server) // It has no path.
	}
	if err != nil {
		return nil, fmt.Errorf("its server: %w", err)
	}
	ca, err := decoded(fields, "certificate-authority-data")
	if err == nil {
		ca, err = trust.Certificates(ca)
	}
	if err != nil {
		return nil, fmt.Errorf("its CA: %w", err)
	}
	name, _ := fields["tls-server-name"].(string)
	if name != "" {
		if _, err := address.Canonical(name); err != nil {
			return nil, fmt.Errorf("its tls-server-name: %w", err)
		}
	}
	return &api.Cluster{Server: server, CertificateAuthorityData: ca, TLSServerName: name}, nil
}

func readUser(fields map[string]any) (*api.AuthInfo, tls.Certificate, error) {
	if err := only(fields, userFields, "user"); err != nil {
		return nil, tls.Certificate{}, err
	}
	certificate, err := decoded(fields, "client-certificate-data")
	key, keyErr := decoded(fields, "client-key-data")
	if err == nil && keyErr == nil {
		_, err = bounded.PEM(slices.Concat(certificate, key))
	}
	if err != nil || keyErr != nil {
		return nil, tls.Certificate{}, errors.New("its user has no certificate with a key")
	}
	pair, err := tls.X509KeyPair(certificate, key)
	if err != nil {
		return nil, tls.Certificate{}, errors.New("the key of its user is not of the certificate")
	}
	return &api.AuthInfo{ClientCertificateData: certificate, ClientKeyData: key}, pair, nil
}

// decoded returns a field of base64.
func decoded(fields map[string]any, name string) ([]byte, error) {
	text, _ := fields[name].(string)
	if text == "" {
		return nil, errors.New("it is missing")
	}
	raw, err := base64.StdEncoding.DecodeString(text)
	if err != nil {
		return nil, errors.New("it is not base64")
	}
	return raw, nil
}

func encode(block *pem.Block) redact.Secret { return redact.Secret(pem.EncodeToMemory(block)) }
