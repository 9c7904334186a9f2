package session

import (
	"errors"
	"fmt"
	"net/url"
	"path/filepath"
	"slices"

	"k8s.io/client-go/tools/clientcmd/api"

	"github.com/kubectl-vsphere/kubectl-vsphere/internal/console"
)

// usable returns an error if kubectl would refuse a user entry: the exec block that it runs, or whom it impersonates.
func usable(u *api.AuthInfo) error {
	if u.Impersonate == "" && (u.ImpersonateUID != "" || len(u.ImpersonateGroups) > 0 || len(u.ImpersonateUserExtra) > 0) {
		return errors.New("its user entry impersonates groups, a uid or extra fields without a user, which kubectl refuses")
	}
	run := u.Exec
	if run == nil {
		return nil
	}
	nameless := func(v api.ExecEnvVar) bool { return v.Name == "" }
	switch {
	case run.Command == "":
		return errors.New("its exec block has no command, which kubectl refuses")
	case run.APIVersion == "":
		return errors.New("its exec block has no apiVersion, which kubectl refuses")
	case slices.ContainsFunc(run.Env, nameless):
		return errors.New("its exec block sets a variable without a name, which kubectl refuses")
	}
	switch run.InteractiveMode {
	case api.NeverExecInteractiveMode, api.IfAvailableExecInteractiveMode, api.AlwaysExecInteractiveMode:
		return nil
	}
	return fmt.Errorf("its exec block has the interactiveMode %.40q, which kubectl refuses", run.InteractiveMode)
}

// proxyOf reads a proxy-url. Unlike a variable of the environment, kubectl wants a scheme there, and knows three.
func proxyOf(s string) (*url.URL, error) {
	proxy, err := console.ParseProxy(s)
	if err != nil {
		return nil, err
	}
	if typed, err := url.Parse(s); err != nil || !slices.Contains([]string{"http", "https", "socks5"}, typed.Scheme) {
		return nil, errors.New("does not begin with http://, https:// or socks5://, which kubectl refuses")
	}
	return proxy, nil
}

// caFile returns the path of a cluster's CA file. A relative one counts from its kubeconfig.
func caFile(c *api.Cluster) (string, error) {
	if c.LocationOfOrigin == "" || filepath.IsAbs(c.CertificateAuthority) {
		return c.CertificateAuthority, nil
	}
	base, err := filepath.Abs(filepath.Dir(c.LocationOfOrigin))
	return filepath.Join(base, c.CertificateAuthority), err
}
