//go:build tools

package main

// kubectl is built from this module, so that the tests run the newest client without any other download.
import _ "k8s.io/kubernetes/cmd/kubectl"
