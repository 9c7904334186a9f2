package supervisor

import (
	"cmp"
	"context"
	"errors"
	"net/http"
	"net/url"
	"sync"

	"github.com/kubectl-vsphere/kubectl-vsphere/pkg/order"
	"github.com/kubectl-vsphere/kubectl-vsphere/pkg/wire"
)

// Cluster is a TKG cluster as the Supervisor's API lists it: a Cluster API object, its TanzuKubernetesCluster twin,
// or both.
type Cluster struct {
	Namespace, Name string
	UID             string // of the Cluster API object; of the TanzuKubernetesCluster where there is no other
}

// resource is a kind of object that stands for a cluster.
type resource struct{ group, plural string }

// clusterResources are asked in this order; of twins, the first one's UID counts.
var clusterResources = [...]resource{
	{"cluster.x-k8s.io", "clusters"},
	{"run.tanzu.vmware.com", "tanzukubernetesclusters"},
}

// Clusters lists the clusters of a vSphere Namespace, sorted by name, without twins. The error is wire.ErrForbidden
// when the account may list neither kind of object.
func (a *API) Clusters(ctx context.Context, namespace string) ([]Cluster, error) {
	var lists [len(clusterResources)][]Cluster
	var errs [len(clusterResources)]error
	var wg sync.WaitGroup
	for i, r := range clusterResources {
		wg.Go(func() { lists[i], errs[i] = a.list(ctx, namespace, r) })
	}
	wg.Wait()
	byName := map[string]Cluster{}
	for _, list := range lists {
		for _, cluster := range list {
			if _, twin := byName[cluster.Name]; !twin {
				byName[cluster.Name] = cluster
			}
		}
	}
	all := make([]Cluster, 0, len(byName))
	for _, cluster := range byName {
		all = append(all, cluster)
	}
	order.By(all, func(a, b Cluster) int { return cmp.Compare(a.Name, b.Name) })
	return all, verdict(errs[:])
}

// verdict joins the errors of the two lists. A 403 matters only when nothing could be listed, since every
// TanzuKubernetesCluster has a Cluster beside it.
func verdict(errs []error) error {
	var forbidden error
	for _, err := range errs {
		switch {
		case err == nil:
		case errors.Is(err, wire.ErrForbidden):
			forbidden = err
		default:
			return err
		}
	}
	if errs[0] != nil || len(errs) == 1 {
		return forbidden
	}
	return nil
}

// pageSize is the page size of kubectl; a page is about 300 kB of metadata.
const pageSize = "500"

// maxPages and maxObjects bound a list that a server never ends. A server may send longer pages than it was asked for.
const (
	maxPages   = 20
	maxObjects = 20_000
)

// metadataOnly asks the API server for the metadata of objects alone.
const metadataOnly = "application/json;as=PartialObjectMetadataList;g=meta.k8s.io;v=v1,application/json"

// objectList is the part of meta/v1 PartialObjectMetadataList that is read.
type objectList struct {
	Metadata struct {
		Continue string `json:"continue"`
	} `json:"metadata"`
	Items []object `json:"items"`
}

type object struct {
	Metadata struct {
		Name      string `json:"name"`
		Namespace string `json:"namespace"`
		UID       string `json:"uid"`
	} `json:"metadata"`
}

// list pages through one kind of object. A kind that is not served is an empty list.
func (a *API) list(ctx context.Context, namespace string, r resource) ([]Cluster, error) {
	version, err := a.servedVersion(ctx, r)
	if err != nil || version == "" {
		return nil, err
	}
	items, err := a.pages(ctx, a.client.api("/apis/"+r.group+"/"+version+"/namespaces/"+namespace+"/"+r.plural))
	if errors.Is(err, wire.ErrNotFound) {
		return nil, nil
	}
	var all []Cluster
	for _, item := range items {
		all = append(all, Cluster{Namespace: namespace, Name: item.Metadata.Name, UID: item.Metadata.UID})
	}
	return all, err
}

// usualVersion is the version of Cluster API that every known Supervisor serves, so that a first look at all clusters
// need not ask for it.
const usualVersion = "v1beta1"

// UsualClusters lists the clusters of a namespace, or of all of them ("", which administrators may), by namespace,
// with one request for each page. After an error, ask Clusters: the account may not list them (wire.ErrForbidden), or
// that version is not served (wire.ErrNotFound). Every TanzuKubernetesCluster has a Cluster beside it.
func (a *API) UsualClusters(ctx context.Context, namespace string) (map[string][]Cluster, error) {
	path := "/apis/" + clusterResources[0].group + "/" + usualVersion + "/"
	if namespace != "" {
		path += "namespaces/" + namespace + "/"
	}
	items, err := a.pages(ctx, a.client.api(path+clusterResources[0].plural))
	if err != nil {
		return nil, err
	}
	all := map[string][]Cluster{}
	for _, item := range items {
		ns := item.Metadata.Namespace
		all[ns] = append(all[ns], Cluster{Namespace: ns, Name: item.Metadata.Name, UID: item.Metadata.UID})
	}
	for _, list := range all {
		order.By(list, func(a, b Cluster) int { return cmp.Compare(a.Name, b.Name) })
	}
	return all, nil
}

// pages gets the metadata of all objects of a list.
func (a *API) pages(ctx context.Context, base string) ([]object, error) {
	var all []object
	next, restarted := "", false
	for range maxPages {
		page, err := a.page(ctx, base, next)
		var failed *wire.Error
		switch {
		case errors.As(err, &failed) && failed.Status == http.StatusGone && !restarted:
			all, next, restarted = nil, "", true // The continue token is too old: begin again, once.
			continue
		case err != nil:
			return nil, err
		}
		for _, item := range page.Items {
			// An invalid name is skipped: it must not get into a kubeconfig.
			if IsName(item.Metadata.Name) {
				all = append(all, item)
			}
		}
		if page.Metadata.Continue == "" || page.Metadata.Continue == next {
			return all, nil
		}
		if len(all) >= maxObjects {
			break
		}
		next = page.Metadata.Continue
	}
	return nil, &wire.Error{Method: http.MethodGet, URL: base, Kind: wire.ErrServer, Message: "the list does not end"}
}

func (a *API) page(ctx context.Context, base, next string) (objectList, error) {
	query := url.Values{"limit": {pageSize}}
	if next != "" {
		query.Set("continue", next)
	}
	var page objectList
	body, err := a.client.Wire.Do(ctx, wire.Request{
		Method: http.MethodGet, URL: base + "?" + query.Encode(), Bearer: a.token, Accept: metadataOnly,
	})
	if err != nil {
		return page, err
	}
	return page, wire.DecodeJSON(http.MethodGet, base, body, &page)
}
