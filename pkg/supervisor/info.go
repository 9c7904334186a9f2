package supervisor

import (
	"context"
	"encoding/base64"
	"errors"
	"net/http"

	"github.com/kubectl-vsphere/kubectl-vsphere/pkg/bounded/boundedyaml"
	"github.com/kubectl-vsphere/kubectl-vsphere/pkg/trust"
	"github.com/kubectl-vsphere/kubectl-vsphere/pkg/wire"
)

// ErrNoInfo means that the Supervisor does not publish its CA.
var ErrNoInfo = errors.New("the Supervisor does not tell its CA")

// APICA returns the CA (PEM) of the API server, from the kubeconfig in GET
// /api/v1/namespaces/kube-public/configmaps/vip-cluster-info, which needs no authentication. It may differ from the
// CA of the front. Every error is an ErrNoInfo: not every Supervisor has it.
func (c *Client) APICA(ctx context.Context) ([]byte, error) {
	url := c.Address.URL("/api/v1/namespaces/kube-public/configmaps/vip-cluster-info")
	body, err := c.Wire.Do(ctx, wire.Request{Method: http.MethodGet, URL: url})
	if err != nil {
		return nil, errors.Join(ErrNoInfo, err)
	}
	var info struct {
		Data struct {
			Kubeconfig string `json:"kubeconfig"`
		} `json:"data"`
	}
	if err := wire.DecodeJSON(http.MethodGet, url, body, &info); err != nil {
		return nil, errors.Join(ErrNoInfo, err)
	}
	return parseInfo(info.Data.Kubeconfig)
}

func parseInfo(kubeconfig string) ([]byte, error) {
	var config struct {
		Clusters []struct {
			Cluster struct {
				CA string `json:"certificate-authority-data"`
			} `json:"cluster"`
		} `json:"clusters"`
	}
	if err := boundedyaml.Unmarshal([]byte(kubeconfig), &config); err != nil || len(config.Clusters) == 0 {
		return nil, ErrNoInfo
	}
	text, err := base64.StdEncoding.DecodeString(config.Clusters[0].Cluster.CA)
	if err != nil {
		return nil, ErrNoInfo
	}
	ca, err := trust.Certificates(text)
	if err != nil {
		return nil, ErrNoInfo
	}
	return ca, nil
}
