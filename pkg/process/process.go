// Package process is about this process and its children where secrets are concerned: which environment a child gets, and that the
// system writes no image of the memory (a core dump).
//
// Every other program is started with Command. A test (TestOneWayToStartAChild) finds those that are not.
package process

import (
	"context"
	"os"
	"os/exec"
	"runtime"
	"slices"
	"strings"
)

// PasswordVariable is the environment variable with the password for logins and renewals.
const PasswordVariable = "KUBECTL_VSPHERE_PASSWORD" //nolint:gosec // The name of a variable.

// Command returns a command as exec.CommandContext does, for a program that is not ours: a browser, a password command, a credential
// helper. Its environment is that of this process without PasswordVariable and without the named variables. A caller that adds
// variables appends to Env. The command fails to start with a *BatchError if the program is a batch file that would not get args as they are.
func Command(ctx context.Context, path string, args, secrets []string) *exec.Cmd {
	c := exec.CommandContext(ctx, path, args...) //nolint:gosec // The callers check what they run.
	if c.Err == nil {
		c.Err = Check(path, args...)
	}
	c.Env = without(os.Environ(), append(slices.Clone(secrets), PasswordVariable))
	return c
}

// Own returns a command for kubectl-vsphere itself, which gets the whole environment: PasswordVariable is meant for that program, which
// needs it to renew a token.
func Own(ctx context.Context, path string, args ...string) *exec.Cmd {
	c := exec.CommandContext(ctx, path, args...) //nolint:gosec // Our own program.
	c.Env = os.Environ()
	return c
}

// without returns an environment without the named variables.
func without(environment, names []string) []string {
	return slices.DeleteFunc(environment, func(v string) bool {
		name, _, _ := strings.Cut(v, "=")
		return slices.ContainsFunc(names, func(n string) bool { return n == name || runtime.GOOS == "windows" && strings.EqualFold(n, name) })
	})
}

// Environment returns a function like os.Getenv that answers from the environment as it is now. Use it before Hide.
func Environment() func(string) string {
	values := map[string]string{}
	for _, v := range os.Environ() {
		if name, value, ok := strings.Cut(v, "="); ok && name != "" {
			values[key(name)] = value
		}
	}
	return func(name string) string { return values[key(name)] }
}

func key(name string) string {
	if runtime.GOOS == "windows" {
		return strings.ToUpper(name)
	}
	return name
}

// Hide takes variables that hold secrets out of the environment of this process. No child gets them, also none that a library starts,
// such as the keychain's program on macOS.
func Hide(names ...string) {
	for _, name := range names {
		if name != "" {
			_ = os.Unsetenv(name) // It fails for names that no variable has.
		}
	}
}
