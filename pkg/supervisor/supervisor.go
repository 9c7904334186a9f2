package supervisor

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"net/http"
	"strings"
	"sync"

	"github.com/kubectl-vsphere/kubectl-vsphere/pkg/bounded"
	"github.com/kubectl-vsphere/kubectl-vsphere/pkg/wire"
)

// ErrNotSupervisor is a server that speaks https but does not answer as a Supervisor does.
var ErrNotSupervisor = errors.New("not a vSphere Supervisor")

// Client asks one Supervisor. Several goroutines may use it.
type Client struct {
	Wire    *wire.Client
	Address Address
	// APIServer, if set, is the URL of the Kubernetes API; else the front is asked, which passes a token on to it, but no client
	// certificate.
	APIServer string

	versions sync.Map // API group -> *served
}

// api is a URL of the Kubernetes API.
func (c *Client) api(path string) string {
	if c.APIServer != "" {
		return c.APIServer + path
	}
	return c.Address.URL(path)
}

// maxBanner bounds a banner, in bytes.
const maxBanner = 64 << 10

// Banner gets GET /wcp/loginbanner, which needs no authentication and which a Supervisor answers with 200. The text
// may be empty. It is the server's: make it harmless before you show it. The error is ErrNotSupervisor for a status
// other than 200 or 5xx, and for a web page.
func (c *Client) Banner(ctx context.Context) (string, error) {
	body, err := c.Wire.Do(ctx, wire.Request{Method: http.MethodGet, URL: c.Address.URL("/wcp/loginbanner"), Accept: "*/*"})
	var failed *wire.Error
	switch {
	case errors.As(err, &failed) && failed.Status != 0 && failed.Status < 500:
		return "", fmt.Errorf("%s is %w: %w", c.Address, ErrNotSupervisor, err)
	case err != nil:
		return "", err
	case isPage(body) || isData(body):
		return "", fmt.Errorf("%s is %w: GET /wcp/loginbanner answers with a web page or data, not with a text", c.Address, ErrNotSupervisor)
	}
	body = bytes.TrimPrefix(body, bom)
	if len(body) > maxBanner {
		body = body[:maxBanner]
	}
	var text string
	if bounded.JSON(body, &text) == nil {
		return text, nil
	}
	return string(body), nil
}

var bom = []byte("\uFEFF")

// isPage reports whether a reply is a page of a web server, which may answer 200 to any path.
func isPage(body []byte) bool {
	start := strings.ToLower(string(bytes.TrimSpace(bytes.TrimPrefix(body[:min(len(body), 512)], bom))))
	for _, tag := range []string{"<!", "<?", "<html", "<head", "<body"} {
		if strings.HasPrefix(start, tag) {
			return true
		}
	}
	return false
}

// isData reports whether a reply is the JSON of another API. A banner may begin with a bracket, as in "[NOTICE]".
func isData(body []byte) bool {
	body = bytes.TrimSpace(bytes.TrimPrefix(body, bom))
	return len(body) > 0 && (body[0] == '{' || body[0] == '[') && json.Valid(body)
}
