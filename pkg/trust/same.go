package trust

import (
	"encoding/pem"
	"maps"
)

// SameCAs reports whether two bundles (PEM) hold the same certificates, in whatever order and with whatever line ends and comments.
func SameCAs(a, b string) bool {
	if a == b {
		return true
	}
	x, y := members(a), members(b)
	return len(x) > 0 && maps.Equal(x, y)
}

// members returns the certificates (DER) of a bundle as x509.CertPool.AppendCertsFromPEM finds them, which skips those with headers.
func members(bundle string) map[string]bool {
	all := map[string]bool{}
	for text := []byte(bundle); ; {
		var block *pem.Block
		if block, text = pem.Decode(text); block == nil {
			return all
		}
		if block.Type == "CERTIFICATE" && len(block.Headers) == 0 {
			all[string(block.Bytes)] = true
		}
	}
}

// Same reports whether two trusts have the same mode, and verify every server by the same CAs.
func (t Trust) Same(o Trust) bool {
	return t.Mode == o.Mode && SameCAs(t.CA, o.CA) && maps.EqualFunc(t.Pins, o.Pins, SameCAs)
}

// SameFor reports whether two trusts verify a server (HOST:PORT) by the same CAs: what one of them trusts may be somebody in between for
// the other. If one of them verifies nothing, it is false.
func (t Trust) SameFor(o Trust, server string) bool {
	x, y := t.For(server), o.For(server)
	return x.Mode != Insecure && y.Mode != Insecure && (x.Mode == System) == (y.Mode == System) && SameCAs(x.CA, y.CA)
}
