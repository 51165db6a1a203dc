package main

import (
	"bufio"
	"bytes"
	"cmp"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"strings"
	"time"

	strict "github.com/go-json-experiment/json"

	"github.com/jarvis-host/jarvis/host"
	"github.com/jarvis-host/jarvis/host/memory"
)

// memoryFlags are the flags of every memory command.
type memoryFlags struct {
	configFlags
	user  string
	jsonl bool
}

// withMemory opens the memory of an end user for one command; the host may be
// running meanwhile.
func (p *program) withMemory(ctx context.Context, f *memoryFlags, do func(context.Context, *host.Memories) error) error {
	cfg, err := f.load(p)
	if err != nil {
		return err
	}
	ctx, cancel := p.interruptible(ctx)
	defer cancel()
	m, err := host.OpenMemories(ctx, cfg, f.user)
	if err != nil {
		return hostError(err)
	}
	err = do(ctx, m)
	if later := m.Push(context.WithoutCancel(ctx)); later != nil {
		fmt.Fprintln(p.stderr, "a running host, or the next one, tells the index what changed:", later)
	}
	return errors.Join(err, m.Close())
}

// maxLine is the longest line that is read.
const maxLine = 1 << 20

// lines calls do with each line of the input that is not empty, decoded into a
// T; what is not one is said with its line.
func lines[T any](r io.Reader, do func(n int, v T) error) error {
	s := bufio.NewScanner(r)
	s.Buffer(nil, maxLine)
	n := 1
	for ; s.Scan(); n++ {
		if len(bytes.TrimSpace(s.Bytes())) == 0 {
			continue
		}
		var v T
		if err := strict.Unmarshal(s.Bytes(), &v, strict.RejectUnknownMembers(true)); err != nil {
			return fmt.Errorf("line %d is not what is read here: %w", n, err)
		}
		if err := do(n, v); err != nil {
			return fmt.Errorf("line %d: %w", n, err)
		}
	}
	if err := s.Err(); err != nil {
		return fmt.Errorf("line %d: %w", n, err)
	}
	return nil
}

// memoryLine is a line of `memory add --jsonl`.
type memoryLine struct {
	Text    string    `json:"text"`
	ID      string    `json:"id"`
	At      time.Time `json:"at"`
	Role    string    `json:"role"`
	Speaker string    `json:"speaker"`
	Session string    `json:"session"`
	Lang    string    `json:"lang"`
}

func (l memoryLine) said() (memory.Said, error) {
	role := memory.Role(cmp.Or(l.Role, string(memory.RoleUser)))
	if role != memory.RoleUser && role != memory.RoleAssistant {
		return memory.Said{}, fmt.Errorf("role %q is not user or assistant", l.Role)
	}
	if strings.TrimSpace(l.Text) == "" {
		return memory.Said{}, errors.New("text is missing or empty")
	}
	return memory.Said{ID: l.ID, Text: l.Text, At: l.At, Role: role, Speaker: l.Speaker, Session: l.Session, Lang: l.Lang}, nil
}

func memoryAddCommand() command {
	c := command{
		name: "memory add", args: "[TEXT | --jsonl] [--user NAME] [--config FILE] [--data DIR]",
		summary: "remember a text, or with --jsonl one JSON object a line of the input, all of them or none",
		example: "  jarvis memory add \"I'm allergic to peanuts\"\n" +
			"  jarvis memory add --jsonl --data ./data --user anna < said.jsonl\n" +
			"  {\"text\":\"I live in Lyon\",\"id\":\"a1\",\"at\":\"2026-03-01T09:30:00Z\",\"role\":\"user\",\"speaker\":\"Anna\",\"session\":\"s1\"}",
	}
	c.run = func(ctx context.Context, p *program, args []string) error {
		fs := p.flags(c)
		var f memoryFlags
		f.register(fs)
		fs.StringVar(&f.user, "user", "", "whose memory: the `NAME` of an end user (default the first operator)")
		fs.BoolVar(&f.jsonl, "jsonl", false, "read one JSON object a line, with text, and as wanted id, at, role, speaker, session, lang")
		rest, err := parse(fs, args, 0, 1)
		if err != nil {
			return err
		}
		if f.jsonl == (len(rest) == 1) {
			return usageError("give either a text or --jsonl")
		}
		var said []memory.Said
		if f.jsonl {
			err = lines(p.stdin, func(_ int, l memoryLine) error {
				s, err := l.said()
				said = append(said, s)
				return err
			})
		} else {
			said = []memory.Said{{Text: rest[0]}}
		}
		if err != nil {
			return err
		}
		return p.withMemory(ctx, &f, func(ctx context.Context, m *host.Memories) error {
			kept, err := m.Remember(ctx, m.Owner, said...)
			if err != nil {
				return err
			}
			out := bufio.NewWriter(p.stdout)
			for _, e := range kept.Episodes {
				if err := json.NewEncoder(out).Encode(struct {
					ID string `json:"id"`
				}{e.ID}); err != nil {
					return err
				}
			}
			return out.Flush()
		})
	}
	return c
}

