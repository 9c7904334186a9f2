package main

import (
	"time"

	"github.com/spf13/cobra/doc"
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
	return doc.GenManTree(root, &doc.GenManHeader{Section: "1", Date: &date, Source: "kubectl-vsphere " + version, Manual: "kubectl-vsphere"}, dir)
}
