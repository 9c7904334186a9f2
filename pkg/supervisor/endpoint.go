package supervisor

import (
	"context"
	"encoding/base64"
	"errors"
	"fmt"
	"net"
	"net/http"
	"strconv"

	"github.com/kubectl-vsphere/kubectl-vsphere/pkg/bounded/boundedyaml"
	"github.com/kubectl-vsphere/kubectl-vsphere/pkg/trust"
	"github.com/kubectl-vsphere/kubectl-vsphere/pkg/wire"
)

// Endpoint is the address of a TKG cluster's API server, and its CA.
type Endpoint struct {
	Server string // URL, https
	CA     []byte // PEM; nil: by the system's roots
}

// ErrNoEndpoint means that the API server of a cluster has no address yet.
var ErrNoEndpoint = errors.New("has no API server address yet")

// Cluster gets one cluster of a vSphere Namespace with its UID. The error is wire.ErrNotFound when there is no such
// cluster.
func (a *API) Cluster(ctx context.Context, namespace, name string) (Cluster, error) {
	last := wire.ErrNotFound
	for _, r := range clusterResources {
		version, err := a.servedVersion(ctx, r)
		if err != nil {
			return Cluster{}, err
		}
		if version == "" {
			continue
		}
		url := a.client.api("/apis/" + r.group + "/" + version + "/namespaces/" + namespace + "/" + r.plural + "/" + name)
		var item object
		if last = a.get(ctx, url, &item); last == nil {
			return Cluster{Namespace: namespace, Name: name, UID: item.Metadata.UID}, nil
		}
		if !errors.Is(last, wire.ErrNotFound) {
			return Cluster{}, last
		}
	}
	return Cluster{}, last
}

// Endpoint reads the Secret NAME-kubeconfig that Cluster API keeps beside a cluster. The Secret also holds an
// administrator's key: only address and CA are taken out of it. The error is wire.ErrForbidden when the account may
// not read it, and ErrNoEndpoint when it does not exist yet.
func (a *API) Endpoint(ctx context.Context, namespace, name string) (Endpoint, error) {
	url := a.client.api("/api/v1/namespaces/" + namespace + "/secrets/" + name + "-kubeconfig")
	var secret struct {
		Data struct {
			Value string `json:"value"`
		} `json:"data"`
	}
	err := a.get(ctx, url, &secret)
	if errors.Is(err, wire.ErrNotFound) {
		return Endpoint{}, ErrNoEndpoint
	}
	if err != nil {
		return Endpoint{}, err
	}
	text, err := base64.StdEncoding.DecodeString(secret.Data.Value)
	if err == nil {
		var e Endpoint
		if e, err = parseEndpoint(text); err == nil {
			return e, nil
		}
	}
	return Endpoint{}, &wire.Error{Method: http.MethodGet, URL: url, Kind: wire.ErrServer, Message: "it holds no kubeconfig of a cluster"}
}

// parseEndpoint reads address and CA of the first cluster of a kubeconfig. Its errors do not repeat the text.
func parseEndpoint(kubeconfig []byte) (Endpoint, error) {
	var config struct {
		Clusters []struct {
			Cluster struct {
				Server string `json:"server"`
				CA     string `json:"certificate-authority-data"`
			} `json:"cluster"`
		} `json:"clusters"`
	}
	if boundedyaml.Unmarshal(kubeconfig, &config) != nil || len(config.Clusters) == 0 {
		return Endpoint{}, errors.New("it is no kubeconfig")
	}
	first := config.Clusters[0].Cluster
	server, err := CheckURL(first.Server)
	if err != nil {
		return Endpoint{}, err
	}
	if _, err := ParseAddress(server); err != nil { // It has no path.
		return Endpoint{}, err
	}
	if first.CA == "" {
		return Endpoint{Server: server}, nil
	}
	text, err := base64.StdEncoding.DecodeString(first.CA)
	if err != nil {
		return Endpoint{}, errors.New("its CA is not base64")
	}
	ca, err := trust.Certificates(text)
	return Endpoint{Server: server, CA: ca}, err
}

// clusterAddress returns the URL of the API server in a cluster's object. The error is ErrNoEndpoint when the object
// has none yet.
func (a *API) clusterAddress(ctx context.Context, namespace, name string) (string, error) {
	version, err := a.servedVersion(ctx, clusterResources[0])
	if err != nil {
		return "", err
	}
	url := a.client.api("/apis/" + clusterResources[0].group + "/" + version + "/namespaces/" + namespace + "/clusters/" + name)
	var item struct {
		Spec struct {
			Endpoint struct {
				Host string `json:"host"`
				Port int    `json:"port"`
			} `json:"controlPlaneEndpoint"`
		} `json:"spec"`
	}
	if err := a.get(ctx, url, &item); err != nil {
		return "", err
	}
	if item.Spec.Endpoint.Host == "" {
		return "", ErrNoEndpoint
	}
	host := item.Spec.Endpoint.Host
	if item.Spec.Endpoint.Port != 0 {
		host = net.JoinHostPort(host, strconv.Itoa(item.Spec.Endpoint.Port))
	}
	address, err := ParseAddress(host)
	if err != nil {
		return "", fmt.Errorf("GET %s: its controlPlaneEndpoint is no address", url)
	}
	return address.API(address.Port), nil
}

// PublicEndpoint is for accounts that may not read the Secret. The address comes from the cluster's object, and the
// CA from the config map kube-public/cluster-info, which the API server shows to everybody. w decides whether that
// server is trusted. Once the address is known, it is returned beside an error.
func (a *API) PublicEndpoint(ctx context.Context, w *wire.Client, namespace, name string) (Endpoint, error) {
	server, err := a.clusterAddress(ctx, namespace, name)
	if err != nil {
		return Endpoint{}, err
	}
	var info struct {
		Data struct {
			Kubeconfig string `json:"kubeconfig"`
		} `json:"data"`
	}
	url := server + "/api/v1/namespaces/kube-public/configmaps/cluster-info"
	body, err := w.Do(ctx, wire.Request{Method: http.MethodGet, URL: url})
	if err != nil {
		return Endpoint{Server: server}, err
	}
	if err := wire.DecodeJSON(http.MethodGet, url, body, &info); err != nil {
		return Endpoint{Server: server}, err
	}
	ca, err := parseInfo(info.Data.Kubeconfig)
	if err != nil {
		return Endpoint{Server: server}, &wire.Error{Method: http.MethodGet, URL: url, Kind: wire.ErrServer, Message: "it tells no CA"}
	}
	return Endpoint{Server: server, CA: ca}, nil
}
