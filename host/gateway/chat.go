package gateway

import (
	"context"
	"crypto/rand"
	"errors"
	"fmt"
	"net/http"
	"strings"
	"unicode/utf8"

	strict "github.com/go-json-experiment/json"

	"github.com/jarvis-host/jarvis/host/protocol"
	"github.com/jarvis-host/jarvis/host/session"
)

// postChat answers POST /v1/chat: one utterance, and the turn that it makes
// until it ends or asks something.
func (s *Server) postChat(x *exchange) error {
	return x.chat(x.decodeChat, func(ctx context.Context, f *follower) error {
		if strings.Contains(x.r.Header.Get("Accept"), "text/event-stream") {
			return f.stream(ctx, x)
		}
		return f.answer(ctx, x)
	})
}

// chat says what decode finds in the request's body, and lets answer follow the
// turn that it makes.
func (x *exchange) chat(decode func(data []byte) (protocol.Say, error), answer func(context.Context, *follower) error) error {
	say, first, err := x.readChat(decode)
	if err != nil {
		x.s.meter.ChatError("validation")
		return err
	}
	f := newFollower()
	defer x.s.o.Sessions.Unsubscribe(f)
	ctx, done := x.whileGood(x.r.Context())
	defer done()
	ctx, cancel := context.WithTimeout(ctx, x.config.ChatTimeout)
	defer cancel()
	if err := f.begin(ctx, x, say, first); err != nil {
		if errors.Is(err, context.Canceled) {
			err = context.Cause(ctx)
		}
		x.s.meter.Chat(x.secure, string(problemOf(err).Code))
		x.s.meter.ChatError("accept")
		return err
	}
	x.s.meter.Chat(x.secure, "ok")
	return answer(ctx, f)
}

func (x *exchange) decodeChat(data []byte) (protocol.Say, error) {
	var c protocol.Chat
	if p := decode(data, &c, true); p != nil {
		return protocol.Say{}, p
	}
	x.lang = languageOf(c.Lang, "", x.lang)
	return protocol.Say{Text: c.Text, Session: c.Session, Lang: c.Lang, Remember: c.Remember, Temporary: c.Temporary}, nil
}

// readChat reads the body, and the first use of the Idempotency-Key when
// there is one: it comes locked.
func (x *exchange) readChat(decode func(data []byte) (protocol.Say, error)) (protocol.Say, *repeat, error) {
	data, err := x.read()
	if err != nil {
		return protocol.Say{}, nil, err
	}
	say, err := decode(data)
	if err != nil {
		return protocol.Say{}, nil, err
	}
	say.Type, say.ID = protocol.TypeSay, "r-"+rand.Text()
	if p := say.Check(); p != nil {
		return protocol.Say{}, nil, p
	}
	key := x.r.Header.Get("Idempotency-Key")
	if key == "" {
		return say, nil, nil
	}
	say.ID = clientID(key)
	first, err := x.s.repeat.use(x.who.User.ID, key, data, x.s.now())
	return say, first, err
}

func (x *exchange) allowChat() error {
	if x.s.draining.Load() {
		return drainingProblem()
	}
	if wait, limit := x.s.chatLimit(x.who, x.peer); wait > 0 {
		return x.tooOften(limitChat, wait, limit)
	}
	return nil
}

// follower is the session.Subscriber of one request: it follows one turn. Its
// frames wait in an outbox until the request's goroutine takes them.
type follower struct {
	out     outbox
	ready   chan struct{} // something waits
	session string
	turn    string
	seq     int64 // of the last durable frame that was taken
	runes   int   // of the turn's text that were taken
}

var _ session.Subscriber = (*follower)(nil)

func newFollower() *follower {
	f := &follower{ready: make(chan struct{}, 1)}
	f.out.wake = func() {
		select {
		case f.ready <- struct{}{}:
		default: // the goroutine was told already
		}
	}
	return f
}

// Durable implements session.Subscriber.
func (f *follower) Durable(_ string, frame session.Frame) { f.add(durable(frame)) }

// Delta implements session.Subscriber.
func (f *follower) Delta(sessionID, turnID string, offset int, text string) {
	f.add(item{kind: kindDelta, session: sessionID, turn: turnID, offset: offset, data: []byte(text)})
}

func (f *follower) add(it item) {
	if !f.out.add(it) {
		f.out.wake() // next tells
	}
}

// begin says the utterance. A key that was used before continues its session,
// where the utterance is known, and brings what came of it.
func (f *follower) begin(ctx context.Context, x *exchange, say protocol.Say, first *repeat) error {
	if first != nil {
		defer first.Unlock()
	}
	if err := x.allowChat(); err != nil {
		return err
	}
	talk := x.s.o.Sessions
	if first != nil && first.session == "" && x.s.o.Spoken != nil {
		known, text, err := x.s.o.Spoken(ctx, x.identity().User, say.ID)
		switch {
		case err != nil:
			return &protocol.Problem{Code: protocol.Unavailable, Err: err}
		case known != "" && text != say.Text:
			return &protocol.Problem{Code: protocol.Conflict, Field: "Idempotency-Key", Text: protocol.WordReused, Err: errors.New("reused with another text")}
		}
		first.session = known // of before a restart
	}
	if first != nil && first.session != "" {
		say.Session, say.Temporary = first.session, false
	}
	id, accepted, err := talk.Say(ctx, x.identity(), say, f)
	if err != nil {
		return err
	}
	f.session, f.turn = id, accepted.Turn
	if first == nil {
		return nil
	}
	first.session = id
	// Whether it ran now or long ago, even before a restart: from here on.
	return talk.Resume(ctx, x.identity(), protocol.Resume{
		Type: protocol.TypeResume, Session: id, After: accepted.Seq, Turn: accepted.Turn,
	}, f)
}

