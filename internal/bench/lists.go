package main

import (
	"context"

	"github.com/kubectl-vsphere/kubectl-vsphere/pkg/disclose"
	"github.com/kubectl-vsphere/kubectl-vsphere/pkg/login"
	"github.com/kubectl-vsphere/kubectl-vsphere/pkg/supervisor"
)

// lists lists the clusters of all namespaces, as a program does that knows the namespaces and asks for one after the other: the two kinds
// of objects that stand for clusters, of each namespace, with one request at a time over one connection.
func lists(ctx context.Context, args []string) error {
	none, err := login.ParseSelection("none")
	if err != nil {
		return err
	}
	request, err := newRequest(true, args)
	if err != nil {
		return err
	}
	request.Clusters = none
	res, err := login.Do(ctx, request)
	if err != nil {
		return err
	}
	for _, h := range res.Hosts {
		token := disclose.SupervisorAt(h.Address.URL("")).Hold(disclose.SupervisorToken, h.Credential.Token)
		api := (&supervisor.Client{Wire: request.Wire, Address: h.Address}).As(token)
		for _, ns := range res.Namespaces {
			if _, err := api.Clusters(ctx, ns.Name); err != nil {
				return err
			}
		}
	}
	return nil
}
