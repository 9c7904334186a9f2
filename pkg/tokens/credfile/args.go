package credfile

import "strings"

// Command is the subcommand that a kubeconfig calls.
const Command = "get-token"

// Args are the arguments that ask for the credential.
func (k Key) Args() []string {
	args := []string{Command, "--server", k.Server, "--user", k.User}
	if k.Cluster != "" {
		args = append(args, "--cluster", k.Cluster)
	}
	return args
}

// ParseArgs is the reverse of Args; a flag may also be one word, --flag=value. It is false for anything else, another
// flag or order included: such a command line is for the long way, and such a kubeconfig entry is not one that we wrote.
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

// takeFlag takes a flag with its value, which must not be empty, off the front of args.
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

// qualified tells whether s is NAMESPACE/NAME.
func qualified(s string) bool {
	namespace, name, ok := strings.Cut(s, "/")
	return ok && namespace != "" && name != "" && !strings.Contains(name, "/")
}
