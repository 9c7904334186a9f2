package version

import (
	"runtime/debug"
	"testing"
)

func TestComplete(t *testing.T) {
	for name, c := range map[string]struct {
		told Info
		main string // the version that Go knows
		want Info
	}{
		"told":                  {Info{"1.2.3", "abc", "2026-11-27"}, "v9.9.9", Info{"1.2.3", "abc", "2026-11-27"}},
		"told in part":          {Info{Version: "1.2.3"}, "v9.9.9", Info{"1.2.3", "unknown", "unknown"}},
		"installed":             {Info{}, "v0.9.0", Info{"0.9.0", "unknown", "unknown"}},
		"installed at a commit": {Info{}, "v0.9.1-0.20261127222334-0123456789ab", Info{"0.9.1-0.20261127222334-0123456789ab", "0123456789ab", "2026-11-27"}},
		"before all tags":       {Info{}, "v0.0.0-20261127222334-0123456789ab", Info{"0.0.0-20261127222334-0123456789ab", "0123456789ab", "2026-11-27"}},
		"changed":               {Info{}, "v0.0.0-20261127222334-0123456789ab+dirty", Info{"0.0.0-20261127222334-0123456789ab+dirty", "0123456789ab", "2026-11-27"}},
		"a first candidate":     {Info{}, "v0.9.0-rc-1.20261127-0123456789ab", Info{"0.9.0-rc-1.20261127-0123456789ab", "unknown", "unknown"}},
		"built in a directory":  {Info{}, "(devel)", unknown},
		"no module":             {Info{}, "", unknown},
	} {
		t.Run(name, func(t *testing.T) {
			read := func() (*debug.BuildInfo, bool) {
				return &debug.BuildInfo{Main: debug.Module{Version: c.main}}, c.main != ""
			}
			if got := Complete(c.told, read); got != c.want {
				t.Errorf("%+v, not %+v", got, c.want)
			}
		})
	}
}
