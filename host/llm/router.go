package llm

import (
	"context"
	"fmt"
	"iter"
	"slices"
	"sync/atomic"
	"time"

	"github.com/jarvis-host/jarvis/sdk/retry"
)

// Retry says how often a failed request is sent again. That happens only while
// nothing has been said, and only after failures that pass by themselves.
type Retry struct {
	// Attempts is how often one provider is asked, the first time included.
	Attempts int
	// Base and Max bound the pauses: the nth is a random time up to Base doubled
	// n-1 times, at most Max, and at least what the provider asked for.
	Base, Max time.Duration
	// Patience is how long one provider may be tried: no retry starts later.
	Patience time.Duration
	// Budget bounds how often a provider is asked again, over all requests.
	Budget retry.BudgetOptions
}

// DefaultRetry returns retries that someone who waits for an answer bears.
func DefaultRetry() Retry {
	return Retry{Attempts: 3, Base: 100 * time.Millisecond, Max: time.Second, Patience: 2 * time.Second}
}

// RouterOptions are a Router's settings; zero values have sensible meanings.
type RouterOptions struct {
	// Retry is [DefaultRetry] when its Attempts is 0.
	Retry Retry
	// Now is the clock, time.Now when nil.
	Now func() time.Time
	// Jitter picks a pause between 0 and limit; at random when nil.
	Jitter func(limit time.Duration) time.Duration
}

// Router asks the first of several routes that can answer. As soon as one has
// said something, its answer stands or falls alone. Safe for concurrent use; it
// owns no goroutine: whoever owns it calls Refresh now and then.
type Router struct {
	table atomic.Pointer[table]
	retry Retry
	now   func() time.Time
	pause retry.Backoff
}

// NewRouter returns a Router over routes, the preferred one first.
func NewRouter(routes []Route, o RouterOptions) *Router {
	r := &Router{retry: o.Retry, now: o.Now}
	if r.retry.Attempts == 0 {
		r.retry = DefaultRetry()
	}
	if r.now == nil {
		r.now = time.Now
	}
	if r.retry.Budget.Now == nil {
		r.retry.Budget.Now = r.now
	}
	r.pause = retry.Backoff{Tries: r.retry.Attempts, First: r.retry.Base, Most: r.retry.Max, Pick: o.Jitter}
	r.Configure(Table{Routes: routes})
	return r
}

// Configure makes the router go by another table from the next request on.
// Answers that have begun go on as they are, and what is known of routes that
// stay is kept.
func (r *Router) Configure(t Table) {
	r.table.Store(newTable(t, r.table.Load(), r.now, r.retry.Budget))
}

// Stream answers a request as [Provider] says, with the first route that says
// something. When all fail, the error holds each one's *Error, the preferred
// one's first. A request's tools and thinking are left out for a model that is
// known to have no use for them: it would refuse the request.
func (r *Router) Stream(ctx context.Context, q Request) iter.Seq2[Event, error] {
	return func(yield func(Event, error) bool) {
		routes, preferred, err := r.choose(q)
		if err != nil {
			yield(nil, err)
			return
		}
		var failed error
		for _, to := range routes {
			said, err := r.ask(ctx, to, q, tagged(to, to != preferred, yield))
			switch {
			case err == nil:
				return
			case said || ctx.Err() != nil:
				yield(nil, err)
				return
			case failed == nil:
				failed = err
			default:
				failed = fmt.Errorf("%w; %w", failed, err)
			}
		}
		yield(nil, failed)
	}
}

// tagged tells in the Finish which route has answered.
func tagged(to *route, fallback bool, yield func(Event, error) bool) func(Event, error) bool {
	return func(ev Event, err error) bool {
		if f, last := ev.(Finish); last {
			f.Route, f.Fallback = to.health.Name, fallback
			if f.Usage.Provider == "" {
				f.Usage.Provider = to.Provider.Name()
			}
			ev = f
		}
		return yield(ev, err)
	}
}

