package llm

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"sync"
	"time"

	"github.com/jarvis-host/jarvis/sdk/retry"
)

// State is what is known of a route.
type State string

// The states of a route.
const (
	// StateUnknown: not probed yet; worth a try.
	StateUnknown State = "unknown"
	// StateReady: the provider answers and has the model.
	StateReady State = "ready"
	// StateDown: the provider can't be reached, or does not let the host in.
	StateDown State = "down"
	// StateMissing: the provider lacks the model.
	StateMissing State = "missing"
)

// Keys of the texts that tell an end user why no model answers.
const (
	// KeyNone has no arguments: no provider is configured.
	KeyNone = "model.none"
	// KeyUnreachable has one, the provider's name.
	KeyUnreachable = "model.unreachable"
	// KeyResting has none: the provider is left alone because it kept failing.
	KeyResting = "model.resting"
	// KeyMissing has two, the model's name and the command that fetches it.
	KeyMissing = "model.missing"
)

// RouteHealth is what is known of one route.
type RouteHealth struct {
	// Name is what an end user chooses the route by.
	Name     string
	Provider string
	Model    string
	State    State
	// Resting says that the provider is left alone for a while because requests
	// failed, whatever its probes say.
	Resting bool
	// Chosen says that the route is only for end users that choose it.
	Chosen bool
	// Since is when the state was entered.
	Since time.Time
	// Reason says to the operator why the state is Down or Missing.
	Reason string
	// Version is the provider's, as of the last probe.
	Version string
	// Info describes the model, as of the last probe.
	Info ModelInfo
	// Fetch is the whole command that gets a missing model.
	Fetch string
}

// Refresh probes every provider, all at once and each once, and returns what it
// found. A probe that ctx's deadline ends counts as a provider that is down; one
// that was cancelled changes nothing.
func (r *Router) Refresh(ctx context.Context) []RouteHealth {
	byProvider := map[Provider][]*route{}
	for _, to := range r.table.Load().routes {
		byProvider[to.Provider] = append(byProvider[to.Provider], to)
	}
	var wg sync.WaitGroup
	for p, routes := range byProvider {
		wg.Go(func() {
			info, err := p.Probe(ctx)
			if err != nil && errors.Is(ctx.Err(), context.Canceled) {
				return
			}
			for _, to := range routes {
				to.probed(info, err)
			}
		})
	}
	wg.Wait()
	return r.Health()
}

// Health returns what is known of every route, the preferred one first. It
// asks no one.
func (r *Router) Health() []RouteHealth {
	var all []RouteHealth
	for _, to := range r.table.Load().routes {
		all = append(all, to.snapshot())
	}
	return all
}

// Ready returns the route that would be asked first, if one is known to answer.
func (r *Router) Ready() (RouteHealth, bool) {
	for _, h := range r.Health() {
		if h.State == StateReady {
			return h, true
		}
	}
	return RouteHealth{}, false
}

// Status says whether it is worth asking a model, and if not why: the key of a
// text for the end user, with its arguments. It asks no one; a provider that
// was never probed is worth asking.
func (r *Router) Status() (ready bool, key string, args []any) {
	all := r.Health()
	if len(all) == 0 {
		return false, KeyNone, nil
	}
	for _, h := range all {
		if !h.Resting && (h.State == StateReady || h.State == StateUnknown) {
			return true, "", nil
		}
	}
	switch first := all[0]; first.State {
	case StateMissing:
		return false, KeyMissing, []any{first.Model, first.Fetch}
	case StateDown:
		return false, KeyUnreachable, []any{first.Provider}
	default:
		return false, KeyResting, nil
	}
}

// route is a Route and what is known of it.
type route struct {
	Route
	now    func() time.Time
	budget *retry.Budget // for asking the provider again

	mu     sync.Mutex
	health RouteHealth
}

func newRoute(to Route, now func() time.Time) *route {
	return &route{Route: to, now: now, health: RouteHealth{
		Name: cmp.Or(to.Name, to.Model), Provider: to.Provider.Name(), Model: to.Model, State: StateUnknown, Since: now(),
		Chosen: to.When.Chosen,
	}}
}

func (to *route) snapshot() RouteHealth {
	to.mu.Lock()
	defer to.mu.Unlock()
	h := to.health
	if l, ok := to.Provider.(interface{ Resting() (time.Time, bool) }); ok {
		_, h.Resting = l.Resting()
	}
	return h
}

// rank is 1 for a route that is thought not to answer.
func (to *route) rank() int {
	h := to.snapshot()
	if h.Resting || h.State == StateDown || h.State == StateMissing {
		return 1
	}
	return 0
}

// enter changes the state; the caller holds the lock.
func (to *route) enter(s State, reason string) {
	if to.health.State != s {
		to.health.State, to.health.Since = s, to.now()
	}
	to.health.Reason = reason
}

// probed takes in the result of a probe.
func (to *route) probed(info Info, err error) {
	to.mu.Lock()
	defer to.mu.Unlock()
	if err != nil {
		to.enter(StateDown, err.Error())
		return
	}
	model, found := info.Find(to.Model)
	to.health.Version, to.health.Info, to.health.Fetch = info.Version, model, ""
	if found || info.Open {
		to.enter(StateReady, "")
		return
	}
	if info.Fetch != "" {
		to.health.Fetch = info.Fetch + " " + to.Model
	}
	to.enter(StateMissing, fmt.Sprintf("model %s is not there", to.Model))
}

// answered takes in that a model gave a whole answer.
func (to *route) answered(model string) {
	to.mu.Lock()
	defer to.mu.Unlock()
	if model == to.Model {
		to.enter(StateReady, "")
	}
}

// failed takes in why a request failed, where that says something about the
// next one.
func (to *route) failed(model string, err error) {
	e, ok := asError(err)
	if !ok {
		return
	}
	to.mu.Lock()
	defer to.mu.Unlock()
	switch e.Class {
	case Unreachable, Unauthorized:
		to.enter(StateDown, err.Error())
	case NotFound:
		if model == to.Model {
			to.health.Fetch = e.Fetch
			to.enter(StateMissing, err.Error())
		}
	default:
	}
}

// adapt fits a request to the route's model.
func (to *route) adapt(q Request) Request {
	if q.Model == "" {
		q.Model = to.Model
	}
	if q.Model != to.Model {
		return q
	}
	known := to.snapshot().Info
	if !known.Can(CanTools) {
		q.Tools = nil
	}
	q.Think = q.Think && known.Can(CanThink)
	return q
}

func asError(err error) (*Error, bool) { return errors.AsType[*Error](err) }
