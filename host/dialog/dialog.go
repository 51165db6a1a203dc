package dialog

import (
	"context"
	"iter"
	"strings"
	"time"

	"github.com/jarvis-host/jarvis/host/tool"
	"github.com/jarvis-host/jarvis/host/turn"
	"github.com/jarvis-host/jarvis/sdk/intent"
)

// Agent is the model's side: it answers what no sentence does.
type Agent interface {
	turn.Answerer
	// Status says whether a model answers now, and if not why: the key of a
	// text for the end user, with its arguments.
	Status() (ready bool, key string, args []any)
}

// Tools runs tool calls; the runner of package tool does.
type Tools interface {
	Run(ctx context.Context, t *turn.Turn, q tool.Request, yield tool.Yield) (tool.Result, error)
	// Resume goes on with a call that waited for a reply.
	Resume(ctx context.Context, t *turn.Turn, state []byte, reply turn.Reply, yield tool.Yield) (tool.Request, tool.Result, error)
}

// Sentences finds what an utterance calls; the catalogue of package tool does.
type Sentences interface {
	Match(lang, text string) []intent.Match
}

// Memory answers what is said to it, and from what it knows where no model can;
// the Talk of package talk does. What it says goes to yield, and the event that
// is returned ends it, without text; ok is false when the utterance is not for
// it, or it has nothing to say.
type Memory interface {
	Answer(ctx context.Context, t *turn.Turn, text string, yield func(turn.Event) bool) (done turn.Done, ok bool, err error)
	Recollect(ctx context.Context, t *turn.Turn, text string, yield func(turn.Event) bool) (done turn.Done, ok bool, err error)
	// Resume goes on with a question of its own that waited while the host was
	// stopped; ok is false for anyone else's.
	Resume(ctx context.Context, t *turn.Turn, from turn.Resumed, yield func(turn.Event) bool) (done turn.Done, ok bool)
}

// Dialog answers turns by its stages. Safe for concurrent use.
type Dialog struct {
	Tools     Tools
	Sentences Sentences
	Agent     Agent
	Memory    Memory // nil: nothing is remembered
	Words     tool.Words
	IsStop    func(text string) bool
	// IsAgain tells a request to try once more; nil knows none.
	IsAgain   func(text string) bool
	Languages []string // in which sentences are tried after the turn's own
	Now       func() time.Time
	// Matched is told how long matching an utterance took; nil is allowed.
	Matched func(time.Duration)
	// Log is told of what only the operator can act on; nil is allowed.
	Log func(ctx context.Context, msg string, t *turn.Turn, detail string)
}

// Answer implements [turn.Answerer].
func (d *Dialog) Answer(ctx context.Context, t *turn.Turn) iter.Seq2[turn.Event, error] {
	return func(yield func(turn.Event, error) bool) {
		a := &answer{d: d, t: t, lang: t.Lang, yield: yield}
		if err := a.all(ctx); err != nil {
			if !a.gone {
				yield(nil, err)
			}
			return
		}
		if !a.gone {
			yield(a.done(), nil)
		}
	}
}

// answer is one turn's answer as it grows.
type answer struct {
	d     *Dialog
	t     *turn.Turn
	lang  string // of the latest reply
	yield func(turn.Event, error) bool
	gone  bool // no one listens any more

	text     strings.Builder // all deltas so far
	state    turn.Outcome
	source   turn.Source
	code     string
	degraded bool
	usage    *turn.Usage
	memory   []turn.Recollection
	saved    bool
}

// all answers the turn's utterance, and then what the end user added to it.
func (a *answer) all(ctx context.Context) error {
	pending, taken, err := a.begin(ctx)
	if taken || err != nil {
		return err
	}
	for len(pending) > 0 {
		if err := a.one(ctx, pending[0]); err != nil || a.gone {
			return err
		}
		pending = append(pending[1:], a.t.Steer()...)
		if len(pending) > 0 && a.text.Len() > 0 {
			a.say("\n\n")
		}
	}
	return nil
}

// one takes one utterance through the stages.
func (a *answer) one(ctx context.Context, text string) error {
	a.state, a.code = turn.Answered, ""
	fallback := ""
	stages := []func() (bool, error){
		func() (bool, error) { return a.stop(ctx, text) },
		func() (taken bool, err error) { taken, fallback, err = a.floor(ctx, text); return taken, err },
		func() (bool, error) { return a.asked(ctx, text) },
		func() (bool, error) { return a.sentence(ctx, text) },
		func() (bool, error) { return a.fallback(fallback) },
		func() (bool, error) { return a.agent(ctx, text) },
		func() (bool, error) { return a.recollect(ctx, text) },
		a.cannot,
	}
	for _, stage := range stages {
		if taken, err := stage(); taken || err != nil || a.gone {
			return err
		}
	}
	return nil
}

// emit passes an event on; deltas join the answer's text.
func (a *answer) emit(ev turn.Event) bool {
	if a.gone {
		return false
	}
	if d, ok := ev.(turn.Delta); ok {
		a.text.WriteString(d.Text)
	}
	a.gone = !a.yield(ev, nil)
	return !a.gone
}

func (a *answer) say(text string) { a.emit(turn.Delta{Text: text}) }

// quote says what a tool says.
func (a *answer) quote(q tool.Request, text string) {
	a.emit(turn.Delta{Text: text, Foreign: tool.Foreign(q.Plugin, q.Tool)})
}

func (a *answer) done() turn.Done {
	return turn.Done{
		Text: a.text.String(), State: a.state, Code: a.code, Source: a.source,
		Degraded: a.degraded, Lang: a.lang, Usage: a.usage, Memory: a.memory, MemorySaved: a.saved,
	}
}
