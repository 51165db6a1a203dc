package talk

import (
	"cmp"
	"context"
	"encoding/json"
	"slices"
	"strings"
	"time"

	"github.com/jarvis-host/jarvis/host/memory"
	"github.com/jarvis-host/jarvis/host/turn"
	"github.com/jarvis-host/jarvis/sdk/intent"
)

// Talk answers what people say to their memory. Safe for concurrent use.
type Talk struct {
	Memory *memory.Memory
	// Words says a text of the host in an end user's language.
	Words      func(lang, key string, args ...any) string
	FormatDate func(lang string, t time.Time) string
	FormatTime func(lang string, t time.Time) string
	Now        func() time.Time
	// Erase takes what is forgotten out of the conversations too: the turns in
	// which it was said, and those whose answers were given with it. Nil leaves
	// conversations alone.
	Erase func(ctx context.Context, user string, turns, items []string) error
	// Log is told of what only the operator can act on; nil is allowed.
	Log func(ctx context.Context, msg string, t *turn.Turn, detail string)
	// Counted is told of each read and write and how it went; nil is allowed.
	Counted func(operation string, err error)
}

// operations are what the sentences do, as they are counted.
var operations = map[string]string{"remember": "remember", "all": "list", "about": "search", "why": "search", "why_that": "search"}

func (k *Talk) count(operation string, err error) {
	if k.Counted != nil {
		k.Counted(cmp.Or(operation, "forget"), err)
	}
}

// reply is one answer as it grows.
type reply struct {
	*Talk
	t     *turn.Turn
	text  string
	lang  string
	owner memory.Owner
	yield func(turn.Event) bool
	done  turn.Done
	used  []turn.Recollection
}

func (k *Talk) begin(t *turn.Turn, lang, text string, yield func(turn.Event) bool) (*reply, error) {
	o, err := memory.OwnerOf(t.User)
	if err != nil {
		return nil, err
	}
	return &reply{Talk: k, t: t, text: text, lang: lang, owner: o, yield: yield, done: turn.Done{
		State: turn.Answered, Source: turn.SourceMemory, Lang: lang,
	}}, nil
}

// Answer answers an utterance that is meant for memory; ok is false for any
// other. Deltas and questions go to yield; the done event that is returned has
// no text.
func (k *Talk) Answer(ctx context.Context, t *turn.Turn, text string, yield func(turn.Event) bool) (done turn.Done, ok bool, err error) {
	m, lang, ok := understood(t.Lang, text)
	if !ok {
		return turn.Done{}, false, nil
	}
	if t.LangForced {
		lang = t.Lang
	}
	r, err := k.begin(t, lang, text, yield)
	if err != nil {
		return turn.Done{}, false, err
	}
	err = r.perform(ctx, m)
	k.count(operations[m.Intent], err)
	if err != nil {
		r.fail(ctx, err)
	}
	r.finish(ctx)
	return r.done, true, nil
}

func (r *reply) perform(ctx context.Context, m intent.Match) error {
	what := said(m, "what")
	switch m.Intent {
	case "remember":
		return r.remember(ctx, what)
	case "all":
		return r.all(ctx)
	case "about":
		return r.about(ctx, what)
	case "why":
		return r.why(ctx)
	case "why_that":
		return r.whyThat(ctx, what)
	case "forget_when":
		return r.forgetWhen(ctx, said(m, "when"))
	case "forget_about":
		return r.forget(ctx, memory.Selection{About: what})
	case "forget_last":
		return r.forgetLast(ctx)
	default:
		return r.forgetAll(ctx)
	}
}

func said(m intent.Match, slot string) string {
	text, _ := m.Slots[slot].(string)
	return strings.TrimRight(strings.TrimSpace(text), "?!. \u00a0")
}

// fail tells that memory does not answer; nothing was changed.
func (r *reply) fail(ctx context.Context, err error) {
	if r.Log != nil {
		r.Log(ctx, "memory did not answer", r.t, err.Error())
	}
	r.done.State, r.done.Code, r.done.Degraded = turn.Failed, "unavailable", true
	r.say(r.Words(r.lang, "memory.failed"))
}

// finish notes what was told, for who asks why.
func (r *reply) finish(ctx context.Context) {
	r.done.Memory = r.used
	noteUsed(ctx, r.t, r.used)
}

func (r *reply) say(text string) { r.yield(turn.Delta{Text: text}) }

// usedVar is the session's variable for what answers were given with.
const usedVar = "recalled"

// usage is what a session's answers were given with.
type usage struct {
	Last   []string `json:"last"`   // ids, of the latest answer
	Strong []string `json:"strong"` // ids of what was strengthened in this session
}

// maxUsed is of how many items of an answer it can be asked why, and maxStrong
// of how many a session knows that they were strengthened.
const maxUsed, maxStrong = 20, 500

func usageOf(ctx context.Context, t *turn.Turn) (u usage) {
	if t.Vars == nil {
		return u
	}
	raw, err := t.Vars.Get(ctx, usedVar)
	if err != nil || json.Unmarshal(raw, &u) != nil {
		return usage{}
	}
	return u
}

// noteUsed notes what an answer was given with, and returns the ids that were
// not used before in this session.
func noteUsed(ctx context.Context, t *turn.Turn, used []turn.Recollection) (fresh []string) {
	if t.Vars == nil || len(used) == 0 {
		return nil
	}
	u := usageOf(ctx, t)
	u.Last = nil
	for _, r := range used[:min(len(used), maxUsed)] {
		u.Last = append(u.Last, r.ID)
		if !slices.Contains(u.Strong, r.ID) {
			fresh = append(fresh, r.ID)
		}
	}
	u.Strong = append(u.Strong, fresh...)
	u.Strong = u.Strong[max(0, len(u.Strong)-maxStrong):]
	raw, _ := json.Marshal(u) // strings
	// Only the answer to "why?" is the poorer for it when this can't be kept.
	_ = t.Vars.Set(ctx, usedVar, raw)
	return fresh
}

// local is a time as the end user's clock shows it.
func (r *reply) local(t time.Time) time.Time {
	if r.t.Zone == nil {
		return t.UTC()
	}
	return t.In(r.t.Zone)
}

func (r *reply) date(t time.Time) string { return r.FormatDate(r.lang, r.local(t)) }
func (r *reply) hour(t time.Time) string { return r.FormatTime(r.lang, r.local(t)) }
