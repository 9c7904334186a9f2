package main

import (
	"encoding/json"
	"errors"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"

	"sigs.k8s.io/yaml"
)

// object is a Kubernetes object.
type object = map[string]any

// download returns the directory of the module in the module cache. The checksum is compared here, so that the Go module proxy
// is all that a build needs.
func (s source) download() (string, error) {
	cmd := exec.Command("go", "mod", "download", "-json", s.Module+"@"+s.Version)
	cmd.Dir, cmd.Stderr = os.TempDir(), os.Stderr // In no module, whose go.sum would have to know it.
	cmd.Env = append(os.Environ(), "GOSUMDB=off", "GOFLAGS=", "GOWORK=off")
	out, err := cmd.Output()
	var got struct{ Dir, Sum, Error string }
	if json.Unmarshal(out, &got) == nil && got.Error != "" {
		return "", errors.New(got.Error)
	}
	if err != nil {
		return "", fmt.Errorf("download %s: %w", s.Module, err)
	}
	if got.Sum != s.Sum {
		return "", fmt.Errorf("%s %s has the checksum %s and not %s", s.Module, s.Version, got.Sum, s.Sum)
	}
	return got.Dir, nil
}

// read returns the objects of the module's files, edited.
func (s source) read(dir string) ([]object, error) {
	var all []object
	for _, pattern := range s.Files {
		files, err := filepath.Glob(filepath.Join(dir, filepath.FromSlash(pattern)))
		if err != nil || len(files) == 0 {
			return nil, errors.Join(fmt.Errorf("there is no %s", pattern), err)
		}
		for _, file := range files {
			text, err := os.ReadFile(file)
			if err != nil {
				return nil, err
			}
			found, err := decode(text)
			if err != nil {
				return nil, fmt.Errorf("%s: %w", file, err)
			}
			for _, o := range found {
				all = append(all, warn(s.Edit(o)))
			}
		}
	}
	return all, nil
}

var separator = regexp.MustCompile(`(?m)^---.*$`)

func decode(text []byte) ([]object, error) {
	var all []object
	for _, part := range separator.Split(string(text), -1) {
		var o object
		if err := yaml.Unmarshal([]byte(part), &o); err != nil {
			return nil, err
		}
		if len(o) > 0 {
			all = append(all, o)
		}
	}
	return all, nil
}
