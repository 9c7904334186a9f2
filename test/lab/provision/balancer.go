package provision

import (
	"context"
	"errors"
	"fmt"
	"slices"

	corev1 "k8s.io/api/core/v1"
	"k8s.io/apimachinery/pkg/apis/meta/v1/unstructured"
)

// balancer gives addresses away, in turn: a Service that is made again has another one, as on a real site.
type balancer struct {
	addresses []string
	last      int
}

// next is an address that is not in use.
func (b *balancer) next(used []string) (string, error) {
	for range b.addresses {
		b.last++
		if ip := b.addresses[b.last%len(b.addresses)]; !slices.Contains(used, ip) {
			return ip, nil
		}
	}
	return "", errors.New("there are no more addresses for load balancers")
}

// balance gives each Service of a load balancer an address. Where it leads to is seen to by what boots there.
func (a *Agent) balance(ctx context.Context) error {
	all, err := list[corev1.Service](a.view, services)
	if err != nil {
		return err
	}
	var used []string
	for _, s := range all {
		for _, in := range s.Status.LoadBalancer.Ingress {
			used = append(used, in.IP)
		}
	}
	for _, s := range all {
		if s.Spec.Type != corev1.ServiceTypeLoadBalancer || len(s.Status.LoadBalancer.Ingress) > 0 {
			continue
		}
		ip, err := a.balancer.next(used)
		if err != nil {
			return err
		}
		used = append(used, ip)
		a.log.Printf("load balancer %s: %s", s.Name, ip)
		if err := a.Supervisor.Apply(ctx, &unstructured.Unstructured{Object: map[string]any{
			"apiVersion": "v1", "kind": "Service", "metadata": map[string]any{"name": s.Name, "namespace": s.Namespace},
			"status": map[string]any{"loadBalancer": map[string]any{"ingress": []any{map[string]any{"ip": ip}}}},
		}}); err != nil {
			return fmt.Errorf("load balancer %s: %w", s.Name, err)
		}
	}
	return nil
}
