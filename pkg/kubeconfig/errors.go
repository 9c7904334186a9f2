package kubeconfig

import "fmt"

// FileError says what is wrong with a kubeconfig file and what to do about it. The file is as it was.
type FileError struct {
	Path    string // as typed in KUBECONFIG
	Problem string // follows the path in a sentence: "is read-only"
	Remedy  string // what to type or do; may be empty
	Err     error  // the cause; may be nil
}

// Error is one line: where, what, and what to do.
func (e *FileError) Error() string {
	if e.Remedy == "" {
		return fmt.Sprintf("kubeconfig %s %s", e.Path, e.Problem)
	}
	return fmt.Sprintf("kubeconfig %s %s; %s", e.Path, e.Problem, e.Remedy)
}

// Unwrap returns the cause.
func (e *FileError) Unwrap() error { return e.Err }
