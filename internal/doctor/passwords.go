package doctor

import (
	"context"
	"fmt"

	"github.com/kubectl-vsphere/kubectl-vsphere/pkg/duration"
	"github.com/kubectl-vsphere/kubectl-vsphere/pkg/login/secret"
	"github.com/kubectl-vsphere/kubectl-vsphere/pkg/safetext"
	"github.com/kubectl-vsphere/kubectl-vsphere/pkg/tokens"
)

// sources looks whether the password of a session is where a renewal looks for it. The password itself is dropped.
func sources(ctx context.Context, p *patient) []Finding {
	return each(p.all, func(s tokens.Session) (all []Finding) {
		if p.Server != "" && s.Server != p.Server {
			return nil
		}
		if len(s.PasswordCommand) > 0 {
			all = append(all, passwordCommand(p, s))
		}
		if s.Keychain {
			all = append(all, keychain(ctx, p, s))
		}
		return all
	})
}

func passwordOf(s tokens.Session) string { return fmt.Sprintf("%s at %s", s.User, s.Server) }

// passwordCommand looks for the program that gives the password of a session. It is not run.
func passwordCommand(p *patient, s tokens.Session) Finding {
	if _, err := p.env.LookPath(s.PasswordCommand[0]); err != nil {
		return problem(passwordOf(s), "the program of its password command, %s, is not there", safetext.Quote(s.PasswordCommand[0], maxAbout)).
			do("Log in with another one. Type: %s --password-command COMMAND", p.sessions.Command(s))
	}
	return ok(passwordOf(s), "a program gives the password")
}

// keychain asks the keychain for the password of a session.
func keychain(ctx context.Context, p *patient, s tokens.Session) Finding {
	of := p.Keychain
	if of == nil {
		of = secret.Keychain
	}
	asked, cancel := context.WithTimeout(ctx, oneRequest)
	defer cancel()
	_, err := of(s.KeychainEntry()).Get(asked)
	switch {
	case err == nil:
		return ok(passwordOf(s), "the keychain has the password")
	case asked.Err() != nil:
		return problem(passwordOf(s), "the keychain does not answer within %s: it may ask you to unlock it", duration.Text(oneRequest)).
			do("Unlock it, and try again.")
	}
	return problem(passwordOf(s), "the keychain does not give the password: %s", safetext.Error(err)).
		do("Unlock it, or save the password again. Type: %s --save-password", p.sessions.Command(s))
}
