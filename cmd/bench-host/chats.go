package main

import (
	"context"
	"fmt"
	"math/rand/v2"
	"os"
	"sync"
	"time"
)

// load is how a number of clients talk.
type load struct {
	clients   int
	order     order
	temporary bool
	transit   bool // whether each token's delay is kept
	// once: each client asks one thing; the tokens of its first second are left
	// out, and so is the time, for turns begin then.
	once  bool
	every time.Duration // between the beginnings of a client's turns; 0 is at once
}

// heard is what all clients heard together.
type heard struct {
	answers                     int
	tokens, deltas, bytes, text int
	agreed, firsts, transits    []time.Duration
	took, cpu                   time.Duration
	rss                         int64         // the process's, while they talked
	steady, steadyFor           time.Duration // the process's time while no turn began or ended
}

// talk lets clients talk in a closed loop for as long as a measurement takes.
func (b *bench) talk(ctx context.Context, p *process, l load) (h heard, err error) {
	talkers := make([]*talker, l.clients)
	for i := range talkers {
		t, err := dial(ctx, p, fmt.Sprintf("c%d", i))
		if err != nil {
			return h, err
		}
		defer func() { _ = t.c.Close() }()
		t.temporary = l.temporary && p == b.host
		talkers[i] = t
	}
	if err := each(talkers, func(t *talker) error { // connections and statements are warm then
		_, err := t.ask(order{tokens: 1}, false)
		return err
	}); err != nil {
		return h, err
	}
	var mu sync.Mutex
	cpu, began := p.cpu(), time.Now()
	until := began.Add(b.each)
	probes := b.watch(p, &h)
	err = each(talkers, func(t *talker) error {
		var mine []answer
		if l.every > 0 { // not all at once
			<-time.After(rand.N(l.every))
		}
		for time.Now().Before(until) {
			next := time.Now().Add(l.every)
			a, err := t.ask(l.order, l.transit)
			if err != nil {
				return err
			}
			mine = append(mine, a)
			if l.once {
				break
			}
			<-time.After(time.Until(next))
		}
		mu.Lock()
		defer mu.Unlock()
		h.add(mine)
		return nil
	})
	h.took, h.cpu = time.Since(began), p.cpu()-cpu
	probes.Wait()
	return h, err
}

// begins is how long turns get to begin before a stream counts as steady.
const begins = time.Second

// watch notes the process's memory, and its time between the beginning of the
// turns and their end.
func (b *bench) watch(p *process, h *heard) *sync.WaitGroup {
	var all sync.WaitGroup
	all.Go(func() {
		<-time.After(begins)
		cpu, began := p.cpu(), time.Now()
		<-time.After(b.each - begins/4)
		h.steady, h.steadyFor, h.rss = p.cpu()-cpu, time.Since(began), p.rss()
	})
	return &all
}

func each(talkers []*talker, do func(*talker) error) error {
	failed := make(chan error, len(talkers))
	for _, t := range talkers {
		go func() { failed <- do(t) }()
	}
	var first error
	for range talkers {
		if err := <-failed; first == nil {
			first = err
		}
	}
	return first
}

func (h *heard) add(answers []answer) {
	for _, a := range answers {
		h.answers++
		h.tokens += a.tokens
		h.deltas += a.deltas
		h.bytes += a.bytes
		h.text += a.text
		h.agreed = append(h.agreed, a.agreed)
		h.firsts = append(h.firsts, a.first)
		h.transits = append(h.transits, a.transit...)
	}
}

// firstToken is F1: how much later than from a bare relay the first word comes.
func (b *bench) firstToken(ctx context.Context) ([]goal, error) {
	var bare, durable, ram []float64
	err := b.turns(func(p *process, host bool) error {
		h, err := b.talk(ctx, p, load{clients: 1, order: order{tokens: 4}})
		if !host {
			bare = append(bare, micros(median(h.firsts)))
			return err
		}
		durable = append(durable, micros(median(h.firsts)))
		if err != nil {
			return err
		}
		h, err = b.talk(ctx, p, load{clients: 1, order: order{tokens: 4}, temporary: true})
		ram = append(ram, micros(median(h.firsts)))
		return err
	})
	if err != nil {
		return nil, err
	}
	sync, err := fsyncTime()
	if err != nil {
		return nil, err
	}
	floor := median(bare)
	kept := against(goal{id: "F1", what: "first token, one chat, on disk first", unit: "us"}, bare, durable)
	kept.ratio, kept.must = kept.figure-floor, 150+micros(sync)
	kept.note = fmt.Sprintf("added; one fsync here takes %.0f us", micros(sync))
	passing := against(goal{id: "F1", what: "first token, one chat, temporary session", unit: "us", note: "added"}, bare, ram)
	passing.ratio, passing.must, passing.better = passing.figure-floor, 150, 0.15*floor
	return []goal{kept, passing}, nil
}

