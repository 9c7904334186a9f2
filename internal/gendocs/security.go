package main

import (
	"errors"
	"strings"

	"github.com/kubectl-vsphere/kubectl-vsphere/pkg/disclose"
)

// The lines of docs/security.md around the table of package disclose.
const (
	tableBegins = "<!-- begin: make generate writes this table from pkg/disclose -->\n\n"
	tableEnds   = "\n<!-- end -->\n"
)

// security returns docs/security.md with the table as it is now.
func security(page string) (string, error) {
	before, rest, begins := strings.Cut(page, tableBegins)
	_, after, ends := strings.Cut(rest, tableEnds)
	if !begins || !ends {
		return "", errors.New("the page has no place for the table")
	}
	return before + tableBegins + disclose.Table() + tableEnds + after, nil
}
