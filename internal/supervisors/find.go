// Package supervisors finds the Supervisors of a vCenter for a user: the vCenter is verified as a Supervisor is, and the password goes there
// through the guard that stands before every password. What the vCenter tells is addresses and words, and no trust: whoever uses an address
// makes a first contact with it (package site).
package supervisors

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"time"

	"github.com/kubectl-vsphere/kubectl-vsphere/internal/console"
	"github.com/kubectl-vsphere/kubectl-vsphere/internal/failure"
	"github.com/kubectl-vsphere/kubectl-vsphere/internal/session"
	"github.com/kubectl-vsphere/kubectl-vsphere/internal/site"
	"github.com/kubectl-vsphere/kubectl-vsphere/pkg/disclose"
	"github.com/kubectl-vsphere/kubectl-vsphere/pkg/duration"
	"github.com/kubectl-vsphere/kubectl-vsphere/pkg/login/secret"
	"github.com/kubectl-vsphere/kubectl-vsphere/pkg/login/sso"
	"github.com/kubectl-vsphere/kubectl-vsphere/pkg/redact"
	"github.com/kubectl-vsphere/kubectl-vsphere/pkg/supervisor"
	"github.com/kubectl-vsphere/kubectl-vsphere/pkg/tokens"
	"github.com/kubectl-vsphere/kubectl-vsphere/pkg/vcenter"
	"github.com/kubectl-vsphere/kubectl-vsphere/pkg/wire"
)

// Request says which vCenter to ask, as whom, and how to trust it.
type Request struct {
	VCenter   supervisor.Address
	User      string // empty: a person is asked
	Trust     site.TrustFlags
	Aliases   supervisor.Aliases
	Passwords session.PasswordOptions
	Forget    bool // do not keep how the vCenter is verified
}

// Found is what the vCenter told.
type Found struct {
	vcenter.List
	User string
	// Password is the source of the password that the vCenter accepted. It asks nobody again.
	Password secret.Source
}

// Bounds of how long a vCenter can make us wait: for all lists together, in times of one request, and for the end of the session, which is
// shorter once a person has pressed Ctrl-C.
const (
	listTimes   = 3
	endTime     = 2 * time.Second
	interrupted = 200 * time.Millisecond
)

// Find asks the vCenter for its Supervisors. It sends the password once, and ends the session of the vCenter in any case.
func Find(ctx context.Context, s *session.Sessions, r Request) (Found, error) {
	client := &vcenter.Client{}
	contact, err := r.contact(s, client)
	if err != nil {
		return Found{}, err
	}
	at, err := contact.Open(ctx)
	if err != nil {
		return Found{}, err
	}
	defer at.Wire.HTTP.CloseIdleConnections()
	if at.Insecure() && s.Env.Terminal != nil {
		ctx = disclose.Attended(ctx) // The person was warned.
	}
	// Asked before a person types for nothing: what is decided here does not count as an attempt.
	if _, err := at.Wire.Permit(ctx, at.Ground().Hold(disclose.Password, ""), r.VCenter.URL("")); err != nil {
		return Found{}, failure.Hint(err, "Add --certificate-authority, or type the command at a terminal.")
	}
	found := Found{}
	if found.User, err = session.Username(ctx, s.Env, r.User, sso.CheckUser); err != nil {
		return Found{}, err
	}
	v := visit{s, at, client}
	defer v.end(ctx)
	if err := v.login(ctx, r, &found); err != nil {
		return Found{}, err
	}
	found.List, err = v.list(ctx)
	return found, err
}

// visit is what happens at a vCenter that is trusted.
type visit struct {
	*session.Sessions
	at     site.Site
	client *vcenter.Client
}

// contact returns the first contact with the vCenter, as earlier ones left it.
func (r Request) contact(s *session.Sessions, client *vcenter.Client) (site.Contact, error) {
	known, _, err := s.Store.VCenter(r.VCenter.String())
	c := site.Contact{Env: s.Env, Server: r.VCenter, Aliases: r.Aliases, Last: known.Trust, VCenter: client, Flags: r.Trust}
	if !r.Forget {
		c.Keep = func(ctx context.Context, change func(*tokens.Site)) error {
			_, err := s.Store.UpdateVCenter(ctx, r.VCenter.String(), change)
			return err
		}
	}
	return c, err
}

// login begins a session of the vCenter with the first password that may be sent.
func (v visit) login(ctx context.Context, r Request, found *Found) error {
	server, e := r.VCenter.String(), v.Env
	of := tokens.Session{Server: server, User: found.User, Account: tokens.HostAccount(tokens.Key{Server: server, User: found.User}), Trust: v.at.Trust()}
	sources, err := session.LoginSources(e, r.Passwords, of)
	if err != nil {
		return err
	}
	guard := session.Commanded(e, v.Guard(of.Account, found.User), r.Passwords.Force)
	session.Patient(e, guard, r.Passwords.Wait)
	err = guard.Send(ctx, sources, func(ctx context.Context, password redact.Secret, from secret.Source) error {
		p := e.NewProgress()
		p.Show("Logging in to the vCenter", 0, 0)
		defer p.Done()
		err := v.client.Login(ctx, found.User, v.at.Ground().Hold(disclose.Password, password))
		found.Password = from
		found.Password.Get = func(context.Context) (redact.Secret, error) { return password, nil }
		return err
	})
	if errors.Is(err, wire.ErrServer) {
		err = failure.Hint(fmt.Errorf("log in to the vCenter %s: %w", server, err), "Nobody knows whether the password was right. If this does not pass, ask your vSphere administrator.")
	}
	return failure.Password{User: found.User, MayWait: r.Passwords.Wait == 0 && e.Terminal == nil}.Explain(err)
}

// list asks for the Supervisors, within a bound.
func (v visit) list(ctx context.Context) (vcenter.List, error) {
	p := v.Env.NewProgress()
	p.Show("Asking for Supervisors", 0, 0)
	defer p.Done()
	most := listTimes * cmp.Or(v.Env.Timeout, wire.DefaultTimeout)
	limited, cancel := context.WithTimeout(ctx, most)
	defer cancel()
	all, err := v.client.Supervisors(limited)
	if err != nil && limited.Err() != nil && ctx.Err() == nil {
		err = fmt.Errorf("%w: no list of Supervisors within %s", wire.ErrUnreachable, duration.Text(most))
	}
	if err != nil {
		err = fmt.Errorf("list the Supervisors of the vCenter %s: %w", v.client.Address, err)
	}
	return all, err
}

// end ends the session of the vCenter, also after Ctrl-C.
func (v visit) end(ctx context.Context) {
	limited, cancel := context.WithTimeout(context.WithoutCancel(ctx), endTime)
	defer cancel()
	defer context.AfterFunc(ctx, func() {
		select {
		case <-console.Timer(v.Env, interrupted):
			cancel()
		case <-limited.Done():
		}
	})()
	if err := v.client.End(limited); err != nil && ctx.Err() == nil {
		v.Env.Notef("the session at the vCenter could not be ended, and ends by itself: %v", err)
	}
}
