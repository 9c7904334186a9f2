package main

// migrations are the changes of what reads the files of other tools.
var migrations = []mutation{
	{name: "a server out of a kubeconfig gets the password at hand", file: "internal/cli/migratecmd/migrate.go", old: "	case m.Env.Terminal == nil:\n		return false, nil", new: "	case m.Env.Terminal == nil:\n		return true, nil", by: "TestNothingForStrangers"},
	{name: "nobody is asked about a server out of a kubeconfig", file: "internal/cli/migratecmd/migrate.go", old: "	case l.Known:", new: "	case l.Known || m.Env.Terminal != nil:", by: "TestNothingForStrangers"},
	{name: "a session makes every server known", file: "internal/cli/migratecmd/migrate.go", old: "if sameHost(s.Server, site.Server) && (", new: "if (", by: "TestSessionsOfOthers"},
	{name: "a session makes every user known", file: "internal/cli/migratecmd/migrate.go", old: "(site.User == \"\" || s.Called(site.User))", new: "(site.User != s.ID)", by: "TestSessionsOfOthers"},
	{name: "a session makes every port known", file: "internal/cli/migratecmd/migrate.go", old: "(b.Port == 0 || a.Port == b.Port)", new: "(b.Port >= 0)", by: "TestSessionsOfOthers"},
	{name: "a dry run of migrate logs in", file: "internal/cli/migratecmd/migrate.go", old: "	case dryRun:", new: "	case dryRun && !l.Known:", by: "TestDryRun"},
	{name: "-o of migrate logs in", file: "internal/cli/migratecmd/migrate.go", old: "if o.Format != \"\" || len(all) == 0 {", new: "if len(all) == 0 {", by: "TestDryRun"},
	{name: "migrate takes the current context from another tool", file: "internal/cli/app.go", old: "options.KeepContext = l.User, true", new: "options.KeepContext = l.User, false", also: "./internal/cli/migratecmd", by: "TestTheirsStay"},
	{name: "an error repeats a file of another tool", file: "internal/migrate/files.go", old: "it is not YAML of the shape that is known\", path)", new: "%w\", path, err)", by: "TestReadsForeignFilesWithinBounds"},
	{name: "a wrong type ends the reading", file: "internal/migrate/files.go", old: "			odd++\n			continue", new: "			return nil, err", by: "TestReadsForeignFilesWithinBounds"},
	{name: "an odd user name becomes a part of a command", file: "internal/migrate/kubeconfig.go", old: "if sso.CheckUser(user) != nil {", new: "if sso.CheckUser(user) != nil && user == \"\" {", by: "TestOddUsers"},
	{name: "an issuer without TLS is a Supervisor's", file: "internal/migrate/kubeconfig.go", old: "u.Scheme != \"https\" || ", new: "", by: "TestOfIssuer"},
	{name: "any issuer is a Supervisor's", file: "internal/migrate/kubeconfig.go", old: " || strings.TrimSuffix(u.Path, \"/\") != \"/wcp/pinniped\"", new: "", by: "TestOfIssuer"},
	{name: "our context of another user is taken for the same", file: "internal/migrate/ours.go", old: "	user := tokens.Fold(c.User)\n", new: "	user := \"\"\n", by: "TestRead"},
}
