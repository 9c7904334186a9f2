package mask

import (
	"bytes"
	"strings"

	"go.yaml.in/yaml/v3"
)

// skipProperties gives the index of a node's content: an anchor, a tag and comments may come before it.
func skipProperties(text []byte, at int) int {
	for at < len(text) {
		switch text[at] {
		case ' ', '\t', '\r', '\n':
			at++
		case '&', '!':
			at += lengthUntil(text[at:], " \t\r\n")
		case '#':
			at += lengthUntil(text[at:], "\n")
		default:
			return at
		}
	}
	return at
}

// lengthUntil is the number of bytes before the first one of chars.
func lengthUntil(text []byte, chars string) int {
	if i := bytes.IndexAny(text, chars); i >= 0 {
		return i
	}
	return len(text)
}

// measure finds the content and the end of a scalar that begins at start. It reports whether the text there is what the
// parser says.
func (s *scalar) measure(text []byte) bool {
	s.body = s.start
	rest := text[s.start:]
	length, ok := 0, false
	switch style := s.node.Style; {
	case style&yaml.DoubleQuotedStyle != 0:
		length, ok = doubleQuoted(rest)
	case style&yaml.SingleQuotedStyle != 0:
		length, ok = singleQuoted(rest)
	case style&(yaml.LiteralStyle|yaml.FoldedStyle) != 0:
		var header int
		header, length, ok = blockScalar(rest, s.node.Value)
		s.body += header
	default:
		length, ok = plain(rest, s.node.Value)
	}
	s.end = s.start + length
	return ok
}

func doubleQuoted(text []byte) (length int, ok bool) {
	if len(text) == 0 || text[0] != '"' {
		return 0, false
	}
	for i := 1; i < len(text); i++ {
		switch text[i] {
		case '\\':
			i++
		case '"':
			return i + 1, true
		}
	}
	return 0, false
}

func singleQuoted(text []byte) (length int, ok bool) {
	if len(text) == 0 || text[0] != '\'' {
		return 0, false
	}
	for i := 1; i < len(text); i++ {
		if text[i] != '\'' {
			continue
		}
		if i+1 == len(text) || text[i+1] != '\'' {
			return i + 1, true
		}
		i++ // Two of them are one.
	}
	return 0, false
}

// plain follows the value through the text: a line break is a space in the value, and n+1 of them are n line breaks
// (YAML 1.2.2, 6.5 "Line Folding").
func plain(text []byte, value string) (length int, ok bool) {
	i := 0
	for value != "" {
		space := i
		for i < len(text) && strings.IndexByte(" \t\r\n", text[i]) >= 0 {
			i++
		}
		gap := string(text[space:i])
		switch breaks := strings.Count(gap, "\n"); breaks {
		case 0:
		case 1:
			gap = " "
		default:
			gap = strings.Repeat("\n", breaks-1)
		}
		word := lengthUntil(text[i:min(len(text), i+len(value))], " \t\r\n") // In flow style, the scalar may end inside of a word.
		if rest, found := strings.CutPrefix(value, gap); found {
			value = rest
		} else {
			return 0, false
		}
		word = min(word, len(value))
		if word == 0 || string(text[i:i+word]) != value[:word] {
			return 0, false
		}
		i, value = i+word, value[word:]
	}
	return i, true
}

// blockScalar measures the header line of a block scalar with its line end, and all of it without the last line end. The
// content is as deep as its first line, less the spaces that this line has in the value.
func blockScalar(text []byte, value string) (header, length int, ok bool) {
	if len(text) == 0 || text[0] != '|' && text[0] != '>' {
		return 0, 0, false
	}
	headerEnd := len(bytes.TrimRight(text[:lengthUntil(text, "\n")], "\r"))
	if strings.TrimSpace(value) == "" {
		return headerEnd, headerEnd, true
	}
	header = min(lengthUntil(text, "\n")+1, len(text))
	depth := -1
	length = headerEnd
	at := header
	for line := range bytes.Lines(text[header:]) { // Not as a string: each scalar would copy the rest of the file.
		body := bytes.TrimRight(line, "\r\n")
		spaces := len(body) - len(bytes.TrimLeft(body, " "))
		if spaces < len(body) {
			if depth < 0 {
				depth = spaces - indentOfFirstLine(value)
			}
			if spaces < depth {
				break
			}
			length = at + len(body)
		}
		at += len(line)
	}
	return header, length, depth >= 0
}

// indentOfFirstLine counts the spaces at the start of the first line that has more than spaces.
func indentOfFirstLine(value string) int {
	value = strings.TrimLeft(value, "\n")
	for line := range strings.Lines(value) {
		if body := strings.TrimLeft(line, " "); strings.TrimSuffix(body, "\n") != "" {
			return len(line) - len(body)
		}
	}
	return 0
}
