// Command trivialhelper is what docker-credential-vsphere is compared with: a credential helper that knows one answer.
package main

import "github.com/docker/docker-credential-helpers/credentials"

type helper struct{}

func (helper) Add(*credentials.Credentials) error { return nil }
func (helper) Delete(string) error                { return nil }
func (helper) Get(string) (string, string, error) { return "user", "secret", nil }
func (helper) List() (map[string]string, error)   { return map[string]string{}, nil }

func main() { credentials.Serve(helper{}) }
