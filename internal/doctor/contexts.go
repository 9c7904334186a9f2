package doctor

import (
	"context"
	"errors"
	"fmt"
	"net/http"
	"strings"

	"github.com/kubectl-vsphere/kubectl-vsphere/internal/console"
	"github.com/kubectl-vsphere/kubectl-vsphere/internal/failure"
	"github.com/kubectl-vsphere/kubectl-vsphere/internal/session"
	"github.com/kubectl-vsphere/kubectl-vsphere/pkg/safetext"
	"github.com/kubectl-vsphere/kubectl-vsphere/pkg/tokens"
	"github.com/kubectl-vsphere/kubectl-vsphere/pkg/trust"
	"github.com/kubectl-vsphere/kubectl-vsphere/pkg/wire"
)

// examined are the contexts of one credential at one server.
type examined struct {
	key   tokens.Key
	names []string // the contexts
	look  func() look
}

func (x *examined) about() string { return "context " + strings.Join(x.names, ", ") }

// look is what an API server said to the user of a context.
type look struct {
	err        error // the context cannot be used: nothing was asked
	credential tokens.Credential
	reached    error // of the first request
	refused    bool  // the server does not take the token (401)
	version    string
	user       string
	groups     int
	asked      error  // of the questions about the user
	unable     string // what the user may not list, in words
}

// lookAt asks the API server of a context, with the token that the store has.
func (p *patient) lookAt(ctx context.Context, x *examined) (l look) {
	leave, err := p.forContexts.enter(ctx)
	if err != nil {
		return look{err: err}
	}
	defer leave()
	c, err := session.FindContext(p.config, x.names[0])
	if err != nil {
		return look{err: err}
	}
	client, credential, err := p.sessions.Stored(ctx, c)
	if err != nil {
		return look{err: err}
	}
	defer client.CloseIdleConnections()
	l.credential = credential
	var version struct {
		GitVersion string `json:"gitVersion"`
	}
	body, err := client.Do(ctx, wire.Request{Method: http.MethodGet, URL: "/version"})
	var status *wire.Error
	switch {
	case errors.Is(inTime(ctx, err), errLate):
		return look{err: errLate}
	case errors.Is(err, wire.ErrRefused):
		l.refused = credential.Minted()
		return l
	case errors.As(err, &status) && status.Status != 0 && status.Status < 500:
	case err != nil:
		l.reached = err
		return l
	case wire.DecodeJSON(http.MethodGet, "/version", body, &version) == nil:
		l.version = safetext.Line(version.GitVersion, 64)
	}
	if credential.Minted() {
		l.ask(ctx, client, c)
	}
	return l
}

// ask asks who the user is, and whether they may list what a context is for.
func (l *look) ask(ctx context.Context, client *session.APIClient, c session.Context) {
	user, groups, err := client.WhoAmI(ctx)
	switch {
	case errors.Is(err, wire.ErrRefused):
		l.refused = true
		return
	case err != nil && !errors.Is(err, wire.ErrNotFound): // Kubernetes has the question since 1.28.
		l.asked = inTime(ctx, err)
		return
	}
	l.user, l.groups = user, len(groups)
	access := session.Access{Verb: "list", Resource: "pods", Namespace: c.Namespace}
	if c.Key.Cluster == "" {
		if c.Namespace == "" {
			return // Few users may list anything of the whole Supervisor.
		}
		access.Group, access.Resource = "cluster.x-k8s.io", "clusters"
	} else if access.Namespace == "" {
		access.Namespace = "default"
	}
	may, err := client.MayI(ctx, access)
	if err != nil {
		l.asked = inTime(ctx, err)
		return
	}
	if !may {
		l.unable = fmt.Sprintf("%s in %s", access.Resource, access.Namespace)
	}
}

// contexts looks whether each context leads to a server that takes the token.
func contexts(_ context.Context, p *patient) []Finding {
	return each(p.contexts, func(x *examined) []Finding { return []Finding{verdict(p, x, x.look())} })
}

func verdict(p *patient, x *examined, l look) Finding {
	about, command := x.about(), p.sessions.Command(p.sessions.Of(x.key))
	var untrusted *trust.UntrustedError
	switch {
	case errors.Is(errors.Join(l.err, l.asked), errLate):
		return problem(about, "%s", errLate).do("Look at it alone. Type: kubectl vsphere doctor --context %s", failure.Quote(x.names[0]))
	case l.err != nil:
		return failed(about, l.err, "Log in again. Type: "+command)
	case errors.As(l.reached, &untrusted):
		return problem(about, "%s", untrusted.Error()).do("If the certificate was renewed, log in again: that brings the new CA. Type: %s", command)
	case l.reached != nil:
		return problem(about, "%s", safetext.Error(l.reached)).do("See the checks of the proxy, names and ports. If the address has changed, log in again. Type: %s", command)
	case l.refused && x.key.Cluster != "":
		return note(about, "the server answers, and refuses the token: see the check of the webhook")
	case l.refused:
		return problem(about, "the server refuses the token, though it is good until %s", p.env.Until(l.credential.Expires)).do("Type: %s", command)
	case !l.credential.Minted():
		return without(p, x, l, command)
	case l.asked != nil:
		return failed(about, l.asked, "The server answers other questions. Ask its administrator.")
	}
	says := "the server takes the token, which is good for " + console.Span(l.credential.Expires.Sub(p.env.Now()))
	if l.user != "" {
		says += fmt.Sprintf("; you are %s, in %d groups", l.user, l.groups)
	}
	if l.unable != "" {
		return note(about, "%s; you may not list %s", says, l.unable).do("Ask the owner for the rights that you need: a role in the vSphere Namespace, or a RoleBinding in the cluster.")
	}
	return ok(about, "%s", says)
}

// without is a context whose token has ended. Nothing is renewed here.
func without(p *patient, x *examined, l look, command string) Finding {
	of := p.sessions.Of(x.key)
	renews := len(of.PasswordCommand) > 0 || of.Keychain || p.env.Getenv(failure.PasswordVariable) != ""
	if m, err := p.sessions.Method(of); err == nil && !renews {
		facts, err := m.Facts(of)
		renews = err == nil && facts.Renews
	}
	when := "there is no token for it yet"
	if !l.credential.Expires.IsZero() {
		when = "its token has ended: it was good until " + p.env.Until(l.credential.Expires)
	}
	if renews {
		return note(x.about(), "the server answers; %s. The next kubectl gets a new one", when)
	}
	return problem(x.about(), "the server answers; %s", when).do("Type: %s", command)
}

// registries looks at what registry clients need.
func registries(ctx context.Context, p *patient) (all []Finding) {
	if p.Registries == nil || p.storeErr != nil || p.Context != "" {
		return nil
	}
	said, err := p.Registries(ctx, p.env)
	for _, f := range said {
		all = append(all, found(f.State, f.About, "%s", f.Says).do("%s", f.Remedy))
	}
	if err != nil {
		all = append(all, failed("", err, "Move the file away that is named, then type: kubectl vsphere registry add ADDRESS"))
	}
	return all
}
