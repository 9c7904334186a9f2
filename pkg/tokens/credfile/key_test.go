package credfile_test

import (
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/kubectl-vsphere/kubectl-vsphere/pkg/tokens/credfile"
)

var (
	supervisorKey = credfile.Key{Server: "10.0.0.1", User: "Ada@vsphere.local"}
	clusterKey    = credfile.Key{Server: "10.0.0.1:8443", User: "ada@vsphere.local", Cluster: "team-a/one"}
)

func TestFoldDropsCaseAndNothingElse(t *testing.T) {
	for in, want := range map[string]string{
		"":                          "",
		"Administrator@VSPHERE.com": "administrator@vsphere.com",
		`CORP\Jürgen`:               `corp\jürgen`,
		"ÄÖÜ":                       "äöü",
		" a ":                       " a ",
	} {
		if got := credfile.Fold(in); got != want {
			t.Errorf("Fold(%q) = %q, want %q", in, got, want)
		}
	}
}

func TestSameComparesUsersWithoutCase(t *testing.T) {
	base := credfile.Key{Server: "sup", User: "ada", Cluster: "ns/c"}
	for name, tc := range map[string]struct {
		other credfile.Key
		want  bool
	}{
		"itself":            {base, true},
		"user in capitals":  {credfile.Key{Server: "sup", User: "ADA", Cluster: "ns/c"}, true},
		"another user":      {credfile.Key{Server: "sup", User: "bob", Cluster: "ns/c"}, false},
		"another server":    {credfile.Key{Server: "sup2", User: "ada", Cluster: "ns/c"}, false},
		"another cluster":   {credfile.Key{Server: "sup", User: "ada", Cluster: "ns/d"}, false},
		"the Supervisor":    {credfile.Key{Server: "sup", User: "ada"}, false},
		"server in capital": {credfile.Key{Server: "SUP", User: "ada", Cluster: "ns/c"}, false}, // servers are canonical
	} {
		if got := base.Same(tc.other); got != tc.want {
			t.Errorf("%s: Same is %v, want %v", name, got, tc.want)
		}
		// The file name and the comparison must agree, or a file would be found and then not be believed.
		if got := base.ID() == tc.other.ID(); got != tc.want {
			t.Errorf("%s: the IDs are equal: %v, want %v", name, got, tc.want)
		}
	}
}

func TestIDIsAFileNameAndMovesNoTextBetweenTheParts(t *testing.T) {
	id := clusterKey.ID()
	if len(id) != 64 || strings.Trim(id, "0123456789abcdef") != "" {
		t.Errorf("ID %q is not 64 hexadecimal digits", id)
	}
	a, b := credfile.Key{Server: "ab", User: "c"}, credfile.Key{Server: "a", User: "bc"}
	if a.ID() == b.ID() {
		t.Error("ab+c and a+bc share a file")
	}
	c, d := credfile.Key{Server: "s", User: "u", Cluster: "n/c"}, credfile.Key{Server: "s", User: "un/c"}
	if c.ID() == d.ID() {
		t.Error("the cluster runs into the user")
	}
}

// TestIDStaysTheSame pins the ID: another one would lose the credentials that users have on disk.
func TestIDStaysTheSame(t *testing.T) {
	// printf '10.0.0.1\0ada@vsphere.local\0' | sha256sum
	const want = "9cfe69b086b24008fb318fc049fb0fb4e9fdb9a4b0213d82b545d486f222b278"
	if got := supervisorKey.ID(); got != want {
		t.Errorf("ID = %s, want %s", got, want)
	}
}

func TestArgsAreWhatParseArgsReads(t *testing.T) {
	for _, key := range []credfile.Key{
		supervisorKey,
		clusterKey,
		{Server: "fd00::1", User: "--user"},
		{Server: "--cluster", User: "--cluster", Cluster: "--a/--b"},
		{Server: "s", User: "with space = and\nnewline"},
	} {
		got, ok := credfile.ParseArgs(key.Args())
		if !ok || got != key {
			t.Errorf("ParseArgs(%q) = %+v, %v", key.Args(), got, ok)
		}
	}
}

func TestArgsNameNoClusterForTheSupervisor(t *testing.T) {
	want := []string{"get-token", "--server", "10.0.0.1", "--user", "Ada@vsphere.local"}
	if diff := cmp.Diff(want, supervisorKey.Args()); diff != "" {
		t.Error(diff)
	}
}

func TestParseArgsTakesAFlagAsOneWord(t *testing.T) {
	for _, args := range [][]string{
		{"get-token", "--server=s", "--user=u=v", "--cluster=n/c"},
		{"get-token", "--server", "s", "--user=u=v", "--cluster", "n/c"},
		{"get-token", "--server=s", "--user", "u=v", "--cluster=n/c"},
	} {
		got, ok := credfile.ParseArgs(args)
		if want := (credfile.Key{Server: "s", User: "u=v", Cluster: "n/c"}); !ok || got != want {
			t.Errorf("ParseArgs(%q) = %+v, %v", args, got, ok)
		}
	}
}

func TestParseArgsRefusesEverythingElse(t *testing.T) {
	for _, line := range []string{
		"",
		"login",
		"login --server s --user u",
		"get-token",
		"get-token --server",
		"get-token --server s",
		"get-token --server s --user",
		"get-token --user u --server s", // another order
		"get-token --server s --user u --cluster",    // no value
		"get-token --server s --user u --cluster=",   // an empty one
		"get-token --server s --user u --cluster c",  // no namespace
		"get-token --server s --user u --cluster /c", // an empty one
		"get-token --server s --user u --cluster n/", // no name
		"get-token --server s --user u --cluster n/c/d",
		"get-token --server s --user u --cluster n/c more",
		"get-token --server s --user u more",
		"get-token --server s --user u --force",
		"get-token --force --server s --user u",
		"get-token --server= --user u",
		"get-token --server s --user=",
		"get-token --servers=s --user u",
		"get-token -server s --user u",
		"get-token --server s --cluster n/c --user u",
		"GET-TOKEN --server s --user u",
	} {
		if got, ok := credfile.ParseArgs(strings.Fields(line)); ok || got != (credfile.Key{}) {
			t.Errorf("%q is taken as %+v, %v", line, got, ok)
		}
	}
	for _, args := range [][]string{nil, {"get-token", "--server", "", "--user", "u"}, {"get-token", "--server", "s", "--user", ""}} {
		if got, ok := credfile.ParseArgs(args); ok {
			t.Errorf("%q is taken as %+v", args, got)
		}
	}
}

func FuzzParseArgs(f *testing.F) {
	for _, args := range [][]string{
		supervisorKey.Args(), clusterKey.Args(), {"get-token", "--server=s", "--user=u", "--cluster=n/c"}, {"get-token", "--server"}, nil,
	} {
		f.Add(strings.Join(args, "\x00"))
	}
	f.Fuzz(func(t *testing.T, line string) {
		args := strings.Split(line, "\x00") // no argument of a process holds this byte
		key, ok := credfile.ParseArgs(args)
		if !ok {
			if key != (credfile.Key{}) {
				t.Fatalf("a refused command line gives %+v", key)
			}
			return
		}
		if key.Server == "" || key.User == "" || args[0] != credfile.Command {
			t.Fatalf("%q is taken as %+v", args, key)
		}
		again, ok := credfile.ParseArgs(key.Args())
		if !ok || again != key || again.ID() != key.ID() || !again.Same(key) {
			t.Fatalf("%+v comes back as %+v, %v", key, again, ok)
		}
	})
}
