package main

import (
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
)

// read reads files that go into an archive, with the mode that each gets there.
func read(modes map[string]os.FileMode) ([]file, error) {
	var files []file
	for path, mode := range modes {
		text, err := os.ReadFile(path)
		if err != nil {
			return nil, err
		}
		files = append(files, file{filepath.Base(path), mode, text})
	}
	return files, nil
}

// env is the environment of the go command for a platform.
func (p platform) env() []string {
	return []string{"CGO_ENABLED=0", "GOFLAGS=", "GOOS=" + p.OS, "GOARCH=" + p.Arch, "GOAMD64=v1", "GOARM64=v8.0"}
}

// program is what is built: a package of a module, which is named by its directory here.
type program struct{ name, module, pkg, ldflags string }

func buildAll(p platform, programs []program) ([]file, error) {
	var files []file
	for _, one := range programs {
		text, err := one.build(p)
		if err != nil {
			return nil, err
		}
		files = append(files, file{one.name + p.exe(), 0o755, text})
	}
	return files, nil
}

// build compiles one program.
func (one program) build(p platform) ([]byte, error) {
	return goMakes(one.module, p.env(), func(out string) []string {
		return []string{"build", "-trimpath", "-buildvcs=false", "-ldflags", one.ldflags, "-o", out, one.pkg}
	})
}

// goMakes runs the go command in a module, with more environment, and returns the file that it makes. args get the file's path.
func goMakes(module string, env []string, args func(out string) []string) ([]byte, error) {
	dir, err := os.MkdirTemp("", "dist-")
	if err != nil {
		return nil, err
	}
	defer os.RemoveAll(dir) //nolint:errcheck // A temporary directory that stays does no harm.
	out := filepath.Join(dir, "out")
	c := exec.Command("go", args(out)...)
	c.Dir = module
	c.Env = append(os.Environ(), env...)
	if said, err := c.CombinedOutput(); err != nil {
		return nil, fmt.Errorf("%w\n%s", err, said)
	}
	return os.ReadFile(out)
}
