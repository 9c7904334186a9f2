package oidc

import (
	"encoding/base64"
	"encoding/json"
	"errors"
	"fmt"
	"os"
	"strings"
	"time"

	"github.com/kubectl-vsphere/kubectl-vsphere/pkg/redact"
	"github.com/kubectl-vsphere/kubectl-vsphere/pkg/safetext"
)

// ErrNotProvided is a runner's token that is not there, or is none.
var ErrNotProvided = errors.New("the runner provides no token")

// Provided reads the ID token that a runner provides, in a file or a variable. It is read anew each time, since runners replace it.
// Its signature is the API server's to verify; only what is handed out when is decided by what it says.
func (s Session) Provided(getenv func(string) string) (token redact.Secret, claims Claims, err error) {
	text, where := getenv(s.TokenVariable), s.TokenVariable
	if s.TokenFile != "" {
		where = s.TokenFile
		info, err := os.Stat(s.TokenFile)
		if err != nil {
			return "", Claims{}, fmt.Errorf("%w: %w", ErrNotProvided, err)
		}
		if !info.Mode().IsRegular() {
			return "", Claims{}, fmt.Errorf("%w: %s is not a file", ErrNotProvided, where)
		}
		if info.Size() > maxToken {
			return "", Claims{}, fmt.Errorf("%w: %s is too large for a token", ErrNotProvided, where)
		}
		read, err := os.ReadFile(s.TokenFile)
		if err != nil {
			return "", Claims{}, fmt.Errorf("%w: %w", ErrNotProvided, err)
		}
		text = string(read)
	}
	text = strings.TrimSpace(text)
	if claims, err = unverified(text); err != nil {
		return "", Claims{}, fmt.Errorf("%w: %s: %w", ErrNotProvided, where, err)
	}
	return redact.Secret(text), claims, nil
}

// unverified reads what a token says of itself.
func unverified(text string) (Claims, error) {
	parts := strings.Split(text, ".")
	if text == "" || len(parts) != 3 {
		return Claims{}, errors.New("it holds no JWT")
	}
	payload, err := base64.RawURLEncoding.DecodeString(parts[1])
	if err != nil {
		return Claims{}, errors.New("it holds no JWT")
	}
	var raw struct {
		Subject   string  `json:"sub"`
		Username  any     `json:"username"`
		Preferred any     `json:"preferred_username"`
		Email     any     `json:"email"`
		Expiry    float64 `json:"exp"`
	}
	if json.Unmarshal(payload, &raw) != nil || raw.Expiry <= 0 || raw.Expiry > 253402300799 {
		return Claims{}, errors.New("it holds no JWT that says when it ends")
	}
	c := Claims{Subject: raw.Subject, Expiry: time.Unix(int64(raw.Expiry), 0), All: payload}
	c.Username = firstName(raw.Username, raw.Preferred, raw.Email, raw.Subject)
	if c.Username == "" || safetext.Line(c.Username, maxName) != c.Username {
		return Claims{}, errors.New("its user name cannot be one")
	}
	return c, nil
}

// firstName is the first of the claims that is a text.
func firstName(claims ...any) string {
	for _, claim := range claims {
		if s, ok := claim.(string); ok && s != "" {
			return s
		}
	}
	return ""
}
