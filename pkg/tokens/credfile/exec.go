package credfile

import (
	"encoding/json"
	"fmt"
	"io"
	"strconv"
	"strings"
)

// The versions of the exec credential contract that this program speaks.
const (
	V1      = "client.authentication.k8s.io/v1"
	V1beta1 = "client.authentication.k8s.io/v1beta1"
)

// ExecInfoVariable is the environment variable with client-go's request to a plugin.
const ExecInfoVariable = "KUBERNETES_EXEC_INFO"

const execKind = "ExecCredential"

// byteOrderMark is what some programs on Windows put before a text in UTF-8.
const byteOrderMark = "\ufeff"

// ExecInfo is client-go's request to a credential plugin.
type ExecInfo struct {
	APIVersion  string // V1 or V1beta1
	Interactive bool   // the plugin may use standard input to ask the user
	Asked       bool   // client-go runs the plugin; false if a person or script runs the command
}

// ParseExecInfo reads the value of KUBERNETES_EXEC_INFO. A blank value means that no client runs the program: the version is V1 then. A
// value that is not of V1 or V1beta1 is an error that names the variable. Nothing else in it matters: the clients for .NET and Rust send
// another kind, or null. A spec that says nothing of interactive, in whatever way, means that the plugin may not ask.
func ParseExecInfo(value string) (ExecInfo, error) {
	if strings.TrimSpace(value) == "" {
		return ExecInfo{APIVersion: V1}, nil
	}
	var raw struct {
		APIVersion string          `json:"apiVersion"`
		Spec       json.RawMessage `json:"spec"`
	}
	if err := json.Unmarshal([]byte(strings.TrimPrefix(value, byteOrderMark)), &raw); err != nil {
		return ExecInfo{}, fmt.Errorf("%s is not the JSON of an %s", ExecInfoVariable, execKind)
	}
	if raw.APIVersion != V1 && raw.APIVersion != V1beta1 {
		return ExecInfo{}, fmt.Errorf("%s asks for the version %.80q; this program speaks %s and %s",
			ExecInfoVariable, raw.APIVersion, V1, V1beta1)
	}
	return ExecInfo{APIVersion: raw.APIVersion, Interactive: ParseObject(raw.Spec).Bool("interactive"), Asked: true}, nil
}

// Write prints an ExecCredential with a status: one JSON object and a line end, in one write, so that a reader never sees a part of it.
func Write(w io.Writer, apiVersion string, status json.RawMessage) error {
	out := make([]byte, 0, len(status)+128)
	out = append(out, `{"kind":"`+execKind+`","apiVersion":`...)
	out = strconv.AppendQuote(out, apiVersion)
	out = append(out, `,"spec":{"interactive":false},"status":`...)
	out = append(out, status...)
	out = append(out, "}\n"...)
	_, err := w.Write(out)
	return err
}
