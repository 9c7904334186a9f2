package kube

import (
	"context"
	"errors"
	"fmt"

	"k8s.io/apimachinery/pkg/runtime/schema"
)

// awaitDiscovery waits until the API server tells of what it serves. On a busy machine that is a second later, and a controller that
// starts before ends: it asks once for all groups, and takes a version that is not there as one that never will be.
func (c *Client) awaitDiscovery(ctx context.Context, kinds []schema.GroupVersionResource) error {
	return Eventually(ctx, func() error {
		_, lists, err := c.Typed.Discovery().ServerGroupsAndResources()
		told := map[schema.GroupVersionResource]bool{}
		for _, list := range lists {
			version, err := schema.ParseGroupVersion(list.GroupVersion)
			if err != nil {
				return err
			}
			for _, r := range list.APIResources {
				told[version.WithResource(r.Name)] = true
			}
		}
		for _, kind := range kinds {
			if !told[kind] {
				return errors.Join(fmt.Errorf("discovery does not tell of %v yet", kind), err)
			}
		}
		return nil
	})
}
