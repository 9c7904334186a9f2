package main

import (
	"errors"
	"strings"
	"time"

	"github.com/spf13/cobra"
	"github.com/spf13/cobra/doc"

	"github.com/kubectl-vsphere/kubectl-vsphere/internal/credhelper"
)

// manual writes a manual page for each command into a directory. The day is that of the version, as 2006-01-02: the same version has the
// same pages.
func manual(dir, day, version string) error {
	date, err := time.Parse(time.DateOnly, day)
	if err != nil {
		return err
	}
	root := tree()
	root.DisableAutoGenTag = true // It has today's date.
	header := func() *doc.GenManHeader {
		return &doc.GenManHeader{Section: "1", Date: &date, Source: "kubectl-vsphere " + version, Manual: "kubectl-vsphere"}
	}
	long, usage, _ := strings.Cut(credhelper.Usage, "\n\n")
	helper := &cobra.Command{
		Use: "docker-credential-vsphere", Short: "gives a vSphere login to registry clients", Long: long, Example: usage,
		DisableAutoGenTag: true, Run: func(*cobra.Command, []string) {},
	}
	return errors.Join(doc.GenManTree(root, header(), dir), doc.GenManTree(helper, header(), dir))
}
