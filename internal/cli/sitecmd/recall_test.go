package sitecmd_test

import (
	"net/http"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/kubectl-vsphere/kubectl-vsphere/internal/consoletest"
	"github.com/kubectl-vsphere/kubectl-vsphere/internal/failure"
)

// asksVersions reports whether a server was asked which versions it has.
func asksVersions(s *consoletest.Supervisor) bool {
	return slices.ContainsFunc(s.Requests(), func(r string) bool { return strings.Count(r, "/") == 2 && strings.HasPrefix(r, "GET /apis/") })
}

// The second list begins with the lists themselves. A server that has changed since is asked anew.
func TestListRecallsVersions(t *testing.T) {
	w, s := signedIn(t)
	h := capi(cluster("ns1", "tkc1", ready))
	s.Hold(h)
	s.Hold(tkc())
	run := func(why string, asks bool, names ...string) {
		t.Helper()
		s.Forget()
		r := w.Run("list", "clusters", "-o", "name").Exits(failure.OK)
		var want []string
		for _, name := range names {
			want = append(want, "clusters.cluster.x-k8s.io/"+name)
		}
		if got := strings.Fields(r.Out); !slices.Equal(got, want) || r.Err != "" || asksVersions(s) != asks {
			t.Errorf("%s: %q, standard error %q, requests %q", why, got, r.Err, s.Requests())
		}
	}
	run("the first one", true, "tkc1")
	run("the second one", false, "tkc1")

	h.Version, h.Objects = "v1beta1", []string{cluster("ns1", "later", ready)} // That version alone.
	s.Hold(h)
	run("after an update of the server", true, "later")
	run("and after that", false, "later")

	s.Hidden = false // The user may list namespaces by now, and there is a new one.
	s.Namespaces = append(s.Namespaces, &consoletest.Namespace{Name: "anew"})
	h.Objects = append(h.Objects, cluster("anew", "first", ready))
	s.Hold(h)
	run("with a new namespace", false, "first", "later")
	h.Everywhere = true
	s.Hold(h)
	run("with all at once", false, "first", "later")
	if got := s.Count("GET /apis/cluster.x-k8s.io/v1beta1/namespaces/ns1/clusters"); got != 0 {
		t.Errorf("an administrator listed one by one: %q", s.Requests())
	}
	h.Everywhere, s.Hidden = false, true
	s.Hold(h)
	run("after that right was taken away", false, "later")

	w.Advance(7 * time.Hour)
	run("after some hours", true, "later")
	w.Run("logout").Exits(failure.OK)
	if left, err := filepath.Glob(filepath.Join(w.Store().Dir(), "served", "*")); err != nil || len(left) > 0 {
		t.Errorf("a logout leaves %q, %v", left, err)
	}
}

// A server that is gone, or that refuses the token, is one error and not one for each list.
func TestListOfAKnownServerThatFails(t *testing.T) {
	w, s := signedIn(t)
	s.Hold(capi(cluster("ns1", "tkc1", ready)))
	s.Hold(tkc())
	w.Run("list", "clusters").Exits(failure.OK)
	for _, path := range []string{"/api/v1/namespaces", "/apis/cluster.x-k8s.io/v1beta2/namespaces/ns1/clusters", "/apis/cluster.x-k8s.io/v1beta2/namespaces/ns2/clusters",
		"/apis/run.tanzu.vmware.com/v1alpha3/namespaces/ns1/tanzukubernetesclusters", "/apis/run.tanzu.vmware.com/v1alpha3/namespaces/ns2/tanzukubernetesclusters"} {
		s.Replies["GET "+path] = consoletest.Status(http.StatusUnauthorized, "")
	}
	r := w.Run("list", "clusters").Exits(failure.Refused)
	if strings.Count(r.Err, "401") != 1 {
		t.Errorf("%s", r.Err)
	}
}
