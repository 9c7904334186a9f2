package supervisor

import (
	"context"
	"encoding/json"
	"fmt"
	"net/http"
	"strconv"

	"github.com/kubectl-vsphere/kubectl-vsphere/pkg/bounded"
	"github.com/kubectl-vsphere/kubectl-vsphere/pkg/disclose"
	"github.com/kubectl-vsphere/kubectl-vsphere/pkg/safetext"
	"github.com/kubectl-vsphere/kubectl-vsphere/pkg/wire"
)

// Workload is a vSphere Namespace that the account may use.
type Workload struct {
	Namespace string
	Host      string // the control plane host, canonical; it may belong to another Supervisor of the vCenter
	APIPort   int    // of the control plane host's API server; 0 when the Supervisor does not say
}

// workload is the shape of the reply. Clients of others disagree on the spelling and the type of the port, so both
// are accepted; encoding/json matches names without case, and unknown fields are ignored.
type workload struct {
	Namespace  string          `json:"namespace"`
	MasterHost string          `json:"master_host"`
	Port       json.RawMessage `json:"control_plane_api_server_port"`
	PortTypo   json.RawMessage `json:"conrol_plane_api_server_port"`
}

// Workloads gets GET /wcp/workloads with Basic authentication: a JSON array over all Supervisors of the vCenter. The
// error is wire.ErrRefused for a wrong password. invalid has an error for each row whose namespace or host is not a
// name; such a row would end up in the names of files and contexts, and the others work without it.
func (c *Client) Workloads(ctx context.Context, user string, password disclose.Secret) (all []Workload, invalid []error, err error) {
	url := c.Address.URL("/wcp/workloads")
	body, err := c.Wire.Do(ctx, wire.Request{
		Method: http.MethodGet, URL: url, Basic: &wire.Basic{User: user, Password: password},
	})
	if err != nil {
		return nil, nil, err
	}
	return parseWorkloads(url, body)
}

func parseWorkloads(url string, body []byte) (all []Workload, invalid []error, err error) {
	var reply []workload
	if err := wire.DecodeJSON(http.MethodGet, url, body, &reply); err != nil {
		return nil, nil, err
	}
	seen := map[Workload]bool{}
	for _, w := range reply {
		parsed, err := w.parse()
		if err != nil {
			invalid = append(invalid, &wire.Error{Method: http.MethodGet, URL: url, Kind: wire.ErrServer, Message: err.Error()})
			continue
		}
		if !seen[parsed] {
			seen[parsed] = true
			all = append(all, parsed)
		}
	}
	return all, invalid, nil
}

func (w workload) parse() (Workload, error) {
	if !IsName(w.Namespace) {
		return Workload{}, fmt.Errorf("the reply names a namespace %s, which cannot be one", safetext.Quote(w.Namespace, 80))
	}
	host, err := ParseAddress(w.MasterHost)
	if err != nil {
		return Workload{}, fmt.Errorf("the reply names the control plane host %s of namespace %s, which cannot be one",
			safetext.Quote(w.MasterHost, 80), w.Namespace)
	}
	port := parsePort(w.Port)
	if port == 0 {
		port = parsePort(w.PortTypo)
	}
	return Workload{Namespace: w.Namespace, Host: host.Host, APIPort: port}, nil
}

// parsePort reads a number, or a string with a number; 0 for anything else.
func parsePort(raw json.RawMessage) int {
	var number float64
	if bounded.JSON(raw, &number) == nil && number >= 1 && number <= 65535 && number == float64(int(number)) {
		return int(number)
	}
	var text string
	if bounded.JSON(raw, &text) == nil {
		if port, err := strconv.ParseUint(text, 10, 16); err == nil {
			return int(port)
		}
	}
	return 0
}
