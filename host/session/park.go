package session

import (
	"context"
	"encoding/json"
	"fmt"
	"slices"
	"time"

	"github.com/jarvis-host/jarvis/host/protocol"
	"github.com/jarvis-host/jarvis/host/turn"
)

// questionVar is the session's variable that holds a question which outlives
// the host.
const questionVar = "session.question"

// parked is a turn that waits for a reply and does not run: the host was
// started anew since its question was put.
type parked struct {
	Turn    string
	Text    string
	Lang    string
	Forced  bool
	At      time.Time
	Forget  bool // it is not to be remembered
	User    string
	Name    string
	Role    turn.Role
	Plugins []string
	Zone    string
	Request string
	Trace   string `json:",omitzero"`

	Question string
	Kind     turn.QuestionKind
	Options  []turn.Option
	Expires  time.Time
	State    []byte

	said partial // by the turn so far
}

// park is the variable that lets the question of a run outlive the host, nil
// when it does not.
func (a *actor) park(r *run, q *turn.Question) []Var {
	if q.Resume == nil || a.meta.Temporary {
		return nil
	}
	u := r.from
	p := parked{
		Turn: r.turn.ID, Text: u.text, Lang: u.lang, Forced: u.forced, At: u.at, Forget: !u.remember,
		User: u.who.User, Name: u.who.Name, Role: u.who.Role, Plugins: u.who.Plugins, Zone: r.turn.Zone.String(), Request: u.who.RequestID,
		Trace:    u.who.TraceParent,
		Question: q.ID, Kind: q.Kind, Options: q.Options, Expires: a.m.o.Now().Add(q.ExpiresIn), State: q.Resume,
	}
	return []Var{{Name: questionVar, Value: encode(p)}}
}

// unpark forgets the question on disk, before its reply counts: no reply counts
// twice.
func (a *actor) unpark() error {
	if !a.outlives {
		return nil
	}
	if err := a.store.SetVar(context.Background(), a.meta.ID, questionVar, nil); err != nil {
		return unavailable(err)
	}
	a.outlives = false
	return nil
}

// suspend lets go of a turn that waits for a reply when the host stops: the next
// start finds it on disk.
func (a *actor) suspend() {
	if a.asked == nil || !a.outlives || a.ending != nil || len(a.queue) > 0 {
		return
	}
	a.checkpoint()
	r, w := a.run, a.asked
	a.room.silence()
	r.over.Store(true)
	r.cancel()
	a.settle(w, turn.Reply{Expired: true})
	a.stopSaving()
	a.run = nil
	a.m.ended(1)
}

// parkedIn reads the question that waits in a session, nil when none does or
// its time is over. A damaged one must not keep the host from starting.
func (m *Manager) parkedIn(ctx context.Context, id string) (*parked, error) {
	raw, err := m.o.Store.Var(ctx, id, questionVar)
	if err != nil {
		return nil, fmt.Errorf("read waiting question: %w", err)
	}
	if raw == nil {
		return nil, nil
	}
	var p parked
	if err := json.Unmarshal(raw, &p); err != nil {
		m.o.Log.Warn("waiting question is damaged", keySession, id, keyError, err)
		return nil, nil
	}
	if !m.o.Now().Before(p.Expires) {
		return nil, nil
	}
	return &p, nil
}

// wait brings a session with a waiting question into memory.
func (m *Manager) wait(ctx context.Context, id string, p *parked) error {
	meta, err := m.o.Store.Session(ctx, p.User, id)
	if err != nil {
		return fmt.Errorf("find session: %w", err)
	}
	a, err := m.adopt(meta, m.o.Store, false)
	if err != nil {
		return err
	}
	_, err = perform(ctx, a, func() (struct{}, error) {
		a.parked, a.outlives = p, true
		a.parkedC = time.After(p.Expires.Sub(m.o.Now()))
		m.mu.Lock()
		m.questions[p.Question] = a
		m.mu.Unlock()
		return struct{}{}, nil
	})
	return err
}

// takeUp goes on with the parked turn. who is the end user as they are now, or
// zero: then as they were.
func (a *actor) takeUp(reply turn.Reply, who Identity) error {
	if err := a.load(); err != nil {
		return unavailable(err)
	}
	if err := a.unpark(); err != nil {
		return err
	}
	p := a.parked
	a.unplace()
	if who.User == "" {
		who = Identity{User: p.User, Name: p.Name, Role: p.Role, Plugins: p.Plugins, RequestID: p.Request, TraceParent: p.Trace}
		who.Zone, _ = time.LoadLocation(p.Zone) // UTC when the machine knows it no more
	}
	a.m.began()
	a.start(&utterance{
		who: who, turn: p.Turn, text: p.Text, lang: p.Lang, forced: p.Forced, at: p.At, remember: !p.Forget,
	}, &turn.Resumed{State: p.State, Reply: reply}, p.said)
	return nil
}

// unplace takes the parked turn's question off the list.
func (a *actor) unplace() {
	a.m.mu.Lock()
	delete(a.m.questions, a.parked.Question)
	a.m.mu.Unlock()
	a.parked, a.parkedC = nil, nil
}

// expired goes on without a reply, when no one replied in time.
func (a *actor) expired() {
	if err := a.takeUp(turn.Reply{Expired: true}, Identity{}); err != nil {
		a.m.o.Log.Error("question that nobody answered not closed", keySession, a.meta.ID, keyTurn, a.parked.Turn, keyError, err)
		a.parkedC = time.After(saveAgain)
	}
}

// replyParked answers the parked turn's question.
func (a *actor) replyParked(who Identity, raw json.RawMessage) error {
	q := &turn.Question{Kind: a.parked.Kind, Options: a.parked.Options}
	reply, err := a.readReply(q, a.parked.Lang, raw)
	if err != nil {
		return err
	}
	return a.takeUp(reply, who)
}

// acceptParked takes what is said while a parked turn waits: its reply, or
// something else, before which it ends without one.
func (a *actor) acceptParked(u *utterance, mode string, sub Subscriber) (Frame, error) {
	p := a.parked
	value, ok := a.m.o.ParseReply(p.Kind, p.Options, p.Lang, u.text)
	if !ok || a.m.o.IsStop(u.text) {
		if err := a.takeUp(turn.Reply{Expired: true}, u.who); err != nil {
			return Frame{}, err
		}
		return a.accept(u, mode, sub)
	}
	f, err := a.admit(u, p.Turn, sub)
	if err != nil {
		return Frame{}, err
	}
	return f, a.takeUp(turn.Reply{Value: value}, u.who)
}

// waitsIn reports whether a turn is among those that are open.
func waitsIn(open []OpenTurn, p *parked) bool {
	return p != nil && slices.ContainsFunc(open, func(t OpenTurn) bool { return t.Turn == p.Turn })
}

// stopParked ends the parked turn, and nothing else waits.
func (a *actor) stopParked(turnID string) (closed <-chan struct{}, err error) {
	if turnID != "" && turnID != a.parked.Turn {
		return nil, &protocol.Problem{Code: protocol.NotFound, Text: protocol.WordNothingToStop}
	}
	if err := a.takeUp(turn.Reply{Expired: true}, Identity{}); err != nil {
		return nil, err
	}
	return a.halt(turn.Stopped), nil
}
