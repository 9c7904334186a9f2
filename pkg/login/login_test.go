package login_test

import (
	"context"
	"errors"
	"fmt"
	"net/http"
	"slices"
	"strings"
	"sync"
	"testing"
	"testing/synctest"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/kubectl-vsphere/kubectl-vsphere/pkg/disclose"
	"github.com/kubectl-vsphere/kubectl-vsphere/pkg/login"
	"github.com/kubectl-vsphere/kubectl-vsphere/pkg/supervisor"
	"github.com/kubectl-vsphere/kubectl-vsphere/pkg/tokens"
	"github.com/kubectl-vsphere/kubectl-vsphere/pkg/wire"
)

// site has two namespaces at the Supervisor and one at another control plane host.
func site() *fake {
	return &fake{
		order:    []string{"team-a", "team-b", "team-c"},
		clusters: map[string][]string{"team-a": {"one", "two"}, "team-b": {"two"}, "team-c": {"three"}},
		hosts:    map[string]string{"team-c": "10.0.0.2"},
	}
}

func do(t *testing.T, r login.Request) *login.Result {
	t.Helper()
	res, err := login.Do(t.Context(), r)
	if err != nil {
		t.Fatal(err)
	}
	return res
}

// names lists the clusters of a result, sorted.
func names(res *login.Result) []string {
	var out []string
	for _, c := range res.Clusters {
		out = append(out, c.Namespace+"/"+c.Name)
	}
	slices.Sort(out)
	return out
}

// failures maps what failed to why.
func failures(res *login.Result) map[string]string {
	out := map[string]string{}
	for _, f := range res.Failures {
		out[f.What] = f.Err.Error()
	}
	return out
}

func TestDoReachesTheWholeSite(t *testing.T) {
	f := site()
	res := do(t, f.request(t, "all"))
	if diff := cmp.Diff([]string{"team-a/one", "team-a/two", "team-b/two", "team-c/three"}, names(res)); diff != "" {
		t.Error(diff)
	}
	if len(res.Failures)+len(res.Unlisted) > 0 {
		t.Errorf("failures %v, unlisted %v", failures(res), res.Unlisted)
	}
	var hosts, namespaces []string
	for _, h := range res.Hosts {
		hosts = append(hosts, fmt.Sprint(h.Address, " ", h.APIPort))
	}
	for _, n := range res.Namespaces {
		namespaces = append(namespaces, n.Name+" "+n.Host.Address.String())
	}
	if diff := cmp.Diff([]string{"10.0.0.1 6443", "10.0.0.2 6443"}, hosts); diff != "" {
		t.Error(diff)
	}
	if diff := cmp.Diff([]string{"team-a 10.0.0.1", "team-b 10.0.0.1", "team-c 10.0.0.2"}, namespaces); diff != "" {
		t.Error(diff)
	}
	if n := f.count("POST 10.0.0.1/wcp/login") + f.count("POST 10.0.0.2/wcp/login"); n != 6 {
		t.Errorf("%d logins, want one for each of 2 hosts and 4 clusters", n)
	}
}

// TestEveryCredentialIsForItsOwnKey reads from each token which host issued it and for what.
func TestEveryCredentialIsForItsOwnKey(t *testing.T) {
	res := do(t, site().request(t, "all"))
	got := map[tokens.Key]string{}
	for _, c := range res.Credentials() {
		got[c.Key] = purpose(t, c.Token)
		if !c.Expires.After(c.Issued) {
			t.Errorf("%v is issued %v and ends %v", c.Key, c.Issued, c.Expires)
		}
	}
	want := map[tokens.Key]string{}
	for _, s := range []string{"10.0.0.1|", "10.0.0.2|", "10.0.0.1|team-a/one", "10.0.0.1|team-a/two", "10.0.0.1|team-b/two", "10.0.0.2|team-c/three"} {
		server, cluster, _ := strings.Cut(s, "|")
		want[tokens.Key{Server: server, User: "ada@vsphere.local", Cluster: cluster}] = s
	}
	if diff := cmp.Diff(want, got); diff != "" {
		t.Error(diff)
	}
	for _, c := range res.Clusters {
		if c.Server != c.Name+".example.com" {
			t.Errorf("%s is at %q", c.Name, c.Server)
		}
	}
}

