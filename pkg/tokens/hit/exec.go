package hit

import (
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"strconv"
)

// The versions of the exec credential contract that this program speaks.
const (
	V1      = "client.authentication.k8s.io/v1"
	V1beta1 = "client.authentication.k8s.io/v1beta1"
)

// ExecInfoVariable is how client-go tells a plugin what it wants.
const ExecInfoVariable = "KUBERNETES_EXEC_INFO"

// ExecInfo is what client-go says to a credential plugin.
type ExecInfo struct {
	APIVersion  string // V1 or V1beta1
	Interactive bool   // the plugin may use standard input to ask the user
	Asked       bool   // client-go asked; false when a person or script runs the command by hand
}

// ParseExecInfo reads the value of KUBERNETES_EXEC_INFO. An empty one means that client-go did not ask: V1.
func ParseExecInfo(value string) (ExecInfo, error) {
	if value == "" {
		return ExecInfo{APIVersion: V1}, nil
	}
	var raw struct {
		Kind       string `json:"kind"`
		APIVersion string `json:"apiVersion"`
		Spec       struct {
			Interactive bool `json:"interactive"`
		} `json:"spec"`
	}
	if err := json.Unmarshal([]byte(value), &raw); err != nil {
		return ExecInfo{}, errors.New(ExecInfoVariable + " is not JSON")
	}
	if raw.Kind != "ExecCredential" {
		return ExecInfo{}, errors.New(ExecInfoVariable + " is not an ExecCredential")
	}
	if raw.APIVersion != V1 && raw.APIVersion != V1beta1 {
		return ExecInfo{}, fmt.Errorf("%s asks for the version %q; this program speaks %s and %s",
			ExecInfoVariable, raw.APIVersion, V1, V1beta1)
	}
	return ExecInfo{APIVersion: raw.APIVersion, Interactive: raw.Spec.Interactive, Asked: true}, nil
}

// Write prints the ExecCredential with a finished status: one line, in one write, so that a reader never sees a part.
func Write(w io.Writer, apiVersion string, status json.RawMessage) error {
	out := make([]byte, 0, len(status)+128)
	out = append(out, `{"kind":"ExecCredential","apiVersion":`...)
	out = strconv.AppendQuote(out, apiVersion)
	out = append(out, `,"spec":{"interactive":false},"status":`...)
	out = append(out, status...)
	out = append(out, "}\n"...)
	_, err := w.Write(out)
	return err
}
