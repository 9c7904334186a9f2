package console

import "testing"

// What is typed means the exact name, then the name in another case, then a name that begins with it, then the first choice with it.
func TestTheBestFits(t *testing.T) {
	choices := []Choice{{Text: "*tkc (dev)", Name: "tkc"}, {Text: "dev-2", Name: "dev-2"}, {Text: "DEV", Name: "DEV"}, {Text: "dev"}, {Text: "a test"}, {Text: "test a"}}
	for typed, want := range map[string]int{"dev": 3, "DEV": 2, "dEV ": 2, "dev-": 1, "de": 1, "(dev": 0, "test a": 5, "a te": 4, "a": 4, "  ": 0, "nothing": 0} {
		p := &picker{choices: choices}
		for _, key := range typed {
			if _, err := p.press(string(key)); err != nil {
				t.Fatal(err)
			}
		}
		if p.at != want {
			t.Errorf("%q: %q, not %q", typed, choices[p.at].Text, choices[want].Text)
		}
	}
}