// Whoever keeps the credentials learns the hosts before any cluster is asked for, and then gets each cluster's credential, one at a time.
func TestCredentialsAreGivenWhileOthersAreUnderWay(t *testing.T) {
	f := site()
	r := f.request(t, "all")
	var hosts []login.Host
	var given []tokens.Credential // Not locked: the race detector sees two at a time.
	r.Reached = func(all []login.Host) {
		hosts = all
		if n := f.count("POST 10.0.0.1/wcp/login") + f.count("POST 10.0.0.2/wcp/login"); n != 2 || len(given) > 0 {
			t.Errorf("after %d logins, and %d credentials", n, len(given))
		}
	}
	first := make(chan struct{})
	var once sync.Once
	r.Minted = func(c tokens.Credential) {
		given = append(given, c)
		once.Do(func() { close(first) })
	}
	f.hold = func(r *http.Request) {
		if r.URL.Path == "/wcp/login" && f.count("POST 10.0.0.1/wcp/login")+f.count("POST 10.0.0.2/wcp/login") == 6 { // The last one.
			<-first
		}
	}
	res := do(t, r)
	want := res.Credentials()[2:]
	byKey := func(a, b tokens.Credential) int { return strings.Compare(a.Key.Cluster, b.Key.Cluster) }
	slices.SortFunc(given, byKey)
	slices.SortFunc(want, byKey)
	if !slices.Equal(given, want) || len(given) != 4 || len(hosts) != 2 {
		t.Errorf("got %v of %v, want %v", given, hosts, want)
	}
}

func TestThePasswordIsProvenByOneRequest(t *testing.T) {
	f := site()
	// Nothing else may come in before the first request is answered.
	f.hold = func(r *http.Request) {
		if paths := f.paths(); r.URL.Path == "/wcp/workloads" && len(paths) != 1 {
			t.Errorf("beside the first request there are %v", paths)
		}
	}
	do(t, f.request(t, "all"))
	if first := f.paths()[0]; first != "GET 10.0.0.1/wcp/workloads" {
		t.Errorf("the first request is %s", first)
	}
	if n := f.count("GET 10.0.0.1/wcp/workloads"); n != 1 {
		t.Errorf("it came %d times", n)
	}
}

func TestAWrongPasswordGoesOutOnce(t *testing.T) {
	f := site()
	r := f.request(t, "all")
	r.Password = disclose.SupervisorAt(front).Hold(disclose.Password, "wrong-pass")
	res, err := login.Do(t.Context(), r)
	if !errors.Is(err, wire.ErrRefused) || res != nil || strings.Contains(err.Error(), "wrong-pass") {
		t.Errorf("%v, %v; want ErrRefused", res, err)
	}
	if paths := f.paths(); len(paths) != 1 {
		t.Errorf("the requests were %v, want one", paths)
	}
}

func TestNoClusterIsAskedForWhenNoneIsWanted(t *testing.T) {
	f := site()
	res := do(t, f.request(t, "none"))
	if len(res.Clusters) > 0 || len(res.Namespaces) != 3 || len(f.told()) != 3 {
		t.Errorf("%v after %v", names(res), f.paths())
	}
}

func TestOneLoginWithoutANamespaceIsEnough(t *testing.T) {
	f := &fake{}
	res := do(t, f.request(t, "all"))
	want := []string{"GET 10.0.0.1/wcp/workloads", "POST 10.0.0.1/wcp/login"}
	if diff := cmp.Diff(want, f.told()); diff != "" || len(res.Hosts) != 1 || len(res.Failures) > 0 {
		t.Errorf("%v %s", failures(res), diff)
	}
}

