package doctor

import (
	"context"
	"errors"
	"io/fs"
	"maps"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"time"

	"k8s.io/client-go/tools/clientcmd/api"

	"github.com/kubectl-vsphere/kubectl-vsphere/internal/console"
	"github.com/kubectl-vsphere/kubectl-vsphere/internal/failure"
	"github.com/kubectl-vsphere/kubectl-vsphere/pkg/kubeconfig"
	"github.com/kubectl-vsphere/kubectl-vsphere/pkg/safetext"
)

// kubeconfigs looks at the files of KUBECONFIG, and at the entries in them.
func kubeconfigs(_ context.Context, p *patient) []Finding {
	if p.pathsErr != nil {
		return []Finding{failed("", p.pathsErr, "Set KUBECONFIG, or unset it.")}
	}
	all := each(p.paths, p.kubeconfigFile)
	if p.readErr != nil && !slices.ContainsFunc(all, func(f Finding) bool { return f.State == Problem }) {
		all = append(all, failed("", p.readErr, "Take files out of KUBECONFIG.")) // All of them together are too much.
	}
	if p.readErr == nil {
		all = append(all, p.entries()...)
	}
	return all
}

// kubeconfigFile looks at one file.
func (p *patient) kubeconfigFile(path string) (all []Finding) {
	info, err := os.Stat(path)
	var why *fs.PathError
	switch {
	case errors.Is(err, fs.ErrNotExist):
		return []Finding{note(named(path), "the file does not exist; a login makes it")}
	case errors.As(err, &why):
		return []Finding{failed(named(path), why.Err, "Repair it, or move it away and log in again. If it is not the path of a file, set KUBECONFIG.")}
	}
	config, err := kubeconfig.Files{Paths: []string{path}, Warn: func(string) {}}.Load()
	if err != nil {
		return []Finding{failed(path, err, "Repair it, or move it away and log in again.")}
	}
	if info.Mode().IsRegular() && p.env.GOOS != "windows" {
		all = append(all, modes(path, info.Mode().Perm(), config)...)
	}
	return append(all, p.lockOf(path)...)
}

// named returns the path of a kubeconfig. KUBECONFIG may hold something else by mistake, such as the text of a file with a token: what is neither a
// file nor a place for one is not shown.
func named(path string) string {
	if _, err := os.Stat(path); err == nil {
		return path
	}
	dir := filepath.Dir(path)
	info, err := os.Stat(dir)
	if errors.Is(err, fs.ErrNotExist) { // A login makes ~/.kube.
		info, err = os.Stat(filepath.Dir(dir))
	}
	if err == nil && info.IsDir() && filepath.IsAbs(path) {
		return path
	}
	return "a part of KUBECONFIG"
}

// modes looks who else can use a kubeconfig. Who can write it can have kubectl run a program.
func modes(path string, mode fs.FileMode, config *api.Config) []Finding {
	repair := "Type: chmod 600 " + failure.Quote(path)
	secrets := slices.ContainsFunc(slices.Collect(maps.Values(config.AuthInfos)), func(u *api.AuthInfo) bool {
		return u.Token != "" || u.Password != "" || len(u.ClientKeyData) > 0
	})
	switch {
	case mode&0o022 != 0:
		return []Finding{problem(path, "other people can write to it (mode %o): they can have kubectl run a program as you", mode).do("%s", repair)}
	case mode&0o044 != 0 && secrets:
		return []Finding{problem(path, "other people can read it (mode %o), and it holds tokens or keys", mode).do("%s", repair)}
	}
	return []Finding{ok(path, "can be read")}
}

// staleLock is the age at which the owner of kubectl's lock must be dead: it is held for milliseconds.
const staleLock = time.Minute

// lockOf looks for the lock that kubectl takes for a file, PATH.lock.
func (p *patient) lockOf(path string) []Finding {
	lock := path + ".lock"
	info, err := os.Lstat(lock)
	if err != nil {
		return nil
	}
	age := p.env.Now().Sub(info.ModTime())
	if age < staleLock {
		return []Finding{note(lock, "a kubectl is changing the file now")}
	}
	return []Finding{problem(lock, "a kubectl that was killed left this lock %s ago: others cannot change the file", console.Span(age)).
		do("Type: rm -f %s", failure.Quote(lock))}
}

