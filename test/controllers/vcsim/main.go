// Command vcsim runs govmomi's simulator of a vCenter for the VM Operator of a lab: one vSphere cluster and a content library with an
// image for each name that it is given, and its version. It also plays what runs in the virtual machines, where VMware Tools tell the address of each, and the hosts
// that give out tickets for their consoles.
//
//	vcsim -listen 127.0.0.1:0 -out FILE IMAGE=VERSION…
//
// FILE is JSON, and tells where the simulator answers and what it calls its things (type inventory).
package main

import (
	"context"
	"crypto/tls"
	"encoding/json"
	"errors"
	"flag"
	"fmt"
	"net/url"
	"os"
	"os/signal"
	"syscall"

	"github.com/vmware/govmomi"
	"github.com/vmware/govmomi/simulator"

	_ "github.com/vmware/govmomi/pbm/simulator"
	_ "github.com/vmware/govmomi/vapi/cluster/simulator"
	_ "github.com/vmware/govmomi/vapi/simulator"
)

func main() {
	listen := flag.String("listen", "127.0.0.1:0", "the only address to listen at")
	out := flag.String("out", "", "the file to write when ready")
	flag.Parse()
	ctx, stop := signal.NotifyContext(context.Background(), os.Interrupt, syscall.SIGTERM)
	err := run(ctx, *listen, *out, flag.Args())
	stop()
	if err != nil {
		fmt.Fprintln(os.Stderr, "vcsim:", err)
		os.Exit(1)
	}
}

func run(ctx context.Context, listen, out string, images []string) error {
	if out == "" {
		return errors.New("-out is missing")
	}
	model := simulator.VPX()
	model.Pool, model.Machine, model.Autostart = 1, 0, false
	if err := model.Create(); err != nil {
		return err
	}
	model.Service.Listen, model.Service.TLS = &url.URL{Host: listen}, &tls.Config{}
	model.Service.RegisterEndpoints = true
	serveConsoles(model.Map())
	server := model.Service.NewServer()
	defer server.Close()
	client, err := govmomi.NewClient(ctx, server.URL, true)
	if err != nil {
		return err
	}
	inv, err := describe(ctx, client, server.URL)
	if err != nil {
		return err
	}
	if err := inv.stock(ctx, client.Client, server.URL.User, images); err != nil {
		return err
	}
	if err := inv.write(out); err != nil {
		return err
	}
	return runTools(ctx, client.Client)
}

// write puts the inventory into a file in one step: its appearance says that all is ready.
func (i *inventory) write(path string) error {
	text, err := json.Marshal(i)
	if err != nil {
		return err
	}
	if err := os.WriteFile(path+".new", text, 0o600); err != nil {
		return err
	}
	return os.Rename(path+".new", path)
}