func TestTheSelectedClustersAreLoggedInTo(t *testing.T) {
	for selection, want := range map[string][]string{
		"one":                           {"team-a/one"},
		"team-b/two":                    {"team-b/two"},
		"one, three":                    {"team-a/one", "team-c/three"},
		"team-a/two,team-b/two":         {"team-a/two", "team-b/two"},
		"team-c/three,team-c/three,one": {"team-a/one", "team-c/three"},
	} {
		f := site()
		res := do(t, f.request(t, selection))
		if diff := cmp.Diff(want, names(res)); diff != "" || len(res.Failures) > 0 {
			t.Errorf("%s: %v %s", selection, failures(res), diff)
		}
		if n := f.count("POST 10.0.0.1/wcp/login") + f.count("POST 10.0.0.2/wcp/login"); n != 2+len(want) {
			t.Errorf("%s: %d logins", selection, n)
		}
	}
}

func TestAClusterThatIsNamedInTwoWaysIsOne(t *testing.T) {
	f := site()
	res := do(t, f.request(t, "one,team-a/one"))
	if diff := cmp.Diff([]string{"team-a/one"}, names(res)); diff != "" {
		t.Error(diff)
	}
}

func TestAClusterThatNobodyKnows(t *testing.T) {
	res := do(t, site().request(t, "one,nine,team-a/three"))
	var unknown *login.UnknownClusterError
	for _, f := range res.Failures {
		if !errors.As(f.Err, &unknown) || unknown.Error() != "no such cluster; there are: team-a/one, team-a/two, team-b/two, team-c/three" {
			t.Errorf("%s: %v", f.What, f.Err)
		}
	}
	if why := failures(res); len(why) != 2 || why["nine"] == "" || why["team-a/three"] == "" {
		t.Errorf("failures are %v", why)
	}
	if diff := cmp.Diff([]string{"team-a/one"}, names(res)); diff != "" {
		t.Error(diff)
	}
}

func TestAClusterNameInTwoNamespaces(t *testing.T) {
	f := site()
	res := do(t, f.request(t, "two"))
	var ambiguous *login.AmbiguousError
	if len(res.Failures) != 1 || res.Failures[0].What != "two" || !errors.As(res.Failures[0].Err, &ambiguous) {
		t.Fatalf("failures are %v", failures(res))
	}
	if diff := cmp.Diff([]string{"team-a", "team-b"}, ambiguous.In); diff != "" || !strings.Contains(ambiguous.Error(), "team-a and team-b") {
		t.Error(ambiguous, diff)
	}
	if len(res.Clusters) > 0 || f.count("POST 10.0.0.1/wcp/login") != 1 {
		t.Errorf("%v was guessed", names(res))
	}
}

func TestAClusterWhereListsAreForbidden(t *testing.T) {
	for name, tc := range map[string]struct {
		selection string
		secret    map[string][]string
		want      []string
		failure   string // begins so
	}{
		"is found by logging in":             {"hidden", map[string][]string{"team-b": {"hidden"}}, []string{"team-b/hidden"}, ""},
		"is found in its namespace":          {"team-b/hidden", map[string][]string{"team-b": {"hidden"}}, []string{"team-b/hidden"}, ""},
		"is unknown":                         {"hidden", nil, nil, "no such cluster"},
		"exists twice":                       {"hidden", map[string][]string{"team-a": {"hidden"}, "team-b": {"hidden"}}, nil, "exists in the namespaces team-a and team-b"},
		"all takes what the lists give only": {"all", map[string][]string{"team-b": {"hidden"}}, []string{"team-c/three"}, ""},
	} {
		f := site()
		f.clusters = map[string][]string{"team-c": {"three"}}
		f.closed = map[string]int{"team-a": 403, "team-b": 403}
		f.secret = tc.secret
		res := do(t, f.request(t, tc.selection))
		if diff := cmp.Diff(tc.want, names(res)); diff != "" {
			t.Errorf("%s: %s", name, diff)
		}
		if diff := cmp.Diff([]string{"team-a", "team-b"}, res.Unlisted); diff != "" {
			t.Errorf("%s: unlisted: %s", name, diff)
		}
		if (tc.failure != "") != (len(res.Failures) == 1) || tc.failure != "" && !strings.HasPrefix(failures(res)[tc.selection], tc.failure) {
			t.Errorf("%s: failures are %v", name, failures(res))
		}
	}
}

