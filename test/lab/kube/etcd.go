// Package kube starts real Kubernetes API servers on loopback, with one embedded etcd behind them, and the clients that
// fill them.
package kube

import (
	"errors"
	"net"
	"net/url"
	"path/filepath"
	"time"

	"go.etcd.io/etcd/server/v3/embed"
)

// etcdStart bounds how long etcd takes to elect itself.
const etcdStart = time.Minute

// StartEtcd runs an etcd in this process with its data below dir, on a free port of ip. Nothing is synced to disk: a lab
// does not outlive its process.
func StartEtcd(dir, ip string) (endpoint string, stop func(), err error) {
	peer, err := freeURL(ip)
	if err != nil {
		return "", nil, err
	}
	client, err := freeURL(ip)
	if err != nil {
		return "", nil, err
	}
	c := embed.NewConfig()
	c.Dir = filepath.Join(dir, "etcd")
	c.LogLevel, c.LogOutputs = "error", []string{filepath.Join(dir, "etcd.log")}
	c.ListenPeerUrls, c.AdvertisePeerUrls = []url.URL{peer}, []url.URL{peer}
	c.ListenClientUrls, c.AdvertiseClientUrls = []url.URL{client}, []url.URL{client}
	c.InitialCluster = c.InitialClusterFromName(c.Name)
	c.UnsafeNoFsync = true
	server, err := embed.StartEtcd(c)
	if err != nil {
		return "", nil, err
	}
	select {
	case <-server.Server.ReadyNotify():
		return client.String(), server.Close, nil
	case <-time.After(etcdStart):
		server.Close()
		return "", nil, errors.New("etcd is not ready")
	}
}

func freeURL(ip string) (url.URL, error) {
	l, err := net.Listen("tcp", net.JoinHostPort(ip, "0"))
	if err != nil {
		return url.URL{}, err
	}
	defer l.Close() //nolint:errcheck // It only found a port.
	return url.URL{Scheme: "http", Host: l.Addr().String()}, nil
}
