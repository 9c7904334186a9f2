// Package client logs Go programs in to a vSphere Supervisor and its clusters. It gives them a rest.Config and an
// oauth2.TokenSource that renew their credential while the program runs.
//
// [Load] uses a session that somebody left with "kubectl vsphere login". It takes the same locks as kubectl-vsphere, so
// that an expired session is renewed once, however many programs and goroutines need it. [Login] is for services: it
// needs no store and no terminal. Either gives a [Session].
//
// The package prints nothing, asks nobody, and opens no browser. If only a person can help, the error is an [Error] of
// kind [ErrLoginRequired], which says what to type. Certificates are always verified.
//
// # Compatibility
//
// The exported names of this package and of package redact follow semantic versioning: within a major version, a
// program that compiles goes on to compile, and does the same. "make lint" compares them with api/, by apidiff. Texts of
// errors may change: compare kinds with errors.Is. All other packages below pkg are internal in spirit: any version may
// change them.
package client
