package layout

import (
	"slices"
	"strings"
)

// unit is what stays on one line: a word or a command, with the blanks before it.
type unit struct {
	blanks, text string
	command      bool
}

// programs are those whose commands we print. In our messages a command begins with one of them, after a colon ("type: kubectl …"), in
// quotation marks, or as an indented line of its own.
var programs = []string{
	"kubectl", "kubectl-vsphere", "docker", "docker-credential-vsphere", "podman", "ssh",
	"sudo", "chmod", "chown", "rm", "icacls", "attrib", "del",
}

// labels begin a message. What follows their colon is prose.
var labels = []string{"error:", "warning:", "WARNING:", "note:"}

// units takes a line apart.
func units(line string) (all []unit) {
	for rest := line; ; {
		text := strings.TrimLeft(rest, " ")
		if text == "" {
			return all
		}
		u := unit{blanks: rest[:len(rest)-len(text)]}
		n := wordEnd(text)
		if end := commandEnd(all, u.blanks, text); end > 0 {
			n, u.command = end, true
		}
		u.text, rest = text[:n], text[n:]
		all = append(all, u)
	}
}

// wordEnd returns where the first word of a text ends.
func wordEnd(text string) int {
	if i := strings.IndexByte(text, ' '); i >= 0 {
		return i
	}
	return len(text)
}

// commandEnd returns where the command at the beginning of a text ends, or 0 without one. before are the units before the text.
func commandEnd(before []unit, blanks, text string) int {
	if quote := text[:1]; quote == `"` || quote == "`" {
		end := strings.Index(text[1:], quote)
		if end < 0 || !slices.Contains(programs, text[1:][:wordEnd(text[1:])]) {
			return 0
		}
		return 1 + end + wordEnd(text[1+end:])
	}
	if !slices.Contains(programs, text[:wordEnd(text)]) || !introduced(before, blanks) {
		return 0
	}
	return shellEnd(text)
}

// introduced reports whether a command may begin behind units.
func introduced(before []unit, blanks string) bool {
	if len(before) == 0 {
		return len(blanks) > 1
	}
	last := before[len(before)-1].text
	return strings.HasSuffix(last, ":") && (len(before) > 1 || !slices.Contains(labels, last))
}

// shellEnd returns where a command ends in prose: with a word that ends in a semicolon, or in a comma or full stop before another word that
// is no flag, or before a parenthesis. In a word that is quoted for a shell (safetext.Word) these are part of the word, and so are blanks.
func shellEnd(text string) int {
	quote := ""
	for i := 0; i < len(text); i++ {
		c := text[i : i+1]
		switch {
		case c == `\` && quote != "'" && quote != `"`:
			i++
		case quote != "":
			if strings.HasSuffix(quote, c) {
				quote = ""
			}
		case c == "'" && strings.HasSuffix(text[:i], "$"):
			quote = "$'"
		case c == "'" || c == `"`:
			quote = c
		case c == " " && ends(text[:i], text[i+1:]):
			return i
		}
	}
	return len(text)
}

// ends reports whether a blank between two texts is the end of a command.
func ends(before, after string) bool {
	sentence := strings.HasSuffix(before, ",") || strings.HasSuffix(before, ".")
	return strings.HasSuffix(before, ";") || strings.HasPrefix(after, "(") || sentence && !strings.HasPrefix(after, "-")
}
