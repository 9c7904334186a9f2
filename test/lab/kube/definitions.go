package kube

import (
	"context"
	"encoding/base64"
	"encoding/json"
	"os"
	"slices"
	"strings"

	"golang.org/x/sync/errgroup"
	"k8s.io/apimachinery/pkg/api/meta"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/apis/meta/v1/unstructured"
	"k8s.io/apimachinery/pkg/runtime/schema"
)

// Webhook is where the webhooks of a site's kinds answer.
type Webhook struct {
	URL string // without a path
	CA  []byte
}

// Definitions are the kinds of a Supervisor, and what checks objects of them.
type Definitions struct {
	kinds, checks []*unstructured.Unstructured
}

const definitionKind = "CustomResourceDefinition"

// ReadDefinitions reads what test/controllers/crds wrote.
func ReadDefinitions(path string) (*Definitions, error) {
	text, err := os.ReadFile(path)
	if err != nil {
		return nil, err
	}
	var all []map[string]any
	if err := json.Unmarshal(text, &all); err != nil {
		return nil, err
	}
	d := &Definitions{}
	for _, o := range all {
		u := &unstructured.Unstructured{Object: o}
		if u.GetKind() == definitionKind {
			d.kinds = append(d.kinds, u)
		} else {
			d.checks = append(d.checks, u)
		}
	}
	return d, nil
}

// Of are the checks that one of several servers answers.
func (d *Definitions) Of(server string) *Definitions {
	return &Definitions{checks: slices.DeleteFunc(slices.Clone(d.checks), func(check *unstructured.Unstructured) bool {
		return !strings.HasPrefix(check.GetName(), server+"-")
	})}
}

// Define creates the kinds, and returns when all are served and discovery tells of them. Objects that another version is asked of need the
// webhook.
func (c *Client) Define(ctx context.Context, d *Definitions, hook Webhook) error {
	var g errgroup.Group
	const atOnce = 8
	g.SetLimit(atOnce)
	var all []schema.GroupVersionResource
	for _, kind := range d.kinds {
		gvr, served, err := versions(kind)
		if err != nil {
			return err
		}
		all = append(all, served...)
		g.Go(func() error {
			if _, err := c.Dynamic.Resource(crds).Create(ctx, hook.lead(kind), metav1.CreateOptions{}); err != nil {
				return err
			}
			return Eventually(ctx, func() error {
				_, err := c.Dynamic.Resource(gvr).List(ctx, metav1.ListOptions{Limit: 1})
				return err
			})
		})
	}
	if err := g.Wait(); err != nil {
		return err
	}
	return c.awaitDiscovery(ctx, all)
}

// Check makes the API server ask the webhook about every object that is created or changed.
func (c *Client) Check(ctx context.Context, d *Definitions, hook Webhook) error {
	for _, check := range d.checks {
		gvr, _ := meta.UnsafeGuessKindToResource(check.GroupVersionKind())
		if _, err := c.Dynamic.Resource(gvr).Create(ctx, hook.lead(check), metav1.CreateOptions{}); err != nil {
			return err
		}
	}
	return nil
}

// versions are the stored version of a kind, and all that are served.
func versions(definition *unstructured.Unstructured) (stored schema.GroupVersionResource, served []schema.GroupVersionResource, err error) {
	var d struct {
		Spec struct {
			Group    string
			Names    struct{ Plural string }
			Versions []struct {
				Name            string
				Storage, Served bool
			}
		}
	}
	text, err := definition.MarshalJSON()
	if err == nil {
		err = json.Unmarshal(text, &d)
	}
	for _, v := range d.Spec.Versions {
		gvr := schema.GroupVersionResource{Group: d.Spec.Group, Version: v.Name, Resource: d.Spec.Names.Plural}
		if v.Storage {
			stored = gvr
		}
		if v.Served {
			served = append(served, gvr)
		}
	}
	return stored, served, err
}

// lead is a copy of an object in which every service in a clientConfig is the webhook's URL: no Service leads to loopback.
func (h Webhook) lead(u *unstructured.Unstructured) *unstructured.Unstructured {
	u = u.DeepCopy()
	h.replace(u.Object)
	return u
}

func (h Webhook) replace(v any) {
	switch v := v.(type) {
	case []any:
		for _, part := range v {
			h.replace(part)
		}
	case map[string]any:
		if path, ok, _ := unstructured.NestedString(v, "clientConfig", "service", "path"); ok {
			v["clientConfig"] = map[string]any{"url": h.URL + path, "caBundle": base64.StdEncoding.EncodeToString(h.CA)}
		}
		for _, part := range v {
			h.replace(part)
		}
	}
}
