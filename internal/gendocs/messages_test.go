package main

import (
	"os"
	"strings"
	"testing"
)

// The page has the messages of the program. A call of Hint that builds its text in another way would be missing: the share of those that
// are found may not fall.
func TestMessages(t *testing.T) {
	all, calls, err := messages(root)
	if err != nil {
		t.Fatal(err)
	}
	if len(all) < 80 || 2*len(all) < calls {
		t.Errorf("%d messages, %d calls of Hint", len(all), calls)
	}
	for _, want := range []message{
		{"there is no password to log in with", "Set KUBECTL_VSPHERE_PASSWORD, or type it at a terminal."},
		{"there is no session at …", "Log in first: kubectl vsphere login …"},
		{"the address holds a user name", "Give the user name with -u."},
		{`context "…" was not written by this program`, "To use it all the same, type: kubectl vsphere use --all …"},
	} {
		found := false
		for _, m := range all {
			found = found || m == want
		}
		if !found {
			t.Errorf("missing: %q", want)
		}
	}
	for _, m := range all {
		if strings.ContainsAny(m.text+m.remedy, "%`\n") || !letters.MatchString(m.text) || !letters.MatchString(m.remedy) {
			t.Errorf("%q", m)
		}
	}
	page, err := os.ReadFile(root + "/docs/troubleshooting.md")
	if err != nil {
		t.Fatal(err)
	}
	if part, err := messagesPage(root); err != nil || !strings.HasSuffix(string(page), part) {
		t.Errorf("docs/troubleshooting.md has other messages, %v: make generate", err)
	}
}
