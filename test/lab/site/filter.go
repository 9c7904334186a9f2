package site

import (
	"context"
	"errors"
	"fmt"
	"net"
	"os"
	"strconv"
	"syscall"
	"time"

	"github.com/kubectl-vsphere/kubectl-vsphere/test/lab/kube"
)

// filter makes port 6443 of an address look like a firewall that drops packets: a connection is neither made nor refused. It listens, lets
// nobody in, and fills its own queue, after which the kernel drops what else arrives.
func filter(ctx context.Context, ip string) error {
	port, err := strconv.Atoi(kube.Port)
	if err != nil {
		return err
	}
	address := net.ParseIP(ip).To4()
	if address == nil {
		return fmt.Errorf("%s is no IPv4 address", ip)
	}
	fd, err := syscall.Socket(syscall.AF_INET, syscall.SOCK_STREAM, 0)
	if err != nil {
		return os.NewSyscallError("socket", err)
	}
	syscall.CloseOnExec(fd)
	context.AfterFunc(ctx, func() { _ = syscall.Close(fd) })
	if err := syscall.Bind(fd, &syscall.SockaddrInet4{Port: port, Addr: [4]byte(address)}); err != nil {
		return os.NewSyscallError("bind", err)
	}
	if err := syscall.Listen(fd, 0); err != nil {
		return os.NewSyscallError("listen", err)
	}
	const enough = 20
	for range enough {
		dialer := net.Dialer{Timeout: time.Second}
		conn, err := dialer.DialContext(ctx, "tcp", net.JoinHostPort(ip, kube.Port))
		var timed net.Error
		switch {
		case errors.As(err, &timed) && timed.Timeout():
			return nil
		case err != nil:
			return err
		}
		context.AfterFunc(ctx, func() { _ = conn.Close() })
	}
	return fmt.Errorf("%d connections to %s are not enough to fill its queue", enough, ip)
}
