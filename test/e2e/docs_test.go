package e2e

import (
	"os"
	"os/exec"
	"regexp"
	"slices"
	"strings"
	"testing"
)

// The tests that these pages name exist, so that none of their claims loses its test unseen.
func TestSecurityNamesItsTests(t *testing.T) {
	t.Parallel()
	for page, least := range map[string]int{"security.md": 40, "oidc.md": 40, "registry.md": 8} {
		namesItsTests(t, page, least)
	}
}

func namesItsTests(t *testing.T, page string, least int) {
	t.Helper()
	text, err := os.ReadFile("../../docs/" + page)
	if err != nil {
		t.Fatal(err)
	}
	out, err := exec.Command("grep", "-rhoE", "--include=*_test.go", `^func (Test|Fuzz)[A-Za-z0-9]+`, "../..").Output()
	if err != nil {
		t.Fatal(err)
	}
	functions := strings.Split(strings.ReplaceAll(string(out), "func ", ""), "\n")
	named := regexp.MustCompile("`((?:Test|Fuzz)[A-Za-z0-9]+|[a-z_]+\\.txt)`").FindAllStringSubmatch(string(text), -1)
	for _, n := range named {
		name := n[1]
		_, err := os.Stat("testdata/" + name)
		if name != "TestX" && name != "x.txt" && err != nil && !slices.Contains(functions, name) {
			t.Errorf("%s: there is no %s", page, name)
		}
	}
	if len(named) < least {
		t.Errorf("%s names %d tests", page, len(named))
	}
}
