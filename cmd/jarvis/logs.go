package main

import (
	"bufio"
	"context"
	"errors"
	"fmt"
	"io"
	"os"
	"strings"

	"github.com/jarvis-host/jarvis/host/scrub"
	"github.com/jarvis-host/jarvis/host/telemetry"
)

func logScrubCommand() command {
	c := command{
		name: "log scrub", args: "[--config FILE] [--secrets FILE]",
		summary: "print lines as the host would write them to a log, secrets replaced",
		example: "  jarvis log scrub < old.log > clean.log\n  kubectl logs my-app | jarvis log scrub --secrets known-secrets.txt",
	}
	c.run = func(_ context.Context, p *program, args []string) error {
		fs := p.flags(c)
		var f configFlags
		f.register(fs)
		secrets := fs.String("secrets", "", "a `FILE` with secrets to look for in every form, one a line, beside those of the configuration")
		if _, err := parse(fs, args, 0, 0); err != nil {
			return err
		}
		s := scrub.New()
		cfg, err := f.load(p)
		if err != nil {
			return err
		}
		for _, secret := range cfg.Secrets() {
			s.Register(secret)
		}
		if *secrets != "" {
			if err := p.registerFrom(s, *secrets); err != nil {
				return err
			}
		}
		return p.scrubLines(s)
	}
	return c
}

// registerFrom tells a scrubber the secrets of a file.
func (p *program) registerFrom(s *scrub.Scrubber, file string) error {
	raw, err := os.ReadFile(file)
	if err != nil {
		return fmt.Errorf("read secrets: %w", err)
	}
	n := 0
	for line := range strings.Lines(string(raw)) {
		n++
		if !s.Register(strings.TrimRight(line, "\r\n")) {
			fmt.Fprintf(p.stderr, "jarvis: line %d of %s is too short to be looked for; it is passed over\n", n, file)
		}
	}
	return nil
}

// scrubLines copies lines of any length.
func (p *program) scrubLines(s *scrub.Scrubber) error {
	in, out := bufio.NewReaderSize(p.stdin, 64<<10), bufio.NewWriterSize(p.stdout, 64<<10)
	clean := scrub.NewLines(s)
	for {
		line, err := in.ReadString('\n')
		if line != "" {
			if _, err := out.WriteString(telemetry.Harmless(clean.Scrub(strings.TrimRight(line, "\n"))) + "\n"); err != nil {
				return fmt.Errorf("write: %w", err)
			}
			if in.Buffered() == 0 { // whoever follows a log sees each line at once
				if err := out.Flush(); err != nil {
					return fmt.Errorf("write: %w", err)
				}
			}
		}
		if errors.Is(err, io.EOF) {
			break
		}
		if err != nil {
			return fmt.Errorf("read lines: %w", err)
		}
	}
	if err := out.Flush(); err != nil {
		return fmt.Errorf("write: %w", err)
	}
	return nil
}
