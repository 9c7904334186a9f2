package main

import (
	"context"
	"errors"
	"fmt"
	"os"
	"strings"
	"time"
)

// settle waits until the processors have little to do: for a while, the lab's controllers look at each namespace and cluster that was made.
func settle(ctx context.Context) error {
	const (
		wait    = 2 * time.Minute
		at      = 2 * time.Second
		enough  = 0.9 // of the time is idle
		patient = wait / at
	)
	was, err := readProcessors()
	if err != nil {
		return err
	}
	for range patient {
		select {
		case <-time.After(at):
		case <-ctx.Done():
			return ctx.Err()
		}
		now, err := readProcessors()
		if err != nil {
			return err
		}
		if now.idle-was.idle > enough*(now.all-was.all) {
			return nil
		}
		was = now
	}
	tell("the machine stays busy: figures of lists are low", "")
	return nil
}

// processors is the time of all processors since the start of the machine, in units of the kernel (proc(5), /proc/stat).
type processors struct{ idle, all float64 }

func readProcessors() (processors, error) {
	text, err := os.ReadFile("/proc/stat")
	if err != nil {
		return processors{}, err
	}
	line, _, _ := strings.Cut(string(text), "\n")
	var p processors
	for i, field := range strings.Fields(line) {
		var n float64
		if _, err := fmt.Sscan(field, &n); err != nil {
			continue // The word cpu.
		}
		if p.all += n; i == 4 || i == 5 { // idle, and waiting for a disk
			p.idle += n
		}
	}
	if p.all == 0 {
		return processors{}, errors.New("/proc/stat has no times of processors")
	}
	return p, nil
}
