package tkg

import (
	"cmp"
	"strings"
)

// Natural compares texts with the numbers in them as numbers: v1.9 comes before v1.10.
func Natural(a, b string) int {
	for a != "" && b != "" {
		x, y := digits(a), digits(b)
		if x > 0 && y > 0 {
			m, n := strings.TrimLeft(a[:x], "0"), strings.TrimLeft(b[:y], "0")
			if c := cmp.Or(cmp.Compare(len(m), len(n)), cmp.Compare(m, n)); c != 0 {
				return c
			}
			a, b = a[x:], b[y:]
			continue
		}
		if a[0] != b[0] {
			return cmp.Compare(a[0], b[0])
		}
		a, b = a[1:], b[1:]
	}
	return cmp.Compare(len(a), len(b))
}

// digits is how many digits a text begins with.
func digits(s string) int { return len(s) - len(strings.TrimLeft(s, "0123456789")) }

// Minor returns the minor version that a version or the name of a release begins with: {1, 33} of v1.33.3---vmware.1. It is false of
// another text.
func Minor(version string) (minor [2]int, ok bool) {
	rest, ok := strings.CutPrefix(version, "v")
	if !ok {
		return minor, false
	}
	for i := range minor {
		n := digits(rest)
		if n == 0 || n > 6 {
			return minor, false
		}
		for _, d := range rest[:n] {
			minor[i] = 10*minor[i] + int(d-'0')
		}
		rest = rest[n:]
		if i == 0 && !strings.HasPrefix(rest, ".") {
			return minor, false
		}
		rest = strings.TrimPrefix(rest, ".")
	}
	return minor, true
}
