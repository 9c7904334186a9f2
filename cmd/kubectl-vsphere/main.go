// Command kubectl-vsphere logs in to a vSphere Supervisor and hands kubectl its tokens.
package main

func main() {}
