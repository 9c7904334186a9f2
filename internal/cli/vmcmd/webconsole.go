package vmcmd

import (
	"context"
	"crypto/rand"
	"encoding/hex"
	"errors"
	"fmt"
	"time"

	"github.com/spf13/cobra"

	"github.com/kubectl-vsphere/kubectl-vsphere/internal/browser"
	"github.com/kubectl-vsphere/kubectl-vsphere/internal/console"
	"github.com/kubectl-vsphere/kubectl-vsphere/internal/failure"
	"github.com/kubectl-vsphere/kubectl-vsphere/pkg/address"
	"github.com/kubectl-vsphere/kubectl-vsphere/pkg/kubeapi"
	"github.com/kubectl-vsphere/kubectl-vsphere/pkg/redact"
	"github.com/kubectl-vsphere/kubectl-vsphere/pkg/tkg"
	"github.com/kubectl-vsphere/kubectl-vsphere/pkg/wire"
)

// consoleOptions are the flags of web-console.
type consoleOptions struct {
	which
	Short bool
}

func consoleCommand(e *console.Env) *cobra.Command {
	var o consoleOptions
	c := &cobra.Command{
		Use: "web-console NAME", Short: "Opens the console of a virtual machine in a browser.",
		Long: `Opens the console of a virtual machine in your browser ($BROWSER, or what the system has): its
screen and keyboard, also where its network does not work.

It asks the Supervisor for a ticket that only this command can read. The page can be opened for two
minutes. Whoever has its address can use the console: it is printed only with --short, and nothing
else is then. The browser gets it from this command over the loopback interface, so that it is not
among the arguments of a program.`,
		Example: "  kubectl vsphere vm web-console web-1 -n ns1\n\n  # The address, for a browser on another machine\n  kubectl vsphere vm web-console web-1 -n ns1 --short",
	}
	o.addTo(c, e, func(ctx context.Context) error {
		if !o.Short && e.Terminal == nil {
			return failure.Usagef("there is no terminal, so that no browser is opened: to print the address of the page, add --short")
		}
		return o.run(ctx, e)
	})
	c.Flags().BoolVar(&o.Short, "short", false, "Print the address of the page, and open no browser.")
	return c
}

// run opens or prints the page of a console. A request that led to none is deleted.
func (o consoleOptions) run(ctx context.Context, e *console.Env) (err error) {
	m, err := o.find(ctx, e)
	if err != nil {
		return err
	}
	defer m.server.Close()
	_, vm, err := m.look(ctx)
	if err != nil {
		return err
	}
	if vm.Status.Power != "" && !same(vm.Status.Power, on) {
		e.Notef("%s does not run, so that its console may not come; to start it, type: kubectl vsphere vm start %s", m.title, m.typed())
	}
	r := &request{machine: m}
	defer func() {
		if err != nil {
			r.withdraw(ctx)
		}
	}()
	page, err := r.page(ctx)
	if err != nil {
		return err
	}
	if o.Short {
		e.Printf("%s", page.Reveal())
		return m.end(nil)
	}
	if err := browser.Handover(ctx, e, page, r.until); err != nil {
		return failure.Hint(fmt.Errorf("open the console of %s: %w", m.title, err), "To print the address of its page, add --short.")
	}
	e.Printf("The console of %s is in your browser. The page can be opened until %s.", m.title, e.Until(r.until))
	return m.end(nil)
}

// lifetime is how long the Supervisor knows a request.
const lifetime = 120 * time.Second

// labelID is the label by which the proxy knows a request: its UID.
const labelID = tkg.GroupVM + "/webconsolerequest-uuid"

// The two kinds of requests, and what each calls the virtual machine.
var (
	requests    = kubeapi.Resource{Group: tkg.GroupVM, Plural: "virtualmachinewebconsolerequests", Kind: "VirtualMachineWebConsoleRequest"}
	oldRequests = kubeapi.Resource{Group: tkg.GroupVM, Plural: "webconsolerequests", Kind: "WebConsoleRequest"} // of v1alpha1
)

// request is a request for a console.
type request struct {
	*machine
	target kubeapi.Target // what the Supervisor was asked for; without a name: nothing yet
	uid    string
	until  time.Time // the Supervisor knows it
}

// answer is the status of a request.
type answer struct {
	Status struct {
		Response string `json:"response"`
		Proxy    string `json:"proxyAddr"`
	} `json:"status"`
}

