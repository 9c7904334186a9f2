package main

import (
	"os"
	"path/filepath"
	"regexp"
	"strings"
	"testing"

	"github.com/spf13/cobra"
	"github.com/spf13/pflag"

	"github.com/kubectl-vsphere/kubectl-vsphere/internal/cli"
	"github.com/kubectl-vsphere/kubectl-vsphere/internal/console"
)

var span = regexp.MustCompile("`([^`]+)`")

// Each command of ours on the page of migration exists, with its flags, and each flag of VMware's plugin that the page says we have.
func TestMigrationNamesWhatExists(t *testing.T) {
	text, err := os.ReadFile(filepath.Join(root, "docs/migration.md"))
	if err != nil {
		t.Fatal(err)
	}
	commands, flags := 0, 0
	for i, line := range strings.Split(string(text), "\n") {
		for _, s := range span.FindAllStringSubmatch(line, -1) {
			if words := strings.Fields(s[1]); strings.HasPrefix(s[1], "kubectl vsphere ") {
				commands++
				if problem := unknownIn(words[2:]); problem != "" {
					t.Errorf("docs/migration.md:%d: %s: %s", i+1, s[1], problem)
				}
			}
		}
		if cells := strings.Split(line, " | "); len(cells) == 3 && strings.HasPrefix(line, "| ") { // The table of flags has three columns.
			for _, s := range span.FindAllStringSubmatch(cells[1], -1) {
				flags++
				if problem := unknownIn([]string{"login", s[1]}); problem != "" {
					t.Errorf("docs/migration.md:%d: %s: %s", i+1, s[1], problem)
				}
			}
		}
	}
	if commands < 35 || flags < 11 {
		t.Errorf("%d commands, %d flags", commands, flags)
	}
}

func TestUnknownIn(t *testing.T) {
	for line, known := range map[string]bool{
		"login --server S -u U": true, "vm web-console VM -n NS": true, "get-token --server S --user U": true, "registry add R": true,
		"login --sever S": false, "log-in": false, "vm consol VM": false, "login -x": false, "registry": true, "registry ad R": false,
	} {
		if problem := unknownIn(strings.Fields(line)); (problem == "") != known {
			t.Errorf("%s: %q", line, problem)
		}
	}
}

// unknownIn says what no command of ours has in a command line without the program; empty if all is known.
func unknownIn(words []string) string {
	c, _, err := cli.Command(&console.Env{}, cli.Build{}).Find(words)
	if err != nil {
		return err.Error()
	}
	if named := len(strings.Fields(c.CommandPath())) - 1; named == 0 || c.HasSubCommands() && named < len(words) && !strings.HasPrefix(words[named], "-") {
		return "there is no such command"
	}
	for _, word := range words {
		name, _, _ := strings.Cut(word, "=")
		if strings.HasPrefix(name, "-") && name != "-" && lookUp(c, name) == nil {
			return "there is no flag " + name
		}
	}
	return ""
}

// lookUp finds a flag of a command, also a hidden one and one of all commands.
func lookUp(c *cobra.Command, name string) *pflag.Flag {
	if long, ok := strings.CutPrefix(name, "--"); ok {
		if f := c.Flags().Lookup(long); f != nil {
			return f
		}
		return c.InheritedFlags().Lookup(long)
	}
	if f := c.Flags().ShorthandLookup(name[1:]); f != nil {
		return f
	}
	return c.InheritedFlags().ShorthandLookup(name[1:])
}
