package doctor

import (
	"context"
	"errors"
	"strings"
	"time"

	"github.com/kubectl-vsphere/kubectl-vsphere/internal/console"
	"github.com/kubectl-vsphere/kubectl-vsphere/internal/failure"
	"github.com/kubectl-vsphere/kubectl-vsphere/internal/session"
	"github.com/kubectl-vsphere/kubectl-vsphere/pkg/kubeapi"
	"github.com/kubectl-vsphere/kubectl-vsphere/pkg/tkg"
	"github.com/kubectl-vsphere/kubectl-vsphere/pkg/wire"
)

// newCluster is how long the parts of a cluster may take to start: its webhook is one of the last.
const newCluster = 15 * time.Minute

// webhooks looks for clusters that refuse a token which is good: their authentication webhook is not up, or does not reach the Supervisor.
func webhooks(ctx context.Context, p *patient) []Finding {
	return each(p.contexts, func(x *examined) []Finding {
		if x.key.Cluster == "" {
			return nil
		}
		switch l := x.look(); {
		case l.refused:
			return []Finding{refusal(ctx, p, x, l)}
		case l.err == nil && l.reached == nil && l.user != "":
			return []Finding{ok(x.about(), "the webhook of %s answers", x.key.Cluster)}
		}
		return nil
	})
}

// refusal says why a cluster refuses a token. The Supervisor knows when the cluster was made.
func refusal(ctx context.Context, p *patient, x *examined, l look) Finding {
	about, cluster, command := x.about(), x.key.Cluster, p.sessions.Command(p.sessions.Of(x.key))
	made, err := madeAt(ctx, p, x)
	switch age := p.env.Now().Sub(made); {
	case errors.Is(err, wire.ErrNotFound):
		return problem(about, "the cluster %s is no longer at the Supervisor; what answers at its address refuses the token", cluster).
			do("Type: kubectl config delete-context %s", failure.Quote(x.names[0]))
	case err != nil: // Any of the causes below is possible, and another server at the address of a cluster that is gone.
		return problem(about, "the cluster %s refuses a token that is good until %s. Why is not known: the Supervisor could not be asked about the cluster", cluster, p.env.Until(l.credential.Expires)).
			do("Log in again: that gives a token for the cluster that is there now. Type: %s", command)
	case !l.credential.Issued.IsZero() && l.credential.Issued.Before(made):
		return problem(about, "the cluster %s was made again %s ago: the token is for the one before", cluster, console.Span(age)).do("Type: %s", command)
	case age < newCluster:
		return problem(about, "the cluster %s is new (%s) and refuses the token: its authentication webhook is not up yet", cluster, console.Span(age)).
			do("Wait until it takes the token. Type: %s --wait 15m", command)
	}
	return problem(about, "the cluster %s refuses a token that is good until %s: its authentication webhook is not up", cluster, p.env.Until(l.credential.Expires)).
		do("See what is wrong with it. Type: kubectl vsphere describe cluster %s", failure.Quote(cluster))
}

// Why it is not known when a cluster was made.
var (
	errUnasked = errors.New("no context leads to its Supervisor")
	errAgeless = errors.New("the Supervisor does not say when it was made")
)

// madeAt asks the Supervisor when the cluster of a context was made, if a context of the same session leads there.
func madeAt(ctx context.Context, p *patient, x *examined) (time.Time, error) {
	of := p.sessions.Of(x.key)
	for _, other := range p.known { // Also with --context, which means one.
		if other.key.Cluster != "" || other.key.Server != x.key.Server || p.sessions.Of(other.key).ID != of.ID {
			continue
		}
		if l := other.look(); l.err != nil || l.reached != nil || l.refused || !l.credential.Minted() {
			continue
		}
		leave, err := p.forContexts.enter(ctx)
		if err != nil {
			return time.Time{}, err
		}
		defer leave()
		c, err := session.FindContext(p.config, other.names[0])
		if err != nil {
			return time.Time{}, err
		}
		client, _, err := p.sessions.Stored(ctx, c)
		if err != nil {
			return time.Time{}, err
		}
		defer client.CloseIdleConnections()
		namespace, name, _ := strings.Cut(x.key.Cluster, "/")
		cluster, err := kubeapi.New(client.Do).Get(ctx, tkg.ClusterResource, namespace, name)
		if err == nil && cluster.Metadata.Created.IsZero() {
			err = errAgeless
		}
		return cluster.Metadata.Created, err
	}
	return time.Time{}, errUnasked
}
