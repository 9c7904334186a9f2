package main

import (
	"bytes"
	"encoding/xml"
	"fmt"
	"strings"
)

// The screen, in units of the picture. The width of a column is that of common fonts, and textLength holds others to it.
const (
	columnWidth = 8.4
	lineHeight  = 19
	margin      = 16
)

// style has colours with a contrast of at least 4.5 to 1 on both backgrounds (WCAG 2.2, 1.4.3).
const style = `text{font:14px ui-monospace,SFMono-Regular,Menlo,Consolas,"DejaVu Sans Mono","Liberation Mono",monospace;white-space:pre;fill:#1f2328}
rect{fill:#f6f8fa;stroke:#d1d9e0}.s{font-weight:bold}.good{fill:#116329}.waiting{fill:#7d4e00}.bad{fill:#a40e26}
@media(prefers-color-scheme:dark){text{fill:#e6edf3}rect{fill:#0d1117;stroke:#3d444d}.good{fill:#7ee787}.waiting{fill:#e3b341}.bad{fill:#ff7b72}}`

// draw returns a picture of a screen. Its text is text.
func draw(title string, columns int, screen []row) []byte {
	var b bytes.Buffer
	width, height := float64(columns)*columnWidth+2*margin, len(screen)*lineHeight+2*margin
	fmt.Fprintf(&b, "<svg xmlns=\"http://www.w3.org/2000/svg\" width=\"%.0f\" height=\"%d\" viewBox=\"0 0 %.0f %d\">\n", width, height, width, height)
	fmt.Fprintf(&b, "<title>%s</title>\n<style>%s</style>\n", escaped(title), style)
	fmt.Fprintf(&b, "<rect x=\"0.5\" y=\"0.5\" width=\"%.0f\" height=\"%d\" rx=\"8\"/>\n", width-1, height-1)
	for i, r := range screen {
		if len(r.pieces) == 0 {
			continue
		}
		fmt.Fprintf(&b, "<text y=\"%d\" xml:space=\"preserve\">", margin+i*lineHeight+14)
		for _, p := range r.pieces {
			class := p.class
			if p.strong {
				class = strings.TrimSpace(class + " s")
			}
			if class != "" {
				class = ` class="` + class + `"`
			}
			fmt.Fprintf(&b, "<tspan x=\"%.1f\" textLength=\"%.1f\"%s>%s</tspan>", margin+float64(p.at)*columnWidth, float64(p.width)*columnWidth, class, escaped(p.text))
		}
		b.WriteString("</text>\n")
	}
	b.WriteString("</svg>\n")
	return b.Bytes()
}

func escaped(text string) string {
	var b bytes.Buffer
	_ = xml.EscapeText(&b, []byte(text)) // A buffer takes all.
	return b.String()
}
