package main

import (
	"context"
	"encoding/json"
	"fmt"
	"net"
	"time"

	"github.com/jarvis-host/jarvis/host/protocol"
)

// modelDown is E16: what is said for free when no model answers, and how soon.
func (b *bench) modelDown(ctx context.Context) ([]goal, error) {
	nowhere, err := deadEnd(ctx)
	if err != nil {
		return nil, err
	}
	host, err := startHost(ctx, b.settings.host, nowhere, "")
	if err != nil {
		return nil, err
	}
	defer host.stop()
	t, err := dial(ctx, host, "down")
	if err != nil {
		return nil, err
	}
	defer func() { _ = t.c.Close() }()
	var took []time.Duration
	for range 20 {
		one, err := t.told()
		if err != nil {
			return nil, err
		}
		took = append(took, one)
	}
	slowest := micros(quantile(took, 1)) / 1000
	return []goal{{id: "E16", what: "honest reply without a model, slowest of 20", unit: "ms", figure: slowest, ratio: slowest, must: 1000}}, nil
}

// deadEnd is an address where nobody listens.
func deadEnd(ctx context.Context) (string, error) {
	l, err := (&net.ListenConfig{}).Listen(ctx, "tcp", "127.0.0.1:0")
	if err != nil {
		return "", err
	}
	return "http://" + l.Addr().String(), l.Close()
}

// told says something only a model could answer, and returns how long it took
// until the host said that none does.
func (t *talker) told() (time.Duration, error) {
	began := time.Now()
	if err := t.say(order{tokens: 1}); err != nil {
		return 0, err
	}
	_ = t.c.SetReadDeadline(time.Now().Add(time.Minute))
	for {
		_, raw, err := t.c.ReadMessage()
		if err != nil {
			return 0, err
		}
		var done protocol.Done
		if err := json.Unmarshal(raw, &done); err != nil {
			return 0, err
		}
		switch {
		case done.Type == protocol.TypeError:
			return 0, fmt.Errorf("refused: %s", raw)
		case done.Type != protocol.TypeDone:
			continue
		case !done.Degraded || done.Text == "":
			return 0, fmt.Errorf("ended without saying that no model answers: %s", raw)
		}
		return time.Since(began), nil
	}
}
