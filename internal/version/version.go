// Package version says which version of the programs this is.
package version

import (
	"runtime/debug"
	"strings"
)

// Info is a version of the programs, for people.
type Info struct{ Version, Commit, Date string }

// unknown is what is told where nobody said more.
var unknown = Info{Version: "0.1.0-dev", Commit: "unknown", Date: "unknown"}

// Complete returns what the linker was told (-ldflags -X). Where that is nothing, as with `go install …@latest`, Go knows the version:
// read is debug.ReadBuildInfo.
func Complete(told Info, read func() (*debug.BuildInfo, bool)) Info {
	if told.Version != "" {
		return told.or(unknown)
	}
	built, ok := read()
	if !ok || built.Main.Version == "" || built.Main.Version == "(devel)" {
		return told.or(unknown)
	}
	text, _, _ := strings.Cut(built.Main.Version, "+") // What was changed beside it: +dirty.
	known := Info{Version: strings.TrimPrefix(built.Main.Version, "v")}
	known.Commit, known.Date = commitOf(text)
	return told.or(known).or(unknown)
}

// or fills what is empty.
func (i Info) or(other Info) Info {
	for _, part := range []struct{ to, from *string }{{&i.Version, &other.Version}, {&i.Commit, &other.Commit}, {&i.Date, &other.Date}} {
		if *part.to == "" {
			*part.to = *part.from
		}
	}
	return i
}

// commitOf returns the commit and the day of a version that Go makes of a commit: …-20061024150405-0123456789ab
// (https://go.dev/ref/mod#pseudo-versions).
func commitOf(version string) (commit, day string) {
	parts := strings.Split(version, "-")
	if len(parts) < 3 {
		return "", ""
	}
	commit, stamp := parts[len(parts)-1], parts[len(parts)-2]
	stamp = stamp[strings.LastIndex(stamp, ".")+1:]
	if len(commit) != 12 || len(stamp) != 14 || strings.Trim(commit, "0123456789abcdef") != "" || strings.Trim(stamp, "0123456789") != "" {
		return "", ""
	}
	return commit, stamp[:4] + "-" + stamp[4:6] + "-" + stamp[6:8]
}
