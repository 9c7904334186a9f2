package boundedyaml

import (
	"bytes"
	"fmt"

	"github.com/kubectl-vsphere/kubectl-vsphere/pkg/bounded"
)

// The bounds of a user's own YAML, a kubeconfig. kubectl has none. A kubeconfig with 5,000 contexts of ours has 10 MB, 130,000 lines and
// 155,000 indicators, and costs kubectl a second at every command: each bound is at least twice that. At the bounds, one file costs
// about 1 GiB and three seconds to read.
const (
	MaxFile       = 20 << 20 // in bytes
	maxLines      = 1_000_000
	maxIndicators = 400_000
	maxDirectives = 100 // The parser compares each with all before.
)

// CheckFile is for a user's own YAML: it returns a *bounded.Error if the text exceeds the bounds, as it is or with each alias replaced.
// Other errors are those of the parser, which reads a text with aliases only.
func CheckFile(text []byte) error { return new(Files).Check(text) }

// Files are the user's files that are read together. The bounds are for all of them: somebody may give you a directory full.
type Files struct {
	bytes, lines, indicators, directives int
	aliased                              weight // what the texts with aliases stand for
}

// Check is CheckFile for one more file.
func (f *Files) Check(text []byte) error {
	f.bytes += len(text)
	if f.bytes > MaxFile {
		return tooMuch("is larger than %d MiB", MaxFile>>20)
	}
	f.lines += bytes.Count(text, []byte("\n")) + bytes.Count(text, []byte("\r")) - bytes.Count(text, []byte("\r\n"))
	if f.lines > maxLines {
		return tooMuch("has more than %d lines", maxLines)
	}
	f.indicators += fileIndicators(text)
	if f.indicators > maxIndicators {
		return tooMuch("has more than %d YAML values", maxIndicators)
	}
	f.directives += bytes.Count(text, []byte("\n%"))
	if f.directives > maxDirectives {
		return tooMuch("has more than %d YAML directives", maxDirectives)
	}
	return f.checkAliases(text)
}

func tooMuch(format string, bound int) error {
	return &bounded.Error{Reason: fmt.Sprintf(format, bound)}
}

// fileIndicators is indicators without comments, which cost as little as other lines, and without dashes within a word: names have some.
func fileIndicators(text []byte) (n int) {
	for i, c := range text {
		switch c {
		case '?', ':', ',', '[', '{', '&', '*', '!', '%':
			n++
		case '-':
			if i+1 == len(text) || text[i+1] == ' ' || text[i+1] == '\t' || text[i+1] == '\n' || text[i+1] == '\r' {
				n++
			}
		}
	}
	return n
}
