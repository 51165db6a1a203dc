package main

import (
	"context"
	"flag"
	"fmt"
	"os"
	"os/signal"
	"path/filepath"
	"strings"
	"time"
)

func main() {
	if program := filepath.Base(os.Args[0]); strings.HasPrefix(program, pluginPrefix) {
		servePlugin(program)
		return
	}
	if len(os.Args) > 1 && (os.Args[1] == "model" || os.Args[1] == "floor") {
		exit(serveRole(os.Args[1]))
	}
	s := settings{}
	flag.DurationVar(&s.each, "each", 2*time.Second, "how long each measurement takes")
	flag.IntVar(&s.rounds, "rounds", 3, "how often floor and host take turns")
	flag.StringVar(&s.host, "host", "bin/jarvis", "the host's `PROGRAM`")
	flag.IntVar(&s.idle, "idle", 5000, "how many idle sockets are held")
	only := flag.String("only", "", "`GOALS` to measure, such as F1,F3 (default all)")
	flag.Parse()
	for name := range strings.SplitSeq(*only, ",") {
		if name != "" {
			s.only = append(s.only, name)
		}
	}
	ctx, stop := signal.NotifyContext(context.Background(), os.Interrupt)
	defer stop()
	exit(run(ctx, s))
}

func exit(err error) {
	if err != nil {
		fmt.Fprintln(os.Stderr, "bench-host:", err)
		os.Exit(1)
	}
	os.Exit(0)
}
