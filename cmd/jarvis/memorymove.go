package main

import (
	"context"
	"errors"
	"fmt"
	"io"
	"os"

	"github.com/jarvis-host/jarvis/host"
)

func memoryExportCommand() command {
	c := command{
		name: "memory export", args: "[FILE] [--user NAME] [--config FILE] [--data DIR]",
		summary: "write everything that is remembered of an end user as JSON lines, to a new file or the output",
		example: "  jarvis memory export anna.jsonl --user anna\n  jarvis memory export | gzip > memory.jsonl.gz",
	}
	c.run = func(ctx context.Context, p *program, args []string) error {
		fs := p.flags(c)
		var f memoryFlags
		f.registerUser(fs)
		rest, err := parse(fs, args, 0, 1)
		if err != nil {
			return err
		}
		return p.withMemory(ctx, &f, func(ctx context.Context, m *host.Memories) error {
			if len(rest) == 0 {
				return m.Export(ctx, m.Owner, p.stdout)
			}
			return exportTo(rest[0], func(w io.Writer) error { return m.Export(ctx, m.Owner, w) })
		})
	}
	return c
}

// exportTo writes a new file that its owner alone can read, whole or not at all.
func exportTo(name string, write func(io.Writer) error) (err error) {
	file, err := os.OpenFile(name, os.O_CREATE|os.O_EXCL|os.O_WRONLY, 0o600)
	if errors.Is(err, os.ErrExist) {
		return fmt.Errorf("%s is there already; choose another name, or remove it", name)
	}
	if err != nil {
		return err
	}
	err = errors.Join(write(file), file.Sync(), file.Close())
	if err != nil {
		return errors.Join(err, os.Remove(name))
	}
	return nil
}

func memoryImportCommand() command {
	c := command{
		name: "memory import", args: "[FILE] [--dry-run] [--user NAME] [--config FILE] [--data DIR]",
		summary: "add what an export holds and the end user does not have, all of it or nothing; FILE or the input",
		example: "  jarvis memory import anna.jsonl --user anna --dry-run\n  jarvis memory import anna.jsonl --user anna",
	}
	c.run = func(ctx context.Context, p *program, args []string) error {
		fs := p.flags(c)
		var f memoryFlags
		f.registerUser(fs)
		dry := fs.Bool("dry-run", false, "only say what would be added")
		rest, err := parse(fs, args, 0, 1)
		if err != nil {
			return err
		}
		in := p.stdin
		if len(rest) == 1 {
			file, err := os.Open(rest[0])
			if err != nil {
				return err
			}
			defer func() { _ = file.Close() }()
			in = file
		}
		return p.withMemory(ctx, &f, func(ctx context.Context, m *host.Memories) error {
			got, err := m.Import(ctx, m.Owner, in, *dry)
			if err != nil {
				return err
			}
			word := "added"
			if *dry {
				word = "would be added"
				for _, id := range append(got.Episodes, got.Facts...) {
					fmt.Fprintln(p.stdout, "+", id)
				}
			}
			fmt.Fprintf(p.stderr, "%d messages and %d facts %s, %d there already\n", len(got.Episodes), len(got.Facts), word, got.Present)
			return nil
		})
	}
	return c
}

func memoryReindexCommand() command {
	c := command{
		name: "memory reindex", args: "[--user NAME] [--config FILE] [--data DIR]",
		summary: "make the index of an end user's memory anew from what is kept",
		example: "  jarvis memory reindex --user anna",
	}
	c.run = func(ctx context.Context, p *program, args []string) error {
		fs := p.flags(c)
		var f memoryFlags
		f.registerUser(fs)
		if _, err := parse(fs, args, 0, 0); err != nil {
			return err
		}
		return p.withMemory(ctx, &f, func(ctx context.Context, m *host.Memories) error {
			got, err := m.Reindex(ctx, m.Owner)
			if err != nil {
				return err
			}
			fmt.Fprintf(p.stdout, "%d messages and %d facts indexed\n", got.Episodes, got.Facts)
			if url := m.IndexURL(); url != "" {
				fmt.Fprintf(p.stdout, "%d of them in the index at %s\n", got.Points, url)
			}
			return nil
		})
	}
	return c
}

func memoryConsolidateCommand() command {
	c := command{
		name: "memory consolidate", args: "[--dry-run] [--user NAME] [--config FILE] [--data DIR]",
		summary: "tidy a memory up: merge what says the same, forget what is over; the host does it by itself now and then",
		example: "  jarvis memory consolidate --dry-run\n  jarvis memory consolidate --user anna",
	}
	c.run = func(ctx context.Context, p *program, args []string) error {
		fs := p.flags(c)
		var f memoryFlags
		f.registerUser(fs)
		dry := fs.Bool("dry-run", false, "only print what would change")
		if _, err := parse(fs, args, 0, 0); err != nil {
			return err
		}
		return p.withMemory(ctx, &f, func(ctx context.Context, m *host.Memories) error {
			plan, err := m.Consolidate(ctx, m.Owner, *dry)
			if err != nil {
				return err
			}
			if plan.Empty() {
				fmt.Fprintln(p.stdout, "nothing to tidy up")
				return nil
			}
			_, err = fmt.Fprint(p.stdout, printable(plan.String()))
			return err
		})
	}
	return c
}
