package process

import (
	"errors"
	"strings"

	"golang.org/x/sys/windows"
)

func words(line string) ([]string, error) {
	if strings.Count(strings.ReplaceAll(line, `\"`, ""), `"`)%2 != 0 {
		return nil, errors.New("a quotation mark has no end")
	}
	return windows.DecomposeCommandLine(line)
}
