package internal

import (
	"io/fs"
	"os"
	"path/filepath"
	"regexp"
	"slices"
	"strings"
	"testing"

	"go.yaml.in/yaml/v3"
)

// workflows are the files with which GitHub and GitLab run our targets.
func workflows(t *testing.T) map[string]string {
	t.Helper()
	files, err := filepath.Glob("../.github/workflows/*.yml")
	if err != nil || len(files) < 2 {
		t.Fatal(files, err)
	}
	all := map[string]string{}
	for _, file := range append(files, "../.gitlab-ci.yml", "../.github/actions/login/action.yml") {
		text, err := os.ReadFile(file)
		if err != nil {
			t.Fatal(err)
		}
		all[filepath.Base(file)] = string(text)
	}
	return all
}

// An action that is named by a tag can change after it was read.
func TestActionsArePinned(t *testing.T) {
	pinned := regexp.MustCompile(`^[\w.-]+/[\w./-]+@[0-9a-f]{40} # v\d+\.\d+\.\d+$`)
	uses := regexp.MustCompile(`(?m)^\s*(?:- )?uses:\s*(.*)$`)
	n, versions := 0, map[string]string{}
	for file, text := range workflows(t) {
		for _, m := range uses.FindAllStringSubmatch(text, -1) {
			n++
			if !pinned.MatchString(m[1]) {
				t.Errorf("%s: %s is not pinned by SHA, with its version", file, m[1])
			}
			name, version, _ := strings.Cut(m[1], "@")
			if other, ok := versions[name]; ok && other != version {
				t.Errorf("%s: %s has two versions", file, name)
			}
			versions[name] = version
		}
	}
	if n < 5 {
		t.Errorf("only %d actions", n)
	}
}

// What they run are targets that there are, and all those of .ci/run.
func TestCIRunsTheSameTargets(t *testing.T) {
	makefile, err := os.ReadFile("../Makefile")
	if err != nil {
		t.Fatal(err)
	}
	run, err := os.ReadFile("../.ci/run")
	if err != nil {
		t.Fatal(err)
	}
	target := regexp.MustCompile(`(?m)(?:^|[\[ ])make ([a-z-]+)`)
	of := func(text string) (all []string) {
		for line := range strings.Lines(text) {
			if m := target.FindStringSubmatch(line); m != nil && !strings.HasPrefix(strings.TrimSpace(line), "#") {
				all = append(all, m[1])
			}
		}
		return all
	}
	want := of(string(run))
	if len(want) < 4 {
		t.Fatalf("only %q", want)
	}
	for file, text := range workflows(t) {
		got := of(text)
		for _, name := range got {
			if !regexp.MustCompile(`(?m)^` + name + `:`).Match(makefile) {
				t.Errorf("%s runs make %s, which there is not", file, name)
			}
		}
		for _, name := range want {
			if (file == "ci.yml" || file == ".gitlab-ci.yml") && !slices.Contains(got, name) {
				t.Errorf("%s does not run make %s", file, name)
			}
		}
	}
}

// A module that nobody looks after has old dependencies.
func TestDependabotKnowsEachModule(t *testing.T) {
	var modules []string
	err := filepath.WalkDir("..", func(path string, d fs.DirEntry, err error) error {
		switch {
		case err != nil:
			return err
		case d.IsDir() && (strings.HasPrefix(d.Name(), ".") && d.Name() != ".." || d.Name() == "testdata" || d.Name() == "bin" || filepath.ToSlash(path) == "../dist"):
			return filepath.SkipDir
		case d.Name() == "go.mod":
			modules = append(modules, "/"+strings.TrimPrefix(strings.TrimPrefix(filepath.ToSlash(filepath.Dir(path)), ".."), "/"))
		}
		return nil
	})
	if err != nil {
		t.Fatal(err)
	}
	text, err := os.ReadFile("../.github/dependabot.yml")
	if err != nil {
		t.Fatal(err)
	}
	var config struct {
		Updates []struct {
			Ecosystem   string   `yaml:"package-ecosystem"`
			Directories []string `yaml:"directories"`
		} `yaml:"updates"`
	}
	if err := yaml.Unmarshal(text, &config); err != nil {
		t.Fatal(err)
	}
	for _, update := range config.Updates {
		if update.Ecosystem != "gomod" {
			continue
		}
		slices.Sort(modules)
		if slices.Sort(update.Directories); !slices.Equal(modules, update.Directories) {
			t.Errorf("modules: %q\ndependabot: %q", modules, update.Directories)
		}
		return
	}
	t.Error("dependabot knows no module")
}
