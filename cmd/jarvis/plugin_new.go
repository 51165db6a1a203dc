package main

import (
	"context"
	"fmt"
	"path/filepath"

	"github.com/jarvis-host/jarvis/cmd/jarvis/scaffold"
)

func pluginNewCommand() command {
	c := command{
		name: "plugin new", args: "DIR [--lang go|python]",
		summary: "make a new plugin: a folder that builds, with tests that pass, named for the plugin",
		example: "  jarvis plugin new dice\n  jarvis plugin new dice --lang python",
	}
	c.run = func(_ context.Context, p *program, args []string) error {
		fs := p.flags(c)
		lang := fs.String("lang", "go", "the programming `language`: go or python")
		rest, err := parse(fs, args, 1, 1)
		if err != nil {
			return err
		}
		dir, err := filepath.Abs(rest[0])
		if err != nil {
			return fmt.Errorf("find folder: %w", err)
		}
		written, err := scaffold.New(dir, *lang)
		if err != nil {
			return err
		}
		fmt.Fprintf(p.stdout, "Made the plugin %s in %s:\n", filepath.Base(dir), rest[0])
		for _, name := range written {
			fmt.Fprintln(p.stdout, "  "+name)
		}
		try := "go test ./..."
		if *lang == "python" {
			try = scaffold.Interpreter() + " -m unittest"
		}
		fmt.Fprintf(p.stdout, "\nNext:\n  cd %s\n  %s\n  jarvis plugin dev .\n", rest[0], try)
		return nil
	}
	return c
}
