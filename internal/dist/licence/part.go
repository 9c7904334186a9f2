// Package licence finds what programs link, and the licence texts that have to come with them.
package licence

import (
	"cmp"
	"maps"
	"slices"
	"strings"
)

// Part is software of others that a program links.
type Part struct {
	Name    string // a module's path; "std" is Go's standard library
	Version string
	Sum     string   // of the module's content, as go.sum has it; empty for what is no module
	IDs     []string // of the licences, as SPDX spells them (https://spdx.org/licenses)
	Texts   []Text
	Note    string // what else there is to say, for NOTICE
}

// Text is a file about a licence.
type Text struct {
	Name   string // as it is in the module, with / between directories
	Text   []byte
	Notice bool // it has to be repeated, and is no licence by itself (Apache License 2.0, section 4 d)
}

// Licence is the expression of SPDX for all of the part.
func (p Part) Licence() string { return strings.Join(p.IDs, " AND ") }

// Module reports whether the part is a module.
func (p Part) Module() bool { return p.Sum != "" }

// Merge joins parts: each one of each version is there once, with all texts, sorted.
func Merge(parts []Part) []Part {
	all := map[string]Part{}
	for _, part := range parts {
		key := part.Name + "@" + part.Version
		known, seen := all[key]
		if seen {
			part.IDs = slices.Compact(slices.Sorted(slices.Values(slices.Concat(known.IDs, part.IDs))))
			part.Texts = slices.Concat(known.Texts, part.Texts)
		}
		slices.SortFunc(part.Texts, func(a, b Text) int { return strings.Compare(a.Name, b.Name) })
		part.Texts = slices.CompactFunc(part.Texts, func(a, b Text) bool { return a.Name == b.Name })
		all[key] = part
	}
	return slices.SortedFunc(maps.Values(all), func(a, b Part) int {
		return cmp.Or(strings.Compare(a.Name, b.Name), strings.Compare(a.Version, b.Version))
	})
}
