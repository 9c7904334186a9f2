package main

import (
	"bytes"
	"compress/gzip"
	"os"
	"os/exec"
	"path/filepath"
	"runtime"
	"strings"
)

// extras are the files beside the programs that are the same on all platforms.
type extras struct {
	man         []file // NAME.1
	completions map[string]file
}

// shells are those that `completion` knows, with the file name that each looks for.
var shells = map[string]string{"bash": "kubectl-vsphere", "zsh": "_kubectl-vsphere", "fish": "kubectl-vsphere.fish", "powershell": "kubectl-vsphere.ps1"}

// makeExtras writes the manual pages, and asks the program for its completions.
func (r *release) makeExtras() error {
	dir, err := os.MkdirTemp("", "dist-")
	if err != nil {
		return err
	}
	defer os.RemoveAll(dir) //nolint:errcheck // A temporary directory that stays does no harm.
	pages := filepath.Join(dir, "man")
	if err := os.Mkdir(pages, 0o700); err != nil {
		return err
	}
	if _, err := said(nil, "go", "run", "./internal/gendocs", "man", pages, r.mtime.Format("2006-01-02"), r.Version); err != nil {
		return err
	}
	found, err := filepath.Glob(filepath.Join(pages, "*.1"))
	if err != nil {
		return err
	}
	modes := map[string]os.FileMode{}
	for _, page := range found {
		modes[page] = 0o644
	}
	if r.man, err = read(modes); err != nil {
		return err
	}
	here := platform{runtime.GOOS, runtime.GOARCH}
	built, err := r.programs()[0].build(here)
	if err != nil {
		return err
	}
	program := filepath.Join(dir, "kubectl-vsphere"+here.exe())
	if err := os.WriteFile(program, built, 0o700); err != nil {
		return err
	}
	r.completions = map[string]file{}
	for shell, name := range shells {
		text, err := said([]string{"HOME=" + dir, "KUBECONFIG="}, program, "completion", shell)
		if err != nil {
			return err
		}
		r.completions[shell] = file{name, 0o644, text}
	}
	return nil
}

// said is what a program prints.
func said(env []string, program string, args ...string) ([]byte, error) {
	c := exec.Command(program, args...)
	c.Env, c.Stderr = append(os.Environ(), env...), os.Stderr
	return c.Output()
}

// files are the extras of an archive. Windows has no manual pages.
func (e extras) files(p platform) []file {
	var all []file
	for shell, f := range e.completions {
		all = append(all, file{"completions/" + shell + "/" + f.name, f.mode, f.text})
	}
	if p.OS == "windows" {
		return all
	}
	return append(all, below("man", e.man)...)
}

// below puts files into a directory.
func below(dir string, files []file) []file {
	var all []file
	for _, f := range files {
		all = append(all, file{strings.TrimSuffix(dir, "/") + "/" + f.name, f.mode, f.text})
	}
	return all
}

// squeeze makes a .gz of a file. The same file gives the same bytes.
func squeeze(f file) (file, error) {
	var b bytes.Buffer
	z, err := gzip.NewWriterLevel(&b, gzip.BestCompression)
	if err != nil {
		return file{}, err
	}
	if _, err := z.Write(f.text); err != nil {
		return file{}, err
	}
	err = z.Close()
	return file{f.name + ".gz", f.mode, b.Bytes()}, err
}