func TestPartsThatFailAreNamed(t *testing.T) {
	f := site()
	f.closed = map[string]int{"team-b": 500}
	f.building = map[string]bool{"one": true}
	f.answer = func(_, cluster string) int {
		if cluster == "team-a/two" {
			return http.StatusServiceUnavailable
		}
		return 0
	}
	res := do(t, f.request(t, "all"))
	if diff := cmp.Diff([]string{"team-c/three"}, names(res)); diff != "" {
		t.Error(diff)
	}
	why := failures(res)
	for what, says := range map[string]string{
		"team-b": "list its clusters", "team-a/one": login.ErrNoEndpoint.Error(), "team-a/two": "service unavailable (503)",
	} {
		if !strings.Contains(why[what], says) {
			t.Errorf("%s: %q does not say %q", what, why[what], says)
		}
	}
	if len(why) != 3 {
		t.Errorf("failures are %v", why)
	}
}

func TestAHostThatFailsLeavesTheOthers(t *testing.T) {
	f := site()
	f.answer = func(host, _ string) int {
		if host == "10.0.0.2" {
			return http.StatusInternalServerError
		}
		return 0
	}
	res := do(t, f.request(t, "all"))
	if diff := cmp.Diff([]string{"team-a/one", "team-a/two", "team-b/two"}, names(res)); diff != "" {
		t.Error(diff)
	}
	if why := failures(res); len(why) != 1 || why["10.0.0.2"] == "" || len(res.Namespaces) != 2 {
		t.Errorf("failures are %v, %d namespaces", why, len(res.Namespaces))
	}
}

func TestNoHostThatAcceptsTheAccountIsAnError(t *testing.T) {
	f := site()
	f.answer = func(string, string) int { return http.StatusInternalServerError }
	if res, err := login.Do(t.Context(), f.request(t, "all")); !errors.Is(err, wire.ErrServer) || res != nil {
		t.Errorf("%v, %v", res, err)
	}
}

// many is a site with n clusters in one namespace.
func many(n int) *fake {
	f := &fake{order: []string{"team-a"}, clusters: map[string][]string{}}
	for i := range n {
		f.clusters["team-a"] = append(f.clusters["team-a"], fmt.Sprintf("c%03d", i))
	}
	return f
}

func TestARefusalInTheMiddleStopsTheRest(t *testing.T) {
	const clusters = 100
	f := many(clusters)
	f.answer = func(_, cluster string) int {
		if cluster != "" {
			return http.StatusUnauthorized
		}
		return 0
	}
	r := f.request(t, "all")
	var mu sync.Mutex
	var steps []int
	r.Progress = func(step login.Step, done, total int) {
		if step != login.StepClusters {
			return
		}
		mu.Lock()
		defer mu.Unlock()
		steps = append(steps, done)
		if total != clusters {
			t.Errorf("the total is %d", total)
		}
	}
	res := do(t, r)
	// What was under way at the first refusal cannot be taken back; nothing may follow.
	if n := f.count("POST 10.0.0.1/wcp/login") - 1; n < 1 || n > login.MaxInFlight {
		t.Errorf("the refused password went out %d times", n)
	}
	if len(res.Failures) != clusters || len(res.Clusters) != 0 || len(res.Hosts) != 1 {
		t.Errorf("%d failures, %d clusters, %d hosts", len(res.Failures), len(res.Clusters), len(res.Hosts))
	}
	var refused, untried int
	for _, failure := range res.Failures {
		switch {
		case errors.Is(failure.Err, wire.ErrRefused):
			refused++
		case strings.HasPrefix(failure.Err.Error(), "not tried"):
			untried++
		default:
			t.Errorf("%s: %v", failure.What, failure.Err)
		}
	}
	if refused == 0 || untried < clusters-login.MaxInFlight {
		t.Errorf("%d refused, %d not tried", refused, untried)
	}
	slices.Sort(steps)
	if len(steps) != clusters || steps[0] != 1 || steps[clusters-1] != clusters {
		t.Errorf("the steps are %v", steps)
	}
}

