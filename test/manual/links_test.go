package manual

import (
	"io/fs"
	"net/url"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"golang.org/x/net/html"
)

// site is where make manual puts the site.
const site = "../../.cache/manual"

// page is what a page has for links.
type page struct {
	ids   map[string]bool
	links []string
}

// pages are the pages of the site by their path, such as ko/first-login.html.
func pages(t *testing.T) map[string]page {
	t.Helper()
	all := map[string]page{}
	err := filepath.WalkDir(site, func(path string, _ fs.DirEntry, err error) error {
		if err != nil || !strings.HasSuffix(path, ".html") {
			return err
		}
		file, err := os.Open(path)
		if err != nil {
			return err
		}
		defer func() { _ = file.Close() }()
		root, err := html.Parse(file)
		if err != nil {
			return err
		}
		p := page{ids: map[string]bool{}}
		for n := range root.Descendants() {
			p.add(n)
		}
		name, err := filepath.Rel(site, path)
		all[filepath.ToSlash(name)] = p
		return err
	})
	if err != nil {
		t.Fatalf("%v (type: make manual)", err)
	}
	if len(all) < 22 {
		t.Fatalf("%d pages", len(all))
	}
	return all
}

// add takes what an element has for links.
func (p *page) add(n *html.Node) {
	for _, a := range n.Attr {
		switch {
		case n.Type != html.ElementNode:
		case a.Key == "id":
			p.ids[a.Val] = true
		case a.Key == "href" && n.Data == "a", a.Key == "src", a.Key == "href" && n.Data == "link":
			p.links = append(p.links, a.Val)
		}
	}
}

// base is the path below which the site is built.
func base() string {
	if b := os.Getenv("MANUAL_BASE"); b != "" {
		return b
	}
	return "/"
}

// Each link of each page leads to a page, a heading or a file of the site that exists. The program's repository is not asked.
func TestLinks(t *testing.T) {
	all, n := pages(t), 0
	for name, p := range all {
		for _, link := range p.links {
			u, err := url.Parse(link)
			if err != nil {
				t.Errorf("%s: %v", name, err)
				continue
			}
			if u.Scheme != "" || u.Host != "" {
				continue
			}
			n++
			file := name
			if u.Path != "" {
				file = strings.TrimPrefix(u.Path, base())
			}
			if file == "" || strings.HasSuffix(file, "/") {
				file += "index.html"
			}
			if _, err := os.Stat(filepath.Join(site, file)); err != nil {
				t.Errorf("%s: %s: there is no such file", name, link)
			} else if to, ok := all[file]; ok && u.Fragment != "" && !to.ids[u.Fragment] {
				t.Errorf("%s: %s: there is no such heading", name, link)
			}
		}
	}
	if n < 500 {
		t.Errorf("%d links", n)
	}
}

// No page loads anything from another server, and the search has its index here.
func TestNothingComesFromElsewhere(t *testing.T) {
	found := false
	err := filepath.WalkDir(site, func(path string, _ fs.DirEntry, err error) error {
		found = found || strings.Contains(filepath.Base(path), "localSearchIndex")
		return err
	})
	if err != nil || !found {
		t.Errorf("no index for the search, %v", err)
	}
	for name, p := range pages(t) {
		if name == "404.html" {
			continue
		}
		for _, link := range p.links {
			if u, err := url.Parse(link); err == nil && u.Host != "" && strings.HasSuffix(u.Path, ".js") {
				t.Errorf("%s: %s", name, link)
			}
		}
	}
}
