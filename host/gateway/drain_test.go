package gateway

import (
	"context"
	"strings"
	"testing"
	"time"

	"github.com/jarvis-host/jarvis/host/protocol"
)

func TestADrainTellsEveryoneAndTakesNothingNew(t *testing.T) { // S01
	w := newWorld(t)
	c, idle := w.dial(t, "alice"), w.dial(t, "bob")
	old := w.original(t, "fr")
	c.say(sayFrame("m1", "wait"))
	c.until(protocol.TypeDelta)
	w.Drain(3 * time.Second)
	for _, each := range []*client{c, idle} {
		if f := each.next(); f.Type != protocol.TypeDraining || f.DeadlineMS != 3000 {
			t.Errorf("got %+v, want draining", f)
		}
	}
	if a := w.do(t, "GET", "/ws", "", w.as("alice")); a.status != 503 || a.header.Get("Retry-After") == "" || a.failure(t).Code != "busy" {
		t.Errorf("a new socket: %d %s", a.status, a.body)
	}
	if a := w.do(t, "POST", "/v1/chat", `{"text":"x"}`, w.as("alice")); a.status != 503 || a.header.Get("Retry-After") == "" {
		t.Errorf("a new chat: %d %s", a.status, a.body)
	}
	idle.say(sayFrame("m1", "hello"))
	if f := idle.next(); f.Code != "busy" || !strings.Contains(f.Message, "error.draining") {
		t.Errorf("a new utterance: %+v", f)
	}
	old.say(`{"message":"hello"}`)
	if f := old.next(); !strings.Contains(f.Error, "error.draining") {
		t.Errorf("a new message: %+v", f)
	}
	w.answerer.letGo()
	if all := c.until(protocol.TypeDone); all[len(all)-1].State != "answered" {
		t.Errorf("the open turn ended as %+v", all[len(all)-1])
	}
	ctx, cancel := context.WithTimeout(t.Context(), 5*time.Second)
	defer cancel()
	ended := make(chan error, 1)
	go func() { ended <- w.Shutdown(ctx) }()
	for _, each := range []*client{c, idle, old} {
		if code := each.closeCode(); code != protocol.CloseGoingAway {
			t.Errorf("closed with %d, want %d", code, protocol.CloseGoingAway)
		}
	}
	must(t, <-ended)
	if n := w.meter.get("open"); n != 0 {
		t.Errorf("%d sockets are counted as open", n)
	}
}

func TestAShutdownCutsThoseWhoDoNotRead(t *testing.T) {
	w := newWorld(t)
	stalled := w.handshake(t, "alice", protocol.Subprotocol)
	stalled.text(sayFrame("m1", "flood"))
	w.eventually(t, "the flood ends", func() bool { return w.overflowed() == 1 })
	ctx, cancel := context.WithTimeout(t.Context(), 100*time.Millisecond)
	defer cancel()
	if err := w.Shutdown(ctx); err != nil && ctx.Err() == nil {
		t.Errorf("shutdown: %v", err)
	}
	if n := w.meter.get("open"); n != 0 {
		t.Errorf("%d sockets are counted as open", n)
	}
}
