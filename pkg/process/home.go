package process

import (
	"os"
	"os/user"
)

// Home returns the user's home directory: of the environment, else of the user database, since agents and services may have no HOME. It
// is empty if nobody knows.
func Home() string {
	if home, err := os.UserHomeDir(); err == nil && home != "" {
		return home
	}
	me, err := user.Current()
	if err != nil {
		return ""
	}
	return me.HomeDir
}

// WithHome returns a function like getenv that answers Home for a HOME that is not set.
func WithHome(getenv func(string) string) func(string) string {
	return func(name string) string {
		value := getenv(name)
		if value == "" && name == "HOME" {
			return Home()
		}
		return value
	}
}
