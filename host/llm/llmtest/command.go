package llmtest

import (
	"context"
	"flag"
	"fmt"
	"io"
	"os"
)

// Command is the scripted model as a program: it serves until ctx ends and
// returns the exit code.
//
//	-listen ADDR      where to listen, a free port of loopback by default
//	-script FILE      a script for [ParseScript]
//	-ready-file FILE  receives the server's URL once it listens
//
// The URL is printed too.
func Command(ctx context.Context, args []string, stdout, stderr io.Writer) int {
	flags := flag.NewFlagSet("llmtest", flag.ContinueOnError)
	flags.SetOutput(stderr)
	listen := flags.String("listen", "127.0.0.1:0", "where to listen")
	file := flags.String("script", "", "a file with what to say")
	ready := flags.String("ready-file", "", "a file for the URL")
	if err := flags.Parse(args); err != nil {
		return 2
	}
	if err := serve(ctx, *listen, *file, *ready, stdout); err != nil {
		fmt.Fprintln(stderr, err)
		return 1
	}
	return 0
}

func serve(ctx context.Context, listen, file, ready string, stdout io.Writer) error {
	var script Script
	if file != "" {
		raw, err := os.ReadFile(file)
		if err != nil {
			return fmt.Errorf("read script: %w", err)
		}
		if script, err = ParseScript(raw); err != nil {
			return fmt.Errorf("%s: %w", file, err)
		}
	}
	srv, err := Start(listen, script)
	if err != nil {
		return err
	}
	if err := announceURL(srv.URL(), ready, stdout); err != nil {
		_ = srv.Close()
		return err
	}
	<-ctx.Done()
	return srv.Close()
}

func announceURL(url, ready string, stdout io.Writer) error {
	fmt.Fprintln(stdout, url)
	if ready == "" {
		return nil
	}
	// Renamed into place, so that whoever waits for the file reads all of it.
	if err := os.WriteFile(ready+".new", []byte(url+"\n"), 0o600); err != nil {
		return fmt.Errorf("write ready file: %w", err)
	}
	if err := os.Rename(ready+".new", ready); err != nil {
		return fmt.Errorf("write ready file: %w", err)
	}
	return nil
}
