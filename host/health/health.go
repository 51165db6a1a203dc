package health

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"sync"
	"time"
)

// Probe asks a service whether it works: nil when it does. It must return soon
// after its context is done; one that does not is reported as down, and is not
// called again before it has returned.
type Probe func(ctx context.Context) error

// Options are what a Checks is made with; the zero value is usable.
type Options struct {
	Interval time.Duration    // between two probes of a service; 5 s if zero
	Timeout  time.Duration    // of one probe; 2 s if zero
	Now      func() time.Time // the clock of Since; time.Now if nil
	// Clean is applied to each error's text before it is kept, since anyone may
	// read the report; nil keeps texts as they are.
	Clean func(string) string
	// Observe is told of every answer, with how long a probe took (zero for one
	// that was set). It is called without locks held, from several goroutines.
	Observe func(name string, err error, took time.Duration)
}

// Checks are the host's named checks. Safe for concurrent use. It owns no
// goroutine but those of Run.
type Checks struct {
	opts Options
	wake chan struct{} // tells Run that a check was registered

	mu       sync.Mutex
	draining bool
	checks   map[string]*check
}

// check is one service's probe and what it last said.
type check struct {
	name    string
	probe   Probe // nil for one that is only set
	busy    bool  // a probe is under way
	service Service
}

// New returns checks with nothing registered.
func New(opts Options) *Checks {
	opts.Interval = cmp.Or(opts.Interval, 5*time.Second)
	opts.Timeout = cmp.Or(opts.Timeout, 2*time.Second)
	if opts.Now == nil {
		opts.Now = time.Now
	}
	if opts.Clean == nil {
		opts.Clean = func(s string) string { return s }
	}
	if opts.Observe == nil {
		opts.Observe = func(string, error, time.Duration) {}
	}
	return &Checks{opts: opts, wake: make(chan struct{}, 1), checks: map[string]*check{}}
}

// Register adds a service, in state unknown until it is probed by Run or set.
// A nil probe makes one that only Set answers for. The same name again
// replaces the service.
func (c *Checks) Register(name string, required bool, probe Probe) {
	c.mu.Lock()
	c.checks[name] = &check{
		name: name, probe: probe,
		service: Service{State: Unknown, Required: required, Since: c.opts.Now()},
	}
	c.mu.Unlock()
	select {
	case c.wake <- struct{}{}:
	default: // Run was told already
	}
}

// Remove forgets a service, such as a plugin that was taken out.
func (c *Checks) Remove(name string) {
	c.mu.Lock()
	defer c.mu.Unlock()
	delete(c.checks, name)
}

// Set tells how a service is: up when err is nil. A name that was never
// registered becomes an optional service.
func (c *Checks) Set(name string, err error) {
	c.mu.Lock()
	k := c.checks[name]
	if k == nil {
		k = &check{name: name}
		c.checks[name] = k
	}
	c.answer(k, err)
	c.mu.Unlock()
	c.opts.Observe(name, err, 0)
}

// Drain makes the host not ready from now on.
func (c *Checks) Drain() {
	c.mu.Lock()
	defer c.mu.Unlock()
	c.draining = true
}

// Ready returns what is known now. It runs no probe and waits for none.
func (c *Checks) Ready() Report {
	c.mu.Lock()
	defer c.mu.Unlock()
	r := Report{Ready: !c.draining, Draining: c.draining, Services: make(map[string]Service, len(c.checks))}
	for name, k := range c.checks {
		r.Services[name] = k.service
		if k.service.Required && k.service.State != Up {
			r.Ready = false
		}
	}
	return r
}

// answer keeps what was learnt of a service; the lock is held.
func (c *Checks) answer(k *check, err error) {
	state, text := Up, ""
	if err != nil {
		state, text = Down, c.opts.Clean(err.Error())
	}
	if k.service.State != state {
		k.service.State, k.service.Since = state, c.opts.Now()
	}
	k.service.Error = text
}

// errSilent is what is said of a probe that did not come back in time.
var errSilent = errors.New("did not answer")

// Run probes every service at once and then at each interval, each in a
// goroutine of its own, until ctx is done. It returns when the goroutines that
// watch over the probes have ended; a probe that ignores its context outlives it.
func (c *Checks) Run(ctx context.Context) {
	var watchers sync.WaitGroup
	defer watchers.Wait()
	tick := time.NewTicker(c.opts.Interval)
	defer tick.Stop()
	for {
		for _, k := range c.due() {
			watchers.Go(func() { c.watch(ctx, k) })
		}
		select {
		case <-ctx.Done():
			return
		case <-tick.C:
		case <-c.wake:
		}
	}
}

// due claims the services that can be probed now. A registration wakes Run for
// all of them: probing one a little early does no harm.
func (c *Checks) due() []*check {
	c.mu.Lock()
	defer c.mu.Unlock()
	var out []*check
	for _, k := range c.checks {
		if k.probe != nil && !k.busy {
			k.busy = true
			out = append(out, k)
		}
	}
	return out
}

// watch runs one probe, and answers for it if it is late.
func (c *Checks) watch(ctx context.Context, k *check) {
	began := c.opts.Now()
	err := c.ask(ctx, k)
	if ctx.Err() != nil {
		return // the host stops; that says nothing about the service
	}
	c.mu.Lock()
	current := c.checks[k.name] == k
	if current {
		c.answer(k, err)
	}
	c.mu.Unlock()
	if current {
		c.opts.Observe(k.name, err, c.opts.Now().Sub(began))
	}
}

// ask waits for a probe's word as long as the timeout allows.
func (c *Checks) ask(ctx context.Context, k *check) error {
	ctx, cancel := context.WithTimeout(ctx, c.opts.Timeout)
	defer cancel()
	result := make(chan error, 1)
	go func() {
		err := run(ctx, k.probe)
		c.mu.Lock()
		k.busy = false
		c.mu.Unlock()
		result <- err
	}()
	select {
	case err := <-result:
		return err
	case <-ctx.Done():
	}
	// A probe that obeys its context has a better word than ours.
	grace := time.NewTimer(c.opts.Timeout / 10)
	defer grace.Stop()
	select {
	case err := <-result:
		return err
	case <-grace.C:
		return fmt.Errorf("%w within %s", errSilent, c.opts.Timeout)
	}
}

// run calls a probe and makes an error of its panic.
func run(ctx context.Context, p Probe) (err error) {
	defer func() {
		if v := recover(); v != nil {
			err = fmt.Errorf("probe panicked: %v", v)
		}
	}()
	return p(ctx)
}
