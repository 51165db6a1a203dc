package main

import (
	"context"
	"encoding/json"
	"fmt"
	"path/filepath"

	"github.com/jarvis-host/jarvis/cmd/jarvis/bundle"
)

func pluginPackCommand() command {
	c := command{
		name: "plugin pack", args: "DIR [--out DIR]",
		summary: "build a plugin and put it, with what it says of itself, into an archive",
		example: "  jarvis plugin pack .\n  jarvis plugin pack dice --out /tmp",
	}
	c.run = func(ctx context.Context, p *program, args []string) error {
		fs := p.flags(c)
		out := fs.String("out", "", "the `DIR` for the archive (default dist in the plugin's folder)")
		rest, err := parse(fs, args, 1, 1)
		if err != nil {
			return err
		}
		ctx, cancel := p.interruptible(ctx)
		defer cancel()
		into := *out
		if into == "" {
			into = filepath.Join(rest[0], "dist")
		}
		f := authorFlags{quiet: true}
		path, err := pluginProgram(ctx, p, rest[0])
		if err != nil {
			return err
		}
		o, err := f.start(ctx, p, path)
		if err != nil {
			return err
		}
		defer o.Kill()
		m, err := o.Handler().Describe(ctx)
		if err != nil {
			return fmt.Errorf("describe plugin: %w", err)
		}
		described, err := json.Marshal(m)
		if err != nil {
			return fmt.Errorf("write manifest: %w", err)
		}
		archive, err := bundle.Pack(rest[0], path, into, m.ID, m.Version, described)
		if err != nil {
			return err
		}
		fmt.Fprintln(p.stdout, archive)
		return nil
	}
	return c
}
