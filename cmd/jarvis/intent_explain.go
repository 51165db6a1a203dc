package main

import (
	"context"
	"encoding/json"
	"fmt"
	"io"
	"maps"
	"slices"
	"strings"

	"github.com/jarvis-host/jarvis/sdk/intent"
)

func intentExplainCommand() command {
	c := command{
		name: "intent explain", args: "TEXT [--lang L] [--context JSON] [--sentences DIR] [--lists FILE] [--json]",
		summary: "say why an utterance is understood as it is, what else matched and what was close",
		example: "  jarvis intent explain 'quel temps fait-il à Lyon ?' --lang fr\n" +
			"  jarvis intent explain 'turn it on' --sentences s.yaml --context '{\"area\":\"kitchen\"}'",
	}
	c.run = func(ctx context.Context, p *program, args []string) error {
		fs := p.flags(c)
		var f intentFlags
		f.register(p, fs)
		known := fs.String("context", "{}", "what is known, as a `JSON` object")
		asJSON := fs.Bool("json", false, "print JSON")
		rest, err := parse(fs, args, 1, 1)
		if err != nil {
			return err
		}
		var around map[string]any
		if err := json.Unmarshal([]byte(*known), &around); err != nil {
			return usageError("--context %q: expected a JSON object: %w", *known, err)
		}
		ctx, cancel := p.interruptible(ctx)
		defer cancel()
		u, err := f.load(ctx, p)
		if err != nil {
			return err
		}
		e := u.matcher.Explain(u.lang, rest[0], u.context(rest[0], around))
		e.Matches = u.best(rest[0], around)
		if *asJSON {
			return p.json(e)
		}
		explain(p.stdout, e)
		return nil
	}
	return c
}

// explain writes an explanation for people.
func explain(w io.Writer, e intent.Explanation) {
	fmt.Fprintf(w, "compared as  %s\n", e.Normalized)
	for i, m := range e.Matches {
		head := "matches     "
		if i > 0 {
			head = "also matches"
		}
		fmt.Fprintf(w, "%s %s\n             sentence  %s\n", head, called(m.Source, m.Intent), m.Template)
		for _, slot := range slices.Sorted(maps.Keys(m.Slots)) {
			fmt.Fprintf(w, "             %-9s %v%s\n", slot, m.Slots[slot], saidAs(m, slot))
		}
		fmt.Fprintf(w, "             because   %s\n", reasons(m))
	}
	for _, b := range e.Blocked {
		fmt.Fprintf(w, "blocked      %s: %s\n             sentence  %s\n", called(b.Source, b.Intent), b.Why, b.Template)
	}
	if len(e.Matches) > 0 {
		return
	}
	fmt.Fprintln(w, "nothing matches")
	for _, n := range e.Close {
		fmt.Fprintf(w, "close        %s\n             sentence  %s\n             such as   %s\n", called(n.Source, n.Intent), n.Template, n.Sample)
		if len(n.Missing) > 0 {
			fmt.Fprintf(w, "             not said  %s\n", strings.Join(n.Missing, " "))
		}
		if len(n.Extra) > 0 {
			fmt.Fprintf(w, "             too much  %s\n", strings.Join(n.Extra, " "))
		}
	}
}

func called(source, intent string) string {
	if source == "" {
		return intent
	}
	return source + "." + intent
}

func saidAs(m intent.Match, slot string) string {
	if text, ok := m.SlotText[slot]; ok && text != fmt.Sprint(m.Slots[slot]) {
		return fmt.Sprintf(" (said %q)", text)
	}
	return ""
}

// reasons are what ranks a match, in the order in which it counts.
func reasons(m intent.Match) string {
	how := "said as written"
	switch {
	case m.Misheard != "":
		how = fmt.Sprintf("heard as %q", m.Misheard)
	case m.Edits > 0:
		how = fmt.Sprintf("nearly said, %d letters off", m.Edits)
	case !m.Exact:
		how = "said without its accents"
	}
	return fmt.Sprintf("%s; %d wildcards over %d characters; %d letters of its own text", how, m.Wildcards, m.WildcardChars, m.Literal)
}
