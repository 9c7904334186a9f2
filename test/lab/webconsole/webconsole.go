// Package webconsole stands for the part of VM Operator that gives a user the console of a virtual machine, and for the proxy before
// the console. A user creates a request with a public key. The answer is a ticket in its status that only the key's owner can read, and a
// label by which the proxy knows the request. After two minutes the request is deleted.
package webconsole

import (
	"context"
	"encoding/json"
	"fmt"
	"log"
	"time"

	apierrors "k8s.io/apimachinery/pkg/api/errors"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/apis/meta/v1/unstructured"
	"k8s.io/apimachinery/pkg/runtime/schema"
	"k8s.io/apimachinery/pkg/types"
	"k8s.io/client-go/dynamic"
	"k8s.io/client-go/dynamic/dynamicinformer"
	"k8s.io/client-go/tools/cache"
)

// Group is VM Operator's API group.
const Group = "vmoperator.vmware.com"

// Label holds the UID of a request that was answered.
const Label = Group + "/webconsolerequest-uuid"

// lifetime of a request, from its creation on.
const lifetime = 120 * time.Second

// again is how long a request waits that could not be answered, such as one of a virtual machine that is still to come. Expired requests
// are looked for as often.
const again = time.Second

// kind is one of the two kinds of requests, and the field of its spec that names the virtual machine.
type kind struct {
	schema.GroupVersionResource
	vm string
}

// Kinds are the resources of VM Operator in the versions that a Supervisor serves. An empty version: it has none of the kind.
type Kinds struct {
	VirtualMachines string // such as v1alpha5
	Requests        string // of virtualmachinewebconsolerequests, which 8.0 U2 has and later
	OldRequests     string // of webconsolerequests
}

func (k Kinds) requests() []kind {
	var all []kind
	if k.Requests != "" {
		all = append(all, kind{schema.GroupVersionResource{Group: Group, Version: k.Requests, Resource: "virtualmachinewebconsolerequests"}, "name"})
	}
	if k.OldRequests != "" {
		all = append(all, kind{schema.GroupVersionResource{Group: Group, Version: k.OldRequests, Resource: "webconsolerequests"}, "virtualMachineName"})
	}
	return all
}

// Consoles answers the requests of a Supervisor.
type Consoles struct {
	Client dynamic.Interface
	Kinds  Kinds
	Proxy  string // address that users reach the proxy at
	Host   string // on which the virtual machines run
	Except string // a namespace whose requests VM Operator answers
	now    func() time.Time
}

// Run answers requests until ctx ends.
func (c *Consoles) Run(ctx context.Context) {
	factory := dynamicinformer.NewDynamicSharedInformerFactory(c.Client, again)
	for _, k := range c.Kinds.requests() {
		handle := func(o any) {
			if u, ok := o.(*unstructured.Unstructured); ok {
				if err := c.handle(ctx, k, u); err != nil && ctx.Err() == nil {
					log.Printf("%s %s/%s: %v", k.Resource, u.GetNamespace(), u.GetName(), err)
				}
			}
		}
		informer := factory.ForResource(k.GroupVersionResource).Informer()
		if _, err := informer.AddEventHandler(cache.ResourceEventHandlerFuncs{AddFunc: handle, UpdateFunc: func(_, o any) { handle(o) }}); err != nil {
			log.Printf("watch %s: %v", k.Resource, err)
		}
	}
	factory.Start(ctx.Done())
	<-ctx.Done()
	factory.Shutdown()
}

// handle answers a request once, and deletes one that is too old.
func (c *Consoles) handle(ctx context.Context, k kind, request *unstructured.Unstructured) error {
	if request.GetNamespace() == c.Except {
		return nil
	}
	api := c.Client.Resource(k.GroupVersionResource).Namespace(request.GetNamespace())
	now := time.Now()
	if c.now != nil {
		now = c.now()
	}
	if !now.Before(request.GetCreationTimestamp().Add(lifetime)) {
		return ignoreGone(api.Delete(ctx, request.GetName(), metav1.DeleteOptions{}))
	}
	if done, _, _ := unstructured.NestedString(request.Object, "status", "response"); done != "" {
		return nil
	}
	vm, _, _ := unstructured.NestedString(request.Object, "spec", k.vm)
	if there, err := c.hasVM(ctx, request.GetNamespace(), vm); err != nil || !there {
		return err
	}
	key, _, _ := unstructured.NestedString(request.Object, "spec", "publicKey")
	response, err := seal(key, newURL(c.Host))
	if err != nil {
		return nil //nolint:nilerr // The webhook has refused it, or it is too short for a URL: no answer comes, as from the real one.
	}
	return ignoreGone(c.answer(ctx, api, request, response))
}

func (c *Consoles) hasVM(ctx context.Context, namespace, name string) (bool, error) {
	vms := schema.GroupVersionResource{Group: Group, Version: c.Kinds.VirtualMachines, Resource: "virtualmachines"}
	_, err := c.Client.Resource(vms).Namespace(namespace).Get(ctx, name, metav1.GetOptions{})
	if apierrors.IsNotFound(err) {
		return false, nil
	}
	return err == nil, err
}

// answer writes the label before the status: whoever sees the ticket can use it.
func (c *Consoles) answer(ctx context.Context, api dynamic.ResourceInterface, request *unstructured.Unstructured, response string) error {
	label := map[string]any{"metadata": map[string]any{"labels": map[string]string{Label: string(request.GetUID())}}}
	if err := patch(ctx, api, request.GetName(), label); err != nil {
		return err
	}
	status := map[string]any{
		"response": response, "proxyAddr": c.Proxy, "expiryTime": request.GetCreationTimestamp().Add(lifetime).UTC().Format(time.RFC3339),
	}
	return patch(ctx, api, request.GetName(), map[string]any{"status": status}, "status")
}

func patch(ctx context.Context, api dynamic.ResourceInterface, name string, change any, subresources ...string) error {
	text, err := json.Marshal(change)
	if err != nil {
		return err
	}
	if _, err = api.Patch(ctx, name, types.MergePatchType, text, metav1.PatchOptions{}, subresources...); err != nil {
		return fmt.Errorf("answer: %w", err)
	}
	return nil
}

func ignoreGone(err error) error {
	if apierrors.IsNotFound(err) {
		return nil
	}
	return err
}
