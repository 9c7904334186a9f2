package disk

// Attributes are what may keep a file from being replaced, beside its mode and owner.
type Attributes struct {
	Mounted bool // it is the root of a mount, as a file that a container engine binds: no rename replaces it
	Sealed  bool // it is immutable, or can only be appended to (chattr(1))
}
