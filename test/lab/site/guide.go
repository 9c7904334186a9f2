package site

import (
	"fmt"
	"io"
	"path/filepath"
	"strings"
	"text/tabwriter"
)

// Guide tells a person what a lab is ready for: addresses, users with their passwords, and commands to try.
func (l Lab) Guide(w io.Writer, dir string) {
	fmt.Fprintf(w, "The lab is ready: %s has the details.\n\n", filepath.Join(dir, "lab.json"))
	table := tabwriter.NewWriter(w, 0, 0, 3, ' ', 0)
	fmt.Fprintf(table, "  vCenter\thttps://%s\n", l.VCenter.Host)
	for i, s := range l.Supervisors {
		fmt.Fprintf(table, "  Supervisor %d\thttps://%s\t%s\n", i+1, s.Server, s.contents())
	}
	fmt.Fprintf(table, "  with an identity provider\thttps://%s\tof Supervisor 1\n", l.OIDC.Server)
	fmt.Fprintf(table, "  OpenID provider (Dex)\t%s\n", l.OIDC.Issuer)
	if l.Registry != nil {
		fmt.Fprintf(table, "  registry\thttps://%s\n", l.Registry.Host)
	}
	if l.Provision != nil {
		fmt.Fprintf(table, "  clusters are made in\tnamespace %s\tof a Cluster of the class %s\n", l.Provision.Namespace, l.Provision.Class)
	}
	fmt.Fprintf(table, "  CA of all these\t%s\n", l.VCenter.CA)
	fmt.Fprintf(table, "  admin API\t%s\n", l.Admin)
	_ = table.Flush() // The text is for a person's terminal: nobody is left to tell.
	fmt.Fprint(w, "\nUsers:\n\n")
	for _, u := range l.Users {
		fmt.Fprintf(table, "  %s\t%s\t%s\n", u.Username, u.Password, strings.Join(u.Namespaces, ", "))
	}
	_ = table.Flush()
	if len(l.Supervisors) > 0 && len(l.Users) > 0 {
		l.try(w, l.Supervisors[0])
	}
	fmt.Fprint(w, "\nCtrl-C ends the lab.\n")
}

// contents are the namespaces and clusters of a Supervisor.
func (s LabSupervisor) contents() string {
	all := []string{"namespaces " + strings.Join(s.Namespaces, ", ")}
	for _, c := range s.Clusters {
		all = append(all, "cluster "+c.Namespace+"/"+c.Name)
	}
	return strings.Join(all, "; ")
}

// try shows commands that work as they stand. The user is the first one who is no administrator.
func (l Lab) try(w io.Writer, s LabSupervisor) {
	u := l.Users[min(1, len(l.Users)-1)]
	fmt.Fprintf(w, "\nTry, in another terminal:\n\n"+
		"  export KUBECTL_VSPHERE_PASSWORD='%s'\n"+
		"  kubectl vsphere login --server %s -u %s --certificate-authority %s\n"+
		"  kubectl --context %s get clusters\n", u.Password, s.Server, u.Username, s.CA, u.Namespaces[0])
	if len(s.Clusters) > 0 {
		fmt.Fprintf(w, "  kubectl --context %s get namespaces\n", s.Clusters[0].Name)
	}
	fmt.Fprintf(w, "  curl --cacert %s -u %s:'%s' -X POST https://%s/api/session\n", s.CA, u.Username, u.Password, l.VCenter.Host)
}
