package credfile

import "strings"

// Command is the subcommand that a kubeconfig calls.
const Command = "get-token"

// Args returns the arguments of the program that print the credential.
func (k Key) Args() []string {
	args := []string{Command, "--server", k.Server, "--user", k.User}
	if k.Cluster != "" {
		args = append(args, "--cluster", k.Cluster)
	}
	return args
}

// ParseArgs is the reverse of Args. A flag may also be one word: --flag=value. It returns false for anything else, such as other flags or
// another order: the long way parses such a command line.
func ParseArgs(args []string) (Key, bool) {
	if len(args) == 0 || args[0] != Command {
		return Key{}, false
	}
	var k Key
	var ok bool
	args = args[1:]
	if k.Server, args, ok = takeFlag("--server", args); !ok {
		return Key{}, false
	}
	if k.User, args, ok = takeFlag("--user", args); !ok {
		return Key{}, false
	}
	if len(args) == 0 {
		return k, true
	}
	k.Cluster, args, ok = takeFlag("--cluster", args)
	if !ok || len(args) > 0 || !qualified(k.Cluster) {
		return Key{}, false
	}
	return k, true
}

// takeFlag removes a flag and its value from the front of args. ok is false if the flag is not there or the value is empty.
func takeFlag(name string, args []string) (value string, rest []string, ok bool) {
	switch {
	case len(args) == 0:
		return "", nil, false
	case args[0] != name:
		value, ok = strings.CutPrefix(args[0], name+"=")
		return value, args[1:], ok && value != ""
	case len(args) == 1:
		return "", nil, false
	}
	return args[1], args[2:], args[1] != ""
}

// qualified reports whether s is NAMESPACE/NAME.
func qualified(s string) bool {
	namespace, name, ok := strings.Cut(s, "/")
	return ok && namespace != "" && name != "" && !strings.Contains(name, "/")
}
