package disk

import (
	"errors"
	"fmt"
	"io/fs"
	"math/rand/v2"
	"os"
	"path/filepath"
	"strings"
	"unsafe"

	"golang.org/x/sys/windows"
)

// On Windows an access control list has the place of a mode. A file or directory whose mode has nothing for others gets a list of its own when
// it is created: everything for the user, for the system and for administrators, who have it anyway. Inherit and CopyACL give it another one.

// me returns the user of this process.
func me() (*windows.SID, error) {
	user, err := windows.GetCurrentProcessToken().GetTokenUser()
	if err != nil {
		return nil, fmt.Errorf("who runs this: %w", err)
	}
	return user.User.Sid, nil
}

// private returns the security descriptor of what is for this user alone.
func private() (*windows.SECURITY_DESCRIPTOR, error) {
	user, err := me()
	if err != nil {
		return nil, err
	}
	return windows.SecurityDescriptorFromString(fmt.Sprintf("D:P(A;OICI;FA;;;%[1]s)(A;OICI;FA;;;SY)(A;OICI;FA;;;BA)", user))
}

// attributes returns what CreateFile and CreateDirectory want for something private.
func attributes() (*windows.SecurityAttributes, error) {
	sd, err := private()
	if err != nil {
		return nil, err
	}
	a := &windows.SecurityAttributes{SecurityDescriptor: sd}
	a.Length = uint32(unsafe.Sizeof(*a))
	return a, nil
}

func mkdirAll(path string, mode fs.FileMode) error {
	if mode&0o077 != 0 {
		return os.MkdirAll(path, mode)
	}
	if parent := filepath.Dir(path); parent != path {
		if _, err := os.Stat(parent); errors.Is(err, fs.ErrNotExist) {
			if err := mkdirAll(parent, mode); err != nil {
				return err
			}
		}
	}
	a, err := attributes()
	if err != nil {
		return err
	}
	name, err := windows.UTF16PtrFromString(path)
	if err != nil {
		return &fs.PathError{Op: "mkdir", Path: path, Err: err}
	}
	if err := windows.CreateDirectory(name, a); err != nil {
		if info, statErr := os.Stat(path); statErr == nil && info.IsDir() {
			return nil // Another process made it.
		}
		return &fs.PathError{Op: "mkdir", Path: path, Err: err}
	}
	return nil
}

// createTemp is os.CreateTemp for a file that nobody else can open from its first moment on.
func createTemp(dir, pattern string) (*os.File, error) {
	a, err := attributes()
	if err != nil {
		return nil, err
	}
	before, after, _ := strings.Cut(pattern, "*")
	for try := 0; ; try++ {
		path := filepath.Join(dir, fmt.Sprintf("%s%d%s", before, rand.Uint32(), after)) //nolint:gosec // It need not be secret: CREATE_NEW opens no file that is there.
		name, err := windows.UTF16PtrFromString(path)
		if err == nil {
			var h windows.Handle
			h, err = windows.CreateFile(name, windows.GENERIC_READ|windows.GENERIC_WRITE, windows.FILE_SHARE_READ|windows.FILE_SHARE_WRITE, a,
				windows.CREATE_NEW, windows.FILE_ATTRIBUTE_NORMAL, 0)
			if err == nil {
				return os.NewFile(uintptr(h), path), nil // Another program may have put another file there meanwhile.
			}
		}
		if try == tries || !errors.Is(err, windows.ERROR_FILE_EXISTS) {
			return nil, &fs.PathError{Op: "createtemp", Path: path, Err: err}
		}
	}
}

// Inherit gives f the list that its directory passes on, in place of its own. If that fails, f stays for the user alone.
func Inherit(f *os.File) error {
	return Do("acl", f.Name(), func() error {
		_ = inherit(f.Name())
		return nil
	})
}

func inherit(path string) error {
	empty, err := listOf("D:")
	if err != nil {
		return err
	}
	return setDACL(path, windows.UNPROTECTED_DACL_SECURITY_INFORMATION, empty)
}

// listOf returns the access control list of a security descriptor in text (SDDL).
func listOf(text string) (*windows.ACL, error) {
	sd, err := windows.SecurityDescriptorFromString(text)
	if err != nil {
		return nil, err
	}
	list, _, err := sd.DACL()
	return list, err
}

func setDACL(path string, protected windows.SECURITY_INFORMATION, dacl *windows.ACL) error {
	return windows.SetNamedSecurityInfo(path, windows.SE_FILE_OBJECT, windows.DACL_SECURITY_INFORMATION|protected, nil, nil, dacl, nil)
}

// CopyACL gives f the list of the file at path: the entries of its own, beside those that the directory passes on. If that fails, f is for
// the user alone.
func CopyACL(f *os.File, path string) error {
	return Do("acl", f.Name(), func() error {
		err := copyACL(f.Name(), path)
		if err == nil {
			return nil
		}
		sd, privateErr := private()
		if privateErr == nil {
			dacl, _, _ := sd.DACL()
			privateErr = setDACL(f.Name(), windows.PROTECTED_DACL_SECURITY_INFORMATION, dacl)
		}
		return errors.Join(err, privateErr)
	})
}

