package main

import (
	"strings"
	"testing"
	"unicode/utf8"

	"github.com/spf13/cobra"

	"github.com/kubectl-vsphere/kubectl-vsphere/internal/command"
)

// widestHelp is the longest line of a help text, in characters.
const widestHelp = 120

// all returns a command and the commands below it, also hidden ones.
func all(c *cobra.Command) []*cobra.Command {
	found := []*cobra.Command{c}
	for _, sub := range c.Commands() {
		found = append(found, all(sub)...)
	}
	return found
}

// Every help text is complete, short and plain.
func TestHelp(t *testing.T) {
	commands := all(tree())
	if len(commands) < 20 {
		t.Fatalf("%d commands", len(commands))
	}
	for _, c := range commands {
		if c.Short == "" || c.Long == "" || c.Example == "" {
			t.Errorf("%s: Short, Long or Example is missing", c.CommandPath())
		}
		if !strings.HasSuffix(c.Short, ".") || strings.Contains(c.Short, "\n") {
			t.Errorf("%s: Short is not one sentence: %q", c.CommandPath(), c.Short)
		}
		for _, line := range strings.Split(c.Short+"\n"+c.Long+"\n"+c.UsageString(), "\n") {
			if n := utf8.RuneCountInString(line); n > widestHelp {
				t.Errorf("%s: %d characters: %s", c.CommandPath(), n, line)
			}
			for _, words := range avoided {
				if found := words.FindString(line); found != "" {
					t.Errorf("%s: avoid “%s”: %s", c.CommandPath(), found, line)
				}
			}
		}
	}
}

// The help lists what people type. kubectl and docker-credential-vsphere run the other commands.
func TestHiddenCommands(t *testing.T) {
	hidden := map[string]bool{"get-token": true, "registry login": true, "registry logout": true}
	for _, c := range all(tree()) {
		name := strings.TrimPrefix(c.CommandPath(), "kubectl-vsphere ")
		if c.Hidden != hidden[name] {
			t.Errorf("%s: hidden: %t", name, c.Hidden)
		}
	}
}

// The page has each flag of each command once, login's in groups with the common ones first.
func TestPageHasEveryFlag(t *testing.T) {
	root := tree()
	var b strings.Builder
	if err := write(&b, root); err != nil {
		t.Fatal(err)
	}
	sections := map[string]string{}
	for _, text := range strings.Split(b.String(), "\n## ")[1:] {
		name, text, _ := strings.Cut(text, "\n")
		sections[name] = text
	}
	for _, c := range all(root) {
		text := sections[c.CommandPath()]
		for _, line := range strings.Split(command.Grouped(c, "").FlagUsages(), "\n") {
			if flag := strings.TrimSpace(line); strings.HasPrefix(flag, "-") && !strings.Contains(text, flag) && len(command.Headings(c)) == 0 {
				t.Errorf("%s: the page has no %s", c.CommandPath(), flag)
			}
		}
	}
	login := sections["kubectl-vsphere login"]
	last := -1
	for _, heading := range []string{"Server and user", "Trust", "Password", "Namespaces and clusters", "Kubeconfig and output"} {
		at := strings.Index(login, "\n### "+heading+"\n")
		if at <= last {
			t.Errorf("login: %q is missing or not in order", heading)
		}
		last = at
	}
	if n := strings.Count(login, "--auth-method METHOD"); n != 1 {
		t.Errorf("login: --auth-method is there %d times", n)
	}
}
