package disk

import (
	"errors"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"golang.org/x/sys/windows"
)

// open gives everybody a right to a file or directory, beside this user.
func open(t *testing.T, path string) {
	t.Helper()
	dacl, err := listOf("D:P(A;OICI;FA;;;" + User() + ")(A;OICI;FR;;;WD)")
	if err == nil {
		err = setDACL(path, windows.PROTECTED_DACL_SECURITY_INFORMATION, dacl)
	}
	if err != nil {
		t.Fatal(err)
	}
}

// others are those who can use a path.
func others(t *testing.T, path string) []string {
	t.Helper()
	owner, users, err := Others(path)
	if owner != "" || err != nil {
		t.Fatalf("%s belongs to %q, %v", path, owner, err)
	}
	return users
}

func TestPrivateFromTheBeginning(t *testing.T) {
	shared := t.TempDir()
	open(t, shared)
	if !slices.Contains(others(t, shared), everybody) {
		t.Fatal("the test shares nothing")
	}
	dir := filepath.Join(shared, "a", "b")
	if err := errors.Join(MkdirAll(dir, 0o700), MkdirAll(dir, 0o700)); err != nil {
		t.Fatal(err)
	}
	f, err := CreateTemp(shared, ".x-*.tmp")
	if err != nil {
		t.Fatal(err)
	}
	defer f.Close()
	for _, path := range []string{filepath.Dir(dir), dir, f.Name()} {
		if users := others(t, path); len(users) > 0 {
			t.Errorf("%s: %q", path, users)
		}
	}
	if name := filepath.Base(f.Name()); filepath.Ext(name) != ".tmp" || name[:3] != ".x-" || name == ".x-.tmp" {
		t.Error(name)
	}
	if err := errors.Join(Write(f, []byte("x")), Chmod(f, 0o600)); err != nil {
		t.Fatal(err)
	}
	if users := others(t, f.Name()); len(users) > 0 {
		t.Errorf("with 0600: %q", users)
	}
	if err := Inherit(f); err != nil {
		t.Fatal(err)
	}
	if users := others(t, f.Name()); !slices.Contains(users, everybody) {
		t.Errorf("after Inherit in a shared directory: %q", users)
	}
}

// A file keeps the list that somebody gave it.
func TestCopyACLOfWindows(t *testing.T) {
	dir := t.TempDir()
	old := filepath.Join(dir, "old")
	if err := os.WriteFile(old, nil, 0o600); err != nil {
		t.Fatal(err)
	}
	open(t, old)
	f, err := CreateTemp(dir, "new-*")
	if err != nil {
		t.Fatal(err)
	}
	defer f.Close()
	if err := CopyACL(f, old); err != nil {
		t.Fatal(err)
	}
	if !slices.Contains(others(t, f.Name()), everybody) {
		t.Error("the entry is lost")
	}
}

func TestAccountName(t *testing.T) {
	if name := AccountName(everybody); name == everybody || name == "" {
		t.Error(name)
	}
	for _, odd := range []string{"S-1-5-21-1-2-3-4444", "x"} {
		if name := AccountName(odd); name != odd {
			t.Errorf("%q: %q", odd, name)
		}
	}
}

// Wine keeps the rights of owner, group and others only, so the lists are judged without files.
func TestJudge(t *testing.T) {
	user, err := me()
	if err != nil {
		t.Fatal(err)
	}
	mine := "(A;OICI;FA;;;" + user.String() + ")"
	for text, want := range map[string]string{
		"D:P" + mine:                                          "",
		"O:BAD:" + mine:                                       "",
		"O:SYD:" + mine:                                       "",
		"O:BUD:" + mine:                                       "owner S-1-5-32-545",
		"O:S-1-5-21-1-2-3-1001D:" + mine:                      "owner S-1-5-21-1-2-3-1001",
		"D:" + mine + "(A;OICI;FR;;;WD)":                      "S-1-1-0",      // Everyone reads.
		"D:" + mine + "(A;OICI;FW;;;BU)":                      "S-1-5-32-545", // Users write.
		"D:" + mine + "(A;;0x40;;;AU)":                        "S-1-5-11",     // Authenticated users delete files.
		"D:" + mine + "(A;;WD;;;BU)":                          "S-1-5-32-545", // Users change the list.
		"D:" + mine + "(A;;WO;;;BU)(A;;GR;;;WD)":              "S-1-5-32-545 S-1-1-0",
		"D:AI" + mine + "(A;OICIID;0x1301bf;;;AU)":            "S-1-5-11", // What a drive gives: authenticated users change.
		"D:" + mine + "(A;OICI;FA;;;SY)(A;OICI;FA;;;BA)":      "",
		"D:" + mine + "(A;OICIIO;FA;;;CO)(A;OICIIO;FA;;;WD)":  "", // For what is in it.
		"D:" + mine + "(A;OICI;FA;;;S-1-15-3-1024-1-2-3-4-5)": "",
		"D:" + mine + "(A;OICI;FA;;;S-1-3-4)":                 "",
		"D:" + mine + "(A;;0x100000;;;WD)":                    "", // To wait for it.
		"D:" + mine + "(D;;FA;;;WD)":                          "",
		"D:":                                                  "",        // Nobody.
		"O:BA":                                                "S-1-1-0", // No list: everybody.
	} {
		sd, err := windows.SecurityDescriptorFromString(text)
		if err != nil {
			t.Errorf("%s: %v", text, err)
			continue
		}
		owner, users := judge(sd, user)
		got := strings.Join(users, " ")
		if owner != "" {
			got = strings.TrimSpace("owner " + owner + " " + got)
		}
		if got != want {
			t.Errorf("%s: %q, want %q", text, got, want)
		}
	}
}
