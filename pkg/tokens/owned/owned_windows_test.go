package owned

import (
	"errors"
	"path/filepath"
	"strings"
	"testing"

	"golang.org/x/sys/windows"

	"github.com/kubectl-vsphere/kubectl-vsphere/pkg/disk"
	"github.com/kubectl-vsphere/kubectl-vsphere/pkg/tokens/credfile"
)

func TestCheckReadsTheAccessControlList(t *testing.T) {
	dir := filepath.Join(t.TempDir(), "my store")
	if err := errors.Join(disk.MkdirAll(dir, 0o700), Check(dir)); err != nil {
		t.Fatal(err)
	}
	share(t, dir, "(A;OICI;FR;;;WD)")
	err := Check(dir)
	var permission *credfile.PermissionError
	remedy := `icacls "` + dir + `" /inheritance:r /remove:g "*S-1-1-0" /grant:r "*` + disk.User() + `:(OI)(CI)F"`
	if !errors.As(err, &permission) || permission.Path != dir || !strings.HasPrefix(permission.Remedy, remedy) || !strings.Contains(err.Error(), "other people (Everyone)") {
		t.Errorf("%v, want a *PermissionError with the command to type", err)
	}
	share(t, dir, "")
	if err := Check(dir); err != nil {
		t.Error(err)
	}
	if err := Check(dir, filepath.Join(dir, "missing")); err == nil {
		t.Error("a missing directory is fine")
	}
}

// share gives a directory the list of this user and others.
func share(t *testing.T, dir, others string) {
	t.Helper()
	sd, err := windows.SecurityDescriptorFromString("D:P(A;OICI;FA;;;" + disk.User() + ")" + others)
	if err != nil {
		t.Fatal(err)
	}
	dacl, _, err := sd.DACL()
	if err == nil {
		err = windows.SetNamedSecurityInfo(dir, windows.SE_FILE_OBJECT, windows.DACL_SECURITY_INFORMATION|windows.PROTECTED_DACL_SECURITY_INFORMATION, nil, nil, dacl, nil)
	}
	if err != nil {
		t.Fatal(err)
	}
}
