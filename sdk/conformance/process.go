package conformance

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"os"
	"strconv"
	"strings"
	"time"

	"github.com/jarvis-host/jarvis/sdk"
)

const (
	// exitLimit is how long a plugin may outlive its host.
	exitLimit = 2 * time.Second
	// growth is what memory may grow by over the measured calls, in bytes: a
	// leak of 16 KiB a call is more.
	growth     = 16 << 20
	warmCalls  = 300
	grownCalls = 1000
	drainCalls = 4 // that run at once while the plugin is asked to end
	slowCall   = 200 * time.Millisecond
)

func processChecks() []check {
	return []check{
		{"process.growth", fmt.Sprintf("does not grow over %d calls", grownCalls), doesNotGrow},
		{"start.stdout", "prints nothing on its standard output", printsNothing},
		{"end.drain", "lets running calls end before it does", drains},
		{"end.host_gone", fmt.Sprintf("ends by itself within %v when its host is gone", exitLimit), endsWithHost},
	}
}

// memory is what the plugin's own process holds, in bytes.
func (s *suite) memory() (int64, error) {
	raw, err := os.ReadFile(fmt.Sprintf("/proc/%d/status", s.proc.PID()))
	if err != nil {
		return 0, skip("this system does not tell what a process holds")
	}
	for line := range bytes.Lines(raw) {
		if rest, ok := bytes.CutPrefix(line, []byte("VmRSS:")); ok {
			kib, err := strconv.ParseInt(strings.TrimSuffix(strings.TrimSpace(string(rest)), " kB"), 10, 64)
			return kib << 10, err
		}
	}
	return 0, skip("this system does not tell what a process holds")
}

func idleMemory(_ context.Context, s *suite) error {
	held, err := s.memory()
	if err == nil && held > s.opts.IdleMemory {
		err = fmt.Errorf("it holds %d MiB, at most %d are expected", held>>20, s.opts.IdleMemory>>20)
	}
	return err
}

func doesNotGrow(ctx context.Context, s *suite) error {
	if err := s.quick(ctx); err != nil {
		return err
	}
	if err := s.many(ctx, warmCalls, 8); err != nil {
		return err
	}
	before, err := s.memory()
	if err != nil {
		return err
	}
	if err := s.many(ctx, grownCalls, 8); err != nil {
		return err
	}
	after, err := s.memory()
	if err == nil && after-before > growth {
		err = fmt.Errorf("it grew from %d to %d MiB over %d calls", before>>20, after>>20, grownCalls)
	}
	return err
}

// quick makes one call of each sample and skips the check where many of them
// would take too long.
func (s *suite) quick(ctx context.Context) error {
	all, err := s.sampled()
	if err != nil {
		return err
	}
	began := time.Now()
	for i, x := range all {
		if err := s.try(ctx, x, i); err != nil {
			return err
		}
	}
	if each := time.Since(began) / time.Duration(len(all)); each > slowCall {
		return skip("a call takes %v: %d of them would take too long", each.Round(time.Millisecond), grownCalls)
	}
	return nil
}

func printsNothing(_ context.Context, s *suite) error {
	s.mu.Lock()
	defer s.mu.Unlock()
	if len(s.printed) > 0 {
		return fmt.Errorf("it printed %q; logs belong on the standard error", s.printed[0])
	}
	return nil
}

func drains(ctx context.Context, s *suite) error {
	all, err := s.sampled()
	if err != nil {
		return err
	}
	began, ended := make(chan struct{}, drainCalls), make(chan error, drainCalls)
	for range drainCalls {
		go func() { ended <- s.lastCalls(ctx, all, began) }()
	}
	for range drainCalls {
		<-began
	}
	unfinished, err := s.proc.Stop(ctx, s.limit(callLimit))
	for range drainCalls {
		err = errors.Join(err, <-ended)
	}
	if unfinished > 0 {
		err = errors.Join(err, fmt.Errorf("%d calls were cut off", unfinished))
	}
	// How soon it exits then is not looked at here: it may have been killed.
	if exit := s.proc.Exit(); exit.Signal == 0 && exit.Code != 0 {
		err = errors.Join(err, fmt.Errorf("asked to end, it ended with %s", exit))
	}
	return err
}

// lastCalls makes calls until the plugin takes no more; none of those that it
// took may be lost. It says when its first one is over.
func (s *suite) lastCalls(ctx context.Context, all []sample, began chan<- struct{}) error {
	for i := range grownCalls {
		err := s.try(ctx, all[i%len(all)], i)
		if i == 0 {
			began <- struct{}{}
		}
		if i > 0 && sdk.ErrorCode(err) == sdk.CodeUnavailable {
			return nil
		}
		if err != nil {
			return err
		}
	}
	return nil
}

func endsWithHost(ctx context.Context, s *suite) error {
	s.proc.Abandon()
	late := time.NewTimer(s.limit(exitLimit))
	defer late.Stop()
	select {
	case <-s.proc.Done():
		return nil
	case <-ctx.Done():
		return ctx.Err()
	case <-late.C:
		s.proc.Kill()
		return fmt.Errorf("it still ran %v after the connection to its host was gone", s.limit(exitLimit))
	}
}
