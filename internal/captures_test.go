package internal

import (
	"encoding/xml"
	"errors"
	"io"
	"os"
	"path/filepath"
	"regexp"
	"strings"
	"testing"
)

// The captures of docs/captures are pictures that hold their text as text, have a title, run nothing and load nothing. Each is shown in a
// page, with words for those who do not see it, and shows no address or path of the machine that drew it.
func TestCaptures(t *testing.T) {
	files, err := filepath.Glob("../docs/captures/*.svg")
	if err != nil || len(files) < 5 {
		t.Fatal(files, err)
	}
	pages := ""
	for _, page := range append([]string{"../README.md"}, mustGlob(t, "../docs/*.md")...) {
		text, err := os.ReadFile(page)
		if err != nil {
			t.Fatal(err)
		}
		pages += string(text)
	}
	for _, file := range files {
		text, err := os.ReadFile(file)
		if err != nil {
			t.Fatal(err)
		}
		seen := map[string]bool{}
		words := ""
		for d := xml.NewDecoder(strings.NewReader(string(text))); ; {
			token, err := d.Token()
			if errors.Is(err, io.EOF) {
				break
			}
			if err != nil {
				t.Fatalf("%s: %v", file, err)
			}
			switch token := token.(type) {
			case xml.StartElement:
				seen[token.Name.Local] = true
				for _, a := range token.Attr {
					if strings.Contains(a.Name.Local, "href") || strings.HasPrefix(a.Name.Local, "on") {
						t.Errorf("%s: %s", file, a.Name.Local)
					}
				}
			case xml.CharData:
				words += string(token)
			}
		}
		for element := range seen {
			if !strings.Contains(" svg title style rect text tspan ", " "+element+" ") {
				t.Errorf("%s: %s", file, element)
			}
		}
		if !seen["title"] || !strings.Contains(words, "$ kubectl vsphere ") {
			t.Errorf("%s has no title or no text", file)
		}
		if found := regexp.MustCompile(`url\(|@import|127\.\d|/tmp/|/root`).FindString(string(text)); found != "" {
			t.Errorf("%s: %s", file, found)
		}
		if !regexp.MustCompile(`!\[[^\]]{20,}\]\((docs/)?captures/` + filepath.Base(file) + `\)`).MatchString(pages) {
			t.Errorf("no page shows %s with words about it", file)
		}
	}
}

func mustGlob(t *testing.T, pattern string) []string {
	t.Helper()
	files, err := filepath.Glob(pattern)
	if err != nil {
		t.Fatal(err)
	}
	return files
}
