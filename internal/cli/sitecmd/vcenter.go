package sitecmd

import (
	"context"
	"strings"

	"github.com/spf13/cobra"
	"github.com/spf13/pflag"

	"github.com/kubectl-vsphere/kubectl-vsphere/internal/command"
	"github.com/kubectl-vsphere/kubectl-vsphere/internal/console"
	"github.com/kubectl-vsphere/kubectl-vsphere/internal/failure"
	"github.com/kubectl-vsphere/kubectl-vsphere/internal/method"
	"github.com/kubectl-vsphere/kubectl-vsphere/internal/supervisors"
	"github.com/kubectl-vsphere/kubectl-vsphere/internal/survey"
	"github.com/kubectl-vsphere/kubectl-vsphere/pkg/login/secret"
	"github.com/kubectl-vsphere/kubectl-vsphere/pkg/login/sso"
	"github.com/kubectl-vsphere/kubectl-vsphere/pkg/supervisor"
	"github.com/kubectl-vsphere/kubectl-vsphere/pkg/trust"
)

// vCenterFlags are the flags of list for a vCenter. They are those of login.
type vCenterFlags struct {
	address, user, fromVCenter, command string
	fingerprints                        []string
	request                             supervisors.Request
}

func (f *vCenterFlags) addTo(c *cobra.Command, e *console.Env) {
	command.Group(c, "A vCenter (list sites)", func(s *pflag.FlagSet) {
		s.StringVar(&f.address, "vcenter", "", "List the Supervisors of the vCenter at this `ADDRESS`.")
		s.StringVarP(&f.user, "vsphere-username", "u", "", "`USER` of vCenter Single Sign-On, such as dev@vsphere.local.")
		s.StringVar(&f.request.Trust.CAFile, "certificate-authority", "", "`FILE` with the CA of the vCenter's certificate: PEM, or its\ndownload.zip.")
		s.StringVar(&f.fromVCenter, "ca-from-vcenter", "", "If the vCenter is not trusted yet, fetch the CA from the vCenter\n`HOST`, and ask whether to trust it.")
		s.StringSliceVar(&f.fingerprints, "ca-fingerprint", nil, "`SHA256` of the vCenter's CA (or certificate), as sha256:HEX.")
		s.BoolVar(&f.request.Trust.ReplaceCA, "replace-ca", false, "Ask whether to trust a CA that differs from the remembered one.")
		s.BoolVar(&f.request.Trust.Insecure, "insecure-skip-tls-verify", false, "Do not verify the certificate. It needs a person.")
		s.BoolVar(&f.request.Passwords.Stdin, "password-stdin", false, "Read the password from standard input.")
		s.StringVar(&f.command, "password-command", "", "`COMMAND` (with arguments, no shell) that prints the password.")
		s.BoolVar(&f.request.Passwords.Force, "force", false, "Send a password even if it was just refused.")
	})
	command.Files(c, "certificate-authority")
	_ = c.RegisterFlagCompletionFunc("vcenter", command.VCenters(e))
	_ = c.RegisterFlagCompletionFunc("vsphere-username", command.Users(e))
}

// read checks the flags. A request without a vCenter means that none is asked.
func (f *vCenterFlags) read(c *cobra.Command, o listOptions) (r supervisors.Request, err error) {
	r = f.request
	if f.address == "" {
		for _, name := range []string{"vsphere-username", "certificate-authority", "ca-from-vcenter", "ca-fingerprint", "replace-ca", "insecure-skip-tls-verify", "password-stdin", "password-command", "force"} {
			if c.Flags().Changed(name) {
				return r, failure.Usagef("--%s goes with --vcenter", name)
			}
		}
		return r, nil
	}
	switch {
	case o.Kind.name != "sites":
		return r, failure.Usagef("--vcenter lists sites: type list sites")
	case o.Server != "" || len(o.Namespaces) > 0 || o.Watch:
		return r, failure.Usagef("--vcenter goes with neither --server, --namespace nor --watch")
	}
	if err = f.conflicts(); err == nil {
		err = f.parse(&r)
	}
	return r, err
}

// conflicts returns a usage error for flags that do not go together.
func (f *vCenterFlags) conflicts() error {
	t, p := f.request.Trust, f.request.Passwords
	switch {
	case t.Insecure && (t.CAFile != "" || len(f.fingerprints) > 0):
		return failure.Usagef("--insecure-skip-tls-verify goes with neither --certificate-authority nor --ca-fingerprint")
	case f.fromVCenter != "" && (t.Insecure || t.CAFile != ""):
		return failure.Usagef("--ca-from-vcenter goes with neither --certificate-authority nor --insecure-skip-tls-verify")
	case p.Stdin && f.command != "":
		return failure.Usagef("--password-stdin and --password-command do not go together")
	case p.Stdin && f.user == "":
		return failure.Usagef("--password-stdin needs --vsphere-username: standard input is the password")
	}
	return nil
}

// parse reads the values of the flags.
func (f *vCenterFlags) parse(r *supervisors.Request) (err error) {
	if r.VCenter, err = supervisor.ParseTyped(f.address); err != nil {
		return failure.Usagef("--vcenter: %w", err)
	}
	if f.fromVCenter != "" {
		if r.Trust.VCenter, err = supervisor.ParseTyped(f.fromVCenter); err != nil {
			return failure.Usagef("--ca-from-vcenter: %w", err)
		}
	}
	for _, s := range f.fingerprints {
		fingerprint, err := trust.ParseFingerprint(s)
		if err != nil {
			return failure.Usagef("--ca-fingerprint: %w", err)
		}
		r.Trust.CAFingerprints = append(r.Trust.CAFingerprints, fingerprint)
	}
	if f.command != "" {
		if r.Passwords.Command, err = secret.ParseCommand(f.command); err != nil {
			return failure.Usagef("--password-command: %w", err)
		}
	}
	if r.User = f.user; r.User != "" {
		if err := sso.CheckUser(r.User); err != nil {
			return failure.Usagef("--vsphere-username: %w", err)
		}
	}
	return nil
}

var vCenterColumns = columnsOf("ADDRESS", "ZONES", "VERSION", "NETWORKING", "STATE", "", "CLUSTERS", "NAMESPACES")

// listVCenter prints the Supervisors of a vCenter.
func (o listOptions) listVCenter(ctx context.Context, e *console.Env, r supervisors.Request) error {
	store, err := e.OpenStore()
	if err != nil {
		return err
	}
	found, err := supervisors.Find(ctx, method.Sessions(e, store), r)
	if err != nil {
		return err
	}
	supervisors.TellGaps(e, r.VCenter, found.List)
	var rows []row
	for _, s := range found.Supervisors {
		at := supervisors.Address(s)
		rows = append(rows, row{server: at, name: s.Name, columns: vCenterColumns, cells: []string{
			at, strings.Join(s.Zones, ","), s.Version, supervisors.Networking(s), supervisors.State(s), strings.Join(s.Clusters, ","), strings.Join(s.Namespaces, ","),
		}})
	}
	if err := o.sort(rows); err != nil {
		return err
	}
	switch {
	case o.Format == "name": // What a login takes.
		for _, row := range rows {
			if row.server != "" {
				e.Printf("%s", row.server)
			}
		}
		return nil
	case len(rows) == 0 && !o.Format.Structured():
		e.Tellf("There are no Supervisors.")
		return nil
	}
	o.Kind = &kind{name: o.Kind.name, title: "SUPERVISOR", whole: true, local: func(*survey.Site) []row { return rows }}
	return o.print(&survey.Site{Env: e}, rows, nil)
}