// gathers returns a hold that keeps requests of a kind until n of them are under way at once, then lets all go.
func gathers(n int, ours func(*http.Request) bool) func(*http.Request) {
	var mu sync.Mutex
	arrived, full := 0, make(chan struct{})
	return func(r *http.Request) {
		if !ours(r) {
			return
		}
		mu.Lock()
		if arrived++; arrived == n {
			close(full)
		}
		mu.Unlock()
		select {
		case <-full:
		case <-r.Context().Done():
		}
	}
}

func TestLoginsRunInParallelWithinABound(t *testing.T) {
	f := many(100)
	// The host's own login comes alone and has no body.
	f.hold = gathers(login.MaxInFlight, func(r *http.Request) bool { return r.URL.Path == "/wcp/login" && r.ContentLength != 0 })
	res := do(t, f.request(t, "all"))
	if len(res.Clusters) != 100 || f.peak != login.MaxInFlight {
		t.Errorf("%d clusters; %d requests were under way at once, want %d", len(res.Clusters), f.peak, login.MaxInFlight)
	}
}

// TestListsRunInParallelWithinABound has no network, so that the bubble can tell when every list that may be under way
// is.
func TestListsRunInParallelWithinABound(t *testing.T) {
	f := &fake{t: t, twins: true, clusters: map[string][]string{}}
	for i := range 40 {
		f.order = append(f.order, fmt.Sprintf("team-%02d", i))
	}
	synctest.Test(t, func(t *testing.T) {
		release, done := make(chan struct{}), make(chan struct{})
		f.hold = func(r *http.Request) {
			if strings.HasPrefix(r.URL.Path, "/apis/") && strings.Contains(r.URL.Path, "/namespaces/") {
				<-release
			}
		}
		r := login.Request{
			Wire: &wire.Client{HTTP: &http.Client{Transport: direct{f}}}, Server: supervisor.Address{Host: front},
			User: "ada@vsphere.local", Password: held,
		}
		go func() {
			defer close(done)
			if _, err := login.Do(t.Context(), r); err != nil {
				t.Error(err)
			}
		}()
		synctest.Wait()
		f.mu.Lock()
		flying := f.flying
		f.mu.Unlock()
		close(release)
		<-done
		if flying != login.MaxInFlight {
			t.Errorf("%d requests were under way at once, want %d", flying, login.MaxInFlight)
		}
	})
}

func TestCancellationEndsALogin(t *testing.T) {
	ctx, cancel := context.WithCancel(t.Context())
	defer cancel()
	f := many(100)
	f.hold = func(*http.Request) {
		if len(f.paths()) > 10 {
			cancel()
		}
	}
	if res, err := login.Do(ctx, f.request(t, "all")); !errors.Is(err, context.Canceled) || res != nil {
		t.Errorf("%v, %v; want context.Canceled", res, err)
	}
}

func TestMintAsksNobodyForAKeyThatIsNone(t *testing.T) {
	f := site()
	key := tokens.Key{Server: "not an address", User: "ada"}
	if _, _, err := login.Mint(t.Context(), f.request(t, "").Wire, key, held); err == nil || len(f.paths()) > 0 {
		t.Errorf("%v after %v", err, f.paths())
	}
}

func TestMintTellsATokenThatHasEndedAlready(t *testing.T) {
	f := site()
	f.lived = -time.Hour
	key := tokens.Key{Server: front, User: "ada"}
	c, _, err := login.Mint(t.Context(), f.request(t, "").Wire, key, held)
	if !errors.Is(err, wire.ErrServer) || !strings.Contains(err.Error(), "is the clock of this machine right?") || c.Token != "" {
		t.Errorf("%+v, %v", c, err)
	}
}
