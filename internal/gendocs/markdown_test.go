package main

import (
	"os"
	"path/filepath"
	"regexp"
	"strings"
	"testing"
	"unicode/utf8"
)

const root = "../.."

// widest is the longest line of a page, in characters.
const widest = 100

// avoided are words that readers must read twice, from habits of our own.
var avoided = []*regexp.Regexp{
	regexp.MustCompile(`(?i)\bgo(es)? for\b`),
	regexp.MustCompile(`(?i)\bof before\b`),
	regexp.MustCompile(`(?i)\b(is|are) none\b`),
	regexp.MustCompile(`(^|[.:;] )(For )?[Ww]ho (may|gets|can|is)\b[^?]*$`),
	regexp.MustCompile(`(?i)\bcannot be meant\b`),
	regexp.MustCompile(`(?i)\btells? (whether|how|what|which|where|by|the)\b`),
	regexp.MustCompile(`(?i)\bby that\b`),
	regexp.MustCompile(`(?i)\blogged in to by\b`),
	regexp.MustCompile(`(?i)\bto none by\b`),
	regexp.MustCompile(`(?i)\bagain by itself\b`),
	regexp.MustCompile(`(?i)\bwas told of\b`),
	regexp.MustCompile(`(?i)\bthat stays as it is\b`),
	regexp.MustCompile(`(?i)\bfor whom\b`),
	regexp.MustCompile(`(?i)\ba (machine|person|person's) that (may|is|can)\b`),
	regexp.MustCompile(`(?i)\btakes? (away|out)\b`),
	regexp.MustCompile(`(?i)\bis believed\b`),
	regexp.MustCompile(`(?i)\bwhatever (it|that|they) (is|are)\b`),
}

// pages are the Markdown files of the repository, below root.
func pages(t *testing.T) []string {
	t.Helper()
	var all []string
	for _, pattern := range []string{"*.md", "docs/*.md", "docs/*/*.md", "test/*/*.md", "krew/*.md"} {
		found, err := filepath.Glob(filepath.Join(root, pattern))
		if err != nil {
			t.Fatal(err)
		}
		for _, path := range found {
			name, err := filepath.Rel(root, path)
			if err != nil {
				t.Fatal(err)
			}
			all = append(all, filepath.ToSlash(name))
		}
	}
	if len(all) < 10 {
		t.Fatalf("%d pages: %q", len(all), all)
	}
	return all
}

// prose is a page's lines outside of code blocks, by number. Lines of code are empty.
func prose(t *testing.T, page string) []string {
	t.Helper()
	text, err := os.ReadFile(filepath.Join(root, page))
	if err != nil {
		t.Fatal(err)
	}
	lines, code := strings.Split(string(text), "\n"), false
	for i, line := range lines {
		if fence := strings.HasPrefix(strings.TrimSpace(line), "```"); fence || code {
			code = code != fence
			lines[i] = ""
		}
	}
	return lines
}

// Lines are short, and the words are plain.
func TestProse(t *testing.T) {
	for _, page := range pages(t) {
		for i, line := range prose(t, page) {
			if problem := wrong(line); problem != "" {
				t.Errorf("%s:%d: %s: %s", page, i+1, problem, line)
			}
		}
	}
}

// Commands are short, too. Output is as wide as the program prints it: in a pipe nothing is folded, and a fingerprint has 95 characters.
func TestCommandsAreShort(t *testing.T) {
	commands := 0
	for _, page := range pages(t) {
		text, err := os.ReadFile(filepath.Join(root, page))
		if err != nil {
			t.Fatal(err)
		}
		goesOn := false
		for i, line := range strings.Split(string(text), "\n") {
			if !goesOn && !strings.HasPrefix(line, "$ ") {
				continue
			}
			commands++
			goesOn = strings.HasSuffix(line, `\`)
			if utf8.RuneCountInString(line) > widest {
				t.Errorf("%s:%d: it is too long: %s", page, i+1, line)
			}
		}
	}
	if commands < 50 {
		t.Errorf("%d lines of commands", commands)
	}
}

// wrong is what is wrong with a line of prose, or "".
func wrong(line string) string {
	if n := utf8.RuneCountInString(line); n > widest && strings.Contains(strings.TrimSpace(line), " ") {
		return "it is too long"
	}
	for _, words := range avoided {
		if found := words.FindString(line); found != "" {
			return "avoid “" + found + "”"
		}
	}
	return ""
}

func TestWrong(t *testing.T) {
	for line, want := range map[string]bool{
		"Who may not list namespaces names them once":       true,
		"The registry is proven. Who may not list …":        true,
		"Who may have your token?":                          false,
		"If you may not list namespaces, name them once.":   false,
		"a command line that cannot be meant":               true,
		"`version` tells whether it is ours":                true,
		"What a login was told of the browser":              true,
		"Your token goes only to a registry.":               false,
		"This goes for others, too":                         true,
		strings.Repeat("long ", 21):                         true,
		"https://example.com/" + strings.Repeat("path", 30): false,
	} {
		if got := wrong(line); (got != "") != want {
			t.Errorf("%s: %q", line, got)
		}
	}
}

var (
	link    = regexp.MustCompile(`\[[^\]]*\]\(([^)\s]+)\)`)
	heading = regexp.MustCompile(`^#+ (.*)$`)
	dropped = regexp.MustCompile(`[^\p{L}\p{N} _-]`)
)

// anchor is what GitHub makes of a heading.
func anchor(text string) string {
	return strings.ReplaceAll(dropped.ReplaceAllString(strings.ToLower(text), ""), " ", "-")
}

// Links lead to files and headings of this repository that exist.
func TestLinks(t *testing.T) {
	links := 0
	for _, page := range pages(t) {
		for i, line := range prose(t, page) {
			for _, m := range link.FindAllStringSubmatch(line, -1) {
				if strings.Contains(m[1], "://") {
					continue
				}
				links++
				if problem := follow(t, page, m[1]); problem != "" {
					t.Errorf("%s:%d: %s: %s", page, i+1, m[1], problem)
				}
			}
		}
	}
	if links < 20 {
		t.Errorf("%d links", links)
	}
}

// follow returns what is wrong with a link of a page, or "".
func follow(t *testing.T, page, target string) string {
	t.Helper()
	file, fragment, _ := strings.Cut(target, "#")
	if file = filepath.ToSlash(filepath.Join(filepath.Dir(page), file)); strings.HasPrefix(target, "#") {
		file = page
	}
	if _, err := os.Stat(filepath.Join(root, file)); err != nil {
		return "there is no such file"
	}
	if fragment == "" {
		return ""
	}
	for _, line := range prose(t, file) {
		if m := heading.FindStringSubmatch(line); m != nil && anchor(m[1]) == fragment {
			return ""
		}
	}
	return "there is no such heading"
}
