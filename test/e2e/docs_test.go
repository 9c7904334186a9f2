package e2e

import (
	"os"
	"os/exec"
	"regexp"
	"slices"
	"strings"
	"testing"
)

// The tests that docs/security.md names exist, so that none of its claims loses its test unseen.
func TestSecurityNamesItsTests(t *testing.T) {
	t.Parallel()
	text, err := os.ReadFile("../../docs/security.md")
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
			t.Errorf("there is no %s", name)
		}
	}
	if len(named) < 40 {
		t.Errorf("it names %d tests", len(named))
	}
}
