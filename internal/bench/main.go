// Command bench does the work that `make bench` compares with, in a process of its own. test/e2e/bench measures it, and the programs
// that users run. It uses the packages as another program would.
package main

import (
	"context"
	"errors"
	"fmt"
	"os"
	"strconv"
)

func main() {
	if err := run(context.Background(), os.Args[1:]); err != nil {
		fmt.Fprintln(os.Stderr, "bench:", err)
		os.Exit(1)
	}
}

var errUsage = errors.New("usage: bench kubeconfig FILE N | clientcmd FILE | update FILE N | store DIR N | serial|parallel SERVER USER CA-FILE | lists SERVER USER CA-FILE PORT")

func run(ctx context.Context, args []string) error {
	if len(args) < 2 {
		return errUsage
	}
	switch args[0] {
	case "clientcmd":
		return rewrite(args[1])
	case "lists":
		if len(args) != 5 {
			return errUsage
		}
		return lists(ctx, args[1:])
	case "serial", "parallel":
		if len(args) != 4 {
			return errUsage
		}
		return requests(ctx, args[0] == "serial", args[1:])
	}
	if len(args) != 3 {
		return errUsage
	}
	n, err := strconv.Atoi(args[2])
	if err != nil {
		return err
	}
	switch args[0] {
	case "kubeconfig":
		return writeKubeconfig(args[1], n)
	case "update":
		return update(ctx, args[1], n)
	case "store":
		return fill(args[1], n)
	}
	return errUsage
}