// memoryQuery is a line of `memory search --jsonl`.
type memoryQuery struct {
	Query string    `json:"query"`
	Limit int       `json:"limit"`
	At    time.Time `json:"at"`
}

type memoryResult struct {
	ID      string    `json:"id"`
	Text    string    `json:"text"`
	Score   float64   `json:"score"`
	At      time.Time `json:"at"`
	Session string    `json:"session"`
}

// maxResults is the largest limit of a search.
const maxResults = 200

func memorySearchCommand() command {
	c := command{
		name: "memory search", args: "[QUERY | --jsonl] [--user NAME] [--facts] [--config FILE] [--data DIR]",
		summary: "find what answers a question, the best first",
		example: "  jarvis memory search \"where do I live?\"\n" +
			"  echo '{\"query\":\"where do I live?\",\"limit\":5}' | jarvis memory search --jsonl --data ./data --user anna",
	}
	c.run = func(ctx context.Context, p *program, args []string) error {
		fs := p.flags(c)
		var f memoryFlags
		f.register(fs)
		fs.StringVar(&f.user, "user", "", "whose memory: the `NAME` of an end user (default the first operator)")
		fs.BoolVar(&f.jsonl, "jsonl", false, "read one JSON object a line, with query, and as wanted limit and at; answer each with one")
		facts := fs.Bool("facts", false, "also find facts that follow from what was said")
		rest, err := parse(fs, args, 0, 1)
		if err != nil {
			return err
		}
		if f.jsonl == (len(rest) == 1) {
			return usageError("give either a query or --jsonl")
		}
		return p.withMemory(ctx, &f, func(ctx context.Context, m *host.Memories) error {
			if !f.jsonl {
				return p.searchOnce(ctx, m, memory.Question{Text: rest[0], Facts: *facts})
			}
			return lines(p.stdin, func(_ int, q memoryQuery) error { return p.searchLine(ctx, m, q, *facts) })
		})
	}
	return c
}

func (p *program) searchLine(ctx context.Context, m *host.Memories, q memoryQuery, facts bool) error {
	switch {
	case strings.TrimSpace(q.Query) == "":
		return errors.New("query is missing or empty")
	case q.Limit < 0 || q.Limit > maxResults:
		return fmt.Errorf("limit %d is not from 1 to %d", q.Limit, maxResults)
	}
	found, err := m.Find(ctx, m.Owner, memory.Question{Text: q.Query, Limit: q.Limit, At: q.At, Facts: facts})
	if err != nil {
		return err
	}
	results := make([]memoryResult, 0, len(found.Results))
	for _, r := range found.Results {
		results = append(results, memoryResult{r.ID, r.Text, r.Score, r.At, r.Session})
	}
	return p.json(struct {
		Query   string         `json:"query"`
		Results []memoryResult `json:"results"`
	}{q.Query, results})
}

func (p *program) searchOnce(ctx context.Context, m *host.Memories, q memory.Question) error {
	found, err := m.Find(ctx, m.Owner, q)
	if err != nil {
		return err
	}
	if len(found.Results) == 0 {
		fmt.Fprintln(p.stderr, "nothing found")
		return &exitError{code: exitFailed}
	}
	for _, r := range found.Results {
		fmt.Fprintf(p.stdout, "%s  %s  %s\n", r.At.Local().Format("2006-01-02 15:04"), r.ID, strings.Join(strings.Fields(r.Text), " "))
	}
	return nil
}
