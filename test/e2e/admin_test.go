package e2e

import (
	"context"
	"fmt"
	"net/http"
	"net/url"
	"slices"
	"strings"

	"github.com/kubectl-vsphere/kubectl-vsphere/test/lab/lab"
)

// adminCall asks the lab's admin API. in and out may be nil.
func adminCall(method, path string, in, out any) error {
	return site.Do(context.Background(), lab.Request{Method: method, Path: path, Body: in, Into: out})
}

// user is an account of one test.
type user struct {
	Username   string   `json:"username"`
	Password   string   `json:"password"`
	Namespaces []string `json:"namespaces"`
	Role       string   `json:"role,omitempty"`
}

const password = "Pass word-1"

func addUser(name, role string, namespaces ...string) (user, error) {
	u := user{Username: name + "@vsphere.local", Password: password, Namespaces: namespaces, Role: role}
	return u, adminCall(http.MethodPost, "users", u, nil)
}

type request struct {
	Server, Method, Endpoint, User, Cluster string
	Status                                  int
}

// requests is the log of one user, a line each, sorted: METHOD ENDPOINT [CLUSTER] STATUS SERVER. Addresses are written as
// their names in scripts.
func requests(username string) (string, error) {
	var log []request
	if err := adminCall(http.MethodGet, "log?user="+url.QueryEscape(username), nil, &log); err != nil {
		return "", err
	}
	var lines []string
	for _, r := range log {
		words := []string{r.Method, r.Endpoint}
		if r.Cluster != "" {
			words = append(words, r.Cluster)
		}
		lines = append(lines, strings.Join(append(words, fmt.Sprint(r.Status), serverName(r.Server)), " "))
	}
	slices.Sort(lines)
	return strings.Join(append(lines, ""), "\n"), nil
}

func serverName(server string) string {
	for i, s := range site.Supervisors {
		if s.Server == server {
			return fmt.Sprintf("SERVER%d", i+1)
		}
	}
	return server
}
