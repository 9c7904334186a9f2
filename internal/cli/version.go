package cli

import (
	"runtime"

	"github.com/spf13/cobra"

	"github.com/kubectl-vsphere/kubectl-vsphere/internal/command"
	"github.com/kubectl-vsphere/kubectl-vsphere/internal/console"
)

// versionInfo is the shape of `version -o json`.
type versionInfo struct {
	Version  string `json:"version"`
	Build    string `json:"build"`
	Change   string `json:"change"`
	Go       string `json:"go"`
	Platform string `json:"platform"`
}

func versionCommand(e *console.Env, b Build) *cobra.Command {
	var format command.Format
	c := &cobra.Command{
		Use:   "version",
		Short: "Prints the version of the plugin.",
		Long: `Prints the version of the plugin. The first line has the format of VMware's plugin. The second
line says that this is another program.`,
		Example: "  kubectl vsphere version\n  kubectl vsphere version -o json",
		Args:    command.NoArgs,
		RunE: func(*cobra.Command, []string) error {
			info := versionInfo{b.Version, b.Date, b.Commit, runtime.Version(), runtime.GOOS + "/" + runtime.GOARCH}
			if format.Structured() {
				return format.Write(e.Out, info)
			}
			e.Printf("kubectl-vsphere: version %s, build %s, change %s", info.Version, info.Build, info.Change)
			e.Printf("The open client, github.com/kubectl-vsphere/kubectl-vsphere, %s, %s", info.Go, info.Platform)
			return nil
		},
	}
	format.AddTo(c)
	return c
}
