//go:build wine

package leak

import _ "unsafe" // for go:linkname

// deleteFallback has os.RemoveAll delete files the older way. Wine 8 refuses the newer one with an error after which package os does not try
// the older one, and each t.TempDir would fail its test. `go test -tags wine -ldflags -checklinkname=0`: nothing but tests under Wine has it.
//
//go:linkname deleteFallback internal/syscall/windows.TestDeleteatFallback
var deleteFallback bool

func beforeTests() { deleteFallback = true }
