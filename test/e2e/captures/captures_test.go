package main

import (
	"encoding/xml"
	"strings"
	"testing"

	"github.com/charmbracelet/x/vt"
)

// A screen is drawn with its styles and columns. What differs in each run is replaced by what takes as much room.
func TestDraw(t *testing.T) {
	screen := vt.NewSafeEmulator(60, 8)
	_, _ = screen.WriteString("gone\r\x1b[K\x1b[1m이름\x1b[0m   STATE  <a&b>\r\n\r\n" + network + ".11   \x1b[32mready\x1b[0m for 1m7s, \x1b[1;31mWrong:\x1b[0m /tmp/kv00 \x1b[33mx\x1b[0m  \r\n")
	rows := rowsOf(screen)
	for i := range rows {
		rows[i].steady("/tmp/kv00")
	}
	text := string(draw("A <title>", 60, rows))
	for _, want := range []string{
		"<title>A &lt;title&gt;</title>", `<tspan x="16.0" textLength="33.6" class="s">이름</tspan>`, `<tspan x="49.6" textLength="126.0">   STATE  &lt;a&amp;b&gt;</tspan>`,
		">" + shownNetwork + ".11   <", `class="good">ready</tspan>`, "> for 3d  , </tspan>", `class="bad s">Wrong:</tspan>`, "> /home/dev </tspan>", `class="waiting">x</tspan></text>`,
	} {
		if !strings.Contains(text, want) {
			t.Errorf("%q is missing:\n%s", want, text)
		}
	}
	if len(rows) != 3 || strings.Contains(text, "gone") || strings.Contains(text, "127.") {
		t.Errorf("%d rows:\n%s", len(rows), text)
	}
	if err := xml.Unmarshal([]byte(text), new(struct{})); err != nil {
		t.Error(err)
	}
	if len(network) != len(shownNetwork) || len("/tmp/kv00") != len(shownHome) {
		t.Error("columns would move")
	}
}
