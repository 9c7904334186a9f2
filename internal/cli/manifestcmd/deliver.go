package manifestcmd

import (
	"bytes"
	"cmp"
	"context"
	"errors"
	"fmt"
	"os"
	"path/filepath"

	"github.com/kubectl-vsphere/kubectl-vsphere/internal/cli/lookup"
	"github.com/kubectl-vsphere/kubectl-vsphere/internal/command"
	"github.com/kubectl-vsphere/kubectl-vsphere/internal/failure"
	"github.com/kubectl-vsphere/kubectl-vsphere/internal/survey"
	"github.com/kubectl-vsphere/kubectl-vsphere/pkg/atomicfile"
	"github.com/kubectl-vsphere/kubectl-vsphere/pkg/kubeapi"
	"github.com/kubectl-vsphere/kubectl-vsphere/pkg/manifest"
	"github.com/kubectl-vsphere/kubectl-vsphere/pkg/tkg"
	"github.com/kubectl-vsphere/kubectl-vsphere/pkg/wire"
)

// chosen is where a cluster is to be.
type chosen struct {
	site  *survey.Site
	place *survey.Place
}

// deliver has the server check a manifest, and writes it.
func (c chosen) deliver(ctx context.Context, o manifestOptions, offers manifest.Offers) error {
	s, p := c.site, c.place
	connection := s.Connect(p)
	server, done := connection.Server, connection.Close
	defer done()
	resource := tkg.ClusterResource
	if o.Tanzu {
		resource = tkg.TanzuClusterResource
	}
	version, err := server.Version(ctx, resource)
	if errors.Is(err, kubeapi.ErrNotServed) {
		return failure.Hint(fmt.Errorf("%s does not serve %s", p.Title, resource), "Choose the other kind of object with --api.")
	}
	if err != nil {
		return err
	}
	object := o.Object(version, offers)
	if !o.Unchecked {
		t := kubeapi.Target{Resource: resource, Namespace: o.Namespace, Name: o.Name, DryRun: true}
		if err := c.checked(ctx, server, t, object); err != nil {
			if !o.Force || ctx.Err() != nil {
				return err
			}
			s.Env.Warn(err)
		}
	}
	var text bytes.Buffer
	format := command.Format("yaml")
	if err := format.Write(&text, object); err != nil {
		return err
	}
	return c.save(ctx, o, text.Bytes())
}

// checked has the server check an object. That a user may not create it is no reason against it: somebody else may.
func (c chosen) checked(ctx context.Context, server *kubeapi.Server, t kubeapi.Target, object map[string]any) error {
	_, err := server.Create(ctx, t, object)
	switch {
	case errors.Is(err, wire.ErrForbidden):
		c.site.Env.Notef("the server did not check it, since you may not create %s in %s; %s", t.Resource, t.Namespace, needsRole)
		return nil
	case err != nil:
		return failure.Hint(fmt.Errorf("the server does not take it: %w", err), "With --force the manifest is written all the same.")
	}
	return nil
}

// save writes the manifest to where the person wants it.
func (c chosen) save(ctx context.Context, o manifestOptions, text []byte) error {
	s, p := c.site, c.place
	if o.Output == "" || o.Output == "-" {
		_, err := s.Env.Out.Write(text)
		return err
	}
	path, err := filepath.Abs(o.Output)
	if err != nil {
		return err
	}
	err = atomicfile.Write(path, text, atomicfile.Options{Mode: 0o644, Check: func() error {
		if _, err := os.Lstat(path); err == nil && !o.Force {
			return failure.Hint(fmt.Errorf("%s exists", path), "With --force it is overwritten.")
		}
		return ctx.Err()
	}})
	if err != nil {
		return err
	}
	s.Env.Tellf("The manifest is in %s. To create the cluster, type: %sapply -f %s", o.Output, cmp.Or(lookup.Kubectl(s, p, o.Namespace), "kubectl "), failure.Quote(o.Output))
	return nil
}
