package main

import (
	"context"
	"fmt"
	"io"
	"os"
	"runtime"
	"slices"
	"strings"
	"time"
)

// settings say what is measured, and for how long.
type settings struct {
	each   time.Duration
	rounds int
	host   string
	idle   int
	only   []string
}

// bench is one run: the servers, and the rows so far.
type bench struct {
	settings
	out                io.Writer
	model, floor, host *process
}

// step measures some goals.
type step struct {
	goals []string
	run   func(*bench, context.Context) ([]goal, error)
}

func steps() []step {
	return []step{
		{[]string{"E01"}, (*bench).promptly},
		{[]string{"F1"}, (*bench).firstToken},
		{[]string{"F2"}, (*bench).twenty},
		{[]string{"F3", "F4", "F20"}, (*bench).paced},
		{[]string{"F5"}, (*bench).saturated},
		{[]string{"F8"}, (*bench).oneToken},
		{[]string{"F8m"}, (*bench).remembering},
		{[]string{"T1"}, (*bench).toolStep},
		{[]string{"O1"}, (*bench).readers},
		{[]string{"E16"}, (*bench).modelDown},
		{[]string{"S10"}, (*bench).steady},
		{[]string{"F14"}, (*bench).stalled},
		{[]string{"F15"}, (*bench).vanished},
		{[]string{"F17"}, (*bench).handshakes},
		{[]string{"F18"}, (*bench).health},
		{[]string{"F13"}, (*bench).activeMemory},
		{[]string{"F6", "F7", "F12", "F16", "S10"}, (*bench).idleSockets},
		{[]string{"F11", "S15"}, (*bench).coldStart},
		{[]string{"F9"}, (*bench).logLine},
		{[]string{"F19"}, (*bench).limiter},
	}
}

// measured lists all goals.
func measured() (goals []string) {
	for _, st := range steps() {
		for _, id := range st.goals {
			if !slices.Contains(goals, id) {
				goals = append(goals, id)
			}
		}
	}
	return goals
}

func (s settings) check() error {
	for _, id := range s.only {
		if !slices.Contains(measured(), id) {
			return fmt.Errorf("-only: nothing measures %q, expected some of %s", id, strings.Join(measured(), ","))
		}
	}
	return nil
}

func run(ctx context.Context, s settings) error {
	if err := s.check(); err != nil {
		return err
	}
	b := &bench{settings: s, out: os.Stdout}
	defer func() {
		b.host.stop()
		b.floor.stop()
		b.model.stop()
	}()
	if err := b.begin(ctx); err != nil {
		return err
	}
	fmt.Fprintf(b.out, "%s, %s/%s, %d cores; each figure is the median of %d turns of %v, ratios of turn to turn\n\n",
		runtime.Version(), runtime.GOOS, runtime.GOARCH, runtime.NumCPU(), s.rounds, s.each)
	head(b.out)
	for _, st := range steps() {
		if len(s.only) > 0 && !slices.ContainsFunc(st.goals, func(id string) bool { return slices.Contains(s.only, id) }) {
			continue
		}
		rows, err := st.run(b, ctx)
		for _, g := range rows {
			g.print(b.out)
		}
		if err != nil {
			return fmt.Errorf("measure %v: %w", st.goals, err)
		}
	}
	return nil
}

func (b *bench) begin(ctx context.Context) (err error) {
	if b.model, err = startRole(ctx, "model"); err != nil {
		return err
	}
	return b.renew(ctx)
}

// renew starts floor and host anew, so that no memory of an earlier measurement
// is counted.
func (b *bench) renew(ctx context.Context) (err error) {
	b.host.stop()
	b.floor.stop()
	b.host, b.floor = nil, nil
	if b.floor, err = startRole(ctx, "floor", b.model.url); err != nil {
		return err
	}
	b.host, err = startHost(ctx, b.settings.host, b.model.url, "")
	return err
}

// turns lets the servers take turns; the first one of each is to warm up.
func (b *bench) turns(measure func(p *process, host bool) error) error {
	for range b.rounds {
		if err := measure(b.floor, false); err != nil {
			return fmt.Errorf("floor: %w", err)
		}
		if err := measure(b.host, true); err != nil {
			return fmt.Errorf("host: %w", err)
		}
	}
	return nil
}
