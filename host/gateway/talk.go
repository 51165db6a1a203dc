package gateway

import (
	"context"
	"errors"
	"slices"
	"sync"

	"github.com/jarvis-host/jarvis/host/auth"
	"github.com/jarvis-host/jarvis/host/protocol"
	"github.com/jarvis-host/jarvis/host/session"
)

// maxRefused is how many utterances in a row may be over the limit before the
// socket is closed for it.
const maxRefused = 30

// hello is the first frame.
func (c *socket) hello() []byte {
	p, config := c.who.Load(), c.s.config.Load()
	h := protocol.Hello{
		Type: protocol.TypeHello, Protocol: protocol.Version, Version: config.Version,
		User: p.User.Called(), Role: string(p.User.Role), Lang: c.lang, TZ: c.s.zone(p.User.Zone).String(),
		Limits:    protocol.Limits{MessageChars: protocol.MaxText, MessagesPerMinute: config.PerMinute},
		Languages: protocol.Languages(), Features: config.Features,
	}
	if c.s.o.Model != nil {
		if model := c.s.o.Model(); model != "" {
			h.Model = &model
		}
	}
	return encode(h)
}

// receiveFrame handles one frame of jarvis.v1; what is wrong with it goes back
// as an error frame, and the socket lives on.
func (c *socket) receiveFrame(ctx context.Context, data []byte) error {
	frame, e, problem := decodeFrame(data)
	lang := c.lang
	if say, ok := frame.(*protocol.Say); ok {
		lang = languageOf(say.Lang, "", lang)
	}
	if problem != nil {
		return c.complain(lang, e.id, problem)
	}
	if err := c.handle(ctx, frame, e.user); err != nil {
		return c.complain(lang, e.id, err)
	}
	return nil
}

func (c *socket) handle(ctx context.Context, frame any, named string) error {
	if f, ok := frame.(*protocol.Ping); ok {
		c.send(encode(protocol.Pong{Type: protocol.TypePong, ID: f.ID}))
		return nil
	}
	p, err := c.speaker(ctx, named)
	if err != nil {
		return err
	}
	talk, who := c.s.o.Sessions, c.identity(p)
	switch f := frame.(type) {
	case *protocol.Say:
		return c.say(ctx, p, *f)
	case *protocol.Stop:
		if f.Session == "" {
			f.Session = c.last.of(p).session
		}
		if f.Session == "" {
			return &protocol.Problem{Code: protocol.NotFound, Text: protocol.WordNothingToStop}
		}
		return talk.Stop(ctx, who, f.Session, f.Turn)
	case *protocol.Resume:
		if err := talk.Resume(ctx, who, *f, c); err != nil {
			return err
		}
		c.last.set(p, lastSession{session: f.Session})
		return nil
	case *protocol.Reply:
		return talk.Reply(ctx, who, f.Question, f.Value)
	case *protocol.Ack:
		return c.acknowledge(ctx, p, f)
	}
	return nil
}

// identity is who speaks in one frame, in the words of the session.
func (c *socket) identity(p auth.Principal) session.Identity {
	who := c.s.identity(p, c.lang, requestID(""))
	who.TraceParent = c.trace
	return who
}

// say hands an utterance on. Without a session it belongs to the last one; a
// temporary one never continues a session that is kept.
func (c *socket) say(ctx context.Context, p auth.Principal, f protocol.Say) error {
	if err := c.allow(p); err != nil {
		return err
	}
	if last := c.last.of(p); f.Session == "" && (!f.Temporary || last.temporary) {
		f.Session = last.session
	}
	return c.utter(ctx, p, f)
}

// utter is what both shapes of a message come to.
func (c *socket) utter(ctx context.Context, p auth.Principal, f protocol.Say) error {
	c.seen.begin()
	id, accepted, err := c.s.o.Sessions.Say(ctx, c.identity(p), f, c)
	if err != nil {
		c.s.meter.Chat(c.secure, string(problemOf(err).Code))
		c.s.meter.ChatError("accept")
		return err
	}
	c.last.set(p, lastSession{session: id, temporary: f.Temporary})
	c.s.meter.Chat(c.secure, "ok")
	if !c.seen.end(accepted.Seq) {
		c.Durable(id, accepted) // of the first time: the client did not get it
	}
	return nil
}

// allow counts an utterance against the end user's limits.
func (c *socket) allow(p auth.Principal) error {
	if c.s.draining.Load() {
		return drainingProblem()
	}
	wait, _ := c.s.chatLimit(p, c.from)
	if wait == 0 {
		c.refused = 0
		return nil
	}
	if c.refused++; c.refused >= maxRefused && p.Service == "" { // a service's other users did nothing
		c.shut(protocol.CloseRateLimited, "limits ignored")
	}
	return tooOften(wait)
}

// complain sends an error frame.
func (c *socket) complain(lang, id string, err error) error {
	p := problemOf(err)
	if p.Code == protocol.Internal && !errors.Is(err, context.Canceled) {
		c.s.log.Error("frame failed", keyRequest, c.request, keyUser, c.who.Load().User.ID, keyError, err)
	}
	c.send(encode(protocol.Error{
		Type: protocol.TypeError, Code: p.Code, Message: c.s.say(lang, p), ID: id, Field: p.Field,
		RetryAfterMS: p.RetryAfter.Milliseconds(),
	}))
	return err
}

// arrivals notes which accepted frames arrive while an utterance is handed on.
// It is safe for concurrent use.
type arrivals struct {
	mu   sync.Mutex
	open bool
	seqs []int64
}

func (a *arrivals) begin() {
	a.mu.Lock()
	defer a.mu.Unlock()
	a.open, a.seqs = true, a.seqs[:0]
}

func (a *arrivals) note(f session.Frame) {
	if f.Type != protocol.TypeAccepted {
		return
	}
	a.mu.Lock()
	defer a.mu.Unlock()
	if a.open {
		a.seqs = append(a.seqs, f.Seq)
	}
}

// end reports whether the frame arrived.
func (a *arrivals) end(seq int64) bool {
	a.mu.Lock()
	defer a.mu.Unlock()
	a.open = false
	return slices.Contains(a.seqs, seq)
}