// next waits for the turn's next frame. Frames of other turns, and what comes a
// second time, are left out.
func (f *follower) next(ctx context.Context) (item, error) {
	for {
		if ctx.Err() != nil { // however much waits: it may be the credential that ended
			return item{}, context.Cause(ctx)
		}
		it, ok := f.out.take()
		switch {
		case !ok && f.out.overflowed():
			return item{}, &protocol.Problem{Code: protocol.Unavailable, Err: errors.New("the client reads too slowly")}
		case !ok:
			select {
			case <-f.ready:
			case <-ctx.Done():
			}
		case it.turn == f.turn && f.fresh(&it):
			return it, nil
		}
	}
}

// fresh takes from a delta what was seen, and says whether anything is left.
func (f *follower) fresh(it *item) bool {
	if it.kind == kindDurable {
		fresh := it.seq > f.seq
		f.seq = max(f.seq, it.seq)
		return fresh
	}
	for it.offset < f.runes && len(it.data) > 0 {
		_, size := utf8.DecodeRune(it.data)
		it.data = it.data[size:]
		it.offset++
	}
	f.runes += utf8.RuneCount(it.data)
	return len(it.data) > 0
}

// ends says whether a request waits for nothing after it.
func (it item) ends() bool {
	return it.kind == kindDurable && (it.event == protocol.TypeDone || it.event == protocol.TypeQuestion)
}

// answer waits for the end of the turn and answers with one JSON object.
func (f *follower) answer(ctx context.Context, x *exchange) error {
	var tools toolList
	for {
		it, err := f.next(ctx)
		if err != nil {
			x.s.meter.ChatError("answer")
			return err
		}
		switch it.event {
		case protocol.TypeTool:
			err = tools.note(it.data)
		case protocol.TypeQuestion:
			return f.ask(x, it.data)
		case protocol.TypeDone:
			a := protocol.Answer{Tools: tools.list()}
			if err = strict.Unmarshal(it.data, &a.Done); err == nil {
				return x.json(http.StatusOK, a)
			}
		}
		if err != nil {
			return err
		}
	}
}

func (f *follower) ask(x *exchange, body []byte) error {
	var q protocol.Question
	if err := strict.Unmarshal(body, &q); err != nil {
		return err
	}
	return x.json(http.StatusOK, protocol.Asked{Session: f.session, Turn: f.turn, Question: protocol.QuestionBody{
		Question: q.Question, Kind: q.Kind, Text: q.Text, Options: q.Options, Call: q.Call, ExpiresIn: q.ExpiresIn,
	}})
}

// toolList keeps a turn's tool calls in the order in which they began, each in
// its last state.
type toolList struct {
	calls []string
	last  map[string]protocol.AnswerTool
}

func (l *toolList) note(body []byte) error {
	var t protocol.Tool
	if err := strict.Unmarshal(body, &t); err != nil {
		return err
	}
	if l.last == nil {
		l.last = map[string]protocol.AnswerTool{}
	}
	if _, known := l.last[t.Call]; !known {
		l.calls = append(l.calls, t.Call)
	}
	l.last[t.Call] = protocol.AnswerTool{Plugin: t.Plugin, Tool: t.Tool, State: t.State}
	return nil
}

func (l *toolList) list() []protocol.AnswerTool {
	all := make([]protocol.AnswerTool, 0, len(l.calls))
	for _, c := range l.calls {
		all = append(all, l.last[c])
	}
	return all
}

// stream sends the turn's frames as server-sent events.
func (f *follower) stream(ctx context.Context, x *exchange) error {
	conn := http.NewResponseController(x.ResponseWriter)
	x.Header().Set("Content-Type", "text/event-stream")
	x.Header().Set("X-Accel-Buffering", "no") // a proxy must not hold events back
	x.WriteHeader(http.StatusOK)
	var b []byte
	for {
		it, err := f.next(ctx)
		if err != nil {
			x.s.meter.ChatError("answer")
			f.streamFailed(x, err)
			return err
		}
		b = appendEvent(b[:0], it)
		// A client that is gone misses nothing: the turn is kept.
		if !sent(x, conn, b) || it.ends() {
			return nil
		}
	}
}

// sent writes an event at once, and says whether anyone is there to read it.
func sent(x *exchange, conn *http.ResponseController, event []byte) bool {
	_, err := x.Write(event)
	return err == nil && conn.Flush() == nil
}

// streamFailed tells a client whose stream breaks off why.
func (f *follower) streamFailed(x *exchange, err error) {
	p := problemOf(err)
	_, _ = x.Write(appendEvent(nil, item{kind: kindDurable, event: protocol.TypeError, data: encode(protocol.Error{
		Type: protocol.TypeError, Code: p.Code, Message: x.s.say(x.lang, p),
	})}))
}

// appendEvent writes an item as a server-sent event behind b. Its JSON is one
// line.
func appendEvent(b []byte, it item) []byte {
	event := it.event
	if it.kind == kindDelta {
		event, it.data = protocol.TypeDelta, appendDelta(nil, it)
	}
	b = append(b, "event: "+event+"\n"...)
	if it.seq > 0 {
		b = fmt.Appendf(b, "id: %d\n", it.seq)
	}
	b = append(b, "data: "...)
	b = append(b, it.data...)
	return append(b, "\n\n"...)
}
