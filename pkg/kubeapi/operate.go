package kubeapi

import (
	"context"
	"errors"
	"net/http"

	"github.com/kubectl-vsphere/kubectl-vsphere/pkg/wire"
)

// Operation is one of a JSON patch (RFC 6902, section 4).
type Operation struct {
	Op    string `json:"op"`
	Path  string `json:"path"` // a JSON pointer (RFC 6901)
	Value any    `json:"value"`
}

// Operate changes an object by a JSON patch: nothing beside what the operations name, also within lists. If one of its tests fails, nothing
// is changed, and the error is ErrConflict. An object that the server refuses for another reason has that error too: read it again.
func (s *Server) Operate(ctx context.Context, t Target, operations []Operation) (Object, error) {
	o, err := s.write(ctx, t, change{method: http.MethodPatch, kind: "application/json-patch+json", operations: operations})
	var failed *wire.Error
	if errors.As(err, &failed) && failed.Status == http.StatusUnprocessableEntity {
		return o, errors.Join(ErrConflict, err)
	}
	return o, conflicting(err, ErrConflict)
}
