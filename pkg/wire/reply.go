package wire

import (
	"bytes"
	"encoding/json"
	"errors"
	"mime"
	"strings"

	"github.com/kubectl-vsphere/kubectl-vsphere/pkg/bounded"
	"github.com/kubectl-vsphere/kubectl-vsphere/pkg/safetext"
)

// maxMessage bounds the words of a server in an error, in characters.
const maxMessage = 200

func clean(s string) string { return safetext.Line(s, maxMessage) }

// serverSaid finds a sentence for people in the body of an error reply: plain text, or the usual fields of JSON. A
// page of HTML does not help. code is that of a registry's list of errors.
func serverSaid(contentType string, body []byte) (message, code string) {
	body = bytes.TrimSpace(body)
	if len(body) == 0 || body[0] == '<' {
		return "", ""
	}
	var said struct {
		Message string `json:"message"`
		Error   any    `json:"error"`
		Detail  string `json:"detail"`
		Errors  any    `json:"errors"`
	}
	if bounded.JSON(body, &said) == nil {
		text, _ := said.Error.(string)
		code, first := firstOf(said.Errors)
		for _, s := range []string{said.Message, text, said.Detail, first} {
			if s != "" {
				return clean(s), code
			}
		}
		return "", code
	}
	return plainText(contentType, body), ""
}

// firstOf returns the first error of a registry's list: [{"code": "CONFLICT", "message": "…"}].
func firstOf(list any) (code, message string) {
	all, _ := list.([]any)
	if len(all) == 0 {
		return "", ""
	}
	first, _ := all[0].(map[string]any)
	code, _ = first["code"].(string)
	message, _ = first["message"].(string)
	return clean(code), message
}

// plainText returns the sentence of a body that is no JSON; empty if it is not for people.
func plainText(contentType string, body []byte) string {
	media, _, _ := mime.ParseMediaType(contentType)
	if media != "text/plain" && media != "" && media != "application/json" || body[0] == '{' || body[0] == '[' {
		return ""
	}
	return clean(string(body))
}

// DecodeJSON decodes the body of a reply of url into out, within the bounds of package bounded. The error is an *Error
// of kind ErrServer, which names the endpoint and says what the body is instead; a *bounded.Error too if it exceeds
// the bounds.
func DecodeJSON(method, url string, body []byte, out any) error {
	err := bounded.JSON(body, out)
	if err == nil {
		return nil
	}
	e := &Error{Method: method, URL: url, Kind: ErrServer, Message: "the reply " + whatCame(body, err)}
	var exceeds *bounded.Error
	if errors.As(err, &exceeds) {
		e.Err = exceeds
	}
	return e
}

func whatCame(body []byte, err error) string {
	trimmed := bytes.TrimSpace(body)
	var syntax *json.SyntaxError
	var wrongType *json.UnmarshalTypeError
	var exceeds *bounded.Error
	switch {
	case errors.As(err, &exceeds):
		return exceeds.Reason
	case len(trimmed) == 0:
		return "is empty where JSON belongs"
	case trimmed[0] == '<':
		return "is a page of HTML where JSON belongs"
	case errors.As(err, &wrongType):
		return strings.TrimSuffix("is JSON of another shape than expected, at "+clean(wrongType.Field), ", at ")
	case errors.As(err, &syntax) && syntax.Offset >= int64(len(body)):
		return "is JSON that ends too early"
	}
	return "is not JSON"
}
