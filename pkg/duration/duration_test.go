package duration

import (
	"strings"
	"testing"
	"time"
)

func TestText(t *testing.T) {
	for d, want := range map[time.Duration]string{
		0: "0s", time.Hour: "1h", 10 * time.Minute: "10m", 90 * time.Second: "1m30s", 90 * time.Minute: "1h30m", time.Hour + 5*time.Second: "1h0m5s",
		10 * time.Second: "10s", 100 * time.Second: "1m40s", 500 * time.Millisecond: "500ms", -time.Minute: "-1m", 10 * time.Hour: "10h", 30 * time.Second: "30s",
	} {
		if got := Text(d); got != want {
			t.Errorf("%s: %q", want, got)
		}
		if back, err := Parse(Text(d)); err != nil || back != d {
			t.Errorf("%s: %s, %v", want, back, err)
		}
	}
}

func TestParse(t *testing.T) {
	for s, want := range map[string]string{
		"10": "Write 10m for minutes, or 10s for seconds", "": "such as 10m", "soon": "such as 10m", "1.5": "such as 10m", "10 m": "such as 10m",
	} {
		var f Flag
		if err := f.Set(s); err == nil || !strings.Contains(err.Error(), want) || f != 0 {
			t.Errorf("%q: %v", s, err)
		}
	}
	var f Flag
	if f.String() != "" || f.Set("90m") != nil || f.String() != "1h30m" || f.Type() == "" {
		t.Error(f)
	}
}
