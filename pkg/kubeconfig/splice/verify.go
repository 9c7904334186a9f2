package splice

import (
	"encoding/json"
	"errors"
	"fmt"
	"reflect"
	"regexp"
	"strings"

	"k8s.io/client-go/tools/clientcmd/api"
	clientcmdv1 "k8s.io/client-go/tools/clientcmd/api/v1"

	"github.com/kubectl-vsphere/kubectl-vsphere/pkg/bounded"
	"github.com/kubectl-vsphere/kubectl-vsphere/pkg/bounded/boundedyaml"
	"github.com/kubectl-vsphere/kubectl-vsphere/pkg/kubeconfig/codec"
	"github.com/kubectl-vsphere/kubectl-vsphere/pkg/safetext"
)

// load reads a kubeconfig as kubectl does.
func load(text []byte) (*api.Config, error) {
	if err := check(text); err != nil {
		return nil, err
	}
	return decode(text)
}

// check returns an error for a text that no parser should see.
func check(text []byte) error {
	if err := boundedyaml.CheckFile(text); err != nil {
		return checkError(err)
	}
	return nil
}

// decode is load of a text that was checked.
func decode(text []byte) (*api.Config, error) {
	cfg, err := codec.Load(text)
	if err != nil {
		return nil, fmt.Errorf("kubectl cannot read it either: %s", withoutValues(err))
	}
	return cfg, nil
}

// checkError words why a text is not read, without values.
func checkError(err error) error {
	var exceeds *bounded.Error
	if errors.As(err, &exceeds) {
		return fmt.Errorf("it %w", exceeds)
	}
	return fmt.Errorf("it is not valid YAML: %s", withoutValues(err))
}

var (
	duplicate = regexp.MustCompile(`duplicate name "([^"]*)" in list`)
	quoted    = regexp.MustCompile("`[^`]*`|'[^']*'|\"[^\"]*\"|GroupVersion string: .*")
)

// withoutValues is client-go's error about a kubeconfig, without the entries and values that it repeats: they include
// tokens and passwords.
func withoutValues(err error) string {
	text := err.Error()
	if m := duplicate.FindStringSubmatch(text); m != nil {
		return fmt.Sprintf("two entries of one list have the name %q", safetext.Line(m[1], 80))
	}
	text, _, _ = strings.Cut(text, "{")
	return safetext.Line(quoted.ReplaceAllString(text, "…"), 200)
}

// verify reads the new text and compares it with the old configuration after the change. It returns what it read.
func verify(old *api.Config, text []byte, c Change) (*api.Config, error) {
	var got, want *api.Config
	var err, wantErr error
	both(text, func() { got, err = load(text) }, func() { want, wantErr = c.applyTo(old) })
	if err != nil {
		return nil, errors.Join(errNotPlanned, err)
	}
	if wantErr != nil {
		return nil, wantErr
	}
	if !reflect.DeepEqual(got, want) {
		return nil, errNotPlanned
	}
	return got, nil
}

// applyTo makes the change in memory. It uses the same decoder as for a file, so that defaults and extensions compare
// equal.
func (c Change) applyTo(old *api.Config) (*api.Config, error) {
	text, err := json.Marshal(clientcmdv1.Config{
		APIVersion: "v1", Kind: "Config", Clusters: c.Clusters, Contexts: c.Contexts, AuthInfos: c.Users,
	})
	if err != nil {
		return nil, err
	}
	set, err := load(text)
	if err != nil {
		return nil, err
	}
	want := old.DeepCopy()
	for _, name := range c.DeleteClusters {
		delete(want.Clusters, name)
	}
	for _, name := range c.DeleteContexts {
		delete(want.Contexts, name)
	}
	for _, name := range c.DeleteUsers {
		delete(want.AuthInfos, name)
	}
	for name, v := range set.Clusters {
		want.Clusters[name] = v
	}
	for name, v := range set.Contexts {
		want.Contexts[name] = v
	}
	for name, v := range set.AuthInfos {
		want.AuthInfos[name] = v
	}
	if c.CurrentContext != nil {
		want.CurrentContext = *c.CurrentContext
	}
	return want, nil
}
