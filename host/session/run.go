package session

import (
	"context"
	"errors"
	"fmt"
	"runtime/debug"
	"slices"
	"sync"
	"sync/atomic"
	"time"
	"unicode/utf8"

	"github.com/jarvis-host/jarvis/host/protocol"
	"github.com/jarvis-host/jarvis/host/turn"
)

// run is a turn while it is answered. It owns one goroutine.
type run struct {
	turn   *turn.Turn
	from   *utterance
	cancel context.CancelFunc
	// over is set when nothing of the answer counts any more.
	over atomic.Bool

	mu    sync.Mutex
	steer []*utterance // what Turn.Steer has not returned yet

	// before is what the turn had said in an earlier run of the host.
	before string
	// foreign is set when a plugin's words are among what it said.
	foreign atomic.Bool

	// Of the run's goroutine alone:
	rest  string // the beginning of a character that a delta cut
	spoke bool

	// Of the session's goroutine alone:
	unsaved int // bytes of text that a write in progress keeps
}

// errStopped tells the run's goroutine that its answer is not wanted any more.
var errStopped = errors.New("turn stopped")

// next starts the turn that has waited longest, when none runs.
func (a *actor) next() {
	if a.run != nil || len(a.queue) == 0 {
		return
	}
	u := a.queue[0]
	a.queue = slices.Delete(a.queue, 0, 1)
	a.m.queued(-1)
	a.start(u, nil, partial{})
}

// start runs a turn; resumed and said are what it has come to already.
func (a *actor) start(u *utterance, resumed *turn.Resumed, said partial) {
	ctx, cancel := context.WithCancel(context.Background())
	r := &run{from: u, cancel: cancel}
	r.turn = &turn.Turn{
		ID: u.turn, Session: a.meta.ID, RequestID: u.who.RequestID, User: u.who.User, Name: u.who.Name, Role: u.who.Role,
		Plugins: u.who.Plugins, Lang: u.lang, LangForced: u.forced, Zone: u.who.Zone, Text: u.text, At: u.at,
		Remember: u.remember, Temporary: a.meta.Temporary, History: a.past(u.turn),
		Vars: &vars{a.shelf, &r.over}, StoppedTurns: u.stopped, Steer: r.take,
		Effects: a.effects, Resumed: resumed, TraceParent: u.who.TraceParent,
	}
	if r.turn.Zone == nil {
		r.turn.Zone = time.UTC
	}
	a.run, a.saved = r, 0
	a.save = time.NewTicker(checkpointEvery)
	a.saveC = a.save.C
	a.room.open(r)
	r.foreign.Store(said.Foreign)
	if said.Text != "" {
		r.before = said.Text + "\n\n"
		a.room.delta(r, r.before)
	}
	go a.answer(ctx, r)
}

// past is what a turn gets of the history: the messages of earlier turns.
func (a *actor) past(turnID string) []turn.Message {
	waiting := func(id string) bool {
		return id == turnID || slices.ContainsFunc(a.queue, func(u *utterance) bool { return u.turn == id })
	}
	recent := a.history[max(0, len(a.history)-a.remembered()):]
	past := make([]turn.Message, 0, len(recent))
	for _, m := range recent {
		if m.Text != "" && !waiting(m.Turn) {
			past = append(past, m)
		}
	}
	return past[max(0, len(past)-a.m.o.History):]
}

// joined puts a message into a history: behind those of its turn, which others
// may have been accepted after, or last.
func joined(history []turn.Message, m turn.Message) []turn.Message {
	for i, before := range slices.Backward(history) {
		if before.Turn == m.Turn {
			return slices.Insert(history, i+1, m)
		}
	}
	return append(history, m)
}

// answer is the run's goroutine.
func (a *actor) answer(ctx context.Context, r *run) {
	defer r.cancel()
	deepen(0)
	done := a.listen(ctx, r)
	// The session may be out of memory already when an abandoned run ends.
	_, _ = perform(context.Background(), a, func() (struct{}, error) {
		a.finish(r, done)
		return struct{}{}, nil
	})
}

// deepen makes its goroutine's stack as deep as a turn needs it. Left to grow by
// itself it would be copied four times on the way, each time with all that is on
// it.
//
//go:noinline
func deepen(at int) byte {
	var room [turnStack]byte
	return room[at] // or nothing would be left of room
}

// turnStack is what a turn's stack holds, in bytes.
const turnStack = 20 << 10

