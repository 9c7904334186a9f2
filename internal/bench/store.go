package main

import (
	"fmt"
	"strings"
	"time"

	"github.com/kubectl-vsphere/kubectl-vsphere/pkg/redact"
	"github.com/kubectl-vsphere/kubectl-vsphere/pkg/tokens"
)

// tokenLength is about the length of a real vCenter's token, in characters.
const tokenLength = 1200

// fill saves n credentials in a store: cluster-0 and so on, of supervisor.example.com.
func fill(dir string, n int) error {
	store, err := tokens.Open(dir)
	if err != nil {
		return err
	}
	now := time.Now()
	for i := range n {
		err := store.SaveCredential(tokens.Credential{
			Key:    tokens.Key{Server: "supervisor.example.com", User: user, Cluster: fmt.Sprintf("production/cluster-%d", i)},
			Token:  redact.Secret(strings.Repeat("t", tokenLength)),
			Issued: now, Expires: now.Add(10 * time.Hour),
		})
		if err != nil {
			return err
		}
	}
	return nil
}
