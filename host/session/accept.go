package session

import (
	"cmp"
	"context"
	"fmt"
	"time"

	"github.com/jarvis-host/jarvis/host/protocol"
	"github.com/jarvis-host/jarvis/host/turn"
)

// utterance is what an end user said, on its way to a turn.
type utterance struct {
	who      Identity
	client   string // the client's id
	turn     string // the turn that answers it
	text     string
	lang     string
	forced   bool // whether the client named lang
	at       time.Time
	remember bool
	stopped  int // turns that it stopped
}

func (a *actor) utterance(who Identity, s protocol.Say) *utterance {
	u := &utterance{
		who: who, client: s.ID, text: a.m.o.Clean(s.Text), lang: s.Lang, forced: s.Lang != "", at: a.m.o.Now(),
		remember: !a.meta.Temporary && (s.Remember == nil || *s.Remember),
	}
	if !u.forced {
		u.lang = a.m.o.Detect(s.Text, cmp.Or(a.lang, who.Lang))
	}
	return u
}

// say accepts an utterance: once the accepted frame is returned, it is on disk
// and will be answered.
func (a *actor) say(who Identity, s protocol.Say, sub Subscriber) (Frame, error) {
	f, known, err := a.known(s.ID)
	if err != nil {
		return Frame{}, unavailable(err)
	}
	if known {
		a.hear(sub)
		return f, nil
	}
	f, err = a.accept(a.utterance(who, s), s.Mode, sub)
	if err != nil && a.fresh {
		a.dead = true
	}
	return f, err
}

// known returns the accepted frame of an utterance that came before.
func (a *actor) known(client string) (Frame, bool, error) {
	if err := a.load(); err != nil || a.fresh {
		return Frame{}, false, err
	}
	f, ok, err := a.store.Accepted(context.Background(), a.meta.ID, client)
	if err != nil {
		return Frame{}, false, fmt.Errorf("read accepted frame: %w", err)
	}
	return f, ok, nil
}

// hear subscribes sub to what comes, and what a running turn said already.
func (a *actor) hear(sub Subscriber) {
	if sub != nil && !a.room.has(sub) {
		a.m.follow(sub, a.room, nil, func(string) int { return 0 })
	}
}

// accept decides what an utterance is: a stop, an answer to the open question,
// an addition to the running turn, or a turn of its own.
func (a *actor) accept(u *utterance, mode string, sub Subscriber) (Frame, error) {
	running := a.run != nil && a.ending == nil
	switch {
	case a.parked != nil:
		return a.acceptParked(u, mode, sub)
	case a.run != nil && a.m.o.IsStop(u.text):
		return a.acceptStop(u, sub)
	case a.asked != nil:
		q := a.asked.question
		if value, ok := a.m.o.ParseReply(q.Kind, q.Options, a.run.turn.Lang, u.text); ok {
			return a.acceptReply(u, value, sub)
		}
		f, err := a.acceptTurn(u, sub)
		if err == nil {
			a.settle(a.asked, turn.Reply{Expired: true})
		}
		return f, err
	case mode == protocol.ModeSteer && running:
		return a.acceptSteer(u, sub)
	default:
		return a.acceptTurn(u, sub)
	}
}

// acceptTurn makes an utterance a turn, now or after those before it.
func (a *actor) acceptTurn(u *utterance, sub Subscriber) (Frame, error) {
	if a.run != nil && len(a.queue) >= a.m.o.MaxQueue {
		return Frame{}, &protocol.Problem{
			Code: protocol.Busy, RetryAfter: time.Second, Err: fmt.Errorf("%d turns wait in the session", len(a.queue)),
		}
	}
	if err := a.m.begin(); err != nil {
		return Frame{}, err
	}
	u.turn = a.m.newTurn()
	f, err := a.admit(u, u.turn, sub)
	if err != nil {
		a.m.ended(1)
		return Frame{}, err
	}
	a.enqueue(u)
	a.next()
	return f, nil
}

// acceptStop ends what runs and waits; the stop word is answered after it.
func (a *actor) acceptStop(u *utterance, sub Subscriber) (Frame, error) {
	if err := a.m.begin(); err != nil {
		return Frame{}, err
	}
	u.turn = a.m.newTurn()
	f, err := a.admit(u, u.turn, sub)
	if err != nil {
		a.m.ended(1)
		return Frame{}, err
	}
	u.stopped = len(a.queue)
	if a.ending == nil {
		u.stopped++
	}
	a.halt(turn.Stopped)
	a.enqueue(u)
	return f, nil
}

func (a *actor) acceptReply(u *utterance, value string, sub Subscriber) (Frame, error) {
	if err := a.unpark(); err != nil {
		return Frame{}, err
	}
	f, err := a.admit(u, a.run.turn.ID, sub)
	if err == nil {
		a.settle(a.asked, turn.Reply{Value: value})
	}
	return f, err
}

func (a *actor) acceptSteer(u *utterance, sub Subscriber) (Frame, error) {
	f, err := a.admit(u, a.run.turn.ID, sub)
	if err == nil {
		a.run.add(u)
	}
	return f, err
}

// admit keeps an utterance and tells everyone; sub follows from here on.
func (a *actor) admit(u *utterance, turnID string, sub Subscriber) (Frame, error) {
	entry := a.acceptedEntry(u, turnID, 0)
	if u.lang != a.lang {
		entry.Vars = append(entry.Vars, Var{Name: langVar, Value: []byte(u.lang)})
	}
	frames, err := a.keep(entry)
	if err != nil {
		return Frame{}, unavailable(err)
	}
	a.lang = u.lang
	a.hear(sub)
	a.room.publish(frames...)
	return frames[0], nil
}

func (a *actor) enqueue(us ...*utterance) {
	a.queue = append(a.queue, us...)
	a.m.queued(len(us))
}
