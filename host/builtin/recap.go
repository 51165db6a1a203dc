package builtin

import (
	"context"
	"strings"
	"time"

	"github.com/jarvis-host/jarvis/sdk"
)

// Deed is something that was done in the world for an end user, or tried.
type Deed struct {
	Plugin, Tool string
	Outcome      Outcome
	Seen         string    // what was seen of it, or why it failed; may be empty
	Said         string    // what the end user had said; may be empty
	At           time.Time // when it ended, or began
	Undone       time.Time // when it was taken back; zero if it was not
}

// Outcome is what came of a deed.
type Outcome string

// The outcomes.
const (
	Verified   Outcome = "verified" // seen to hold
	Executed   Outcome = "executed"
	Unverified Outcome = "unverified" // not seen to hold
	Unknown    Outcome = "unknown"    // begun, the end is not known
	Failed     Outcome = "failed"
)

// How outcomes are said, and that there was nothing.
var (
	outcomes = map[Outcome]string{
		Verified: "builtin.recap_verified", Executed: "builtin.recap_executed", Unverified: "builtin.recap_unverified",
		Unknown: "builtin.recap_unknown", Failed: "builtin.recap_failed",
	}
	nothing = map[string]string{"lately": "builtin.recap_nothing_lately", "today": "builtin.recap_nothing_today"}
)

// What a recap tells.
const (
	recapFor = 24 * time.Hour
	recapMax = 10 // deeds, the newest; and as many that failed
)

type recapArgs struct {
	When string `json:"when" desc:"What is asked for: the last 24 hours, or today since midnight" enum:"lately,today" default:"lately"`
}

// recapTool declares the tool that tells what was done.
func (b *tools) recapTool(p *sdk.Plugin) {
	sdk.Tool(p, "recap", "What was really done for the person lately, with times, from what the host has kept of it", b.recap, sdk.ReadOnly(),
		sdk.Examples("fr", sdk.Example{Text: "qu'est-ce que tu viens de faire ?"}), sdk.Examples("en", sdk.Example{Text: "what did you just do?"}))
}

// recap tells what was done, and apart from it what was tried and failed.
func (b *tools) recap(ctx context.Context, c *sdk.Call, in recapArgs) (string, error) {
	now := b.o.Now().In(c.Zone())
	since := now.Add(-recapFor)
	if in.When == "today" {
		since = midnight(now)
	}
	var all []Deed
	complete := true
	if b.o.Deeds != nil {
		var err error
		if all, complete, err = b.o.Deeds(ctx, c.Info(), since); err != nil {
			return "", err
		}
	}
	var done, failed []string
	for _, d := range all {
		if line := b.deed(c.Locale(), now, d); d.Outcome == Failed {
			failed = append(failed, line)
		} else {
			done = append(done, line)
		}
	}
	lines := []string{b.o.Words(c.Locale(), nothing[in.When])}
	switch {
	case len(done) == 0 && !complete:
		lines = []string{b.o.Words(c.Locale(), "builtin.recap_nothing_found")}
	case len(done) > 0:
		lines = append([]string{b.o.Words(c.Locale(), "builtin.recap")}, b.newest(c.Locale(), done, complete)...)
	}
	if len(failed) > 0 {
		lines = append(lines, b.o.Words(c.Locale(), "builtin.recap_tried"))
		lines = append(lines, b.newest(c.Locale(), failed, complete)...)
	}
	return strings.Join(lines, "\n"), nil
}

// newest are the first lines, and one that tells of others.
func (b *tools) newest(lang string, lines []string, complete bool) []string {
	if len(lines) <= recapMax && complete {
		return lines
	}
	return append(lines[:min(len(lines), recapMax):min(len(lines), recapMax)], b.o.Words(lang, "builtin.recap_more"))
}

// deed is the line of a deed: when, what, what came of it.
func (b *tools) deed(lang string, now time.Time, d Deed) string {
	what := b.o.Words(lang, "builtin.recap_tool", d.Plugin, d.Tool)
	if d.Said != "" {
		what = b.o.Words(lang, "builtin.recap_said", d.Said, d.Plugin, d.Tool)
	}
	outcome := b.o.Words(lang, outcomes[d.Outcome])
	if d.Seen != "" {
		outcome = b.o.Words(lang, "builtin.recap_seen", outcome, d.Seen)
	}
	if !d.Undone.IsZero() {
		outcome = b.o.Words(lang, "builtin.recap_undone", b.moment(lang, now, d.Undone))
	}
	return "- " + b.o.Words(lang, "builtin.recap_line", b.moment(lang, now, d.At), what, outcome)
}

// moment says a time of the last 24 hours.
func (b *tools) moment(lang string, now, at time.Time) string {
	at = at.In(now.Location())
	if at.Before(midnight(now)) {
		return b.o.Words(lang, "builtin.recap_at_yesterday", b.o.FormatTime(lang, at))
	}
	return b.o.Words(lang, "builtin.recap_at", b.o.FormatTime(lang, at))
}

func midnight(t time.Time) time.Time {
	return time.Date(t.Year(), t.Month(), t.Day(), 0, 0, 0, 0, t.Location())
}