// fsyncTime is how long it takes to make a page durable where the host keeps
// its data.
func fsyncTime() (time.Duration, error) {
	f, err := os.CreateTemp("", "bench-fsync-")
	if err != nil {
		return 0, err
	}
	defer func() {
		_ = f.Close()
		_ = os.Remove(f.Name())
	}()
	page := make([]byte, 4096)
	var took []time.Duration
	for range 200 {
		if _, err := f.Write(page); err != nil {
			return 0, err
		}
		began := time.Now()
		if err := f.Sync(); err != nil {
			return 0, err
		}
		took = append(took, time.Since(began))
	}
	return median(took), nil
}

// twenty is F2.
func (b *bench) twenty(ctx context.Context) ([]goal, error) {
	var bare, durable, ram []float64
	l := load{clients: 20, order: order{tokens: 16}}
	err := b.turns(func(p *process, host bool) error {
		h, err := b.talk(ctx, p, l)
		if !host {
			bare = append(bare, micros(quantile(h.firsts, 0.99)))
			return err
		}
		durable = append(durable, micros(quantile(h.firsts, 0.99)))
		if err != nil {
			return err
		}
		temporary := l
		temporary.temporary = true
		h, err = b.talk(ctx, p, temporary)
		ram = append(ram, micros(quantile(h.firsts, 0.99)))
		return err
	})
	return []goal{
		against(goal{id: "F2", what: "first token, 20 chats, p99, on disk first", unit: "us", must: 1.6, better: 1.2}, bare, durable),
		against(goal{id: "F2", what: "first token, 20 chats, p99, temporary sessions", unit: "us", must: 1.6, better: 1.2}, bare, ram),
	}, err
}

// perSecond is how fast a paced model speaks, in tokens.
const perSecond = 50

// stream is one answer for each client, for as long as a measurement takes.
func (b *bench) stream(clients int) load {
	tokens := int((b.each + begins).Seconds() * perSecond)
	return load{clients: clients, order: order{tokens: tokens, rate: perSecond}, transit: true, once: true}
}

// promptly is E01: 50 chats in closed loop, each message on disk first.
func (b *bench) promptly(ctx context.Context) ([]goal, error) {
	h, err := b.talk(ctx, b.host, load{clients: 50, order: order{tokens: 16, rate: perSecond}})
	if err != nil {
		return nil, err
	}
	accepted, first := micros(quantile(h.agreed, 0.95))/1000, micros(quantile(h.firsts, 0.95))/1000
	return []goal{
		{id: "E01", what: "accepted, 50 chats, p95", unit: "ms", figure: accepted, ratio: accepted, must: 50},
		{id: "E01", what: "first word, 50 chats, p95, model at once", unit: "ms", figure: first, ratio: first, must: 100},
	}, nil
}

// steady is S10: 200 messages a second of 200 people.
func (b *bench) steady(ctx context.Context) ([]goal, error) {
	var bare, durable, ram []float64
	p99 := func(h heard) float64 { return micros(quantile(h.firsts, 0.99)) / 1000 }
	l := load{clients: 200, order: order{tokens: 4}, every: time.Second}
	err := b.turns(func(p *process, host bool) error {
		h, err := b.talk(ctx, p, l)
		if !host {
			bare = append(bare, p99(h))
			return err
		}
		durable = append(durable, p99(h))
		if err != nil {
			return err
		}
		passing := l
		passing.temporary = true
		h, err = b.talk(ctx, p, passing)
		ram = append(ram, p99(h))
		return err
	})
	added := func(what string, figures []float64) goal {
		g := against(goal{id: "S10", what: "first token, 200 messages a second, p99, " + what, unit: "ms", must: 20, note: "added"}, bare, figures)
		g.ratio = g.figure - g.floor
		return g
	}
	return []goal{added("on disk", durable), added("temporary", ram)}, err
}

