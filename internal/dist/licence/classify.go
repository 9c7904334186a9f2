package licence

import (
	"fmt"
	"slices"
	"strings"

	"github.com/google/licensecheck"
)

// allowed are the licences that ask for no more than their text and a notice, as licensecheck calls them.
var allowed = []string{"0BSD", "Apache-2.0", "BSD-2-Clause", "BSD-3-Clause", "CC0-1.0", "ISC", "MIT", "Unlicense", "Zlib"}

// exception is a part of another licence, with what we have to tell about it.
type exception struct{ id, note string }

// exceptions are those of the programs and of the lab. Who adds one says why we may ship it. The Mozilla Public License asks to tell
// where the source is, and counts for the files of the part alone (sections 3.2 and 3.3).
var exceptions = map[string]exception{
	mozilla:                                           {"MPL-2.0", "The source form is certdata.txt of https://hg.mozilla.org/projects/nss."},
	"github.com/cyphar/filepath-securejoin":           unchanged,
	"github.com/openbao/openbao/api/v2":               unchanged,
	"github.com/hashicorp/errwrap":                    unchanged,
	"github.com/hashicorp/go-cleanhttp":               unchanged,
	"github.com/hashicorp/go-multierror":              unchanged,
	"github.com/hashicorp/go-retryablehttp":           unchanged,
	"github.com/hashicorp/go-secure-stdlib/parseutil": unchanged,
	"github.com/hashicorp/go-secure-stdlib/strutil":   unchanged,
	"github.com/hashicorp/go-sockaddr":                unchanged,
	"github.com/hashicorp/golang-lru/arc/v2":          unchanged,
	"github.com/hashicorp/golang-lru/v2":              unchanged,
	"github.com/hashicorp/hcl":                        unchanged,
}

// unchanged is for modules of the lab and its registry. The programs link none of them (TestPrograms).
var unchanged = exception{"MPL-2.0", "It is linked as it is. The module of this version is its source form: go mod download has it."}

// least is the share of a text, in percent, that has to be a known licence. The rest is names and headings.
const least = 75

// classify returns the licences of a text that come first in its module, or why nobody may ship it.
func classify(part string, text []byte) ([]string, error) {
	found := licensecheck.Scan(text)
	var ids []string
	for _, m := range found.Match {
		switch {
		case m.IsURL: // The text itself is there too, or too little is known.
		case slices.Contains(allowed, m.ID), exceptions[part].id == m.ID:
			ids = append(ids, m.ID)
		default:
			return nil, fmt.Errorf("the licence %s is not one of %s", m.ID, strings.Join(allowed, ", "))
		}
	}
	if len(ids) == 0 || found.Percent < least {
		return nil, fmt.Errorf("%.0f%% of the text is of a known licence: %q", found.Percent, ids)
	}
	slices.Sort(ids)
	return slices.Compact(ids), nil
}
