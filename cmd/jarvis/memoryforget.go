package main

import (
	"bufio"
	"context"
	"errors"
	"flag"
	"fmt"
	"strings"
	"time"

	"github.com/jarvis-host/jarvis/host"
	"github.com/jarvis-host/jarvis/host/memory"
	"github.com/jarvis-host/jarvis/host/texts"
)

// registerUser registers the flags of a command on one end user's memory.
func (f *memoryFlags) registerUser(fs *flag.FlagSet) {
	f.register(fs)
	fs.StringVar(&f.user, "user", "", "whose memory: the `NAME` of an end user (default the first operator)")
}

// selection is what a forget command names.
type selection struct {
	about, session, from, to string
	all                      bool
}

func (s *selection) register(fs *flag.FlagSet) {
	fs.StringVar(&s.about, "about", "", "what holds every word of this `TEXT`")
	fs.StringVar(&s.session, "session", "", "what was said in the session with this `ID`")
	fs.StringVar(&s.from, "from", "", "what was said at this `TIME` or later: 2026-03-01, 2026-03-01T22:00 or RFC 3339")
	fs.StringVar(&s.to, "to", "", "what was said before this `TIME`")
	fs.BoolVar(&s.all, "all", false, "everything")
}

func (s *selection) read(ids []string) (memory.Selection, error) {
	out := memory.Selection{IDs: ids, About: s.about, Session: s.session}
	var err1, err2 error
	out.From, err1 = moment("from", s.from)
	out.To, err2 = moment("to", s.to)
	if err := errors.Join(err1, err2); err != nil {
		return out, err
	}
	named := len(ids) > 0 || s.about != "" || s.session != "" || s.from != "" || s.to != ""
	if named == s.all {
		return out, usageError("name ids, --about, --session, --from and --to, or give --all")
	}
	return out, nil
}

// moment reads a time of the terminal's zone.
func moment(name, text string) (time.Time, error) {
	if text == "" {
		return time.Time{}, nil
	}
	for _, layout := range []string{time.RFC3339, "2006-01-02T15:04", "2006-01-02 15:04", time.DateOnly} {
		if at, err := time.ParseInLocation(layout, text, time.Local); err == nil {
			return at, nil
		}
	}
	return time.Time{}, usageError("--%s %q is no time; write 2026-03-01, 2026-03-01T22:00 or RFC 3339", name, text)
}

func memoryForgetCommand() command {
	c := command{
		name: "memory forget", args: "[ID ...] [--about TEXT] [--session ID] [--from TIME] [--to TIME] [--all] [--yes] [--dry-run] [--user NAME] [--config FILE] [--data DIR]",
		summary: "forget for good, in conversations too: shows what would go, and asks",
		example: "  jarvis memory forget f_5ksq2v\n  jarvis memory forget --about \"my knee\" --dry-run\n" +
			"  jarvis memory forget --from 2026-03-01T22:00 --to 2026-03-01T23:00 --yes\n  jarvis memory forget --all --user anna",
	}
	c.run = func(ctx context.Context, p *program, args []string) error {
		fs := p.flags(c)
		var f memoryFlags
		var s selection
		f.registerUser(fs)
		s.register(fs)
		yes := fs.Bool("yes", false, "do not ask")
		dry := fs.Bool("dry-run", false, "only show what would go")
		rest, err := parse(fs, args, 0, 1000)
		if err != nil {
			return err
		}
		wanted, err := s.read(rest)
		if err != nil {
			return err
		}
		return p.withMemory(ctx, &f, func(ctx context.Context, m *host.Memories) error {
			chosen, err := choose(ctx, m, wanted, s.all)
			if err != nil {
				return err
			}
			return p.forget(ctx, m, chosen, *yes, *dry)
		})
	}
	return c
}

func choose(ctx context.Context, m *host.Memories, s memory.Selection, all bool) (*memory.Selected, error) {
	if !all {
		return m.Select(ctx, m.Owner, s)
	}
	episodes, err := m.Episodes(ctx, m.Owner, memory.EpisodeFilter{Faded: true})
	if err != nil {
		return nil, err
	}
	facts, err := m.Facts(ctx, m.Owner, memory.FactFilter{Past: true, Faded: true})
	return &memory.Selected{Episodes: episodes, Facts: facts}, err
}

func (p *program) forget(ctx context.Context, m *host.Memories, chosen *memory.Selected, yes, dry bool) error {
	n := len(chosen.Episodes) + len(chosen.Facts)
	if n == 0 {
		return errors.New("there is nothing like that to forget")
	}
	items, err := m.Describe(ctx, chosen.Facts)
	if err != nil {
		return err
	}
	for i := range chosen.Episodes {
		items = append(items, m.DescribeEpisode(&chosen.Episodes[i]))
	}
	for i := range items {
		if err := p.printMemory(&items[i], false); err != nil {
			return err
		}
	}
	if dry {
		fmt.Fprintf(p.stderr, "%d would be forgotten\n", n)
		return nil
	}
	if !yes && !p.agreed(fmt.Sprintf("Forget these %d for good? [y/N] ", n)) {
		fmt.Fprintln(p.stderr, "nothing was forgotten")
		return &exitError{code: exitFailed}
	}
	gone, err := m.Erase(context.WithoutCancel(ctx), chosen)
	if err != nil {
		return err
	}
	fmt.Fprintf(p.stderr, "%d forgotten\n", len(gone))
	return nil
}

// agreed asks for a yes, in either language; the end of the input is a no.
func (p *program) agreed(question string) bool {
	fmt.Fprint(p.stderr, question)
	line, _ := bufio.NewReader(p.stdin).ReadString('\n')
	line = strings.TrimSpace(line)
	if strings.EqualFold(line, "y") || strings.EqualFold(line, "o") {
		return true
	}
	yes, ok := texts.YesNo(line)
	return ok && yes
}