// paced is F3, F4 and F20: 200 chats of 50 tokens a second.
func (b *bench) paced(ctx context.Context) ([]goal, error) {
	var p50, p99, cpu [2][]float64
	var perDelta []float64
	err := b.turns(func(p *process, host bool) error {
		h, err := b.talk(ctx, p, b.stream(200))
		i := index(host)
		p50[i] = append(p50[i], micros(quantile(h.transits, 0.5)))
		p99[i] = append(p99[i], micros(quantile(h.transits, 0.99)))
		cpu[i] = append(cpu[i], micros(h.steady)/(200*perSecond*h.steadyFor.Seconds()))
		if host && h.deltas > 0 {
			perDelta = append(perDelta, (float64(h.bytes)-1.2*float64(h.text))/float64(h.deltas))
		}
		return err
	})
	wire := goal{id: "F20", what: "bytes beside 1.2 x the text, a delta", unit: "B", figure: median(perDelta), ratio: median(perDelta), must: 100}
	return []goal{
		against(goal{id: "F3", what: "token's way, 200 chats x 50/s, p50", unit: "us", must: 1.3, better: 1.1}, p50[0], p50[1]),
		against(goal{id: "F3", what: "token's way, 200 chats x 50/s, p99", unit: "us", must: 2, better: 1.1}, p99[0], p99[1]),
		against(goal{id: "F4", what: "CPU of a token, the same", unit: "us", must: 1.2, better: 0.9}, cpu[0], cpu[1]),
		wire,
	}, err
}

func index(host bool) int {
	if host {
		return 1
	}
	return 0
}

// saturated is F5: as many tokens as can be.
func (b *bench) saturated(ctx context.Context) ([]goal, error) {
	var rows []goal
	for _, clients := range []int{50, 200} {
		var rate [2][]float64
		err := b.turns(func(p *process, host bool) error {
			h, err := b.talk(ctx, p, load{clients: clients, order: order{tokens: 1000}})
			rate[index(host)] = append(rate[index(host)], float64(h.tokens)/h.took.Seconds())
			return err
		})
		if err != nil {
			return rows, err
		}
		rows = append(rows, against(goal{id: "F5", what: fmt.Sprintf("tokens, %d chats, as fast as can be", clients), unit: "1/s", must: 0.8, better: 1.5, more: true}, rate[0], rate[1]))
	}
	return rows, nil
}

// oneToken is F8.
func (b *bench) oneToken(ctx context.Context) ([]goal, error) {
	var bare, durable, ram []float64
	err := b.turns(func(p *process, host bool) error {
		h, err := b.talk(ctx, p, load{clients: 20, order: order{tokens: 1}})
		if !host {
			bare = append(bare, perAnswer(h))
			return err
		}
		durable = append(durable, perAnswer(h))
		if err != nil {
			return err
		}
		h, err = b.talk(ctx, p, load{clients: 20, order: order{tokens: 1}, temporary: true})
		ram = append(ram, perAnswer(h))
		return err
	})
	return []goal{
		against(goal{id: "F8", what: "CPU of a message of one token, on disk", unit: "us", must: 1.8, better: 1.4}, bare, durable),
		against(goal{id: "F8", what: "CPU of a message of one token, temporary sessions", unit: "us", must: 1.8, better: 1.4}, bare, ram),
	}, err
}

// activeMemory is F13, of servers that have done nothing else.
func (b *bench) activeMemory(ctx context.Context) ([]goal, error) {
	const clients = 200
	var kib [2][]float64
	for range b.rounds {
		if err := b.renew(ctx); err != nil {
			return nil, err
		}
		for i, p := range []*process{b.floor, b.host} {
			before := p.rss()
			h, err := b.talk(ctx, p, b.stream(clients))
			if err != nil {
				return nil, err
			}
			kib[i] = append(kib[i], float64(h.rss-before)/1024/clients)
		}
	}
	return []goal{against(goal{id: "F13", what: "memory of an active chat, 200 chats", unit: "KiB", must: 2, better: 1.2}, kib[0], kib[1])}, nil
}
