package e2e

import (
	"crypto/tls"
	"encoding/base64"
	"net/http"
	"testing"

	"go.yaml.in/yaml/v3"
)

// kubeconfig is where an API server is; admin is empty in a kubeconfig without users.
type kubeconfig struct {
	server string
	ca     []byte
	admin  tls.Certificate
}

// kubeconfigOf reads the Secret that Cluster API makes for a cluster.
func (p *person) kubeconfigOf(client *http.Client, server, namespace, cluster string) kubeconfig {
	p.Helper()
	var secret struct {
		Type     string
		Metadata struct{ Labels map[string]string }
		Data     struct{ Value []byte }
	}
	p.read(client, server+"/api/v1/namespaces/"+namespace+"/secrets/"+cluster+"-kubeconfig", &secret)
	if secret.Type != "cluster.x-k8s.io/secret" || secret.Metadata.Labels["cluster.x-k8s.io/cluster-name"] != cluster {
		p.Errorf("%s %v", secret.Type, secret.Metadata.Labels)
	}
	return parseKubeconfig(p.T, secret.Data.Value)
}

func parseKubeconfig(t *testing.T, text []byte) kubeconfig {
	t.Helper()
	var cfg struct {
		Clusters []struct {
			Cluster struct {
				Server string
				CA     string `yaml:"certificate-authority-data"`
			}
		}
		Users []struct {
			User struct {
				Cert string `yaml:"client-certificate-data"`
				Key  string `yaml:"client-key-data"`
			}
		}
	}
	if err := yaml.Unmarshal(text, &cfg); err != nil || len(cfg.Clusters) != 1 {
		t.Fatalf("%v in %s", err, text)
	}
	k := kubeconfig{server: cfg.Clusters[0].Cluster.Server, ca: decode(t, cfg.Clusters[0].Cluster.CA)}
	for _, u := range cfg.Users {
		var err error
		if k.admin, err = tls.X509KeyPair(decode(t, u.User.Cert), decode(t, u.User.Key)); err != nil {
			t.Fatal(err)
		}
	}
	return k
}

func decode(t *testing.T, text string) []byte {
	t.Helper()
	out, err := base64.StdEncoding.DecodeString(text)
	if err != nil {
		t.Fatal(err)
	}
	return out
}