// entries looks at the contexts and users of all files together.
func (p *patient) entries() (all []Finding) {
	switch current := p.config.CurrentContext; {
	case len(p.config.Contexts) == 0:
	case current == "":
		all = append(all, note("", "there is no current context").do("Type: kubectl vsphere use"))
	case p.config.Contexts[current] == nil:
		all = append(all, problem("", "the current context %q is not in the kubeconfig", current).do("Type: kubectl vsphere use"))
	}
	for _, name := range slices.Sorted(maps.Keys(p.config.Contexts)) {
		if p.Context != "" && name != p.Context {
			continue
		}
		all = append(all, p.entry(name, p.config.Contexts[name])...)
	}
	return all
}

// entry looks at one context.
func (p *patient) entry(name string, c *api.Context) []Finding {
	about := "context " + name
	user := p.config.AuthInfos[c.AuthInfo]
	if user == nil || p.config.Clusters[c.Cluster] == nil {
		return []Finding{problem(about, "it names a cluster or user that is not in the kubeconfig").
			do("Type: kubectl config delete-context %s", failure.Quote(name))}
	}
	key, ours := kubeconfig.Ours(user)
	switch {
	case p.Server != "" && (!ours || key.Server != p.Server):
		return nil
	case !ours && kubeconfig.Listed(p.config, c):
		return []Finding{note(about, "VMware's plugin wrote it: it holds a token in plain text, which nobody renews").
			do("A login at that Supervisor takes the context over.")}
	case user.Exec != nil && !runs(p.env, user.Exec, p.config.Clusters[c.Cluster]):
		f := problem(about, "it runs %s, which is not there", safetext.Quote(programOf(user.Exec.Command), maxAbout))
		if !ours {
			f.State = Note // Another tool wrote it.
			return []Finding{f}
		}
		return []Finding{f.do("Log in again. Type: %s", p.sessions.Command(p.sessions.Of(key)))}
	case !ours || user.Exec == nil:
		return nil
	}
	if _, found, err := p.store.FindSession(key); err == nil && !found {
		return []Finding{problem(about, "there is no session of %s at %s, so that kubectl gets no token", key.User, key.Server).
			do("Type: %s\nIf you do not need it any more, type: kubectl config delete-context %s", p.sessions.Command(p.sessions.Of(key)), failure.Quote(name))}
	}
	return nil
}

// runs reports whether the command of an exec block is there. As in kubectl, one with a slash is relative to the kubeconfig.
func runs(e *console.Env, exec *api.ExecConfig, cluster *api.Cluster) bool {
	path := exec.Command
	if strings.ContainsRune(path, filepath.Separator) && !filepath.IsAbs(path) {
		path = filepath.Join(filepath.Dir(cluster.LocationOfOrigin), path)
	}
	_, err := e.LookPath(path)
	return err == nil
}

// storage looks at the store of sessions and tokens.
func storage(_ context.Context, p *patient) []Finding {
	if p.storeErr != nil {
		return []Finding{failed("", p.storeErr, "Make it a directory of yours alone, or set KUBECTL_VSPHERE_HOME.")}
	}
	var all []Finding
	_, unreadable := p.store.Sessions()
	_, more := p.store.Credentials()
	for _, err := range slices.Concat(unreadable, more) {
		all = append(all, failed(p.store.Dir(), err, "Move the file away, then log in again."))
	}
	for _, s := range p.store.SiteServers() {
		if _, _, err := p.store.Site(s); err != nil {
			all = append(all, failed(s, err, "Move the file away, then log in again."))
		}
	}
	switch {
	case len(all) > 0:
	case len(p.all) == 0:
		all = append(all, note(p.store.Dir(), "there is no session").do("Type: kubectl vsphere login --server ADDRESS -u USER"))
	default:
		all = append(all, ok(p.store.Dir(), "sessions: %d", len(p.all)))
	}
	return all
}
