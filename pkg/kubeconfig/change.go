// Package kubeconfig writes entries into the user's kubeconfig files and touches nothing else in them. Plan and Remove
// work out which entries change, package splice puts them into the text of a file, and Files.Update does both under the
// locks that kubectl obeys. Nothing here uses the network.
package kubeconfig

import "github.com/kubectl-vsphere/kubectl-vsphere/pkg/kubeconfig/splice"

// Change is what is to become of kubeconfig files in their merged view.
type Change = splice.Change
