package site

import (
	"sync"

	"github.com/kubectl-vsphere/kubectl-vsphere/test/lab/kube"
)

// past remembers the addresses of clusters by their names, as somebody looked them up.
type past struct {
	mu   sync.Mutex
	last map[string]kube.Cluster
	old  map[string]string
}

// see returns the address of the last cluster of the same name, if it was another one.
func (p *past) see(c kube.Cluster) string {
	p.mu.Lock()
	defer p.mu.Unlock()
	path := c.Namespace + "/" + c.Name
	if last, ok := p.last[path]; ok && last.UID != c.UID {
		p.old[path] = last.Endpoint
	}
	if c.Endpoint != "" {
		if p.last == nil {
			p.last, p.old = map[string]kube.Cluster{}, map[string]string{}
		}
		p.last[path] = c
	}
	return p.old[path]
}
