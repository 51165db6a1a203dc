package main

import (
	"bytes"
	"context"
	"fmt"
	"io"
	"net/netip"
	"os"
	"runtime"
	"strings"
	"time"

	"github.com/jarvis-host/jarvis/host/limit"
	"github.com/jarvis-host/jarvis/host/scrub"
	"github.com/jarvis-host/jarvis/host/telemetry"
)

// remembering is what memory adds to a message, beside F8.
func (b *bench) remembering(ctx context.Context) ([]goal, error) {
	without := b.host
	config := strings.Replace(fmt.Sprintf(hostConfig, b.model.url, modelName), "memory:\n  enabled: false\n", "", 1)
	dir, err := os.MkdirTemp("", "bench-memory-")
	if err != nil {
		return nil, err
	}
	with, err := startHostIn(ctx, b.settings.host, dir, config)
	if err != nil {
		return nil, err
	}
	defer with.stop()
	var bare, full []float64
	l := load{clients: 4, order: order{tokens: 1}}
	for range b.rounds {
		h, err := b.talk(ctx, without, l)
		if err != nil {
			return nil, err
		}
		bare = append(bare, micros(h.cpu)/float64(max(1, h.answers)))
		if h, err = b.talk(ctx, with, l); err != nil {
			return nil, err
		}
		full = append(full, micros(h.cpu)/float64(max(1, h.answers)))
	}
	return []goal{against(goal{id: "F8m", what: "CPU of a message, with memory against without", unit: "us"}, bare, full)}, nil
}

// logLine is F9: what a message's log line costs, scrubbed, and the worst text.
func (b *bench) logLine(context.Context) ([]goal, error) {
	scrubber := scrub.New()
	for i := range 20 {
		scrubber.Register(fmt.Sprintf("jrv_%043d", i))
	}
	log := telemetry.NewLogger(io.Discard, "json", "info", scrubber)
	line := quickest(2000, func() {
		log.Info("turn", "session", "s_abcdefghijklmnop", "turn", "t_abcdefghijklmn", "request_id", "req_abcdefghijklmnopqrstuvwxyz",
			"user", "u_abcdefghijkl", "source", "model", "state", "answered", "ms", 1234, "first_ms", 123, "lang", "fr")
	})
	long := strings.Repeat("authorization: none; token of appreciation, the password is a secret key=value ", 60)[:4096]
	worst := quickest(200, func() { scrubber.Scrub(long) })
	plain := bytes.Repeat([]byte("le chat dort sur le tapis "), 160)[:4096]
	innocent := quickest(200, func() { scrubber.Scrub(string(plain)) })
	return []goal{
		{id: "F9", what: "a message's log line, scrubbed", unit: "us", figure: line, ratio: line, must: 60, better: 30},
		{id: "F9", what: "scrubbing 4 KiB of innocent text", unit: "us", figure: innocent, ratio: innocent, must: 1000, better: 100},
		{id: "F9", what: "scrubbing 4 KiB full of suspicious words", unit: "us", figure: worst, ratio: worst, must: 1000, better: 100},
	}, nil
}

// quickest is the median time of f in microseconds.
func quickest(times int, f func()) float64 {
	var took []time.Duration
	for range times {
		began := time.Now()
		f()
		took = append(took, time.Since(began))
	}
	return micros(median(took))
}

// limiter is F19: a limit that 100,000 addresses came to.
func (b *bench) limiter(context.Context) ([]goal, error) {
	const addresses, span = 100_000, time.Minute
	now := time.Now()
	from := make([]netip.Addr, addresses)
	for i := range from {
		from[i] = netip.AddrFrom4([4]byte{10, byte(i >> 16), byte(i >> 8), byte(i)})
	}
	empty := heap()
	edge := limit.NewEdge(limit.Limits{Chat: 30, Users: 10, Connects: 10, Failures: 100}, func() time.Time { return now })
	visit := func() float64 {
		began := time.Now()
		for _, a := range from {
			edge.Connect(a)
		}
		return micros(time.Since(began)) / addresses
	}
	first := visit()
	again := visit()
	held := float64(heap()-empty) / addresses
	now = now.Add(2 * span)
	for range addresses {
		edge.Connect(from[0])
	}
	left := float64(heap()-empty) / addresses
	runtime.KeepAlive(edge)
	return []goal{
		{id: "F19", what: "a connection's limit, 100,000 addresses", unit: "us", figure: again, ratio: again, must: 0.5, note: fmt.Sprintf("%.2f when all are new", first)},
		{id: "F19", what: "memory of an address", unit: "B", figure: held, ratio: held, must: 128, note: fmt.Sprintf("%.1f when they are gone", left)},
	}, nil
}

// heap is what is in use, in bytes, once everything else is collected.
func heap() int64 {
	runtime.GC()
	var m runtime.MemStats
	runtime.ReadMemStats(&m)
	return int64(m.HeapAlloc)
}
