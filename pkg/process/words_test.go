package process

import (
	"errors"
	"runtime"
	"slices"
	"testing"
)

func TestWords(t *testing.T) {
	for _, c := range []struct {
		line          string
		unix, windows []string // nil: an error
	}{
		{`pass show vsphere`, []string{"pass", "show", "vsphere"}, []string{"pass", "show", "vsphere"}},
		{`  pass  "a b"  `, []string{"pass", "a b"}, []string{"pass", "a b"}},
		{`C:\tools\pw.cmd`, []string{"C:toolspw.cmd"}, []string{`C:\tools\pw.cmd`}},
		{`"C:\Program Files\pw.exe" get "a b" C:\x\`, nil, []string{`C:\Program Files\pw.exe`, "get", "a b", `C:\x\`}},
		{`\\server\share\pw.exe C:\a\b`, []string{`\servershare` + "pw.exe", "C:ab"}, []string{`\\server\share\pw.exe`, `C:\a\b`}},
		{`pw 'a b'`, []string{"pw", "a b"}, []string{"pw", "'a", "b'"}},
		{`pw "say \"hi\"" *.txt %PATH% $HOME`, []string{"pw", `say "hi"`, "*.txt", "%PATH%", "$HOME"}, []string{"pw", `say "hi"`, "*.txt", "%PATH%", "$HOME"}},
		{`pw "a`, nil, nil},
		{``, []string{}, []string{}},
		{" \t", []string{}, []string{}},
	} {
		want := c.unix
		if runtime.GOOS == "windows" {
			want = c.windows
		}
		got, err := Words(c.line)
		if (err != nil) != (want == nil) || err == nil && !slices.Equal(got, want) {
			t.Errorf("%s: %q, %v; want %q", c.line, got, err, want)
		}
	}
}

// cmd.exe runs batch files, and reads their arguments: an address with & would be a command.
func TestArgumentsOfABatchFile(t *testing.T) {
	for _, path := range []string{`C:\b.cmd`, `C:\B.BAT`, `C:\b.cmd.`, `C:\b.bat `, `b.Cmd`} {
		for arg, fine := range map[string]bool{
			"a": true, "a b": true, `C:\x\y`: true, "DOM\\u": true, "user@site": true, "": true, "it's": true, "$x": true,
			"https://x/?a=b&calc": false, "a|b": false, "a>b": false, "<a": false, "a^b": false, "%PATH%": false, `a"b`: false, "a\nb": false, "a\r": false,
		} {
			err := check(path, []string{"first", arg})
			var batch *BatchError
			if (err == nil) != fine || err != nil && (!errors.As(err, &batch) || batch.Arg != arg) {
				t.Errorf("%s %q: %v", path, arg, err)
			}
		}
	}
	for _, path := range []string{`C:\b.exe`, `C:\b.com`, `C:\cmd`, `C:\x.cmd\b.exe`, ""} {
		if err := check(path, []string{"a&b"}); err != nil {
			t.Errorf("%s: %v", path, err)
		}
	}
	err := Command(t.Context(), `C:\b.cmd`, []string{"a&b"}, nil).Err
	var batch *BatchError
	if errors.As(err, &batch) != (runtime.GOOS == "windows") {
		t.Errorf("Command: %v", err)
	}
}