// listen passes an answer's events on and returns how it ended.
func (a *actor) listen(ctx context.Context, r *run) (done turn.Done) {
	defer func() {
		if v := recover(); v != nil {
			done = a.failed(r, fmt.Errorf("panic: %v\n%s", v, debug.Stack()))
		}
	}()
	for ev, err := range a.m.o.Answerer.Answer(ctx, r.turn) {
		if d, ok := ev.(turn.Done); ok && err == nil {
			return d
		}
		if err == nil {
			err = a.pass(ctx, r, ev)
		}
		if errors.Is(err, errStopped) || err != nil && r.over.Load() {
			return turn.Done{}
		}
		if err != nil {
			return a.failed(r, err)
		}
	}
	if r.over.Load() {
		return turn.Done{}
	}
	return a.failed(r, errors.New("the answer ended without done"))
}

// pass hands one event to the session and its subscribers.
func (a *actor) pass(ctx context.Context, r *run, ev turn.Event) error {
	switch e := ev.(type) {
	case turn.Delta:
		return a.delta(r, e)
	case turn.Progress:
		return a.progress(r, e)
	case turn.ToolStep:
		_, err := perform(context.Background(), a, func() (struct{}, error) { return struct{}{}, a.tool(r, e) })
		return gone(err)
	case *turn.Question:
		return a.question(ctx, r, e)
	default:
		return fmt.Errorf("unknown event %T", ev)
	}
}

// delta sends text. It does not wait for the session's goroutine: a write to
// disk that is in progress there would hold up every word.
func (a *actor) delta(r *run, d turn.Delta) error {
	if d.Foreign {
		r.foreign.Store(true)
	}
	var text string
	text, r.rest = whole(r.rest + d.Text)
	if text == "" {
		return nil
	}
	length, ok := a.room.delta(r, valid(text))
	if !ok {
		return errStopped
	}
	if !r.spoke {
		r.spoke = true
		a.m.o.FirstDelta(a.m.o.Now().Sub(r.turn.At))
	}
	if length > a.m.o.MaxAnswer {
		return &protocol.Problem{Code: protocol.TooLarge, Err: fmt.Errorf("answer is over %d bytes", a.m.o.MaxAnswer)}
	}
	return nil
}

// progress shows what is not kept.
func (a *actor) progress(r *run, p turn.Progress) error {
	if !a.room.progress(r, encode(protocol.Progress{
		Type: protocol.TypeProgress, Session: a.meta.ID, Turn: r.turn.ID, Text: p.Text, Position: p.Position, ETAMS: p.ETA.Milliseconds(),
	})) {
		return errStopped
	}
	return nil
}

// tool keeps a tool's step and tells everyone. Of a run that is being stopped
// it still takes how calls ended, but no call that would begin.
func (a *actor) tool(r *run, e turn.ToolStep) error {
	if a.run != r || a.ending != nil && e.State == turn.ToolRunning {
		return errStopped
	}
	if err := a.load(); err != nil {
		return unavailable(err)
	}
	entry := a.toolEntry(r.turn.ID, e)
	return a.step(entry)
}

// step keeps an entry of the running turn, and its text so far, and publishes
// it.
func (a *actor) step(e Entry) error {
	var text []Var
	if a.ending == nil {
		text = a.partial()
	}
	e.Vars = append(e.Vars, text...)
	frames, err := a.keep(e)
	if err != nil {
		return unavailable(err)
	}
	if text != nil {
		a.saved = a.run.unsaved
	}
	a.room.publish(frames...)
	return nil
}

// failed is the end of a turn that an error broke.
func (a *actor) failed(r *run, err error) turn.Done {
	code, message := a.m.o.FailureOf(err)
	if message == "" {
		message = a.m.o.FailureText(r.turn.Lang, code)
	}
	a.m.o.Log.Error("turn failed", keySession, a.meta.ID, keyTurn, r.turn.ID, keyRequest, r.turn.RequestID, keyError, err)
	return turn.Done{Text: message, State: turn.Failed, Code: code, Source: turn.SourceHost, Lang: r.turn.Lang}
}

// add puts an utterance into the running turn.
func (r *run) add(u *utterance) {
	r.mu.Lock()
	defer r.mu.Unlock()
	r.steer = append(r.steer, u)
}

// take implements Turn.Steer.
func (r *run) take() []string {
	var texts []string
	for _, u := range r.left() {
		texts = append(texts, u.text)
	}
	return texts
}

func (r *run) left() []*utterance {
	r.mu.Lock()
	defer r.mu.Unlock()
	left := r.steer
	r.steer = nil
	return left
}

// valid replaces each byte that is no UTF-8, wherever a text was cut.
func valid(s string) string {
	if utf8.ValidString(s) {
		return s
	}
	return string([]rune(s))
}

// gone turns the end of the session's goroutine into that of the turn.
func gone(err error) error {
	if errors.Is(err, errGone) {
		return errStopped
	}
	return err
}
