@echo off
rem kubectl runs this, when it is on PATH, to complete `kubectl vsphere <TAB>`.
kubectl-vsphere __complete %*
