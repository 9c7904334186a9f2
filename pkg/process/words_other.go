//go:build !windows

package process

import "github.com/kballard/go-shellquote"

func words(line string) ([]string, error) { return shellquote.Split(line) }
