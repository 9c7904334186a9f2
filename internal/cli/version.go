package cli

import (
	"fmt"
	"runtime"

	"github.com/spf13/cobra"
)

// versionInfo is the shape of `version -o json`.
type versionInfo struct {
	Version  string `json:"version"`
	Build    string `json:"build"`
	Change   string `json:"change"`
	Go       string `json:"go"`
	Platform string `json:"platform"`
}

func (a *App) versionCommand() *cobra.Command {
	var format outputFormat
	c := &cobra.Command{
		Use:   "version",
		Short: "Prints the version of the plugin.",
		Long: `Prints the version of the plugin. The first line has the form of VMware's plugin; the second says that this is
another program.`,
		Args: noArgs,
		RunE: func(*cobra.Command, []string) error {
			info := versionInfo{a.Build.Version, a.Build.Date, a.Build.Commit, runtime.Version(), runtime.GOOS + "/" + runtime.GOARCH}
			if format.structured() {
				return format.write(a.Out, info)
			}
			fmt.Fprintf(a.Out, "kubectl-vsphere: version %s, build %s, change %s\n", info.Version, info.Build, info.Change)
			fmt.Fprintf(a.Out, "The open client, github.com/kubectl-vsphere/kubectl-vsphere, %s, %s\n", info.Go, info.Platform)
			return nil
		},
	}
	format.addTo(c)
	return c
}
