package doctor

import (
	"fmt"
	"strings"

	"github.com/kubectl-vsphere/kubectl-vsphere/internal/layout"
)

const pageIntro = `# Troubleshooting

` + "`make generate`" + ` writes this page from the program.

If something does not work, type ` + "`kubectl vsphere doctor`" + `. It runs all checks of this page at once,
for ten seconds at most, and prints what is wrong and what to type. It asks you nothing, sends no
password, renews nothing and changes nothing. A token that is good goes to the server of its
context, as kubectl sends it.

A ` + "`problem`" + ` needs you. A ` + "`note`" + ` is good to know. A check that is ` + "`skipped`" + ` had nothing to look at.
If a server takes so long that there is no time for another one, the output says which: look at that
one alone.

- ` + "`--server`" + ` or ` + "`--context`" + ` looks at one Supervisor or context only.
- ` + "`--all`" + ` also prints what is right.
- ` + "`-o json`" + ` is for programs. The exit code is 0 if there is no problem, else 1.
- ` + "`--bundle FILE`" + ` writes an archive for support: the report, the contexts, servers and commands of
  your kubeconfig, and what the store knows of servers and sessions. It has no token and no
  password. It names servers, users and files: look at it before you send it.
`

// pageWidth is the longest line of a page, in characters.
const pageWidth = 100

// Page returns docs/troubleshooting.md.
func Page() string {
	var b strings.Builder
	b.WriteString(pageIntro)
	for _, c := range Checks() {
		fmt.Fprintf(&b, "\n## %s\n\n%s\n%s\n%s", c.Name, paragraph("", c.What), paragraph("", c.Why), paragraph("**What helps:** ", c.Remedy))
	}
	return b.String()
}

// paragraph returns a text in lines of a page.
func paragraph(before, text string) string {
	var b strings.Builder
	line := 0
	for i, word := range strings.Fields(before + text) {
		n := layout.Width(word)
		switch {
		case i == 0:
		case line+1+n > pageWidth:
			b.WriteString("\n")
			line = 0
		default:
			b.WriteString(" ")
			line++
		}
		b.WriteString(word)
		line += n
	}
	return b.String() + "\n"
}
