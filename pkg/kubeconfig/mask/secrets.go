package mask

import (
	"strings"

	"go.yaml.in/yaml/v3"

	"github.com/kubectl-vsphere/kubectl-vsphere/pkg/tokens/credfile"
)

// kind says what a node is in a kubeconfig. It decides what of it may be shown.
type kind int

const (
	other    kind = iota // shown, except under keys that sound like a secret
	user                 // what is known to be harmless is shown
	exec                 // the same
	env                  // names are shown, values are not
	args                 // shown when they are ours; other plugins take secrets there (--oidc-client-secret)
	provider             // auth-provider: its name is shown
	config               // of an auth-provider: keys are shown, values are not
	address              // of a proxy or server: shown without user info
	secret               // nothing is shown
)

// field gives the kind of what is under a key.
// https://kubernetes.io/docs/reference/config-api/kubeconfig.v1/
func (k kind) field(key string) kind {
	switch k {
	case user:
		switch key {
		case "exec":
			return exec
		case "auth-provider":
			return provider
		case "username", "client-certificate", "client-certificate-data", "client-key", "tokenFile", // Paths and certificates are public.
			"as", "as-uid", "as-groups", "as-user-extra", "extensions":
			return other
		}
		return secret
	case exec:
		switch key {
		case "args":
			return args
		case "env":
			return env
		case "apiVersion", "command", "installHint", "interactiveMode", "provideClusterInfo":
			return other
		}
		return secret
	case env:
		if key == "name" {
			return other
		}
		return secret
	case provider:
		switch key {
		case "name":
			return other
		case "config":
			return config
		}
		return secret
	case other:
		return otherField(key)
	}
	return secret
}

// otherField is for keys outside of a user entry, where anchors, extensions and other programs' sections may repeat what
// is in one.
func otherField(key string) kind {
	switch key {
	case "user":
		return user
	case "exec":
		return exec
	case "env":
		return env
	case "auth-provider":
		return provider
	case "value":
		return secret
	case "proxy-url", "server":
		return address
	}
	key = strings.NewReplacer("-", "", "_", "", ".", "").Replace(strings.ToLower(key))
	for _, word := range []string{"token", "passw", "passphrase", "secret", "keydata", "privatekey", "apikey", "credential", "authorization"} {
		if strings.Contains(key, word) {
			return secret
		}
	}
	return other
}

// findSecrets returns the scalars whose text is secret. Aliases are followed: a secret is hidden where it is written. It
// returns ErrUnsafe if part of a secret may be in an anchor or a tag.
func findSecrets(documents []*yaml.Node) (map[*yaml.Node]bool, error) {
	f := &finder{found: map[*yaml.Node]bool{}, aliased: map[*yaml.Node]bool{}, seen: map[visit]bool{}}
	for _, document := range documents {
		f.visit(document, other)
	}
	for v := range f.seen {
		if v.kind == secret && f.misread(v.node) {
			return nil, ErrUnsafe
		}
	}
	return f.found, nil
}

// visit is a node and what it is in one of its places.
type visit struct {
	node *yaml.Node
	kind kind
}

type finder struct {
	found   map[*yaml.Node]bool
	aliased map[*yaml.Node]bool // nodes whose anchors are in use
	seen    map[visit]bool
}

func (f *finder) visit(n *yaml.Node, k kind) {
	if n.Kind == yaml.AliasNode {
		n = n.Alias
		f.aliased[n] = true
	}
	if f.seen[visit{n, k}] {
		return // An anchor may hold an alias of itself.
	}
	f.seen[visit{n, k}] = true
	switch n.Kind {
	case yaml.ScalarNode:
		if !null(n) && (!k.shown() || urlHasSecret(n.Value) || k == address && strings.Contains(n.Value, "@")) {
			f.found[n] = true
		}
	case yaml.SequenceNode:
		f.list(n, k)
	case yaml.MappingNode:
		for i := 0; i < len(n.Content); i += 2 {
			f.pair(n.Content[i], n.Content[i+1], k)
		}
	}
}

// shown reports whether a scalar of the kind may be shown. A context's user is a name.
func (k kind) shown() bool { return k == other || k == user || k == address }

// misread reports whether a secret may have been read as an anchor or a tag: so YAML takes a password that begins with &
// or !, without quotes.
func (f *finder) misread(n *yaml.Node) bool {
	switch n.ShortTag() {
	case "!!str", "!!int", "!!float", "!!bool", "!!null", "!!binary", "!!timestamp", "!!seq", "!!map", "!!merge":
		return n.Anchor != "" && !f.aliased[n]
	}
	return true
}

// null reports whether a scalar says that there is no value: nothing is written, or a plain null or ~.
func null(n *yaml.Node) bool { return empty(n) || n.Style == 0 && n.ShortTag() == "!!null" }

func (f *finder) list(n *yaml.Node, k kind) {
	if k == args {
		k = secret
		if oursOnly(n) {
			k = other
		}
	}
	for _, item := range n.Content {
		f.visit(item, k)
	}
}

func (f *finder) pair(key, value *yaml.Node, k kind) {
	switch {
	case k == secret:
		f.visit(key, secret)
		f.visit(value, secret)
	case key.ShortTag() == "!!merge":
		f.visit(value, k)
	case key.Kind == yaml.ScalarNode || key.Kind == yaml.AliasNode:
		f.visit(key, other)
		f.visit(value, k.field(nameOf(key)))
	default: // No kubeconfig has such keys.
		f.visit(key, secret)
		f.visit(value, secret)
	}
}

// oursOnly reports whether a list of arguments is that of our get-token, which takes no secret.
func oursOnly(n *yaml.Node) bool {
	var all []string
	for _, item := range n.Content {
		all = append(all, nameOf(item))
	}
	_, ours := credfile.ParseArgs(all)
	return ours
}

// urlHasSecret reports whether a text is or holds a URL with user info or with a query, which may be a token. Such URLs may be in every
// field, also in a hint about where to get a program.
func urlHasSecret(s string) bool {
	_, rest, found := strings.Cut(s, "://")
	return found && strings.ContainsAny(rest, "@?")
}
