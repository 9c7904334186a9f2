package trust

import "net/http"

// Verifies reports whether a transport verifies the certificates of servers. It looks into a wrapper that has a method Unwrap. What it
// does not know verifies nothing.
func Verifies(t http.RoundTripper) bool {
	switch t := t.(type) {
	case *Transport:
		return t.Trust().Mode != Insecure
	case *http.Transport:
		return t.TLSClientConfig == nil || !t.TLSClientConfig.InsecureSkipVerify
	case interface{ Unwrap() http.RoundTripper }:
		return Verifies(t.Unwrap())
	}
	return false
}
