package session

import (
	"strings"
	"time"

	"github.com/jarvis-host/jarvis/host/protocol"
	"github.com/jarvis-host/jarvis/host/turn"
)

// ending is how a run ends, and what waits and ends with it.
type ending struct {
	done   turn.Done // Text is what follows the text that was sent
	queued []*utterance
	state  turn.Outcome  // of those that were queued
	halted bool          // the answerer was told to end, and has not yet
	closed chan struct{} // when all of it is on disk and told
}

// saveAgain is how long the session waits after an end could not be kept.
const saveAgain = time.Second

// halt ends the running turn and those that wait; closed tells when. The
// answerer gets a moment to end by itself, so that nothing happens in the
// world after the end is told.
func (a *actor) halt(state turn.Outcome) (closed <-chan struct{}) {
	if a.ending == nil {
		a.room.silence()
		a.run.over.Store(true)
		a.run.cancel()
		a.ending = &ending{
			done:   turn.Done{State: state, Source: turn.SourceHost, Lang: a.run.turn.Lang},
			halted: true,
			closed: make(chan struct{}),
		}
		a.over = time.After(a.m.o.StopGrace)
		if a.asked != nil {
			a.settle(a.asked, turn.Reply{Expired: true})
		}
	}
	a.ending.state = state
	a.ending.queued = append(a.ending.queued, a.queue...)
	a.m.queued(-len(a.queue))
	a.queue = nil
	return a.ending.closed
}

// finish takes the end of a run's goroutine.
func (a *actor) finish(r *run, done turn.Done) {
	if a.run != r {
		return // it was abandoned
	}
	if a.ending == nil {
		sent := a.room.silence()
		done.Text = r.before + done.Text
		done.Text = a.beyond(r, sent, &done)
		a.ending = &ending{done: done, closed: make(chan struct{})}
	}
	a.ending.halted = false
	a.conclude()
}

// overdue gives up a run that does not end, or keeps an end again.
func (a *actor) overdue() {
	if a.ending.halted {
		a.ending.halted = false
		a.m.o.Log.Warn("stopped answer lingers, abandoned", keySession, a.meta.ID, keyTurn, a.run.turn.ID)
	}
	a.conclude()
}

// beyond checks a done event, fills in what it lacks, and returns what its text
// adds to the text that was sent.
func (a *actor) beyond(r *run, sent string, d *turn.Done) string {
	if d.State == "" {
		d.State = turn.Answered
	}
	if d.Source == "" {
		d.Source = turn.SourceHost
	}
	if d.Lang == "" {
		d.Lang = r.turn.Lang
	}
	text := valid(d.Text)
	if len(text) > len(sent)+a.m.o.MaxAnswer {
		*d = a.failed(r, &protocol.Problem{Code: protocol.TooLarge})
		text = d.Text
	}
	if rest, ok := strings.CutPrefix(text, sent); ok {
		return rest
	}
	if d.State != turn.Failed {
		a.m.o.Log.Warn("done does not begin with its deltas", keySession, a.meta.ID, keyTurn, r.turn.ID)
	}
	if text == "" {
		return ""
	}
	return "\n\n" + text
}

// conclude keeps the end of the run and of what ends with it, tells everyone,
// and starts what comes next. What can't be kept is not told: it is tried again.
func (a *actor) conclude() {
	a.over = nil
	e := a.ending
	var left []*utterance
	if e.done.State == turn.Answered {
		left = a.run.left()
	}
	frames, err := a.keepEnd(left)
	if err != nil {
		for _, u := range left {
			a.run.add(u)
		}
		a.m.o.Log.Error("end of turn not kept", keySession, a.meta.ID, keyTurn, a.run.turn.ID, keyError, err)
		a.over = time.After(saveAgain)
		return
	}
	a.room.publish(frames...)
	now := a.m.o.Now()
	a.m.o.TurnDone(e.done.Source, now.Sub(a.run.turn.At))
	for _, u := range e.queued {
		a.m.o.TurnDone(turn.SourceHost, now.Sub(u.at))
	}
	a.run.over.Store(true)
	a.stopSaving()
	a.run, a.ending, a.outlives = nil, nil, false
	a.queue = append(left, a.queue...)
	a.m.queued(len(left))
	for range left {
		a.m.began()
	}
	a.m.ended(1 + len(e.queued))
	close(e.closed)
	a.next()
}

// keepEnd writes done for the run and for what ends with it, and makes turns of
// what was added to the run too late to be heard.
func (a *actor) keepEnd(left []*utterance) ([]Frame, error) {
	if err := a.load(); err != nil {
		return nil, err
	}
	e, now := a.ending, a.m.o.Now()
	done := e.done
	done.Text = a.room.sofar() + done.Text
	first := doneEntry(a.header(protocol.TypeDone, a.run.turn.ID, 0), done, now)
	first.Message.Foreign = a.run.foreign.Load()
	if a.saved > 0 || a.run.before != "" {
		first.Vars = []Var{{Name: partialVar}}
	}
	if a.outlives {
		first.Vars = append(first.Vars, Var{Name: questionVar})
	}
	entries := []Entry{first}
	for _, u := range e.queued {
		entries = append(entries, a.dropped(u, e.state, len(entries), now))
	}
	for _, u := range left {
		u.turn = a.m.newTurn()
		entry := a.acceptedEntry(u, u.turn, len(entries))
		entry.ClientID, entry.Message = "", nil // both are kept with the turn it was added to
		entries = append(entries, entry)
	}
	return a.keep(entries...)
}

// dropped is the end of a turn that never ran.
func (a *actor) dropped(u *utterance, state turn.Outcome, ahead int, now time.Time) Entry {
	return doneEntry(a.header(protocol.TypeDone, u.turn, ahead), turn.Done{State: state, Source: turn.SourceHost, Lang: u.lang}, now)
}

// stop ends a turn and what waits behind it: the running one when turnID is
// empty. closed is nil when there is no such turn.
func (a *actor) stop(turnID string) (closed <-chan struct{}, err error) {
	if a.parked != nil {
		return a.stopParked(turnID)
	}
	if a.run != nil && (turnID == "" || turnID == a.run.turn.ID) {
		return a.halt(turn.Stopped), nil
	}
	for i, u := range a.queue {
		if u.turn == turnID {
			return a.stopQueued(i)
		}
	}
	return nil, nil
}

func (a *actor) stopQueued(from int) (<-chan struct{}, error) {
	if err := a.load(); err != nil {
		return nil, unavailable(err)
	}
	var entries []Entry
	for _, u := range a.queue[from:] {
		entries = append(entries, a.dropped(u, turn.Stopped, len(entries), a.m.o.Now()))
	}
	frames, err := a.keep(entries...)
	if err != nil {
		return nil, unavailable(err)
	}
	a.room.publish(frames...)
	a.queue = a.queue[:from]
	a.m.queued(-len(frames))
	a.m.ended(len(frames))
	closed := make(chan struct{})
	close(closed)
	return closed, nil
}
