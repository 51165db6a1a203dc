// Command jarvis-model is a language model that follows a script, for plugin
// authors, for tests and for a first look at Jarvis without a real model. It
// fails on demand. `jarvis-model -help` says how.
package main

import (
	"context"
	"os"
	"os/signal"
	"slices"
	"syscall"

	"github.com/jarvis-host/jarvis/host/llm/llmtest"
)

func main() {
	stop := []os.Signal{syscall.SIGINT, syscall.SIGTERM}
	if slices.Contains(os.Args, "--") {
		// The terminal interrupts the program that is run too, which ends as it
		// wants to; only what the terminal does not send is passed on.
		signal.Ignore(syscall.SIGINT)
		stop = stop[1:]
	}
	ctx, cancel := signal.NotifyContext(context.Background(), stop...)
	code := llmtest.Command(ctx, os.Args[1:], os.Stdout, os.Stderr)
	cancel()
	os.Exit(code)
}
