package mask

import (
	"encoding/base64"
	"strings"
)

// kind says what a node is in a kubeconfig. It decides what of it may be shown. Below users and contexts, only what has the shape that
// client-go reads is shown, and only known fields: a token may stand anywhere, by mistake.
// https://kubernetes.io/docs/reference/config-api/kubeconfig.v1/
type kind int

const (
	secret      kind = iota // nothing is shown, no keys either
	other                   // shown, except under keys that sound like a secret
	word                    // a scalar is shown
	words                   // the scalars of a list are shown
	address                 // of a proxy or server: a scalar without user info is shown
	certificate             // shown, if there is no key beside it

	clusters
	clusterEntry
	cluster

	contexts
	contextEntry
	context

	users
	userEntry
	user
	userOrName // outside of the sections: a scalar is the name in a context, anything else a user
	exec
	variables // names are shown, values are not
	variable
	args     // shown when they are ours; other plugins take secrets there (--oidc-client-secret)
	provider // auth-provider: its name is shown

	extensions
	extension
	ours // what our extension has
)

// item gives the kind of the items of a list. Where no list belongs, nothing is shown.
func (k kind) item() kind {
	switch k {
	case other:
		return other
	case words:
		return word
	case clusters:
		return clusterEntry
	case contexts:
		return contextEntry
	case users:
		return userEntry
	case variables:
		return variable
	case extensions:
		return extension
	}
	return secret
}

// field gives the kind of what is under a key, and reports whether the key itself may be shown.
func (k kind) field(key string) (of kind, known bool) {
	switch k {
	case other, cluster:
		return otherField(key), true
	case userOrName:
		k = user
	}
	of, known = fields[k][key]
	if !known && k == clusterEntry {
		return other, true
	}
	return of, known
}

// fields are the known ones. Paths are public, and so are certificates.
var fields = map[kind]map[string]kind{
	clusterEntry: {"name": word, "cluster": cluster},
	contextEntry: {"name": word, "context": context},
	context:      {"cluster": word, "user": word, "namespace": word, "extensions": extensions},
	userEntry:    {"name": word, "user": user},
	user: {
		"exec": exec, "auth-provider": provider, "extensions": extensions,
		"username": word, "client-certificate": word, "client-key": word, "tokenFile": word, "client-certificate-data": certificate,
		"as": word, "as-uid": word, "as-groups": words, "as-user-extra": secret,
		"token": secret, "password": secret, "client-key-data": secret,
	},
	exec: {
		"apiVersion": word, "command": word, "installHint": word, "interactiveMode": word, "provideClusterInfo": word,
		"args": args, "env": variables,
	},
	variable:  {"name": word, "value": secret},
	provider:  {"name": word, "config": secret},
	extension: {"name": word, "extension": ours},
	ours:      {"server": address, "user": word, "cluster": word},
}

// otherField is for keys outside of users and contexts, where anchors, extensions and other programs' sections may repeat what is in one.
func otherField(key string) kind {
	switch key {
	case "clusters":
		return clusters
	case "contexts":
		return contexts
	case "users":
		return users
	case "user":
		return userOrName
	case "exec":
		return exec
	case "env":
		return variables
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

// shows reports whether a scalar of the kind may be shown.
func (k kind) shows(value string) bool {
	switch k {
	case other, word, userOrName:
		return !urlHasSecret(value)
	case address:
		return !urlHasSecret(value) && !strings.Contains(value, "@")
	case certificate:
		return isCertificate(value)
	}
	return false
}

// isCertificate reports whether a text is a certificate as kubeconfigs have it, base64 of PEM. People put their key into the same file.
func isCertificate(value string) bool {
	pem, err := base64.StdEncoding.DecodeString(value)
	return err == nil && strings.HasPrefix(string(pem), "-----BEGIN CERTIFICATE-----") && !strings.Contains(string(pem), "PRIVATE KEY")
}

// urlHasSecret reports whether a text is or holds a URL with user info or with a query, which may be a token. Such URLs may be in every
// field, also in a hint about where to get a program.
func urlHasSecret(s string) bool {
	_, rest, found := strings.Cut(s, "://")
	return found && strings.ContainsAny(rest, "@?")
}
