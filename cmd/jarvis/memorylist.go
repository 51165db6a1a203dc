package main

import (
	"context"
	"errors"
	"fmt"
	"strings"
	"time"

	"github.com/jarvis-host/jarvis/host"
	"github.com/jarvis-host/jarvis/host/memory"
	"github.com/jarvis-host/jarvis/host/protocol"
)

func memoryListCommand() command {
	c := command{
		name: "memory list", args: "[--episodes] [--past] [--json] [--user NAME] [--config FILE] [--data DIR]",
		summary: "list what is known of an end user, the newest first, or with --episodes all that was said",
		example: "  jarvis memory list\n  jarvis memory list --past\n  jarvis memory list --episodes --json --user anna",
	}
	c.run = func(ctx context.Context, p *program, args []string) error {
		fs := p.flags(c)
		var f memoryFlags
		f.registerUser(fs)
		episodes := fs.Bool("episodes", false, "list what was said, in place of what is known from it")
		past := fs.Bool("past", false, "also list what holds no longer")
		asJSON := fs.Bool("json", false, "print one JSON object a line, with all that is kept of each")
		if _, err := parse(fs, args, 0, 0); err != nil {
			return err
		}
		return p.withMemory(ctx, &f, func(ctx context.Context, m *host.Memories) error {
			items, err := listed(ctx, m, *episodes, *past)
			if err != nil {
				return err
			}
			for i := range items {
				if err := p.printMemory(&items[i], *asJSON); err != nil {
					return err
				}
			}
			return nil
		})
	}
	return c
}

func listed(ctx context.Context, m *host.Memories, episodes, past bool) ([]protocol.Memory, error) {
	if !episodes {
		facts, err := m.Facts(ctx, m.Owner, memory.FactFilter{Past: past})
		if err != nil {
			return nil, err
		}
		return m.Describe(ctx, facts)
	}
	said, err := m.Episodes(ctx, m.Owner, memory.EpisodeFilter{Newest: true})
	if err != nil {
		return nil, err
	}
	items := make([]protocol.Memory, len(said))
	for i := range said {
		items[i] = m.DescribeEpisode(&said[i])
	}
	return items, nil
}

func (p *program) printMemory(m *protocol.Memory, asJSON bool) error {
	if asJSON {
		return p.json(m)
	}
	note := ""
	switch {
	case m.Until != "":
		note = "  (no longer)"
	case m.Pinned:
		note = "  (pinned)"
	}
	_, err := fmt.Fprintf(p.stdout, "%s  %s  %s%s\n", localTime(m.At), m.ID, printable(strings.Join(strings.Fields(m.Text), " ")), note)
	return err
}

// localTime is a time of the protocol as the terminal's clock shows it.
func localTime(stamp string) string {
	at, err := time.Parse(time.RFC3339Nano, stamp)
	if err != nil {
		return stamp
	}
	return at.Local().Format("2006-01-02 15:04")
}

func memoryWhyCommand() command {
	c := command{
		name: "memory why", args: "ID|QUESTION [--json] [--user NAME] [--config FILE] [--data DIR]",
		summary: "say where something that is known comes from, and what ranks it for a question",
		example: "  jarvis memory why f_5ksq2v\n  jarvis memory why \"where do I live?\"",
	}
	c.run = func(ctx context.Context, p *program, args []string) error {
		fs := p.flags(c)
		var f memoryFlags
		f.registerUser(fs)
		asJSON := fs.Bool("json", false, "print one JSON object")
		rest, err := parse(fs, args, 1, 1)
		if err != nil {
			return err
		}
		return p.withMemory(ctx, &f, func(ctx context.Context, m *host.Memories) error {
			return p.why(ctx, m, rest[0], *asJSON)
		})
	}
	return c
}

// why explains a fact by its id, or the best fact or message for a question.
func (p *program) why(ctx context.Context, m *host.Memories, about string, asJSON bool) error {
	var best *memory.Result
	id := about
	k, err := m.Fact(ctx, m.Owner, id)
	if errors.Is(err, memory.ErrNotFound) {
		found, err := m.Find(ctx, m.Owner, memory.Question{Text: about, Limit: 1, Facts: true})
		if err != nil {
			return err
		}
		if len(found.Results) == 0 {
			return fmt.Errorf("nothing is known about %q", about)
		}
		best = &found.Results[0]
		k = best.Fact
	} else if err != nil {
		return err
	}
	var item protocol.Memory
	if k != nil {
		items, err := m.Describe(ctx, []memory.Fact{*k})
		if err != nil {
			return err
		}
		item = items[0]
	} else {
		said, err := m.Episodes(ctx, m.Owner, memory.EpisodeFilter{IDs: []string{best.ID}})
		if err != nil || len(said) == 0 {
			return errors.Join(err, memory.ErrNotFound)
		}
		item = m.DescribeEpisode(&said[0])
	}
	return p.explain(&item, best, asJSON)
}

func (p *program) explain(item *protocol.Memory, best *memory.Result, asJSON bool) error {
	if asJSON {
		out := struct {
			Memory *protocol.Memory `json:"memory"`
			Score  float64          `json:"score,omitempty"`
			Parts  any              `json:"parts,omitempty"`
		}{Memory: item}
		if best != nil {
			out.Score, out.Parts = best.Score, best.Parts
		}
		return p.json(out)
	}
	if err := p.printMemory(item, false); err != nil {
		return err
	}
	fmt.Fprintf(p.stdout, "  %s", item.Type)
	if item.Type == "fact" {
		fmt.Fprintf(p.stdout, ", %s, origin %s", item.Kind, item.Origin)
	}
	fmt.Fprintf(p.stdout, ", confidence %.2f, importance %.2f, arousal %.2f, valence %.2f\n", item.Confidence, item.Importance, item.Arousal, item.Valence)
	for _, s := range item.Sources {
		fmt.Fprintf(p.stdout, "  said %s in message %s: %s\n", localTime(s.At), s.Episode, printable(s.Quote))
	}
	if best != nil {
		fmt.Fprintf(p.stdout, "  score %.3f:", best.Score)
		for _, part := range best.Parts {
			fmt.Fprintf(p.stdout, " %s %+.2f", part.Feature, part.Adds)
		}
		fmt.Fprintln(p.stdout)
	}
	return nil
}
