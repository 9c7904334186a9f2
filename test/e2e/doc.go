// Package e2e holds tests that run the built binaries with real kubectl against a lab (test/lab). The scripts in testdata
// read like the manual; see script_test.go for the commands that they add to testscript's.
package e2e
