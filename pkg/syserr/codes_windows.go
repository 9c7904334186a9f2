package syserr

import (
	"syscall"

	"golang.org/x/sys/windows"
)

// The names of Unix are here too: fakes of tests and a part of package net use them.
func codes(k Kind) []syscall.Errno {
	return map[Kind][]syscall.Errno{
		Refused: {windows.WSAECONNREFUSED, windows.ERROR_CONNECTION_REFUSED, syscall.ECONNREFUSED},
		NoRoute: {windows.WSAEHOSTUNREACH, windows.WSAENETUNREACH, windows.WSAENETDOWN, windows.WSAEHOSTDOWN, windows.ERROR_HOST_UNREACHABLE,
			windows.ERROR_NETWORK_UNREACHABLE, syscall.EHOSTUNREACH, syscall.ENETUNREACH},
		Broken: {windows.WSAECONNRESET, windows.WSAECONNABORTED, windows.WSAENETRESET, windows.WSAESHUTDOWN, windows.ERROR_NETNAME_DELETED,
			windows.ERROR_CONNECTION_ABORTED, windows.ERROR_BROKEN_PIPE, windows.ERROR_NO_DATA, syscall.ECONNRESET, syscall.EPIPE},
		TimedOut:  {windows.WSAETIMEDOUT, windows.ERROR_SEM_TIMEOUT, syscall.ETIMEDOUT},
		NoAddress: {windows.WSAEADDRNOTAVAIL, syscall.EADDRNOTAVAIL},
		Full: {windows.ERROR_DISK_FULL, windows.ERROR_HANDLE_DISK_FULL, windows.ERROR_DISK_QUOTA_EXCEEDED, windows.ERROR_FILE_TOO_LARGE,
			windows.WSAEDQUOT, syscall.ENOSPC},
		Faulty:   {windows.ERROR_IO_DEVICE, windows.ERROR_CRC, windows.ERROR_NOT_READY, windows.ERROR_UNEXP_NET_ERR, syscall.EIO},
		ReadOnly: {windows.ERROR_WRITE_PROTECT},
		Busy:     {windows.ERROR_SHARING_VIOLATION, windows.ERROR_LOCK_VIOLATION, windows.ERROR_BUSY, syscall.EBUSY},
	}[k]
}
