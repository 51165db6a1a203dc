package main

import (
	"bytes"
	"context"
	"fmt"
	"net/http"
	"strconv"
	"sync"
	"sync/atomic"
	"time"

	"github.com/gorilla/websocket"
)

// stalled is F14: half of 200 clients stop reading; what it costs the others,
// and the host.
func (b *bench) stalled(ctx context.Context) ([]goal, error) {
	const clients = 100
	l := b.stream(clients)
	var all, half, memory []float64
	for range b.rounds {
		if err := b.renew(ctx); err != nil {
			return nil, err
		}
		readers := l
		readers.clients = 2 * clients
		h, err := b.talk(ctx, b.host, readers)
		if err != nil {
			return nil, err
		}
		all = append(all, micros(quantile(h.transits, 0.99)))
		stop, err := b.stall(ctx, clients, order{tokens: l.order.tokens, rate: perSecond})
		if err != nil {
			return nil, err
		}
		h, err = b.talk(ctx, b.host, l)
		stop()
		if err != nil {
			return nil, err
		}
		half = append(half, micros(quantile(h.transits, 0.99)))
		before := b.host.rss()
		if stop, err = b.stall(ctx, clients, order{tokens: 20_000, rate: 500}); err != nil { // more than its kernel takes
			return nil, err
		}
		<-time.After(b.each)
		memory = append(memory, float64(b.host.rss()-before)/1024/clients)
		stop()
	}
	if err := b.renew(ctx); err != nil { // the stalled turns still run
		return nil, err
	}
	stalling := goal{id: "F14", what: "memory of a client that stopped reading", unit: "KiB", figure: median(memory), ratio: median(memory), must: 256}
	return []goal{
		against(goal{id: "F14", what: "token's way p99 while half of 200 stopped reading", unit: "us", must: 1.5}, all, half), stalling,
	}, nil
}

// stall opens clients that ask for much and read nothing.
func (b *bench) stall(ctx context.Context, clients int, o order) (stop func(), err error) {
	var open []*talker
	stop = func() {
		for _, t := range open {
			_ = t.c.Close()
		}
	}
	for i := range clients {
		t, err := dial(ctx, b.host, fmt.Sprintf("stalled%d", i))
		if err != nil {
			stop()
			return nil, err
		}
		open = append(open, t)
		if err := t.say(o); err != nil {
			stop()
			return nil, err
		}
	}
	return stop, nil
}

// vanished is F15: a client breaks off, before the first word too; the policy
// is that the model's work is then given up.
func (b *bench) vanished(ctx context.Context) ([]goal, error) {
	const rounds = 40
	host, err := startHost(ctx, b.settings.host, b.model.url, "gateway:\n  unwatched: stop\n")
	if err != nil {
		return nil, err
	}
	defer host.stop()
	var took []float64
	lost := 0
	for i := range rounds {
		o := order{tokens: 1000, rate: 100}
		if i%2 == 1 {
			o.wait = 5000
		}
		late, err := b.vanish(ctx, host, fmt.Sprintf("gone%d", i), o)
		switch {
		case err != nil:
			return nil, err
		case late < 0:
			lost++
		default:
			took = append(took, float64(late)/float64(time.Millisecond))
		}
	}
	g := goal{
		id: "F15", what: "client gone, model given up, slowest of 40", unit: "ms", figure: quantile(took, 1), ratio: quantile(took, 1),
		must: 100, better: 20, note: fmt.Sprintf("%d never; half before the first word; policy gateway.unwatched: stop", lost),
	}
	if lost > 0 {
		g.ratio = 1e9
	}
	return []goal{g}, nil
}

// vanish asks, breaks the connection off, and returns how long after that the
// model's work was given up; -1 is never.
func (b *bench) vanish(ctx context.Context, host *process, name string, o order) (time.Duration, error) {
	t, err := dial(ctx, host, name)
	if err != nil {
		return 0, err
	}
	defer func() { _ = t.c.Close() }()
	if err := t.say(o); err != nil {
		return 0, err
	}
	for asked := false; !asked; {
		if o.wait > 0 {
			raw, err := b.model.get(ctx, "/asked?tag="+name+"-1")
			if err != nil {
				return 0, err
			}
			asked = string(raw) == "true"
			continue
		}
		_, raw, err := t.c.ReadMessage()
		if err != nil {
			return 0, err
		}
		asked = bytes.HasPrefix(raw, []byte(`{"type":"delta"`))
	}
	began := time.Now()
	_ = t.c.Close()
	at := b.awaitGone(ctx, name+"-1")
	if at == 0 {
		return -1, nil
	}
	return time.Unix(0, at).Sub(began), nil
}

// awaitGone asks the model when it noticed that a request was given up.
func (b *bench) awaitGone(ctx context.Context, tag string) int64 {
	for range 1000 {
		raw, err := b.model.get(ctx, "/gone?tag="+tag)
		if at, _ := strconv.ParseInt(string(raw), 10, 64); err == nil && at != 0 {
			return at
		}
		<-time.After(time.Millisecond)
	}
	return 0
}

// handshakes is F17.
func (b *bench) handshakes(ctx context.Context) ([]goal, error) {
	var cost [2][]float64
	err := b.turns(func(p *process, host bool) error {
		cpu, n, until := p.cpu(), 0, time.Now().Add(b.each)
		for time.Now().Before(until) {
			t, err := dial(ctx, p, "h")
			if err != nil {
				return err
			}
			bye := websocket.FormatCloseMessage(websocket.CloseNormalClosure, "")
			_ = t.c.WriteControl(websocket.CloseMessage, bye, time.Now().Add(time.Second))
			_, _, _ = t.c.ReadMessage() // its close
			_ = t.c.Close()
			n++
		}
		cost[index(host)] = append(cost[index(host)], micros(p.cpu()-cpu)/float64(n))
		return nil
	})
	return []goal{against(goal{id: "F17", what: "CPU of a connection that comes and goes", unit: "us", must: 1.5, better: 1.2}, cost[0], cost[1])}, err
}

// health is F18.
func (b *bench) health(ctx context.Context) ([]goal, error) {
	var rate [2][]float64
	err := b.turns(func(p *process, host bool) error {
		n, err := hammer(ctx, p.url+"/health", b.each)
		rate[index(host)] = append(rate[index(host)], float64(n)/b.each.Seconds())
		return err
	})
	return []goal{against(goal{id: "F18", what: "GET /health, 16 clients", unit: "1/s", must: 0.4, better: 0.65, more: true}, rate[0], rate[1])}, err
}

// hammer asks for one page again and again.
func hammer(ctx context.Context, url string, long time.Duration) (int64, error) {
	const clients = 16
	client := http.Client{Transport: &http.Transport{MaxIdleConnsPerHost: clients}}
	defer client.CloseIdleConnections()
	var n atomic.Int64
	var all sync.WaitGroup
	failed := make(chan error, clients)
	until := time.Now().Add(long)
	for range clients {
		all.Go(func() {
			for time.Now().Before(until) {
				req, err := http.NewRequestWithContext(ctx, http.MethodGet, url, nil)
				if err != nil {
					failed <- err
					return
				}
				resp, err := client.Do(req)
				if err != nil {
					failed <- err
					return
				}
				_ = resp.Body.Close()
				if resp.StatusCode != http.StatusOK {
					failed <- fmt.Errorf("%s: %s", url, resp.Status)
					return
				}
				n.Add(1)
			}
		})
	}
	all.Wait()
	close(failed)
	return n.Load(), <-failed
}