// choose returns the routes for a request, or why there is none.
func (r *Router) choose(q Request) (ordered []*route, preferred *route, err error) {
	t := r.table.Load()
	if len(t.routes) == 0 {
		return nil, nil, &Error{Class: Unreachable, Message: "no provider is configured"}
	}
	ordered, preferred = t.choose(q, r.now())
	switch {
	case preferred == nil:
		return nil, nil, &Error{Class: NoRoute, Message: "no route of llm.routes is for this request"}
	case q.Route != "" && !slices.ContainsFunc(ordered, func(to *route) bool { return to.health.Name == q.Route }):
		return nil, nil, &Error{Class: NoRoute, Message: fmt.Sprintf("there is no route %.64q, or not for this user", q.Route)}
	}
	return ordered, preferred, nil
}

// Choose tells which route a request would go to now, and what is known of it:
// its model's window above all. It asks no one.
func (r *Router) Choose(q Request) (RouteHealth, bool) {
	routes, _, err := r.choose(q)
	if err != nil {
		return RouteHealth{}, false
	}
	return routes[0].snapshot(), true
}

// Embed implements [Embedder] with the table's model for it.
func (r *Router) Embed(ctx context.Context, q EmbedRequest) (Embeddings, error) {
	t := r.table.Load()
	to := t.embed
	if to.Provider == nil {
		return Embeddings{}, &Error{Class: NoRoute, Message: "no model for embeddings is configured (llm.embedding)"}
	}
	e, err := embedder(to.Provider)
	if err == nil {
		err = q.Check()
	}
	if err != nil {
		return Embeddings{}, err
	}
	if q.Model == "" {
		q.Model = to.Model
	}
	a := r.attempts(t.budgets[to.Provider])
	for {
		out, err := e.Embed(ctx, q)
		if err == nil || ctx.Err() != nil {
			return out, err
		}
		if err := a.again(ctx, err); err != nil {
			return Embeddings{}, err
		}
	}
}

// EmbedModel names the model that makes embeddings, if there is one: vectors of
// different models can't be compared.
func (r *Router) EmbedModel() (provider, model string, ok bool) {
	to := r.table.Load().embed
	if to.Provider == nil {
		return "", "", false
	}
	return to.Provider.Name(), to.Model, true
}

// ask tries one route until it says something or the retries are used up. When
// it is left alone meanwhile, the reason is the one before that.
func (r *Router) ask(ctx context.Context, to *route, q Request, yield func(Event, error) bool) (said bool, err error) {
	q = to.adapt(q)
	a := r.attempts(to.budget)
	var before error
	for {
		said, err = once(ctx, to, q, yield)
		if err == nil || said || ctx.Err() != nil {
			return said, err
		}
		if e, ok := asError(err); ok && e.Class == Resting && before != nil {
			return false, before
		}
		if err := a.again(ctx, err); err != nil {
			return false, err
		}
		before = err
	}
}

// once sends the request one time. A consumer that left counts as said.
func once(ctx context.Context, to *route, q Request, yield func(Event, error) bool) (said bool, err error) {
	for ev, err := range to.Provider.Stream(ctx, q) {
		if err != nil {
			if ctx.Err() == nil {
				to.failed(q.Model, err)
			}
			return said, err
		}
		switch ev.(type) {
		case Finish:
			to.answered(q.Model)
			said = true
		case Waiting, Pulse:
		default:
			said = true
		}
		if !yield(ev, nil) {
			return true, nil
		}
	}
	return true, nil
}

// attempts are the tries of one request at one provider.
type attempts struct {
	r      *Router
	budget *retry.Budget
	began  time.Time
	n      int // that failed
}

func (r *Router) attempts(budget *retry.Budget) *attempts {
	budget.Asked()
	return &attempts{r: r, budget: budget, began: r.now()}
}

// again waits until a request that failed may be sent once more; else it returns
// why not, which is the failure itself or the end of ctx.
func (a *attempts) again(ctx context.Context, failed error) error {
	e, ok := asError(failed)
	if !ok || !passing(e.Class) {
		return failed
	}
	a.n++
	pause, more := a.r.pause.Pause(a.n)
	pause = max(pause, e.RetryAfter)
	if !more || a.r.now().Sub(a.began)+pause > a.r.retry.Patience || !a.budget.Take() {
		return failed
	}
	return retry.Wait(ctx, pause)
}

// passing reports whether a failure may be gone a moment later.
func passing(c Class) bool {
	switch c {
	case Unreachable, Overloaded, Interrupted, Internal:
		return true
	default:
		return false
	}
}
