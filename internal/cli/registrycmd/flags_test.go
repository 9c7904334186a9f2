package registrycmd_test

import (
	"strings"
	"testing"

	"github.com/kubectl-vsphere/kubectl-vsphere/internal/failure"
)

// A command line that contradicts itself is told as such, before anything is asked or changed.
func TestUsage(t *testing.T) {
	for line, want := range map[string]string{
		"registry nothing":                                  `unknown command "nothing"`,
		"registry lst":                                      "did you mean list",
		"registry add":                                      "which registry?",
		"registry add 10.0.0.5 10.0.0.6":                    `"10.0.0.6" is one word too many`,
		"registry add https://good.lab@evil.lab/":           "not the address of a registry",
		"registry add 10.0.0.5 --send-token-to 10.0.0.6":    "--send-token-to",
		"registry add 10.0.0.5 --send-token-to ftp://x":     "--send-token-to",
		"registry add 10.0.0.5 --oidc-audience harbor":      "--send-token-to 10.0.0.5",
		"registry add 10.0.0.5 --certificate-authority /x":  "--certificate-authority",
		"registry add 10.0.0.5 --server http://x:y:z":       "--server",
		"registry add 10.0.0.5 --nothing":                   "--nothing",
		"registry list now":                                 "one word too many",
		"registry list -o xml":                              "json or yaml",
		"registry status -o xml":                            "json or yaml",
		"registry remove":                                   "which registry?",
		"registry configure --check --remove":               "--check and --remove",
		"registry configure --check --service pass":         "--service",
		"registry configure --service vsphere":              "--service",
		"registry configure --service ../pass":              "--service",
		"registry configure a:b:c":                          "not the address of a registry",
		"registry configure":                                "no registry is known yet",
		"registry ca":                                       "which registry?",
		"registry ca 10.0.0.5 --ca-fingerprint 12":          "--ca-fingerprint",
		"registry install-helper /a /b":                     `"/b" is one word too many`,
		"registry robot nothing":                            "unknown command",
		"registry robot create 10.0.0.5":                    "-n NAMESPACE",
		"registry robot list":                               "which registry?",
		"registry robot create 10.0.0.5 -n team-a --days 0": "--days",
		"registry robot create 10.0.0.5 -n a --days 3651":   "--days",
		"registry robot delete 10.0.0.5 -n team-a --id x":   "--id",
		"registry robot list 10.0.0.5 -n team-a --name ci":  "--name",
		"registry pull-secret 10.0.0.5":                     "-n NAMESPACE",
		"registry pull-secret 10.0.0.5 -n Team":             "lower case",
		"registry pull-secret 10.0.0.5 -n a --name x.y":     "lower case",
		"registry pull-secret -n default":                   "which registry?",
		"registry login --service ../x":                     "--service",
		"registry login 10.0.0.5 --server http://x:y:z":     "--server",
		"registry logout a:b:c":                             "not the address of a registry",
	} {
		t.Run(line, func(t *testing.T) {
			r := signedIn(t)
			r.Run(strings.Fields(line)...).Exits(failure.Usage).Says("error: ", want)
			if requests := r.harbor.Requests(); len(requests) > 0 {
				t.Errorf("the registry is asked %q", requests)
			}
			if text := r.ReadFile(dockerFile); text != "" {
				t.Errorf("docker's file is %s", text)
			}
		})
	}
}

// What groups commands shows them.
func TestGroups(t *testing.T) {
	r := newRig(t)
	r.Run("registry").Exits(failure.OK).Says("add", "pull-secret", "Usage:")
	r.Run("registry", "robot").Exits(failure.OK).Says("create", "rotate", "Usage:")
	r.Run("registry", "--help").Exits(failure.OK).Omits("Hands nothing out") // logout is docker-credential-vsphere's.
}

// Where the store cannot be opened, nothing is done.
func TestWithoutAStore(t *testing.T) {
	r := newRig(t)
	r.Vars["KUBECTL_VSPHERE_HOME"] = "relative"
	for _, line := range []string{"list", "status", "add " + host, "remove " + host, "configure", "logout", "ca " + host, "robot list 10.0.0.5 -n a"} {
		r.Run(append([]string{"registry"}, strings.Fields(line)...)...).Exits(failure.Failed).Says("KUBECTL_VSPHERE_HOME")
	}
}

func TestCompletion(t *testing.T) {
	r := added(t)
	r.Run("__complete", "registry", "remove", "").Exits(failure.OK).Says(host)
	r.Run("__complete", "registry", "add", "x", "--server", "").Exits(failure.OK).Says(supervisor)
	r.Run("__complete", "registry", "add", "x", "-u", "").Exits(failure.OK).Says("dev@vsphere.local")
	r.Vars["KUBECTL_VSPHERE_HOME"] = "relative"
	r.Run("__complete", "registry", "remove", "").Exits(failure.OK).Omits(host)
}
