package main

import (
	"crypto/rand"
	"encoding/hex"

	"github.com/vmware/govmomi/simulator"
	"github.com/vmware/govmomi/vim25/methods"
	"github.com/vmware/govmomi/vim25/mo"
	"github.com/vmware/govmomi/vim25/soap"
	"github.com/vmware/govmomi/vim25/types"
)

// consoles gives out tickets for the consoles of virtual machines, which the simulator's own machines do not. It stands beside them: the
// simulator casts what it finds under a machine's reference to its own type, so that nothing can wrap one.
type consoles struct {
	Self types.ManagedObjectReference // The simulator wants this name.
}

// serveConsoles makes a simulator answer AcquireTicket.
func serveConsoles(r *simulator.Registry) {
	c := &consoles{types.ManagedObjectReference{Type: "Consoles", Value: "consoles"}}
	r.Put(c)
	r.Handler = func(_ *simulator.Context, m *simulator.Method) (mo.Reference, types.BaseMethodFault) {
		if m.Name == "AcquireTicket" {
			m.This = c.Self // A session takes what it knows by this, whatever is returned here.
		}
		return nil, nil
	}
}

// Reference is what the simulator finds it by.
func (c *consoles) Reference() types.ManagedObjectReference { return c.Self }

// AcquireTicket answers like an ESXi host: there are tickets for machines that are on. No host listens for them.
func (c *consoles) AcquireTicket(ctx *simulator.Context, r *types.AcquireTicket) soap.HasFault {
	body := &methods.AcquireTicketBody{}
	vm, ok := ctx.Map.Get(r.This).(*simulator.VirtualMachine)
	if !ok {
		body.Fault_ = simulator.Fault("", &types.ManagedObjectNotFound{Obj: r.This})
		return body
	}
	if r.TicketType != string(types.VirtualMachineTicketTypeWebmks) {
		body.Fault_ = simulator.Fault("", &types.NotSupported{})
		return body
	}
	var ticket types.VirtualMachineTicket
	var state types.VirtualMachinePowerState
	ctx.Map.WithLock(ctx, vm, func() {
		state = vm.Runtime.PowerState
		ticket.CfgFile = vm.Summary.Config.VmPathName
		if host, ok := ctx.Map.Get(*vm.Runtime.Host).(*simulator.HostSystem); ok {
			ticket.Host = host.Name
		}
	})
	if state != types.VirtualMachinePowerStatePoweredOn {
		body.Fault_ = simulator.Fault("", &types.InvalidPowerState{RequestedState: types.VirtualMachinePowerStatePoweredOn, ExistingState: state})
		return body
	}
	const bytes, port = 8, 443
	var secret [bytes]byte
	_, _ = rand.Read(secret[:])
	ticket.Ticket, ticket.Port = hex.EncodeToString(secret[:]), port
	body.Res = &types.AcquireTicketResponse{Returnval: ticket}
	return body
}
