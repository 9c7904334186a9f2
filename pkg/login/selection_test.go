package login

import (
	"strings"
	"testing"
	"testing/synctest"

	"github.com/google/go-cmp/cmp"
)

func TestParseSelection(t *testing.T) {
	for text, want := range map[string]Selection{
		"":                {},
		" all ":           {},
		"none":            {nothing: true},
		"one":             {only: []Ref{{Name: "one"}}},
		"team-a/one, two": {only: []Ref{{"team-a", "one"}, {"", "two"}}},
		"one,one":         {only: []Ref{{Name: "one"}}},
		"team-a/all":      {only: []Ref{{"team-a", "all"}}},
	} {
		got, err := ParseSelection(text)
		if diff := cmp.Diff(want, got, cmp.AllowUnexported(Selection{})); diff != "" || err != nil {
			t.Errorf("%q: %v %s", text, err, diff)
		}
	}
}

func TestParseSelectionRefusesWhatIsNoCluster(t *testing.T) {
	for _, text := range []string{",", "one,", "/one", "team-a/", "/", "a/b/c", "one,,two"} {
		if got, err := ParseSelection(text); err == nil || len(got.only) > 0 {
			t.Errorf("%q is %+v, %v", text, got, err)
		}
	}
}

func TestWithNarrowsWithoutTouchingTheOriginal(t *testing.T) {
	one, two, three := Ref{Name: "one"}, Ref{Name: "two"}, Ref{Name: "three"}
	base := Selection{}.With(one)
	a, b := base.With(two), base.With(three)
	for name, tc := range map[string]struct {
		got  Selection
		want []Ref
	}{
		"the original": {base, []Ref{one}}, "one branch": {a, []Ref{one, two}}, "the other": {b, []Ref{one, three}},
		"the same again": {a.With(one), []Ref{one, two}}, "none": {Selection{nothing: true}.With(one), []Ref{one}},
	} {
		if diff := cmp.Diff(tc.want, tc.got.only); diff != "" || tc.got.none() {
			t.Errorf("%s: %s", name, diff)
		}
	}
}

func TestUnknownClusterErrorListsAFew(t *testing.T) {
	known := make([]Ref, maxNamed+7)
	for i := range known {
		known[i] = Ref{"ns", "c"}
	}
	text := (&UnknownClusterError{Known: known}).Error()
	if strings.Count(text, "ns/c") != maxNamed || !strings.HasSuffix(text, "and 7 more") {
		t.Error(text)
	}
}

// TestEachKeepsToItsBound waits until everything that can run is running: the bubble tells when that is.
func TestEachKeepsToItsBound(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		release := make(chan struct{})
		seen := make([]bool, 50)
		running := make(chan int, len(seen))
		done := make(chan struct{})
		go func() {
			each(len(seen), func(i int) {
				seen[i] = true
				running <- i
				<-release
			})
			close(done)
		}()
		synctest.Wait()
		if len(running) != MaxInFlight {
			t.Errorf("%d run at once, want %d", len(running), MaxInFlight)
		}
		close(release)
		<-done
		for i, s := range seen {
			if !s {
				t.Errorf("%d did not run", i)
			}
		}
	})
}
