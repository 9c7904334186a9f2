//go:build !unix

package credfile

import "os"

const noFollow = 0

// Private trusts the access control list that the user's profile directory hands down.
func Private(os.FileInfo, string) error { return nil }
