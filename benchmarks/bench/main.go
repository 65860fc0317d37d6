// Bench measures image servers beside each other: this project's edge, bare
// servers that write the same bytes, and any other server that is named.
//
//	bench [run]                      measure; see bench run --help
//	bench bare [-headers] [...] URL  serve the answer to one URL again and again
//
// It starts an origin of its own on 127.0.0.1 that has every picture under as
// many names as are asked for, so that every miss is a miss and the same work.
// It measures and does not judge: nothing here passes or fails by time. What a
// request costs inside the edge, in process, is in the package above.
package main

import (
	"context"
	"fmt"
	"os"
	"os/signal"
	"syscall"

	"github.com/alecthomas/kong"
)

type program struct {
	Run  run  `cmd:"" default:"withargs" help:"Measure the servers and write the report."`
	Bare bare `cmd:"" help:"Be the yardstick: give every request the answer that a server gave to one URL."`
}

func main() {
	ctx, stop := signal.NotifyContext(context.Background(), syscall.SIGINT, syscall.SIGTERM)
	defer stop()
	cli := kong.Parse(new(program), kong.Name("bench"), kong.UsageOnError(), kong.BindTo(ctx, (*context.Context)(nil)))
	if err := cli.Run(); err != nil {
		fmt.Fprintln(os.Stderr, "bench:", err)
		os.Exit(1) //nolint:gocritic // stop has nothing left to do
	}
}
