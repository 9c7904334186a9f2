module github.com/kubectl-vsphere/kubectl-vsphere/test/lab/lab

go 1.26.0
