package process

import (
	"os/user"
	"runtime"
	"testing"
)

// Agents and services may have no HOME: the user database knows it.
func TestHome(t *testing.T) {
	if runtime.GOOS == "windows" {
		t.Skip("on Windows, the variable has another name")
	}
	getenv := WithHome(func(string) string { return "" })
	t.Setenv("HOME", "/elsewhere")
	if got := Home(); got != "/elsewhere" {
		t.Errorf("%q", got)
	}
	me, err := user.Current()
	if err != nil {
		t.Skip("this user is not in the user database; run it as another one: ", err)
	}
	t.Setenv("HOME", "")
	if got := Home(); got != me.HomeDir || got == "" {
		t.Errorf("%q, not %q", got, me.HomeDir)
	}
	if getenv("HOME") != me.HomeDir || getenv("OTHER") != "" || WithHome(func(string) string { return "/set" })("HOME") != "/set" {
		t.Error("the wrong variable is answered")
	}
}
