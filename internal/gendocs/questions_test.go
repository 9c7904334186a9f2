package main

import (
	"path"
	"strings"
	"testing"
)

const (
	startPage = "docs/README.md"
	questions = "docs/questions.md"
)

// Each question leads to its answer, and a reader who does not use the list gets there from the start page by three clicks at most. The
// last click may be the one on a heading in the list beside a page.
func TestQuestions(t *testing.T) {
	clicks := distances(t)
	n := 0
	for i, line := range prose(t, questions) {
		if !strings.HasPrefix(line, "- ") {
			continue
		}
		n++
		m := link.FindStringSubmatch(line)
		if m == nil {
			t.Errorf("%s:%d: it has no link: %s", questions, i+1, line)
			continue
		}
		to := target(questions, m[1])
		file, fragment, _ := strings.Cut(to, "#")
		if problem := follow(t, questions, m[1]); problem != "" || fragment == "" {
			t.Errorf("%s:%d: %s: %s", questions, i+1, m[1], problem)
		}
		direct, ok := clicks[to]
		if byPage, found := clicks[file]; found && (!ok || byPage+1 < direct) {
			direct, ok = byPage+1, true
		}
		if !ok || direct > 3 {
			t.Errorf("%s:%d: %s is %d clicks from the start page (%t)", questions, i+1, to, direct, ok)
		}
	}
	if n < 40 {
		t.Errorf("%d questions", n)
	}
}

// The pages for people who read Korean lead to the English ones and back.
func TestTranslationsAreLinkedBothWays(t *testing.T) {
	n := 0
	for _, page := range pages(t) {
		if path.Dir(path.Dir(page)) != "docs" {
			continue
		}
		n++
		english := path.Join("docs", path.Base(page))
		for from, to := range map[string]string{page: english, english: page} {
			if !links(t, from)[to] {
				t.Errorf("%s does not lead to %s", from, to)
			}
		}
	}
	if n < 2 {
		t.Errorf("%d translations", n)
	}
}

// distances are the clicks from the start page to each page and to each heading that a link names, without the list of questions.
func distances(t *testing.T) map[string]int {
	t.Helper()
	found, next := map[string]int{startPage: 0}, []string{startPage}
	for len(next) > 0 {
		page := next[0]
		next = next[1:]
		for to := range links(t, page) {
			file, _, _ := strings.Cut(to, "#")
			for _, place := range []string{to, file} {
				if _, seen := found[place]; seen || file == questions {
					continue
				}
				found[place] = found[page] + 1
				if place == file && strings.HasSuffix(file, ".md") {
					next = append(next, file)
				}
			}
		}
	}
	return found
}

// links are the places of this repository that a page leads to.
func links(t *testing.T, page string) map[string]bool {
	t.Helper()
	all := map[string]bool{}
	for _, line := range prose(t, page) {
		for _, m := range link.FindAllStringSubmatch(line, -1) {
			if !strings.Contains(m[1], "://") {
				all[target(page, m[1])] = true
			}
		}
	}
	return all
}

// target is the file, and perhaps heading, that a link of a page leads to.
func target(page, to string) string {
	if strings.HasPrefix(to, "#") {
		return page + to
	}
	return path.Join(path.Dir(page), to)
}
