package site

import (
	"context"
	"errors"
	"fmt"
	"net"
	"net/http"
	"os"
	"path/filepath"
	"strconv"

	"golang.org/x/sync/errgroup"

	"github.com/kubectl-vsphere/kubectl-vsphere/test/lab/kube"
)

// Where a Supervisor's Cluster API answers, beside its API server.
const (
	capiPort       = 9443
	capiHealthPort = 9440
)

// besideProgram is a file that make lab-build puts beside this program.
func besideProgram(name string) (string, error) {
	self, err := os.Executable()
	if err != nil {
		return "", err
	}
	path := filepath.Join(filepath.Dir(self), name)
	if _, err := os.Stat(path); err != nil {
		return "", fmt.Errorf("%w (make lab-build makes it)", err)
	}
	return path, nil
}

// beside starts a controller manager beside an API server while that is filled.
func (s *Site) beside(ctx context.Context, api *kube.APIServer, fill func() error) error {
	var g errgroup.Group
	g.Go(func() error { return s.processes.StartManager(ctx, api) })
	g.Go(fill)
	return g.Wait()
}

// define creates the kinds of a Supervisor, and starts Cluster API, which checks and converts its own.
func (s *Site) define(sup *supervisor) error {
	path, err := besideProgram("lab-crds.json")
	if err != nil {
		return err
	}
	definitions, err := kube.ReadDefinitions(path)
	if err != nil {
		return fmt.Errorf("%s: %w", path, err)
	}
	hook := kube.Webhook{URL: "https://" + net.JoinHostPort(sup.api.IP, strconv.Itoa(capiPort)), CA: s.vmca.PEM}
	if err := sup.client.Define(s.ctx, definitions, hook); err != nil {
		return err
	}
	if s.provisions(sup) {
		if err := s.defineProvisioning(sup); err != nil {
			return err
		}
	}
	if err := s.startCAPI(sup); err != nil {
		return err
	}
	return sup.client.Check(s.ctx, definitions, hook)
}

// startCAPI returns when Cluster API answers.
func (s *Site) startCAPI(sup *supervisor) error {
	c := controller{"capi", sup.api.AdminKubeconfig, capiPort, capiHealthPort}
	if s.provisions(sup) {
		c.program = "capi-provision"
		return s.startController(sup, c, "--provision="+provisionNamespace)
	}
	return s.startController(sup, c)
}

// controller is a program of test/controllers. It uses an API server and is its webhook.
type controller struct {
	program, kubeconfig string
	port, healthPort    int
}

// startController returns when a controller answers.
func (s *Site) startController(sup *supervisor, c controller, args ...string) error {
	program, err := besideProgram(c.program)
	if err != nil {
		return err
	}
	pair, err := s.vmca.Server(c.program+"-webhook-service", []net.IP{net.ParseIP(sup.api.IP)})
	if err != nil {
		return err
	}
	dir := filepath.Join(s.Dir, sup.api.Name)
	certs := filepath.Join(dir, c.program)
	if err := pair.Write(certs, "tls"); err != nil {
		return err
	}
	log := filepath.Join(dir, c.program+".log")
	args = append(args,
		"--kubeconfig="+c.kubeconfig, "--host="+sup.api.IP, "--webhook-port="+strconv.Itoa(c.port),
		"--health-port="+strconv.Itoa(c.healthPort), "--webhook-cert-dir="+certs)
	url := "http://" + net.JoinHostPort(sup.api.IP, strconv.Itoa(c.healthPort)) + "/readyz"
	for tries := 1; ; tries++ {
		if tries > 1 {
			log = filepath.Join(dir, fmt.Sprintf("%s.%d.log", c.program, tries)) // The one before says why it ended.
		}
		ended, err := s.processes.Run(s.ctx, log, program, args...)
		if err != nil {
			return err
		}
		err = kube.AwaitReady(s.ctx, http.DefaultClient, url, kube.Child{Name: c.program + " of " + sup.api.Name, Ended: ended, Log: log})
		if !errors.Is(err, kube.ErrEnded) || tries == maxStarts {
			return err
		}
	}
}

// maxStarts is how often a controller is started until it is ready. It may end when an API server on a busy machine answers late, and a
// kubelet would start it again.
const maxStarts = 3
