package command

import (
	"errors"
	"fmt"
	"slices"

	"github.com/spf13/cobra"

	"github.com/kubectl-vsphere/kubectl-vsphere/internal/console"
	"github.com/kubectl-vsphere/kubectl-vsphere/internal/failure"
	"github.com/kubectl-vsphere/kubectl-vsphere/pkg/registry"
)

// OneRegistry takes the address of a registry as the only argument.
func OneRegistry(c *cobra.Command, args []string) error {
	if len(args) != 1 {
		err := errors.New("which registry? Type its address, as in 10.0.0.5")
		if len(args) > 1 {
			err = fmt.Errorf("%q is one word too many: one registry at a time", args[1])
		}
		return &failure.UsageError{Command: c.CommandPath(), Err: err}
	}
	return AnyRegistries(c, args)
}

// AnyRegistries takes addresses of registries.
func AnyRegistries(c *cobra.Command, args []string) error {
	for _, arg := range args {
		if _, err := registry.ParseHost(arg); err != nil {
			return &failure.UsageError{Command: c.CommandPath(), Err: fmt.Errorf("%.200q: %w", arg, err)}
		}
	}
	return nil
}

// Hosts are arguments that OneRegistry or AnyRegistries has checked, as the store spells them.
func Hosts(args []string) (all []string) {
	for _, arg := range args {
		if host, err := registry.ParseHost(arg); err == nil {
			all = append(all, host)
		}
	}
	slices.Sort(all)
	return slices.Compact(all)
}

// Registries completes the registries that were added.
func Registries(e *console.Env) Complete {
	return Values(func() (all []string) {
		store, err := e.OpenStore()
		if err != nil {
			return nil
		}
		records, _ := registry.Store{Dir: store.Dir()}.Records()
		for _, r := range records {
			all = append(all, r.Host)
		}
		return all
	})
}
