package llm

import (
	"context"
	"errors"
	"fmt"
	"iter"
	"time"
)

// LaneOptions say how many answers a provider gives at once, and what happens
// when it fails. Zero values have sensible meanings.
type LaneOptions struct {
	// Concurrency is how many answers the provider gives at a time; 0 is as many
	// as are asked for.
	Concurrency int
	// Queue is how many requests may wait for a place; 16 when 0, none when
	// negative.
	Queue int
	// Patience is how long one may wait; 2 minutes when 0.
	Patience time.Duration
	Breaker  BreakerOptions
	Price    Price
	// Spent is told what a request cost that the provider has worked on, also when
	// its answer broke off, by the end user that it was for; nil is allowed. It
	// must not block.
	Spent func(user string, u Usage)
	// Waiting is told how many requests wait, whenever that changes; nil is
	// allowed. It must not block.
	Waiting func(n int)
	// Now is the clock, time.Now when nil.
	Now func() time.Time
}

// Lane is a Provider in front of another one: it lets in as many requests as
// that one can take, in the order in which they came, tells those that wait
// their position, and leaves the provider alone while it keeps failing. What
// bounds an answer's time belongs behind it, so that waiting is not the
// provider's fault.
type Lane struct {
	inner   Provider
	breaker *breaker
	queue   *queue
	o       LaneOptions
}

// NewLane returns p with a queue and a breaker.
func NewLane(p Provider, o LaneOptions) *Lane {
	orElse(&o.Queue, 16)
	orElse(&o.Patience, 2*time.Minute)
	if o.Now == nil {
		o.Now = time.Now
	}
	return &Lane{inner: p, o: o, breaker: newBreaker(p.Name(), o.Breaker, o.Now), queue: newQueue(p.Name(), o)}
}

// Name implements [Provider].
func (l *Lane) Name() string { return l.inner.Name() }

// Probe implements [Provider]. It waits for no place.
func (l *Lane) Probe(ctx context.Context) (Info, error) {
	info, err := l.inner.Probe(ctx)
	if err == nil {
		l.breaker.found()
	}
	return info, err
}

// Resting tells until when the provider is left alone, if it is.
func (l *Lane) Resting() (until time.Time, resting bool) { return l.breaker.Open() }

// Load is how many answers are being given and how many requests wait.
func (l *Lane) Load() (active, waiting int) { return l.queue.load() }

// Stream implements [Provider]. Before the answer it yields a Waiting whenever
// the request's position changes.
func (l *Lane) Stream(ctx context.Context, r Request) iter.Seq2[Event, error] {
	return func(yield func(Event, error) bool) {
		trial, err := l.breaker.enter()
		if err != nil {
			yield(nil, err)
			return
		}
		outcome := errEndedByItself
		defer func() { l.breaker.leave(trial, outcome) }()
		leave, err := l.enter(ctx, yield)
		if err != nil || leave == nil {
			if err != nil {
				yield(nil, err)
			}
			return
		}
		defer leave()
		b := bill{lane: l, request: r}
		defer b.settle()
		for ev, err := range l.inner.Stream(ctx, r) {
			if err != nil {
				outcome = err
			} else if f, last := ev.(Finish); last {
				outcome = nil
				ev = b.finish(f)
			} else {
				b.pieces++
			}
			if !yield(ev, err) {
				return
			}
		}
	}
}

// errEndedByItself stands for a request that says nothing about the provider.
var errEndedByItself = errors.New("the request ended by itself")

// Embed implements [Embedder], if the provider does. Embeddings wait for no
// place: a model of its own makes them.
func (l *Lane) Embed(ctx context.Context, r EmbedRequest) (Embeddings, error) {
	inner, err := embedder(l.inner)
	if err != nil {
		return Embeddings{}, err
	}
	trial, err := l.breaker.enter()
	if err != nil {
		return Embeddings{}, err
	}
	out, err := inner.Embed(ctx, r)
	l.breaker.leave(trial, err)
	if err != nil {
		return Embeddings{}, err
	}
	l.complete(&out.Usage, r.Model)
	l.spent(r.User, out.Usage)
	return out, nil
}

// enter takes a place, waiting for one if need be. Both results are nil when
// the consumer has left.
func (l *Lane) enter(ctx context.Context, yield func(Event, error) bool) (leave func(), err error) {
	w, err := l.queue.join()
	if err != nil {
		return nil, err
	}
	if w == nil {
		return l.place(), nil
	}
	patience := time.NewTimer(l.o.Patience)
	defer patience.Stop()
	for {
		select {
		case <-w.ready:
			return l.place(), nil
		case <-w.moved:
			if position, eta := l.queue.position(w); position > 0 && !yield(Waiting{Position: position, ETA: eta}, nil) {
				l.queue.quit(w)
				return nil, nil
			}
		case <-patience.C:
			l.queue.quit(w)
			return nil, &Error{
				Class: Overloaded, Provider: l.Name(),
				Message: fmt.Sprintf("no place within %s", l.o.Patience),
			}
		case <-ctx.Done():
			l.queue.quit(w)
			return nil, fmt.Errorf("wait for %s: %w", l.Name(), context.Cause(ctx))
		}
	}
}

// place returns what gives the place back that the caller holds.
func (l *Lane) place() func() {
	began := l.o.Now()
	return func() { l.queue.leave(l.o.Now().Sub(began)) }
}
