//go:build unix

package credfile

import (
	"errors"
	"testing"
)

func TestFilesOfOthers(t *testing.T) {
	for _, c := range []struct {
		owner, me int
		refused   bool
		remedy    string
	}{
		{0, 1000, false, ""},
		{1000, 1000, false, ""},
		{0, 0, false, ""},
		{1001, 1000, true, "sudo chown -R 1000 '/s'"},
		{1000, 0, true, ""},
	} {
		err := ofOther("/s", c.owner, c.me)
		var permission *PermissionError
		if errors.As(err, &permission) != c.refused || c.refused && permission.Remedy != c.remedy || !c.refused && err != nil {
			t.Errorf("of %d for %d: %v", c.owner, c.me, err)
		}
	}
}
