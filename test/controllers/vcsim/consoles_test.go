package main

import (
	"fmt"
	"regexp"
	"strings"
	"testing"

	"github.com/vmware/govmomi"
	"github.com/vmware/govmomi/object"
	"github.com/vmware/govmomi/simulator"
	"github.com/vmware/govmomi/vim25/soap"
	"github.com/vmware/govmomi/vim25/types"
)

// Machines that are on have tickets for a console in a browser, each another one. Other machines and other tickets are refused.
func TestTickets(t *testing.T) {
	model := simulator.VPX()
	if err := model.Create(); err != nil {
		t.Fatal(err)
	}
	defer model.Remove()
	serveConsoles(model.Map())
	server := model.Service.NewServer()
	defer server.Close()
	client, err := govmomi.NewClient(t.Context(), server.URL, true)
	if err != nil {
		t.Fatal(err)
	}
	vm := object.NewVirtualMachine(client.Client, model.Map().Any("VirtualMachine").Reference())

	seen := map[string]bool{}
	for range 2 {
		ticket, err := vm.AcquireTicket(t.Context(), "webmks")
		if err != nil {
			t.Fatal(err)
		}
		if !regexp.MustCompile(`^[0-9a-f]{16}$`).MatchString(ticket.Ticket) || seen[ticket.Ticket] || !strings.HasPrefix(ticket.Host, "DC0_") || ticket.Port != 443 {
			t.Errorf("%+v", ticket)
		}
		seen[ticket.Ticket] = true
	}

	refused := func(vm *object.VirtualMachine, kind string) string {
		_, err := vm.AcquireTicket(t.Context(), kind)
		if !soap.IsSoapFault(err) {
			return fmt.Sprint(err)
		}
		return fmt.Sprintf("%T", soap.ToSoapFault(err).VimFault())
	}
	if got := refused(vm, "mks"); got != "types.NotSupported" {
		t.Errorf("mks: %s", got)
	}
	nobody := object.NewVirtualMachine(client.Client, types.ManagedObjectReference{Type: "VirtualMachine", Value: "vm-none"})
	if got := refused(nobody, "webmks"); got != "types.ManagedObjectNotFound" {
		t.Errorf("nobody: %s", got)
	}
	task, err := vm.PowerOff(t.Context())
	if err == nil {
		err = task.Wait(t.Context())
	}
	if err != nil {
		t.Fatal(err)
	}
	if got := refused(vm, "webmks"); got != "types.InvalidPowerState" {
		t.Errorf("off: %s", got)
	}
}
