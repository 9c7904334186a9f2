package kubeconfig

import "fmt"

// FileError says what is wrong with a kubeconfig and what to do about it. Nothing was written to that file.
type FileError struct {
	Path    string
	Problem string
	Remedy  string // what to type or do
	Err     error  // the cause, when there is one
}

// Error is one line: where, what, and what to do.
func (e *FileError) Error() string {
	if e.Remedy == "" {
		return fmt.Sprintf("kubeconfig %s %s", e.Path, e.Problem)
	}
	return fmt.Sprintf("kubeconfig %s %s; %s", e.Path, e.Problem, e.Remedy)
}

// Unwrap gives the cause.
func (e *FileError) Unwrap() error { return e.Err }
