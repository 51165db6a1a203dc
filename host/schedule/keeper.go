package schedule

import (
	"context"
	"errors"
	"fmt"
	"math"
	"sync"
	"time"

	"github.com/jarvis-host/jarvis/sdk"
)

const (
	// lateAfter is how far behind a plan may be without being called late.
	lateAfter = time.Minute
	// look is the longest that the keeper sleeps: the clock may be set.
	look = 30 * time.Second
	// batch is how many plans are told at a time.
	batch = 16
	// maxTries is how often a plugin that fails is told of the same event.
	maxTries = 5
	// firstPause is the pause after the first failure; each is four times the
	// one before.
	firstPause = 5 * time.Second
	// away is when to come back to a plugin that is not there. It costs no try.
	away = 30 * time.Second
	// tellTimeout bounds one telling.
	tellTimeout = 30 * time.Second
)

// Options are what a [Keeper] works with. All are needed.
type Options struct {
	Store Store
	// Tell hands an event to a plugin and returns when it was handled. Errors
	// are *sdk.Error; unavailable means that the plugin is not there now.
	Tell func(ctx context.Context, p Plan, due sdk.Due) error
	Now  func() time.Time
	// Failed takes what went wrong: a store that does not answer, a plugin that
	// was told in vain.
	Failed func(p Plan, err error)
}

// Keeper keeps plans and fires them. Its methods may be called concurrently;
// Run owns the goroutines.
type Keeper struct {
	o    Options
	wake chan struct{}
	// seen is the clock as Run saw it last, without what only grows; zero: what a
	// clock that was set back asks for is still to be done.
	seen time.Time

	mu      sync.Mutex
	telling map[int64]bool // revisions that are being told
	told    map[int64]bool // revisions whose telling ended since Run last began to read
}

// New returns a keeper that fires nothing yet.
func New(o Options) *Keeper {
	return &Keeper{o: o, wake: make(chan struct{}, 1), telling: map[int64]bool{}, told: map[int64]bool{}}
}

// Put keeps a plan, and returns when it is due first. Name, data and times must
// be within the contract's bounds: errors are [*sdk.Error].
func (k *Keeper) Put(ctx context.Context, p Plan) (time.Time, error) {
	due, err := first(p.Schedule, p.Zone, k.o.Now())
	if err != nil {
		return time.Time{}, &sdk.Error{Code: sdk.CodeInvalid, Err: err}
	}
	p.Due, p.Wake, p.Tries = due, due, 0
	if err := k.o.Store.PutPlan(ctx, p, MaxPlans); err != nil {
		return time.Time{}, fmt.Errorf("keep schedule: %w", err)
	}
	k.nudge()
	return due, nil
}

// Plans lists what is still to fire.
func (k *Keeper) Plans(ctx context.Context, plugin, user string) ([]Plan, error) {
	return k.o.Store.Plans(ctx, plugin, user)
}

// Drop removes a plan.
func (k *Keeper) Drop(ctx context.Context, plugin, user, name string) (bool, error) {
	return k.o.Store.DropPlan(ctx, plugin, user, name)
}

func (k *Keeper) nudge() {
	select {
	case k.wake <- struct{}{}:
	default:
	}
}

// Run fires plans until ctx ends, and returns when nothing is being told any
// more.
func (k *Keeper) Run(ctx context.Context) {
	var told sync.WaitGroup
	defer told.Wait()
	timer := time.NewTimer(0)
	defer timer.Stop()
	for {
		select {
		case <-timer.C:
		case <-k.wake:
		case <-ctx.Done():
			return
		}
		timer.Reset(k.fire(ctx, &told))
	}
}

// fire begins to tell what is due, and returns how long nothing else is.
func (k *Keeper) fire(ctx context.Context, told *sync.WaitGroup) time.Duration {
	k.watchClock(ctx)
	k.forgetTold()
	plans, err := k.o.Store.Waking(ctx, batch)
	if err != nil {
		if ctx.Err() == nil {
			k.o.Failed(Plan{}, fmt.Errorf("read schedules: %w", err))
		}
		return look
	}
	now := k.o.Now()
	for _, p := range plans {
		if p.Wake.After(now) {
			return min(p.Wake.Sub(now), look)
		}
		if k.begin(p) {
			told.Go(func() {
				defer k.nudge()
				defer k.end(p)
				k.tell(ctx, p)
			})
		}
	}
	return look // the end of a telling comes first
}

// watchClock finds out that the clock was set back, since the last look or while the
// host was off. Dates and times of day simply come again; what happens at intervals
// would wait for as long as the clock was set back, and begins anew instead.
func (k *Keeper) watchClock(ctx context.Context) {
	now := k.o.Now().Round(0)
	back := k.seen.IsZero() || now.Before(k.seen)
	k.seen = now
	if !back {
		return
	}
	plans, err := k.o.Store.Waking(ctx, math.MaxInt32)
	for _, p := range plans {
		if p.Every <= 0 || p.Due.Sub(now) <= p.Every {
			continue
		}
		p.Due = now.Add(p.Every)
		p.Wake, p.Tries = p.Due, 0
		err = errors.Join(err, k.o.Store.MovePlan(ctx, p, false))
	}
	if err != nil {
		k.seen = time.Time{} // the next look does it
	}
	if err != nil && ctx.Err() == nil {
		k.o.Failed(Plan{}, fmt.Errorf("move schedules after the clock was set back: %w", err))
	}
}

// begin says whether a plan that was read may be told. One that was told while it
// was being read may have been read as it was before.
func (k *Keeper) begin(p Plan) bool {
	k.mu.Lock()
	defer k.mu.Unlock()
	if k.telling[p.Revision] || k.told[p.Revision] {
		return false
	}
	k.telling[p.Revision] = true
	return true
}

func (k *Keeper) end(p Plan) {
	k.mu.Lock()
	defer k.mu.Unlock()
	delete(k.telling, p.Revision)
	k.told[p.Revision] = true
}

func (k *Keeper) forgetTold() {
	k.mu.Lock()
	defer k.mu.Unlock()
	clear(k.told)
}

// tell tells a plugin once, and writes down what follows.
func (k *Keeper) tell(ctx context.Context, p Plan) {
	own, cancel := context.WithTimeout(ctx, tellTimeout)
	defer cancel()
	due := sdk.Due{Name: p.Name, Data: p.Data, At: p.Due, Late: k.o.Now().Sub(p.Due) > lateAfter}
	err := k.o.Tell(own, p, due)
	if ctx.Err() != nil {
		return // the host stops: the next one tells again
	}
	moved, done := k.after(p, err)
	if err != nil {
		k.o.Failed(p, err)
	}
	if err := k.o.Store.MovePlan(ctx, moved, done); err != nil && ctx.Err() == nil {
		k.o.Failed(p, fmt.Errorf("move schedule: %w", err))
	}
}

// after is what becomes of a plan that a plugin was told of.
func (k *Keeper) after(p Plan, err error) (moved Plan, done bool) {
	now := k.o.Now()
	if sdk.ErrorCode(err) == sdk.CodeUnavailable {
		p.Wake = now.Add(away)
		return p, false
	}
	if err != nil && sdk.ErrorCode(err) != sdk.CodeUnsupported && p.Tries+1 < maxTries {
		p.Wake = now.Add(firstPause << (2 * p.Tries))
		p.Tries++
		return p, false
	}
	if !p.At.IsZero() {
		return p, true
	}
	due, err := next(p.Schedule, p.Zone, p.Due, now)
	if err != nil || due.IsZero() {
		return p, true
	}
	p.Due, p.Wake, p.Tries = due, due, 0
	return p, false
}
