package main

import (
	"context"
	"encoding/json"
	"fmt"
	"io"
	"os"

	"github.com/jarvis-host/jarvis/sdk/conformance"
	"github.com/jarvis-host/jarvis/sdk/launch"
)

func pluginVerifyCommand() command {
	c := command{
		name: "plugin verify", args: "PLUGIN [--chaos] [--config FILE] [--plugin-config FILE] [--json] [--junit FILE] [--memory MIB] [--slack N] [--logs]",
		summary: "check that a plugin keeps to the contract; PLUGIN is its program or its source folder",
		example: "  jarvis plugin verify .\n" +
			"  jarvis plugin verify ./jarvis-plugin-dice --chaos    # also kill, stop, slow down and flood it\n" +
			"  jarvis plugin verify . --json > report.json\n" +
			"  jarvis plugin verify . --junit report.xml",
	}
	c.run = func(ctx context.Context, p *program, args []string) error {
		fs := p.flags(c)
		v := verification{p: p}
		fs.StringVar(&v.host.file, "config", "", "the host's configuration `FILE`, to look for sentences that its other plugins claim too (default jarvis.yaml, when it is there)")
		fs.StringVar(&v.config, "plugin-config", "", "the plugin's own configuration, a JSON `FILE`")
		fs.BoolVar(&v.opts.Chaos, "chaos", false, "also kill, stop, slow down, flood and confuse it")
		fs.BoolVar(&v.json, "json", false, "print the report as JSON")
		fs.StringVar(&v.junit, "junit", "", "also write the report to `FILE`, as JUnit has it")
		fs.BoolVar(&v.logs, "logs", false, "show what the plugin logs meanwhile")
		fs.Int64Var(&v.opts.IdleMemory, "memory", conformance.DefaultIdleMemory>>20, "how many `MIB` it may hold while idle")
		fs.IntVar(&v.opts.Slack, "slack", 1, "allow `N` times as long for everything, on a busy machine")
		rest, err := parse(fs, args, 1, 1)
		if err != nil {
			return err
		}
		ctx, cancel := p.interruptible(ctx)
		defer cancel()
		return v.run(ctx, rest[0])
	}
	return c
}

// verification is one run of the checks for an author.
type verification struct {
	p             *program
	opts          conformance.Options
	host          configFlags // of the other plugins
	config, junit string
	json, logs    bool
}

func (v *verification) run(ctx context.Context, target string) error {
	if v.opts.IdleMemory < 1 {
		return usageError("--memory is %d, expected a number of MiB above 0", v.opts.IdleMemory)
	}
	v.opts.IdleMemory <<= 20
	if err := v.prepare(ctx, target); err != nil {
		return err
	}
	report, err := conformance.Run(ctx, v.opts)
	if err != nil {
		return err
	}
	v.clashes(ctx, report)
	if err := v.tell(report); err != nil {
		return err
	}
	if report.Count(conformance.Failed) > 0 {
		return &exitError{code: exitFailed}
	}
	return nil
}

func (v *verification) prepare(ctx context.Context, target string) error {
	if v.config != "" {
		raw, err := os.ReadFile(v.config)
		if err != nil {
			return fmt.Errorf("read --plugin-config: %w", err)
		}
		var object map[string]any
		if err := json.Unmarshal(raw, &object); err != nil {
			return fmt.Errorf("read --plugin-config %s: expected a JSON object: %w", v.config, err)
		}
		v.opts.Config = raw
	}
	path, err := pluginProgram(ctx, v.p, target)
	if err != nil {
		return err
	}
	exe, err := os.Executable()
	if err != nil {
		return fmt.Errorf("find the program itself: %w", err)
	}
	v.opts.Spec = launch.Spec{Path: path, Shim: []string{exe, "__exec"}}
	if v.logs {
		v.opts.Spec.Line = func(l launch.Line) {
			fmt.Fprintf(v.p.stderr, "  %s %s%s\n", l.Level, printable(l.Message), fields(l.Fields))
		}
	}
	shown := v.p.stdout
	if v.json {
		shown = io.Discard
	}
	v.opts.Found = func(f conformance.Finding) {
		if f.Detail != conformance.DoesNotStart { // the first finding says why, once
			fmt.Fprintln(shown, printable(f.Line()))
		}
	}
	return nil
}

func (v *verification) tell(r *conformance.Report) error {
	if v.junit != "" {
		if err := writeReport(v.junit, r); err != nil {
			return err
		}
	}
	if v.json {
		return v.p.json(r)
	}
	fmt.Fprintln(v.p.stdout, r.Summary())
	return nil
}

func writeReport(file string, r *conformance.Report) error {
	f, err := os.Create(file)
	if err != nil {
		return fmt.Errorf("write --junit: %w", err)
	}
	err = r.JUnit(f)
	if closing := f.Close(); err == nil {
		err = closing
	}
	if err != nil {
		return fmt.Errorf("write --junit: %w", err)
	}
	return nil
}
