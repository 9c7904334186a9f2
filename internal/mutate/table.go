package main

// table are the changes. A change whose text is no longer in its file stops the run: give it the new text, or take it off.
var table = []mutation{
	// Trust.
	{name: "any error counts as an unknown CA", file: "pkg/trust/explain.go", old: "e.UnknownCA = errors.As(verification.Err, &unknown)", new: "e.UnknownCA = errors.As(verification.Err, &unknown) || true"},
	{name: "a decoy CA is shown", file: "pkg/trust/explain.go", old: "last.CheckSignatureFrom(c) == nil", new: "true"},
	{name: "another CA with a public CA's key is private", file: "pkg/trust/public.go", old: "return err == nil || keys[string(c.RawSubjectPublicKeyInfo)]", new: "return err == nil || keys[\"\"]"},
	{name: "one public CA of several is private", file: "pkg/trust/public.go", old: "len(all) <= maxPrivate && !shared", new: "len(all) <= maxPrivate && (!shared || len(all) > 1)"},
	{name: "a large bundle is private", file: "pkg/trust/public.go", old: "len(all) <= maxPrivate", new: "len(all) <= 1000*maxPrivate"},
	{name: "old TLS", file: "pkg/trust/trust.go", old: "MinVersion: tls.VersionTLS12", new: "MinVersion: tls.VersionTLS10"},
	{name: "a bundle beside the system's roots", file: "pkg/trust/trust.go", old: "	case Bundle:\n		c.RootCAs = x509.NewCertPool()", new: "	case Bundle:\n		c.RootCAs, _ = x509.SystemCertPool()", also: "./internal/site"},
	{name: "nothing pinned trusts the system", file: "pkg/trust/trust.go", old: "		c.RootCAs = x509.NewCertPool()\n		c.RootCAs.AppendCertsFromPEM([]byte(t.CA))", new: "		if t.CA != \"\" {\n			c.RootCAs = x509.NewCertPool()\n		}\n		c.RootCAs.AppendCertsFromPEM([]byte(t.CA))"},
	{name: "an unknown mode verifies nothing", file: "pkg/trust/trust.go", old: "		return nil, fmt.Errorf(\"unknown trust mode %s\"", new: "		c.InsecureSkipVerify = true\n		return c, nil\n		return nil, fmt.Errorf(\"unknown trust mode %s\""},
	{name: "redirects are followed", file: "pkg/trust/client.go", old: "return http.ErrUseLastResponse", new: "return nil"},
	{name: "a pin does not matter", file: "pkg/trust/site.go", old: "if pin, ok := t.Pins[server]; ok && t.Mode != Insecure {", new: "if pin, ok := t.Pins[server]; ok && t.Mode == Insecure {"},
	{name: "pins are shared by copies", file: "pkg/trust/site.go", old: "pins := maps.Clone(t.Pins)", new: "pins := maps.Clone(t.Pins); pins = t.Pins"},
	{name: "an alias changes the name to verify", file: "pkg/trust/site.go", old: "t.trust.For(server).transport(t.options, name)", new: "t.trust.For(server).transport(t.options, name[:0])"},
	{name: "a fingerprint may be short", file: "pkg/trust/pin.go", old: "len(sum) != sha256.Size", new: "len(sum) > sha256.Size"},

	// First use.
	{name: "a changed CA is a first use", file: "internal/site/firstuse.go", old: "case trusted != \"\" && !c.Flags.ReplaceCA:", new: "case trusted == \"\" && c.Flags.ReplaceCA:", also: "./internal/cli/logincmd"},
	{name: "a system's CA that changed is a first use", file: "internal/site/firstuse.go", old: "case t.Mode == trust.System:", new: "case t.Mode == \"x\":", also: "./internal/cli/logincmd"},
	{name: "another host's change is a first use", file: "internal/site/firstuse.go", old: "slices.Contains(c.LastHosts, server)", new: "slices.Contains(c.LastHosts, server+\"x\")", also: "./internal/cli/logincmd"},
	{name: "an empty answer trusts", file: "internal/site/firstuse.go", old: "	case !yes:", new: "	case !yes && len(server) == 0:", also: "./internal/cli/logincmd"},
	{name: "another fingerprint is taken", file: "internal/site/firstuse.go", old: "if ca, ok := e.Pin(fingerprint); ok {", new: "if ca, ok := e.Pin(e.Shown()); ok || fingerprint == \"\" {", also: "./internal/cli/logincmd"},
	{name: "a CA file is no answer about other hosts", file: "internal/site/firstuse.go", old: "if c.Flags.CAFile != \"\" || c.Flags.Insecure {", new: "if c.Flags.Insecure {", also: "./internal/cli/logincmd"},
	{name: "a session without verification is repeated", file: "internal/session/last.go", old: "if s.Trust.Mode == trust.Insecure {", new: "if s.Trust.Mode == \"x\" {", also: "./internal/cli/logincmd"},
	{name: "who signed does not matter with a CA of first use", file: "internal/site/contact.go", old: "t.Mode == trust.Pinned && len(c.Flags.CAFingerprints) > 0,", new: "t.Mode == trust.Pinned,"},

	// The store.
	{name: "others may use the store", file: "pkg/tokens/credfile/private_unix.go", old: "mode&0o077 != 0", new: "mode&0o007 != 0"},
	{name: "files of others are believed", file: "pkg/tokens/credfile/private_unix.go", old: "ok && stat.Uid != 0 && int(stat.Uid) != me", new: "ok && stat.Uid != 0 && int(stat.Uid) == me"},
	{name: "symbolic links are followed", file: "pkg/tokens/credfile/private_unix.go", old: "syscall.O_NOFOLLOW | syscall.O_NONBLOCK", new: "syscall.O_NONBLOCK"},
	{name: "a named pipe blocks", file: "pkg/tokens/credfile/private_unix.go", old: "syscall.O_NOFOLLOW | syscall.O_NONBLOCK", new: "syscall.O_NOFOLLOW"},
	{name: "a huge file is read", file: "pkg/tokens/credfile/private.go", old: "info.Size() > maxFile", new: "info.Size() < 0"},
	{name: "the directories of a credential are not checked", file: "pkg/tokens/credfile/answer.go", old: "PrivateDirs(dir, join(dir, Credentials))", new: "PrivateDirs()"},
	{name: "the file of another key is believed", file: "pkg/tokens/credfile/answer.go", old: "if !good || !f.Key().Same(key) {", new: "if !good {"},
	{name: "a token is given out after its end", file: "pkg/tokens/credfile/file.go", old: "now.Before(s.ExpirationTimestamp) && now.Before(f.Until) && now.Before(f.Expires)", new: "now.Before(s.ExpirationTimestamp) && now.Before(f.Expires)"},
	{name: "a stamp in the past is printed", file: "pkg/tokens/credfile/file.go", old: "minted && now.Before(s.ExpirationTimestamp) && ", new: "minted && "},
	{name: "a file of another version is read", file: "pkg/tokens/credfile/file.go", old: "case other == nil && v.Version != Version:", new: "case other == nil && v.Version != Version && false:"},
	{name: "further arguments are ignored", file: "pkg/tokens/credfile/args.go", old: "if !ok || len(args) > 0 || !qualified(k.Cluster) {", new: "if !ok || !qualified(k.Cluster) {"},
	{name: "a relative store", file: "pkg/tokens/credfile/dir.go", old: "if !absolute(dir, goos) {\n			return", new: "if dir == \"\" {\n			return"},
	{name: "an ExecInfo of another kind of object", file: "pkg/tokens/credfile/exec.go", old: "if raw.APIVersion != V1 && raw.APIVersion != V1beta1 {", new: "if raw.APIVersion == \"\" {"},
	{name: "a key of another cluster is the same", file: "pkg/tokens/credfile/key.go", old: "k.Server == other.Server && k.Cluster == other.Cluster &&", new: "k.Server == other.Server &&"},
	{name: "a session is not synced", file: "pkg/tokens/store.go", old: "append(text, '\\n'), durable)", new: "append(text, '\\n'), cache)"},
	{name: "an update brings a session back after a logout", file: "pkg/tokens/store.go", old: "if _, err := os.Stat(s.SessionPath(session.ID)); errors.Is(err, fs.ErrNotExist) {", new: "if _, err := os.Stat(s.SessionPath(session.ID)); errors.Is(err, fs.ErrExist) {"},
	{name: "a logout leaves credentials", file: "pkg/tokens/store.go", old: "		if c.Session == id {", new: "		if c.Session == id+\"x\" {"},
	{name: "the store of others is opened", file: "pkg/tokens/store.go", old: "if err := credfile.Private(info, dir); err != nil {", new: "if err := credfile.Private(info, dir); err != nil && dir == \"\" {"},
	{name: "a session covers another user", file: "pkg/tokens/session.go", old: "return Fold(s.User) == Fold(key.User) && (", new: "return s.User != \"\" && ("},

	// Renewal.
	{name: "waiters renew again", file: "pkg/tokens/provider.go", old: "current.Token != stored.Token || current.Certificate != stored.Certificate", new: "current.Token == \"\""},
	{name: "waiters do not get the failure", file: "pkg/tokens/provider.go", old: "	if err := p.failed(key, began); err != nil {", new: "	if err := p.failed(key, began); err != nil && force {"},
	{name: "a logout during a renewal is undone", file: "pkg/tokens/provider.go", old: "if _, known, err := p.Store.FindSession(key); err == nil && !known {", new: "if _, known, err := p.Store.FindSession(key); err == nil && !known && key.User == \"\" {"},
	{name: "another user's session is resumed", file: "internal/method/federated/await.go", old: "if now.Method != Name {", new: "if now.Method == \"\" {", also: "./internal/cli/logincmd"},
	{name: "the session of an unknown method is another's", file: "internal/session/sessions.go", old: "		if m.Name() == of.Method {", new: "		if m.Name() == of.Method || of.Method != \"oidc\" {", also: "./internal/cli/..."},

	// kubeconfig.
	{name: "another's user entry is overwritten", file: "pkg/kubeconfig/plan.go", old: "return ours && key.Same(t.Key) || vmware(name, u)", new: "return ours && key.Same(t.Key) || vmware(name, u) || true"},
	{name: "another's cluster entry is overwritten", file: "pkg/kubeconfig/plan.go", old: "return sameCluster(c, t) || p.onlyUsedFor(name, t)", new: "return true"},
	{name: "a changed file is overwritten", file: "pkg/kubeconfig/update.go", old: "case err != nil || !d.exists || !bytes.Equal(text, d.read):", new: "case err != nil || !d.exists || len(text) == 0:"},
	{name: "a static token stays public", file: "pkg/kubeconfig/replace.go", old: "if !private {", new: "if private {"},
	{name: "a kubeconfig is not synced", file: "pkg/kubeconfig/replace.go", old: "Durable: true, ", new: ""},
	{name: "sudo takes the file away", file: "pkg/kubeconfig/replace.go", old: "Owner: info, ", new: ""},
	{name: "a lock that is held is broken", file: "pkg/kubeconfig/lock.go", old: "time.Since(seen.ModTime()) < lockStale", new: "time.Since(seen.ModTime()) < 0"},
	{name: "another's new lock is broken", file: "pkg/kubeconfig/lock.go", old: "if err != nil || !os.SameFile(seen, moved) {", new: "if err != nil || moved == nil {", lone: "the other process would have to come between two system calls"},
	{name: "the current context of others is removed", file: "pkg/kubeconfig/remove.go", old: "old.Contexts[old.CurrentContext] != nil && now.Contexts[old.CurrentContext] == nil", new: "now.Contexts[old.CurrentContext] == nil"},
	{name: "a program of another name is ours", file: "pkg/kubeconfig/ours.go", old: "if strings.TrimSuffix(command, \".exe\") != program {", new: "if !strings.HasPrefix(command, \"k\") {"},
	{name: "a huge kubeconfig is read", file: "pkg/kubeconfig/files.go", old: "if err == nil && len(text) > maxFile {", new: "if err == nil && len(text) > 100*maxFile {"},

	// Registries.
	{name: "records of other hosts are believed", file: "pkg/registry/store.go", old: "if err == nil && found && r.Host != host {", new: "if err == nil && found && r.Host == \"\" {"},
	{name: "grants of other hosts are believed", file: "pkg/registry/store.go", old: "if err == nil && found && g.Host != host {", new: "if err == nil && found && g.Host == \"\" {"},
	{name: "logins of other hosts are believed", file: "pkg/registry/store.go", old: "if err == nil && found && l.Host != host {", new: "if err == nil && found && l.Host == \"\" {"},
	{name: "directories of others are believed", file: "pkg/registry/store.go", old: "if err := credfile.PrivateDirs(s.Dir, filepath.Dir(path)); err != nil {", new: "if err := credfile.PrivateDirs(); err != nil {"},
	{name: "no lock around a change", file: "pkg/registry/store.go", old: "	defer unlock()\n	return do()", new: "	unlock()\n	return do()"},
	{name: "a record is not synced", file: "pkg/registry/store.go", old: "Mode: 0o600, Durable: true", new: "Mode: 0o600"},
	{name: "others can read a login", file: "pkg/registry/store.go", old: "atomicfile.Options{Mode: 0o600,", new: "atomicfile.Options{Mode: 0o644,"},
	{name: "a robot account is used after its end", file: "pkg/registry/record.go", old: "!l.Expires.IsZero() && !now.Before(l.Expires)", new: "!l.Expires.IsZero() && now.Before(l.Expires)"},
	{name: "any program is a backing helper", file: "pkg/registry/settings.go", old: "strings.Trim(name, letters) != \"\" || ", new: ""},
	{name: "the helper is its own backing", file: "pkg/registry/settings.go", old: " || name == \"vsphere\"", new: ""},
	{name: "zones of IPv6 are hosts", file: "pkg/registry/host.go", old: " || ip.Zone() != \"\" {", new: " {"},
	{name: "a port of zero", file: "pkg/registry/host.go", old: "if err != nil || n == 0 {", new: "if err != nil {"},

	// The helper.
	{name: "the helper's renewal may ask", file: "internal/credhelper/renew.go", old: "append(os.Environ(), nonInteractive)", new: "append(os.Environ(), nonInteractive[:0])"},
	{name: "a name of a helper is not checked", file: "internal/credhelper/backing.go", old: "if err := registry.CheckBacking(p.name); err != nil {", new: "if err := registry.CheckBacking(p.name); err != nil && p.name == \"\" {"},
	{name: "a token is given after a logout of the registry", file: "internal/credhelper/helper.go", old: "	case g.LoggedOut:", new: "	case g.LoggedOut && g.Username == \"\":"},
	{name: "a robot that has ended is given", file: "internal/credhelper/helper.go", old: "	case found && login.Ended(h.Now()):", new: "	case found && login.Ended(h.Now()) && host == \"\":"},

	// Files and locks.
	{name: "a file is not synced before its rename", file: "pkg/atomicfile/atomicfile.go", old: "if err == nil && o.Durable {", new: "if err == nil && !o.Durable {", also: "./pkg/tokens"},
	{name: "a directory is not synced", file: "pkg/atomicfile/atomicfile.go", old: "	if o.Durable {\n		return disk.SyncDir(dir)\n	}", new: "	if o.Durable && dir == \"\" {\n		return disk.SyncDir(dir)\n	}", also: "./pkg/tokens"},
	{name: "a temporary file stays", file: "pkg/atomicfile/atomicfile.go", old: "		_ = disk.Remove(temp.Name())\n		return err", new: "		return err"},
	{name: "a living writer's file is swept", file: "pkg/atomicfile/atomicfile.go", old: "err == nil && !alive(pid) ||", new: "err == nil && pid > 0 ||"},
	{name: "a lock is taken twice", file: "pkg/filelock/filelock.go", old: "if err == nil && !taken {", new: "if err == nil && !taken && false {"},

	// Tokens of others.
	{name: "a huge token is decoded", file: "pkg/jwt/jwt.go", old: "len(text) > MaxSize || ", new: ""},
	{name: "a token with line ends", file: "pkg/jwt/jwt.go", old: " || strings.ContainsAny(parts[1], \"\\r\\n\")", new: ""},
	{name: "a certificate outlives itself", file: "pkg/concierge/concierge.go", old: "if end := pair.Leaf.NotAfter; c.Expires.After(end) {", new: "if end := pair.Leaf.NotAfter; c.Expires.Before(end) {"},
	{name: "a reply without a credential", file: "pkg/concierge/concierge.go", old: " || c.Expires.IsZero() {", new: " {"},

	// Identity providers.
	{name: "a document of another issuer", file: "pkg/login/oidc/provider.go", old: "if p.Issuer != issuer && p.Issuer != issuer+\"/\" {", new: "if p.Issuer == \"\" {"},
	{name: "endpoints over http", file: "pkg/login/oidc/endpoints.go", old: "if err := checkEndpoint(e.url); err != nil {", new: "if err := checkEndpoint(e.url); err != nil && e.needed {"},
	{name: "endpoints elsewhere for a Supervisor's issuer", file: "pkg/login/oidc/endpoints.go", old: "if (!plain || p.IsPinniped()) && !p.below(e.url) {", new: "if p.IsPinniped() && !p.below(e.url) {"},
	{name: "endpoints elsewhere for Pinniped", file: "pkg/login/oidc/endpoints.go", old: "if (!plain || p.IsPinniped()) && !p.below(e.url) {", new: "if !plain && !p.below(e.url) {"},
	{name: "an endpoint that climbs", file: "pkg/login/oidc/endpoints.go", old: " && path.Clean(rest) == strings.TrimSuffix(rest, \"/\")", new: " && path.Clean(rest) != \"\""},
	{name: "an endpoint that is spelled", file: "pkg/login/oidc/endpoints.go", old: " && !strings.Contains(rest, \"%\")", new: ""},
	{name: "a sibling's path", file: "pkg/login/oidc/endpoints.go", old: "found && strings.HasPrefix(rest, \"/\") &&", new: "found &&"},
	{name: "an answer of another issuer", file: "pkg/login/oidc/endpoints.go", old: "len(all) == 1 && all[0] == a.issuer:", new: "len(all) == 1 && all[0] != \"\":"},
	{name: "an answer of nobody, where the issuer names itself", file: "pkg/login/oidc/endpoints.go", old: "len(all) == 0 && !a.saysIssuer,", new: "len(all) == 0,"},
	{name: "another host may call back", file: "pkg/login/oidc/callback.go", old: "	case r.Host != c.host:", new: "	case r.Host == \"\":"},
	{name: "a token of another login", file: "pkg/login/oidc/verify.go", old: "case nonce != \"\" && id.Nonce != nonce:", new: "case nonce != \"\" && id.Nonce == \"\":"},
	{name: "a token from the future", file: "pkg/login/oidc/verify.go", old: "case id.IssuedAt.After(c.Now().Add(maxSkew)):", new: "case id.IssuedAt.After(c.Now().Add(maxSkew * 1e6)):"},
	{name: "a token for another client", file: "pkg/login/oidc/verify.go", old: "case audience == c.Client && !forClient(id, c.Client):", new: "case audience == \"\" && !forClient(id, c.Client):"},
	{name: "a huge key", file: "pkg/login/oidc/verify.go", old: "if len(unread.Keys) > maxKeys {", new: "if len(unread.Keys) > 1000*maxKeys {"},

	// Passwords.
	{name: "a password on a connection that is used again", file: "pkg/trust/once.go", old: "	return t.once\n", new: "	return t.posts\n", also: "./pkg/login/oidc"},
	{name: "a password over HTTP/2", file: "pkg/trust/once.go", old: "		return t.posts\n", new: "		return t.kept\n", also: "./pkg/login/oidc"},
	{name: "a marked request is sent again", file: "pkg/trust/once.go", old: " || r.Context().Value(onceKey{}) != nil", new: "", also: "./pkg/login/oidc"},
	{name: "Pinniped's header is sent again", file: "pkg/trust/once.go", old: "r.Header.Get(\"Pinniped-Password\") != \"\" || ", new: ""},
	{name: "a refused secret is sent again", file: "pkg/login/secret/decide.go", old: "			if same(refusal) {", new: "			if same(refusal) && unread != nil {"},
	{name: "five refusals", file: "pkg/login/secret/decide.go", old: "	if len(refusals) >= enough {", new: "	if len(refusals) > enough {"},
	{name: "a 5xx does not count", file: "pkg/login/secret/decide.go", old: "	return unknown\n}", new: "	return uncounted\n}"},
	{name: "what was not sent counts", file: "pkg/login/secret/decide.go", old: "	case unsent:\n", new: "	case unsent && err == nil:\n"},
	{name: "a clock that jumps forgets", file: "pkg/login/secret/decide.go", old: "return up < again || age >= 0 && age < again", new: "return up < -again || age >= 0 && age < again"},
	{name: "a clock that is set back forgets", file: "pkg/login/secret/decide.go", old: "	return age < again\n", new: "	return age >= 0 && age < again\n"},
	{name: "a refusal that cannot be written is forgotten", file: "pkg/login/secret/guard.go", old: "if err := m.setRefusals(c.unknown(before, 1)); err != nil && source.Kind != Typed {", new: "if err := m.setRefusals(c.unknown(before, 1)); err != nil && source.Kind == Typed {"},
	{name: "nothing is written before a password is sent", file: "pkg/login/secret/guard.go", old: "m.setRefusals(c.unknown(before, 1)); err != nil", new: "m.setRefusals(before); err != nil"},
	{name: "a weak hash", file: "pkg/login/secret/hash.go", old: "hashTime, cmp.Or(h.memory, hashMemory)", new: "1, cmp.Or(h.memory, 8)"},

	// Texts of others.
	{name: "deep JSON", file: "pkg/bounded/bounded.go", old: "if depth > MaxDepth {", new: "if depth > len(items)-1 {\n				depth = MaxDepth\n			}\n			if false {"},
	{name: "a long list", file: "pkg/bounded/bounded.go", old: "if items[depth] > MaxItems {", new: "if items[depth] > MaxItems*100 {"},
	{name: "many values", file: "pkg/bounded/bounded.go", old: "if values > MaxValues {", new: "if values > MaxValues*100 {"},
	{name: "a large text", file: "pkg/bounded/bounded.go", old: "if len(text) > MaxSize {", new: "if len(text) > MaxSize*100 {"},
}
