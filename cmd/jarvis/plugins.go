package main

import (
	"context"
	"fmt"
	"net/http"
	"net/url"
	"strconv"
	"text/tabwriter"
	"time"
)

// pluginRow is a plugin as the host's API tells it.
type pluginRow struct {
	Name     string    `json:"name"`
	Version  string    `json:"version"`
	State    string    `json:"state"`
	Reason   string    `json:"reason"`
	Since    time.Time `json:"since"`
	Restarts int       `json:"restarts"`
	PID      int       `json:"pid"`
	Clashes  []clash   `json:"clashes,omitempty"`
}

// clash is an utterance that two plugins claim.
type clash struct {
	Utterance string `json:"utterance"`
	Lang      string `json:"lang"`
	Winner    string `json:"winner"`
	Loser     string `json:"loser"`
}

func (c clash) line() string {
	return fmt.Sprintf("%q (%s) goes to %s, and %s claims it too", c.Utterance, c.Lang, c.Winner, c.Loser)
}

// tellClashes names what plugins both claim, each once.
func tellClashes(p *program, rows []pluginRow) {
	told := map[clash]bool{}
	for _, row := range rows {
		for _, c := range row.Clashes {
			if !told[c] {
				told[c] = true
				fmt.Fprintln(p.stdout, printable("clash: "+c.line()))
			}
		}
	}
}

func pluginListCommand() command {
	c := command{
		name: "plugin list", args: "[--url URL] [--key-file FILE] [--json]",
		summary: "list a running host's plugins with their states",
		example: "  jarvis plugin list\n  jarvis plugin list --json",
	}
	c.run = func(ctx context.Context, p *program, args []string) error {
		fs := p.flags(c)
		var r remote
		r.register(p, fs)
		asJSON := fs.Bool("json", false, "print JSON")
		if _, err := parse(fs, args, 0, 0); err != nil {
			return err
		}
		ctx, cancel := p.interruptible(ctx)
		defer cancel()
		var list struct {
			Items []pluginRow `json:"items"`
		}
		if err := r.request(ctx, http.MethodGet, "/v1/plugins", nil, &list); err != nil {
			return err
		}
		if *asJSON {
			return p.json(list.Items)
		}
		w := tabwriter.NewWriter(p.stdout, 0, 8, 2, ' ', 0)
		fmt.Fprintln(w, "NAME\tVERSION\tSTATE\tPID\tRESTARTS\tREASON")
		for _, x := range list.Items {
			pid := "-"
			if x.PID > 0 {
				pid = strconv.Itoa(x.PID)
			}
			fmt.Fprintf(w, "%s\t%s\t%s\t%s\t%d\t%s\n", x.Name, x.Version, x.State, pid, x.Restarts, x.Reason)
		}
		if err := w.Flush(); err != nil {
			return fmt.Errorf("print the list: %w", err)
		}
		tellClashes(p, list.Items)
		return nil
	}
	return c
}

func pluginActionCommand(action string) command {
	c := command{
		name: "plugin " + action, args: "NAME [--url URL] [--key-file FILE]",
		summary: map[string]string{
			"enable":  "start a plugin, until the host restarts",
			"disable": "stop a plugin, until the host restarts",
			"restart": "start a plugin anew, also out of quarantine",
		}[action],
		example: "  jarvis plugin " + action + " weather",
	}
	c.run = func(ctx context.Context, p *program, args []string) error {
		fs := p.flags(c)
		var r remote
		r.register(p, fs)
		rest, err := parse(fs, args, 1, 1)
		if err != nil {
			return err
		}
		ctx, cancel := p.interruptible(ctx)
		defer cancel()
		if err := r.request(ctx, http.MethodPost, "/v1/plugins/"+url.PathEscape(rest[0])+"/"+action, struct{}{}, nil); err != nil {
			return err
		}
		if action != "disable" {
			if err := r.settled(ctx, rest[0]); err != nil {
				return err
			}
		}
		fmt.Fprintf(p.stdout, "%s: %s done\n", rest[0], action)
		return nil
	}
	return c
}

// settled waits until a plugin neither starts nor ends, and returns why it does not
// answer then, or nil.
func (r *remote) settled(ctx context.Context, name string) error {
	var list struct {
		Items []pluginRow `json:"items"`
	}
	for {
		if err := r.request(ctx, http.MethodGet, "/v1/plugins", nil, &list); err != nil {
			return err
		}
		for _, row := range list.Items {
			switch {
			case row.Name != name, row.State == "starting", row.State == "draining": // wait
			case row.State == "ready", row.State == "idle":
				return nil
			default:
				return fmt.Errorf("%s is %s: %s", row.Name, row.State, row.Reason)
			}
		}
		select {
		case <-ctx.Done():
			return context.Cause(ctx)
		case <-time.After(lookEvery / 4):
		}
	}
}
