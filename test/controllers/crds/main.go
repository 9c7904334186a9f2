// Command crds reads the definitions of the kinds of a Supervisor out of the modules of those who wrote them, and writes them
// to files for the lab: those that every Supervisor has, and what one has beside where clusters are made. None of them is in this repository.
//
//	crds FILE [FILE]
//	crds sources
//
// The second form prints the modules of the first file, each as a line of JSON, for a release that ships their licences with it.
package main

import (
	"encoding/json"
	"fmt"
	"os"
	"path/filepath"
)

func main() {
	if len(os.Args) < 2 || len(os.Args) > 3 {
		fmt.Fprintln(os.Stderr, "usage: crds FILE [FILE]")
		os.Exit(2)
	}
	if os.Args[1] == "sources" {
		if err := tell(sources); err != nil {
			fmt.Fprintln(os.Stderr, "crds:", err)
			os.Exit(1)
		}
		return
	}
	for i, sources := range [][]source{sources, forProvisioning}[:len(os.Args)-1] {
		if err := write(os.Args[i+1], sources); err != nil {
			fmt.Fprintln(os.Stderr, "crds:", err)
			os.Exit(1)
		}
	}
}

func write(path string, sources []source) error {
	var all []object
	for _, s := range sources {
		dir, err := s.download()
		if err != nil {
			return err
		}
		found, err := s.read(dir)
		if err != nil {
			return fmt.Errorf("%s: %w", s.Module, err)
		}
		all = append(all, found...)
	}
	text, err := json.Marshal(all)
	if err != nil {
		return err
	}
	if err := os.MkdirAll(filepath.Dir(path), 0o755); err != nil {
		return err
	}
	return os.WriteFile(path, text, 0o644)
}

// tell prints where definitions come from.
func tell(sources []source) error {
	for _, s := range sources {
		dir, err := s.download()
		if err != nil {
			return err
		}
		if err := json.NewEncoder(os.Stdout).Encode(map[string]string{"Module": s.Module, "Version": s.Version, "Sum": s.Sum, "Dir": dir}); err != nil {
			return err
		}
	}
	return nil
}
