//go:build !wine

package leak

func beforeTests() {}
