package main

// clusters are the changes of what makes and changes clusters.
var clusters = []mutation{
	{name: "a release without an image is offered", file: "pkg/manifest/offers.go", old: "	case !r.Image:", new: "	case !r.Image && r.Name == \"\":", by: "TestCheck"},
	{name: "a full storage class is offered", file: "pkg/manifest/offers.go", old: "left == \"0\" || strings", new: "strings", by: "TestCheck"},
	{name: "a name that was used is taken", file: "pkg/manifest/check.go", old: "		case n.Left:", new: "		case n.Left && p.Tanzu:", by: "TestCheck"},
	{name: "a VM class need not be bound", file: "pkg/manifest/check.go", old: "if o.knows(VMs) && !slices", new: "if !o.knows(VMs) && !slices", by: "TestCheck"},
	{name: "another pool is scaled", file: "pkg/manifest/change.go", old: "same(o), {Op: \"test\", Path: at + \"/name\", Value: name}}", new: "same(o)}", also: "./internal/cli/manifestcmd", by: "TestScaleWhileTheListChanges"},
	{name: "another cluster of the name is changed", file: "pkg/manifest/change.go", old: "Path: \"/metadata/uid\", Value: o.Metadata.UID", new: "Path: \"/metadata/name\", Value: o.Metadata.Name", also: "./internal/cli/manifestcmd", by: "TestScaleWhileTheListChanges"},
	{name: "a value that somebody else changed is replaced", file: "pkg/manifest/change.go", old: "{{Op: \"test\", Path: path, Value: from}, {Op", new: "{{Op", also: "./internal/cli/manifestcmd", by: "TestUpgrade"},
	{name: "an upgrade of somebody else is undone", file: "internal/cli/manifestcmd/upgrade.go", old: "if now != from {", new: "if now == \"\" {", by: "TestUpgrade"},
	{name: "a dry run upgrades", file: "internal/cli/manifestcmd/target.go", old: "Name: t.name, DryRun: o.DryRun}", new: "Name: t.name}", by: "TestUpgrade"},
	{name: "a manifest is created", file: "internal/cli/manifestcmd/deliver.go", old: "Name: o.Name, DryRun: true}", new: "Name: o.Name}", by: "TestManifest"},
	{name: "a file is overwritten by a manifest", file: "internal/cli/manifestcmd/deliver.go", old: "err == nil && !o.Force {", new: "err == nil && o.Force {", by: "TestManifestInAFile"},
	{name: "a server's refusal is written as a manifest", file: "internal/cli/manifestcmd/deliver.go", old: "if !o.Force || ctx.Err() != nil {", new: "if ctx.Err() != nil {", by: "TestManifestIsCheckedByTheServer"},
	{name: "what stops an upgrade is a note", file: "internal/cli/manifestcmd/upgrade.go", old: "case b.Hard && !o.Force:", new: "case b.Hard && o.Force:", by: "TestUpgrade"},
	{name: "an upgrade is done too early", file: "pkg/manifest/roll.go", old: "r.Done = r.Old == 0 && c.State(o)", new: "r.Done = c.State(o)", by: "TestRoll"},
	{name: "a similar version is the release", file: "pkg/manifest/roll.go", old: "(rest == \"\" || rest[0] == '-')", new: "(rest == \"\" || rest[0] != 'x')", by: "TestRoll"},
	{name: "a budget that lets no pod go is none", file: "pkg/manifest/upgrade.go", old: "b.Status.Allowed == 0 &&", new: "b.Status.Allowed < 0 &&", also: "./internal/cli/manifestcmd", by: "TestUpgradeShows"},
	{name: "the picker takes the next answer", file: "internal/console/pick.go", old: "			case asked <- struct{}{}:\n", new: "			default:\n", also: "./internal/cli/manifestcmd", by: "TestManifestAtATerminal"},
}
