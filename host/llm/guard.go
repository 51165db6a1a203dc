package llm

import (
	"context"
	"errors"
	"fmt"
	"iter"
	"time"
)

// Limits are what an answer may take. A zero value of a field is no limit.
type Limits struct {
	// FirstToken is how long the first event may take.
	FirstToken time.Duration
	// BetweenTokens is how long each later event may take. The time that the
	// consumer spends on an event does not count.
	BetweenTokens time.Duration
	// Answer is how long the whole answer may take, the consumer's time included.
	Answer time.Duration
	// Bytes caps text, thinking and tool calls, in bytes.
	Bytes int
	// Tokens caps the number of events, which is a little less than the number
	// of tokens: a model may never stop by itself.
	Tokens int
	// Same caps how often a model says the very same piece in a row.
	Same int
	// Loop ends an answer whose last so many bytes are nothing but one short
	// text over and over.
	Loop int
}

// DefaultLimits returns the limits for a model that people talk to.
func DefaultLimits() Limits {
	return Limits{
		FirstToken:    time.Minute,
		BetweenTokens: 15 * time.Second,
		Answer:        5 * time.Minute,
		Bytes:         1 << 20,
		Tokens:        16_384,
		Same:          128,
		Loop:          2048,
	}
}

// Guard is a Provider that holds another one to limits. A passed deadline is an
// *Error of class Timeout, a passed cap one of class Limit; both cancel the
// request upstream.
type Guard struct {
	inner  Provider
	limits Limits
}

// NewGuard returns p held to limits.
func NewGuard(p Provider, limits Limits) *Guard { return &Guard{inner: p, limits: limits} }

// Name implements [Provider].
func (g *Guard) Name() string { return g.inner.Name() }

// Probe implements [Provider].
func (g *Guard) Probe(ctx context.Context) (Info, error) { return g.inner.Probe(ctx) }

// Stream implements [Provider]. A provider that ends with neither a Finish nor
// an error counts as interrupted.
func (g *Guard) Stream(ctx context.Context, r Request) iter.Seq2[Event, error] {
	return func(yield func(Event, error) bool) {
		guarded, cancel := context.WithCancelCause(ctx)
		defer cancel(nil)
		w := &watch{guard: g, cancel: cancel}
		defer w.start()()
		finished := false
		for ev, err := range g.inner.Stream(guarded, r) {
			w.token.Stop()
			if err = w.judge(guarded, ev, err); err != nil {
				yield(nil, err)
				return
			}
			_, finished = ev.(Finish)
			if !yield(ev, nil) {
				return
			}
			w.resume()
		}
		if !finished {
			yield(nil, g.fail(Interrupted, "the stream ended without an end marker"))
		}
	}
}

// Embed implements [Embedder], if the provider does, within the time of a whole
// answer.
func (g *Guard) Embed(ctx context.Context, r EmbedRequest) (Embeddings, error) {
	inner, err := embedder(g.inner)
	if err != nil {
		return Embeddings{}, err
	}
	if d := g.limits.Answer; d > 0 {
		var cancel context.CancelFunc
		ctx, cancel = context.WithTimeoutCause(ctx, d, g.fail(Timeout, fmt.Sprintf("no embeddings within %s", d)))
		defer cancel()
	}
	out, err := inner.Embed(ctx, r)
	if cause := context.Cause(ctx); err != nil && isTimeout(cause) {
		return Embeddings{}, cause
	}
	return out, err
}

// watch holds one answer to the limits. Its timers run on goroutines of the
// runtime and do nothing but cancel the request.
type watch struct {
	guard         *Guard
	cancel        context.CancelCauseFunc
	token         timer // for the next event
	between       timer // armed again for each event after the first
	answer        timer
	events, bytes int
	loop          loop
}

// start arms the deadlines and returns what disarms them.
func (w *watch) start() (stop func()) {
	l := w.guard.limits
	w.token = w.expire(l.FirstToken, "no first token within %s")
	w.answer = w.expire(l.Answer, "answer not complete within %s")
	return func() {
		w.token.Stop()
		w.answer.Stop()
	}
}

// resume waits for the next event.
func (w *watch) resume() {
	d := w.guard.limits.BetweenTokens
	if w.between.Timer == nil {
		w.between = w.expire(d, "no further token within %s")
	} else {
		w.between.Reset(d)
	}
	w.token = w.between
}

// expire cancels the request with a Timeout once d has passed.
func (w *watch) expire(d time.Duration, message string) timer {
	if d <= 0 {
		return timer{}
	}
	return timer{time.AfterFunc(d, func() {
		w.cancel(w.guard.fail(Timeout, fmt.Sprintf(message, d)))
	})}
}

// timer is a timer that may be missing.
type timer struct{ *time.Timer }

// Stop disarms the timer, if there is one.
func (t timer) Stop() {
	if t.Timer != nil {
		t.Timer.Stop()
	}
}

// judge returns why an event must not pass, nil if it may.
func (w *watch) judge(ctx context.Context, ev Event, err error) error {
	if ctx.Err() != nil {
		// An expired deadline shows up as the provider's "cancelled"; the cause
		// tells which it was.
		if cause := context.Cause(ctx); err == nil || isTimeout(cause) {
			return cause
		}
		return err
	}
	if err != nil {
		return err
	}
	return w.count(ev)
}

func isTimeout(err error) bool {
	e, ok := errors.AsType[*Error](err)
	return ok && e.Class == Timeout
}

// count adds an event up and returns an error once a cap is passed.
func (w *watch) count(ev Event) error {
	if _, last := ev.(Finish); last {
		return nil
	}
	w.events++
	w.bytes += size(ev)
	switch l := w.guard.limits; {
	case l.Bytes > 0 && w.bytes > l.Bytes:
		return w.guard.fail(Limit, fmt.Sprintf("answer passed the cap of %d bytes", l.Bytes))
	case l.Tokens > 0 && w.events > l.Tokens:
		return w.guard.fail(Limit, fmt.Sprintf("answer passed the cap of %d tokens", l.Tokens))
	case w.loop.hears(said(ev), l):
		return w.guard.fail(Limit, "the model says the same over and over")
	}
	return nil
}

// said is the text of an event, whoever hears it.
func said(ev Event) string {
	switch e := ev.(type) {
	case Delta:
		return e.Text
	case Thinking:
		return e.Text
	default:
		return ""
	}
}

func size(ev Event) int {
	switch e := ev.(type) {
	case Delta:
		return len(e.Text)
	case Thinking:
		return len(e.Text)
	case ToolCall:
		return len(e.ID) + len(e.Name) + len(e.Arguments)
	default:
		return 0
	}
}

func (g *Guard) fail(c Class, message string) *Error {
	return &Error{Class: c, Provider: g.Name(), Message: message}
}
