module github.com/kubectl-vsphere/kubectl-vsphere/test/e2e

go 1.26.0

require (
	github.com/creack/pty v1.1.24
	github.com/rogpeppe/go-internal v1.16.0
	go.yaml.in/yaml/v3 v3.0.5
	golang.org/x/sys v0.26.0
)

require golang.org/x/tools v0.26.0 // indirect
