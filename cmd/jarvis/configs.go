package main

import (
	"context"
	"fmt"
	"os"

	"github.com/jarvis-host/jarvis/host"
	"github.com/jarvis-host/jarvis/host/config"
	"github.com/jarvis-host/jarvis/sdk/launch"
)

func configCheckCommand() command {
	return configCommand("check", "", "check the configuration, the plugins' own too, and name every problem in it", 0,
		func(ctx context.Context, p *program, s *config.Snapshot, _ []string) error {
			for _, line := range s.Strangers() {
				fmt.Fprintln(p.stdout, line)
			}
			exe, err := os.Executable()
			if err != nil {
				return fmt.Errorf("find the program itself: %w", err)
			}
			ctx, cancel := p.interruptible(ctx)
			defer cancel()
			if err := host.CheckPlugins(ctx, s.Config(), host.Options{Version: version, Program: exe}); err != nil {
				return &exitError{code: exitConfig, err: err}
			}
			if len(s.Problems()) > 0 {
				return &exitError{code: exitConfig}
			}
			fmt.Fprintln(p.stdout, "the configuration is good")
			return nil
		})
}

func configShowCommand() command {
	return configCommand("show", "", "print the configuration in effect, secrets masked", 0,
		func(_ context.Context, p *program, s *config.Snapshot, _ []string) error {
			out, err := s.Show()
			if err != nil {
				return err
			}
			fmt.Fprint(p.stdout, out)
			return nil
		})
}

func configExplainCommand() command {
	return configCommand("explain", "KEY ", "say what a key is set to, and by what", 1,
		func(_ context.Context, p *program, s *config.Snapshot, args []string) error {
			out, err := s.Explain(args[0])
			if err != nil {
				return err
			}
			fmt.Fprintln(p.stdout, out)
			return nil
		})
}

func configCommand(name, args, summary string, n int, do func(context.Context, *program, *config.Snapshot, []string) error) command {
	c := command{
		name: "config " + name, args: args + "[--config FILE]", summary: summary,
		example: "  jarvis config " + name + map[bool]string{true: " gateway.listen"}[n > 0] + " --config jarvis.yaml",
	}
	c.run = func(ctx context.Context, p *program, args []string) error {
		fs := p.flags(c)
		var f configFlags
		f.register(fs)
		rest, err := parse(fs, args, n, n)
		if err != nil {
			return err
		}
		s, err := f.load(p)
		if err != nil {
			return err
		}
		return do(ctx, p, s, rest)
	}
	return c
}

func configReferenceCommand() command {
	c := command{
		name: "config reference", summary: "print every setting with its default and meaning",
		example: "  jarvis config reference",
	}
	c.run = func(_ context.Context, p *program, args []string) error {
		if _, err := parse(p.flags(c), args, 0, 0); err != nil {
			return err
		}
		fmt.Fprint(p.stdout, config.Reference())
		return nil
	}
	return c
}

func versionCommand() command {
	c := command{name: "version", summary: "print the version", example: "  jarvis version"}
	c.run = func(_ context.Context, p *program, args []string) error {
		if _, err := parse(p.flags(c), args, 0, 0); err != nil {
			return err
		}
		fmt.Fprintln(p.stdout, version)
		return nil
	}
	return c
}

// execCommand is the parent of a plugin's process; only the host starts it.
func execCommand() command {
	return command{
		name: "__exec", hidden: true,
		run: func(_ context.Context, _ *program, args []string) error {
			return &exitError{code: launch.Shim(args)}
		},
	}
}
