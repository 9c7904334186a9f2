package admin

import (
	"os"
	"regexp"
	"strings"
	"testing"
)

// The README has every request and every field of the admin API.
func TestReadmeHasTheAPI(t *testing.T) {
	all := file(t, "../README.md")
	_, section, _ := strings.Cut(all, "\n## Admin API\n")
	section, _, _ = strings.Cut(section, "\n## ")
	code := map[string]bool{} // spans, and names in quotation marks
	for _, form := range []string{"`([^`\n]+)`", `"(\w+)"`} {
		for _, found := range regexp.MustCompile(form).FindAllStringSubmatch(section, -1) {
			code[found[1]] = true
		}
	}
	seen := 0
	for _, route := range regexp.MustCompile(`HandleFunc\("(\w+ )/([^"]+)"`).FindAllStringSubmatch(file(t, "admin.go"), -1) {
		seen++
		want := route[1] + regexp.MustCompile(`\{\w+\}`).ReplaceAllStringFunc(route[2], func(name string) string { return strings.ToUpper(strings.Trim(name, "{}")) })
		for span := range code {
			if path, _, _ := strings.Cut(span, "?"); path == want {
				want = ""
			}
		}
		if want != "" {
			t.Errorf("the README lacks %s", want)
		}
	}
	for _, name := range []string{"admin.go", "../fault/fault.go"} {
		for _, field := range regexp.MustCompile(`json:"(\w+)`).FindAllStringSubmatch(file(t, name), -1) {
			seen++
			if !code[field[1]] {
				t.Errorf("the README lacks %s of %s", field[1], name)
			}
		}
	}
	if seen < 70 {
		t.Errorf("only %d requests and fields", seen)
	}
}

func file(t *testing.T, path string) string {
	t.Helper()
	text, err := os.ReadFile(path)
	if err != nil {
		t.Fatal(err)
	}
	return string(text)
}
