package kubeconfig

import (
	"strings"

	"k8s.io/client-go/tools/clientcmd/api"
)

// Rivals returns the fields of a user entry of ours, as kubeconfig files spell them, by which kubectl logs in instead of or beside what login
// wrote, or because of which it refuses the entry. It leaves out those that kubectl ignores: a password without a user name, a key without
// a certificate.
func Rivals(u *api.AuthInfo) []string {
	static := u.Exec == nil
	basic := u.Username != "" || static // A static token and a password are two ways to log in, which kubectl refuses.
	certificate := u.ClientCertificate != "" || len(u.ClientCertificateData) > 0
	var names []string
	for _, f := range []struct {
		name string
		set  bool
	}{
		{"token", u.Token != "" && !static},
		{"tokenFile", u.TokenFile != ""},
		{"username", u.Username != ""},
		{"password", u.Password != "" && basic},
		{"client-certificate", u.ClientCertificate != ""},
		{"client-certificate-data", len(u.ClientCertificateData) > 0},
		{"client-key", u.ClientKey != "" && certificate},
		{"client-key-data", len(u.ClientKeyData) > 0 && certificate},
		{"auth-provider", u.AuthProvider != nil},
	} {
		if f.set {
			names = append(names, f.name)
		}
	}
	return names
}

// clearLogins removes every way to log in but the exec block.
func clearLogins(u *api.AuthInfo) {
	u.Token, u.TokenFile, u.Username, u.Password = "", "", "", ""
	u.ClientCertificate, u.ClientCertificateData, u.ClientKey, u.ClientKeyData = "", nil, "", nil
	u.AuthProvider = nil
}

// Variables returns the variables that get-token gets from an exec block: those of its env, and those that the program env sets.
func Variables(exec *api.ExecConfig) []api.ExecEnvVar {
	if exec == nil {
		return nil
	}
	set := append([]api.ExecEnvVar(nil), exec.Env...)
	if programName(exec.Command) != "env" {
		return set
	}
	for _, word := range exec.Args {
		if programName(word) == program || word == "kubectl" {
			break
		}
		if name, value, ok := strings.Cut(word, "="); ok && !strings.HasPrefix(name, "-") {
			set = append(set, api.ExecEnvVar{Name: name, Value: value})
		}
	}
	return set
}
