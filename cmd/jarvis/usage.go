package main

import (
	"context"
	"fmt"
	"text/tabwriter"

	"github.com/jarvis-host/jarvis/host"
	"github.com/jarvis-host/jarvis/host/config"
)

func usageCommand() command {
	c := command{
		name: "usage", args: "[--days N] [--user NAME] [--config FILE] [--data DIR] [--json]",
		summary: "show what users have spent on language models",
		example: "  jarvis usage\n  jarvis usage --days 30 --user alice --json",
	}
	c.run = func(ctx context.Context, p *program, args []string) error {
		fs := p.flags(c)
		var f configFlags
		f.register(fs)
		days := fs.Int("days", 7, "`N` days up to today")
		name := fs.String("user", "", "`NAME` of one user (default: all)")
		asJSON := fs.Bool("json", false, "print JSON")
		if _, err := parse(fs, args, 0, 0); err != nil {
			return err
		}
		if *days < 1 || *days > 3660 {
			return usageError("--days %d: expected 1 to 3660", *days)
		}
		return p.withAccounts(ctx, &f, func(ctx context.Context, cfg *config.Snapshot, s *host.Accounts) error {
			rows, err := s.Usage(ctx, cfg, *days, *name)
			if err != nil {
				return err
			}
			if *asJSON {
				return p.json(rows)
			}
			return p.usageTable(rows)
		})
	}
	return c
}

func (p *program) usageTable(rows []host.UsageRow) error {
	w := tabwriter.NewWriter(p.stdout, 0, 8, 2, ' ', 0)
	fmt.Fprintln(w, "DAY\tUSER\tPROVIDER\tMODEL\tREQUESTS\tPROMPT\tANSWERS\tCOST")
	var total host.UsageRow
	for _, r := range rows {
		fmt.Fprintf(w, "%s\t%s\t%s\t%s\t%d\t%d\t%d\t%.4f\n", r.Day, r.User, r.Provider, r.Model, r.Requests, r.PromptTokens, r.CompletionTokens, r.Cost)
		total.Requests += r.Requests
		total.PromptTokens += r.PromptTokens
		total.CompletionTokens += r.CompletionTokens
		total.Cost += r.Cost
	}
	fmt.Fprintf(w, "in all\t\t\t\t%d\t%d\t%d\t%.4f\n", total.Requests, total.PromptTokens, total.CompletionTokens, total.Cost)
	return w.Flush()
}