func copyACL(to, from string) error {
	sd, err := windows.GetNamedSecurityInfo(from, windows.SE_FILE_OBJECT, windows.DACL_SECURITY_INFORMATION)
	if err != nil {
		return err
	}
	control, _, err := sd.Control()
	if err != nil {
		return err
	}
	dacl, _, err := sd.DACL()
	if err != nil {
		return err
	}
	protected := control&windows.SE_DACL_PROTECTED != 0
	own := protected || dacl == nil
	each(dacl, func(ace *windows.ACCESS_ALLOWED_ACE) { own = own || ace.Header.AceFlags&windows.INHERITED_ACE == 0 })
	switch {
	case !own:
		return inherit(to)
	case protected:
		return setDACL(to, windows.PROTECTED_DACL_SECURITY_INFORMATION, dacl)
	}
	return setDACL(to, windows.UNPROTECTED_DACL_SECURITY_INFORMATION, dacl)
}

// each calls f with the entries of a list.
func each(dacl *windows.ACL, f func(*windows.ACCESS_ALLOWED_ACE)) {
	if dacl == nil {
		return
	}
	for i := range dacl.AceCount {
		var ace *windows.ACCESS_ALLOWED_ACE
		if windows.GetAce(dacl, uint32(i), &ace) == nil {
			f(ace)
		}
	}
}

// use are the rights to read or change a file or directory, or its list.
const use = windows.GENERIC_READ | windows.GENERIC_WRITE | windows.GENERIC_ALL | windows.FILE_READ_DATA | windows.FILE_WRITE_DATA |
	windows.FILE_APPEND_DATA | deleteChild | windows.DELETE | windows.WRITE_DAC | windows.WRITE_OWNER

const deleteChild = 0x40 // FILE_DELETE_CHILD of winnt.h.

// Others returns the accounts and groups, besides this user, the system and administrators, that can use the file or directory at path by its
// access control list, or own it; both as security identifiers. A file system without lists lets everybody. No path is an error of the system.
func Others(path string) (owner string, users []string, err error) {
	user, err := me()
	if err != nil {
		return "", nil, err
	}
	sd, err := windows.GetNamedSecurityInfo(path, windows.SE_FILE_OBJECT, windows.OWNER_SECURITY_INFORMATION|windows.DACL_SECURITY_INFORMATION)
	if err != nil {
		return "", nil, &fs.PathError{Op: "read the access control list of", Path: path, Err: err}
	}
	owner, users = judge(sd, user)
	return owner, users, nil
}

// judge returns the owner in a security descriptor, unless it is trusted, and those whom its list lets use the file.
func judge(sd *windows.SECURITY_DESCRIPTOR, user *windows.SID) (owner string, users []string) {
	if sid, _, err := sd.Owner(); err == nil && sid != nil && !trusted(sid, user) {
		owner = sid.String()
	}
	dacl, _, _ := sd.DACL()
	if dacl == nil { // None lets everybody.
		return owner, []string{everybody}
	}
	each(dacl, func(ace *windows.ACCESS_ALLOWED_ACE) {
		allows := ace.Header.AceType == windows.ACCESS_ALLOWED_ACE_TYPE || ace.Header.AceType == callbackAllowed
		if !allows || ace.Header.AceFlags&windows.INHERIT_ONLY_ACE != 0 || ace.Mask&use == 0 {
			return
		}
		if sid := (*windows.SID)(unsafe.Pointer(&ace.SidStart)); !trusted(sid, user) { //nolint:gosec // The SID begins there (ACCESS_ALLOWED_ACE).
			users = append(users, sid.String())
		}
	})
	return owner, users
}

const (
	callbackAllowed = 9         // ACCESS_ALLOWED_CALLBACK_ACE_TYPE of winnt.h: allowed under a condition.
	everybody       = "S-1-1-0" // Everyone.
)

// trusted reports whether an account or group is this user, or may do everything anyway.
func trusted(sid, user *windows.SID) bool {
	if sid.Equals(user) || sid.IsWellKnown(windows.WinLocalSystemSid) || sid.IsWellKnown(windows.WinBuiltinAdministratorsSid) {
		return true
	}
	text := sid.String()
	return text == "S-1-3-0" || text == "S-1-3-4" || // Whoever made it, and its owner.
		strings.HasPrefix(text, "S-1-15-") || // Apps in a sandbox of this user, who needs the right too.
		text == "S-1-5-80-956008885-3418522649-1831038044-1853292631-2271478464" // TrustedInstaller, which installs Windows.
}

// AccountName returns the name of an account or group, or its identifier if there is no name.
func AccountName(id string) string {
	sid, err := windows.StringToSid(id)
	if err != nil {
		return id
	}
	name, domain, _, err := sid.LookupAccount("")
	switch {
	case err != nil || name == "":
		return id
	case domain == "":
		return name
	}
	return domain + `\` + name
}

// User returns the identifier of this user, or "".
func User() string {
	user, err := me()
	if err != nil {
		return ""
	}
	return user.String()
}