// page asks for a console, and returns the address of its page.
func (r *request) page(ctx context.Context) (redact.Secret, error) {
	key, err := newKey(r.env)
	if err != nil {
		return "", err
	}
	if err := r.create(ctx, publicKey(key)); err != nil {
		return "", err
	}
	a, err := r.await(ctx)
	if err != nil {
		return "", err
	}
	t, err := openTicket(key, a.Status.Response)
	if err != nil {
		return "", r.odd(err)
	}
	if err := r.checkProxy(ctx, a.Status.Proxy); err != nil {
		return "", err
	}
	page, err := t.page(a.Status.Proxy, r.Namespace, r.uid)
	if err != nil {
		return "", r.odd(err)
	}
	return page, nil
}

// odd returns the error for an answer that cannot be used.
func (r *request) odd(err error) error {
	return fmt.Errorf("the Supervisor's answer for the console of %s is not used: %w (%w)", r.title, err, wire.ErrServer)
}

// create makes the request, in the kind that the Supervisor has.
func (r *request) create(ctx context.Context, key string) error {
	kind, field := requests, "name"
	if _, err := r.server.Version(ctx, kind); errors.Is(err, kubeapi.ErrNotServed) {
		kind, field = oldRequests, "virtualMachineName"
	}
	id := make([]byte, 8)
	_, _ = rand.Read(id) // It never fails.
	r.target = kubeapi.Target{Resource: kind, Namespace: r.Namespace, Name: "web-console-" + hex.EncodeToString(id)}
	r.until = r.env.Now().Add(lifetime)
	made, err := r.server.Create(ctx, r.target, kubeapi.Fields{"spec": map[string]any{field: r.Name, "publicKey": key}})
	switch {
	case errors.Is(err, kubeapi.ErrNotServed):
		r.target.Name = ""
		return fmt.Errorf("%s has no consoles for virtual machines: %w", r.title, err)
	case err != nil:
		return r.forbidden(ctx, err, "create", r.target)
	case !address.IsLabel(made.Metadata.UID):
		return r.odd(errors.New("its request has no UID"))
	}
	r.uid = made.Metadata.UID
	return nil
}

// await waits for the answer.
func (r *request) await(ctx context.Context) (a answer, err error) {
	progress := r.env.NewProgress()
	progress.Show("Waiting for the console of "+r.title, 0, 0)
	defer progress.Done()
	for r.env.Now().Before(r.until) {
		o, err := r.server.Get(ctx, r.target.Resource, r.Namespace, r.target.Name)
		switch {
		case errors.Is(err, wire.ErrNotFound), err == nil && o.Metadata.UID != r.uid:
			return a, r.odd(errors.New("its request is gone"))
		case err != nil:
			return a, err
		}
		a = answer{}
		o.Decode(&a)
		if a.Status.Response != "" && a.Status.Proxy != "" && o.Metadata.Labels[labelID] == r.uid {
			return a, nil
		}
		if err := console.Sleep(ctx, r.env, lookEvery); err != nil {
			return a, err
		}
	}
	return a, failure.Hint(fmt.Errorf("no answer for the console of %s within 2 minutes: %w", r.title, wire.ErrUnreachable),
		"A console needs a virtual machine that runs. To see it, type: kubectl vsphere describe vm %s", r.typed())
}

// checkProxy returns an error if the page would be at another server than the one that was asked: it gets the ticket.
func (r *request) checkProxy(ctx context.Context, proxy string) error {
	host, _, err := hostPort(proxy)
	if err != nil {
		return r.odd(err)
	}
	own, err := r.server.Has(ctx, host)
	if err == nil && !own {
		err = failure.Hint(r.odd(fmt.Errorf("its page is at %s, which the Supervisor's certificate is not for", host)),
			"If the name is right, your vSphere administrator can add it to the names of the Supervisor's API server.")
	}
	return err
}

// withdrawTime bounds how long a request is deleted after a failure.
const withdrawTime = 3 * time.Second

// withdraw deletes the request. Otherwise the Supervisor does it, two minutes after the request was made.
func (r *request) withdraw(ctx context.Context) {
	if r.target.Name == "" {
		return
	}
	ctx, cancel := context.WithTimeout(context.WithoutCancel(ctx), withdrawTime)
	defer cancel()
	if err := r.server.Delete(ctx, r.target, r.uid); err != nil && !errors.Is(err, wire.ErrNotFound) && !errors.Is(err, wire.ErrForbidden) {
		r.env.Notef("the request %s stays in %s until the Supervisor deletes it, two minutes after it was made", r.target.Name, r.Namespace)
	}
}
