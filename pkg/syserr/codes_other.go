//go:build !windows

package syserr

import "syscall"

func codes(k Kind) []syscall.Errno {
	return map[Kind][]syscall.Errno{
		Refused:   {syscall.ECONNREFUSED},
		NoRoute:   {syscall.EHOSTUNREACH, syscall.ENETUNREACH},
		Broken:    {syscall.ECONNRESET, syscall.ECONNABORTED, syscall.EPIPE},
		TimedOut:  {syscall.ETIMEDOUT},
		NoAddress: {syscall.EADDRNOTAVAIL},
		Full:      {syscall.ENOSPC, syscall.EDQUOT, syscall.EFBIG},
		Faulty:    {syscall.EIO},
		ReadOnly:  {syscall.EROFS},
		Busy:      {syscall.EBUSY},
	}[k]
}
