package main

import (
	"bytes"
	"context"
	"fmt"
	"sync"
	"syscall"
	"time"
)

// idleSockets is F6, F7, F12 and F16, of servers that have done nothing else.
func (b *bench) idleSockets(ctx context.Context) ([]goal, error) {
	if err := b.renew(ctx); err != nil {
		return nil, err
	}
	thousand, err := b.thousand(ctx)
	if err != nil {
		return nil, err
	}
	one, err := dial(ctx, b.host, "one")
	if err != nil {
		return nil, err
	}
	before, err := scrape(ctx, b.host)
	_ = one.c.Close()
	if err != nil {
		return nil, err
	}
	n := b.idle
	var kib, drained [2]float64
	var rows []goal
	for i, p := range []*process{b.floor, b.host} {
		rss := p.rss()
		held, err := hold(ctx, p, n)
		if err != nil {
			return rows, err
		}
		<-time.After(2 * time.Second) // what the handshakes left is collected meanwhile
		kib[i] = float64(p.rss()-rss) / 1024 / float64(n)
		if i == 1 {
			more, err := b.whileIdle(ctx, before, n)
			rows = append(rows, more...)
			if err != nil {
				return rows, err
			}
		}
		began := time.Now()
		_ = p.cmd.Process.Signal(syscall.SIGTERM)
		held.Wait()
		<-p.end
		drained[i] = float64(time.Since(began)) / float64(time.Millisecond)
	}
	memory := against(goal{id: "F6", what: fmt.Sprintf("memory of an idle socket, %d of them", n), unit: "KiB", must: 1.1, better: 0.75}, kib[:1], kib[1:])
	drain := against(goal{id: "F16", what: fmt.Sprintf("drain of %d idle sockets, all told and gone", n), unit: "ms", must: 3, better: 1.5}, drained[:1], drained[1:])
	return append(append([]goal{memory, thousand}, rows...), drain), b.renew(ctx)
}

// thousand is S10's other half: what the whole host holds with 1,000 idle
// sockets.
func (b *bench) thousand(ctx context.Context) (goal, error) {
	if _, err := hold(ctx, b.host, 1000); err != nil {
		return goal{}, err
	}
	mib := float64(b.host.rss()) / (1 << 20)
	return goal{id: "S10", what: "memory of the host with 1,000 idle sockets", unit: "MiB", figure: mib, ratio: mib, must: 150}, b.renew(ctx)
}

// whileIdle measures the host while all sockets are idle.
func (b *bench) whileIdle(ctx context.Context, before page, n int) ([]goal, error) {
	after, err := scrape(ctx, b.host)
	if err != nil {
		return nil, err
	}
	const long = 5 * time.Second
	cpu := b.host.cpu()
	<-time.After(long)
	share := 100 * float64(b.host.cpu()-cpu) / float64(long)
	routines := (after.value("go_goroutines ") - before.value("go_goroutines ")) / float64(n)
	return []goal{
		{id: "F7", what: "goroutines of an idle socket", figure: routines, ratio: routines, must: 2, better: 1},
		{id: "F7", what: fmt.Sprintf("CPU of %d idle sockets, pings and checks", n), unit: "% core", figure: share, ratio: share, must: 3, better: 2},
		{id: "F12", what: "series with all sockets, against one", floor: float64(before.series()), figure: float64(after.series()), ratio: float64(after.series()) / float64(before.series()), must: 1, better: 1},
		{id: "F12", what: "GET /metrics with all sockets", unit: "ms", figure: after.took, ratio: after.took, must: 5, better: 1, note: fmt.Sprintf("%d bytes, at most 65536", len(after.text))},
	}, nil
}

// hold opens sockets that only listen; its result is done when all are closed
// by the server.
func hold(ctx context.Context, p *process, n int) (*sync.WaitGroup, error) {
	var held sync.WaitGroup
	for i := range n {
		t, err := dial(ctx, p, fmt.Sprintf("i%d", i))
		if err != nil {
			return nil, fmt.Errorf("socket %d of %d: %w", i, n, err)
		}
		held.Go(func() {
			defer func() { _ = t.c.Close() }()
			for {
				if _, _, err := t.c.ReadMessage(); err != nil {
					return
				}
			}
		})
	}
	return &held, nil
}

// page is what GET /metrics answered.
type page struct {
	text []byte
	took float64 // milliseconds, the quickest of some
}

func scrape(ctx context.Context, p *process) (page, error) {
	var best page
	for range 10 {
		began := time.Now()
		text, err := p.get(ctx, "/metrics")
		if err != nil {
			return page{}, err
		}
		took := float64(time.Since(began)) / float64(time.Millisecond)
		if best.text == nil || took < best.took {
			best = page{text, took}
		}
	}
	return best, nil
}

func (p page) series() int {
	n := 0
	for line := range bytes.Lines(p.text) {
		if line[0] != '#' {
			n++
		}
	}
	return n
}

func (p page) value(name string) float64 {
	for line := range bytes.Lines(p.text) {
		if rest, ok := bytes.CutPrefix(line, []byte(name)); ok {
			var v float64
			_, _ = fmt.Sscan(string(rest), &v)
			return v
		}
	}
	return 0
}
