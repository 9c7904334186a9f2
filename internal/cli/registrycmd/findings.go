package registrycmd

import (
	"context"
	"sync"

	"github.com/kubectl-vsphere/kubectl-vsphere/internal/doctor"
	"github.com/kubectl-vsphere/kubectl-vsphere/pkg/login"
)

// Findings returns what registry clients will stumble on. It sends no credential and changes nothing.
func Findings(ctx context.Context, d Deps) (all []doctor.Finding, err error) {
	a, err := d.open()
	if err != nil {
		return nil, err
	}
	_, unreadable := a.records.Records()
	_, more := a.records.Logins()
	for _, err := range append(unreadable, more...) {
		all = append(all, doctor.Finding{State: doctor.Problem, Says: err.Error(), Remedy: "Move the file away, then type: kubectl vsphere registry add ADDRESS"})
	}
	infos, err := a.infos()
	if err != nil || len(infos) == 0 {
		return all, err
	}
	if _, err := a.docker().Helpers(); err != nil {
		all = append(all, doctor.Finding{State: doctor.Problem, Says: err.Error(), Remedy: "Repair the file, or move it away."})
	}
	docker := a.docker()
	for _, w := range docker.Warnings(hostsOf(infos), helperName, docker.world()) {
		all = append(all, doctor.Finding{State: doctor.Problem, Says: warningText(w), Remedy: warningRemedy(w)})
	}
	trusts := make([][]doctor.Finding, len(infos))
	var asked sync.WaitGroup
	slots := make(chan struct{}, login.MaxInFlight)
	for at, i := range infos {
		asked.Go(func() {
			slots <- struct{}{}
			defer func() { <-slots }()
			trusts[at] = trustFindings(ctx, a, i.Registry)
		})
	}
	asked.Wait()
	for at, i := range infos {
		all = append(append(all, a.finding(i)), trusts[at]...)
	}
	return all, nil
}

// finding returns what is known of a registry without asking it.
func (a *action) finding(i Info) doctor.Finding {
	f := doctor.Finding{State: doctor.OK, About: i.Registry, Says: "its clients get a login"}
	switch {
	case i.Problem != "" && i.Source == fromLogin: // A renewal may end that.
		f.State, f.Says = doctor.Note, i.Problem
	case i.Problem != "":
		f.State, f.Says = doctor.Problem, i.Problem
	case i.Docker == "missing":
		f.State, f.Says, f.Remedy = doctor.Problem, "docker's config.json does not name our helper for it", "Type: kubectl vsphere registry configure"
	case i.Docker != "configured":
		f.State, f.Says = doctor.Problem, "docker's config.json names another helper for it"
		if _, err := a.env.LookPath("docker-credential-" + i.Docker); err == nil { // Else it may be anything, such as a secret.
			f.Says += ": " + i.Docker
		}
		f.Remedy = "Type: kubectl vsphere registry configure --force"
	}
	return f
}
