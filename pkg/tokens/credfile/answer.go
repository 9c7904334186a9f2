// Package credfile reads a credential's file and prints it for kubectl. kubectl runs the program for every command, so this package must be
// fast: it opens one file, imports only the standard library, and runs before other packages are initialised. If it cannot answer, the
// rest of the program does (the long way).
//
// Go initialises packages in the order of their import paths, after their imports. So this package must not import path/filepath, which
// is initialised after all Kubernetes packages.
//
// What kubectl asks and gets is the ExecCredential of
// https://kubernetes.io/docs/reference/access-authn-authz/authentication/#client-go-credential-plugins.
package credfile

import (
	"encoding/json"
	"errors"
	"io"
	"os"
	"runtime"
	"time"
)

// Answer prints the credential that args ask for, if the store has a valid one. answered is false if nothing was printed: args are not of
// get-token, the store has no valid credential, or something is wrong that the long way explains. An error means that only a part was
// printed. Then nothing else may be printed.
func Answer(args []string, getenv func(string) string, now time.Time, stdout io.Writer) (answered bool, err error) {
	key, ok := ParseArgs(args)
	if !ok {
		return false, nil
	}
	info, err := ParseExecInfo(getenv(ExecInfoVariable))
	if err != nil {
		return false, nil //nolint:nilerr // The long way explains it.
	}
	dir, err := Dir(getenv, runtime.GOOS)
	if err != nil {
		return false, nil //nolint:nilerr // The long way explains it.
	}
	status, err := find(dir, key, now)
	if err != nil {
		return false, nil //nolint:nilerr // The long way explains it.
	}
	out := counter{w: stdout}
	err = Write(&out, info.APIVersion, status)
	if err != nil && out.n == 0 {
		return false, nil // The long way gets the same error, and explains it.
	}
	return true, err
}

// counter counts the written bytes.
type counter struct {
	w io.Writer
	n int
}

// Write implements io.Writer.
func (c *counter) Write(p []byte) (int, error) {
	n, err := c.w.Write(p)
	c.n += n
	return n, err
}

// Token returns the bearer token for key from the store at dir. The error means that no token can be used now: the credential has expired,
// it is a certificate, or something is wrong that the long way explains.
func Token(dir string, key Key, now time.Time) (string, error) {
	status, err := find(dir, key, now)
	if err != nil {
		return "", err
	}
	if token := ParseObject(status).Text("token"); token != "" {
		return token, nil
	}
	return "", errNoToken
}

var (
	errEnded   = errors.New("the credential has ended, or is another's")
	errNoToken = errors.New("the credential is no token")
)

// find returns the status of the credential for key, if it is valid now.
func find(dir string, key Key, now time.Time) (json.RawMessage, error) {
	if err := PrivateDirs(dir, join(dir, Credentials)); err != nil {
		return nil, err
	}
	text, err := ReadPrivate(Path(dir, key))
	if err != nil {
		return nil, err
	}
	if status, stored := current(text, now); status != nil && stored.Same(key) {
		return status, nil
	}
	return nil, errEnded
}

// current returns the status in the text of a credential's file, and whose it is, if kubectl can use it now: it has a token or a
// certificate, and none of its times is over. With a timestamp in the past, client-go runs its plugin again for each request.
func current(text []byte, now time.Time) (json.RawMessage, Key) {
	f := ParseObject(text)
	key := Key{Server: f.Text("server"), User: f.Text("user"), Cluster: f.Text("cluster")}
	known := f.Number("version") == Version && now.Before(f.Time("until")) && now.Before(f.Time("expires"))
	s := ParseObject(f.Raw("status"))
	token, certificate, private := s.Text("token"), s.Text("clientCertificateData"), s.Text("clientKeyData")
	minted := token != "" || certificate != "" && private != ""
	if known && minted && now.Before(s.Time("expirationTimestamp")) && f.Good() && s.Good() {
		return f.Raw("status"), key
	}
	return nil, Key{}
}

// PrivateDirs returns an error if other people can put files into directories of the store. It is that of Private, or of os.Stat.
func PrivateDirs(dirs ...string) error {
	for _, dir := range dirs {
		info, err := os.Stat(dir)
		if err == nil {
			err = Private(info, dir)
		}
		if err != nil {
			return err
		}
	}
	return nil
}

// Path returns the path of a credential's file in the store at dir.
func Path(dir string, key Key) string { return join(join(dir, Credentials), key.ID()+".json") }

// join returns a path below a directory, as filepath.Join does.
func join(dir, name string) string {
	if dir != "" && os.IsPathSeparator(dir[len(dir)-1]) {
		return dir + name
	}
	return dir + string(os.PathSeparator) + name
}
