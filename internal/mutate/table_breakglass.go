package main

// breakglass are the changes of break-glass credentials and of ssh.
var breakglass = []mutation{
	{name: "an admin kubeconfig runs a program", file: "internal/breakglass/admin.go", old: "if err := only(fields, userFields, \"user\"); err != nil {", new: "if err := only(fields, userFields, \"user\"); err != nil && fields == nil {", by: "TestAdminOfOddShape"},
	{name: "an admin kubeconfig goes by a proxy of somebody", file: "internal/breakglass/admin.go", old: "if err := only(fields, clusterFields, \"cluster\"); err != nil {", new: "if err := only(fields, clusterFields, \"cluster\"); err != nil && fields == nil {", by: "TestAdminOfOddShape"},
	{name: "an admin kubeconfig without TLS", file: "internal/breakglass/admin.go", old: "	if err != nil {\n		return nil, fmt.Errorf(\"its server", new: "	if err != nil && typed == \"\" {\n		return nil, fmt.Errorf(\"its server", by: "TestAdminOfOddShape"},
	{name: "an admin kubeconfig without a CA", file: "internal/breakglass/admin.go", old: "	if err != nil {\n		return nil, fmt.Errorf(\"its CA", new: "	if err != nil && typed == \"\" {\n		return nil, fmt.Errorf(\"its CA", by: "TestAdminOfOddShape"},
	{name: "an admin kubeconfig of several clusters", file: "internal/breakglass/admin.go", old: "len(from.Clusters) != 1 ||", new: "len(from.Clusters) == 0 ||", by: "TestAdminOfOddShape"},
	{name: "a key with a passphrase is written", file: "internal/breakglass/breakglass.go", old: "return \"\", errors.New(\"its key has a passphrase\")", new: "return key, nil", by: "TestReadKey"},
	{name: "a password of several lines", file: "internal/breakglass/breakglass.go", old: "!safetext.IsLine(password, maxPassword)", new: "len(password) > maxPassword || !safetext.IsLine(\"\", maxPassword)", by: "TestReadPassword"},
	{name: "a Secret is read without a yes", file: "internal/cli/clustercmd/credentials.go", old: "err != nil || !yes {", new: "err != nil || !yes && o.Force {", by: "TestCredentialsAreConfirmed"},
	{name: "a script is not asked", file: "internal/cli/clustercmd/credentials.go", old: "e.Terminal == nil && !o.Yes", new: "e.Terminal == nil && !o.Yes && o.Output == \"x\"", by: "TestCredentialsAreConfirmed"},
	{name: "credentials replace a file", file: "internal/cli/clustercmd/output.go", old: "	case !force:", new: "	case !force && false:", by: "TestCredentialsReplaceNothing"},
	{name: "credentials replace a link", file: "internal/cli/clustercmd/output.go", old: "info.Mode()&fs.ModeSymlink != 0", new: "info.Mode()&fs.ModeSymlink != 0 && !force", by: "TestCredentialsReplaceNothing"},
	{name: "credentials replace a file made meanwhile", file: "internal/cli/clustercmd/output.go", old: ", Check: func() error { return o.check(force) }", new: "", by: "TestCredentialsLoseARace"},
	{name: "others read credentials", file: "internal/cli/clustercmd/output.go", old: "Mode: 0o600", new: "Mode: 0o644", by: "TestCredentials"},
	{name: "an address is an option of ssh", file: "internal/breakglass/ssh.go", old: "err != nil || at.Zone() != \"\"", new: "err != nil && len(ip) < 8", by: "TestHostileNodes"},
	{name: "a jump host is an option of ssh", file: "internal/cli/clustercmd/ssh.go", old: "strings.HasPrefix(o.Jump, \"-\")", new: "strings.HasPrefix(o.Jump, \"--x\")", by: "TestUsageOfCluster"},
	{name: "any host key is taken", file: "internal/breakglass/ssh.go", old: "	check := \"ask\"", new: "	check := \"accept-new\"", by: "TestSessionAsksAboutAHostKey"},
	{name: "a UID is a pattern of hosts", file: "internal/breakglass/ssh.go", old: "if !address.IsLabel(uid) {", new: "if !address.IsLabel(uid) && uid == \"\" {", by: "TestHostileNodes"},
	{name: "ssh runs with a path that it reads otherwise", file: "internal/breakglass/ssh.go", old: "strings.ReplaceAll(path, \"%\", \"%%\")", new: "path", by: "TestPathsOfASession"},
	{name: "a key outlives ssh", file: "internal/breakglass/ssh.go", old: "	defer remove()", new: "	_ = remove", by: "TestSessionLendsTheKey"},
	{name: "a key outlives a killed process", file: "pkg/tokens/ssh.go", old: "	s.sweepKeys()\n	if path", new: "	if path", also: "./internal/breakglass", by: "TestKeyOfAKilledProcess"},
	{name: "a key is swept from under ssh", file: "pkg/tokens/ssh.go", old: "const keyAge = time.Hour", new: "const keyAge = time.Minute", also: "./internal/breakglass", by: "TestKeyOfAKilledProcess"},
	{name: "a key is lent where others read", file: "pkg/tokens/ssh.go", old: "[]string{s.dir, dir}", new: "[]string{s.dir}", also: "./internal/breakglass", by: "TestNoKeyWhereOthersRead"},
	{name: "ssh is killed and leaves the terminal raw", file: "internal/breakglass/ssh.go", old: "c.Process.Signal(syscall.SIGTERM) != nil", new: "c.Process.Signal(syscall.SIGKILL) != nil", by: "TestInterruptedSession"},
}
