package session_test

import (
	"context"
	"errors"
	"fmt"
	"strings"
	"testing"
	"time"

	"github.com/jarvis-host/jarvis/host/protocol"
	"github.com/jarvis-host/jarvis/host/session"
	"github.com/jarvis-host/jarvis/host/turn"
)

func TestEveryWayToEndATurn(t *testing.T) {
	delta := func(yield func(turn.Event, error) bool, text string) { yield(turn.Delta{Text: text}, nil) }
	type end struct{ state, code, text, source string }
	for name, c := range map[string]struct {
		answer script
		want   end
	}{
		"panic": {
			func(context.Context, *turn.Turn, func(turn.Event, error) bool) { panic("broken") },
			end{"failed", "internal", "sorry, internal in en", "host"},
		},
		"panic in the middle": {
			func(_ context.Context, _ *turn.Turn, yield func(turn.Event, error) bool) {
				delta(yield, "so far")
				panic("broken")
			},
			end{"failed", "internal", "so far\n\nsorry, internal in en", "host"},
		},
		"error": {
			func(_ context.Context, _ *turn.Turn, yield func(turn.Event, error) bool) {
				yield(nil, errors.New("no route to host"))
			},
			end{"failed", "internal", "sorry, internal in en", "host"},
		},
		"error with words": {
			func(_ context.Context, _ *turn.Turn, yield func(turn.Event, error) bool) {
				delta(yield, "so far")
				yield(nil, fmt.Errorf("call: %w", &protocol.Problem{Code: protocol.Unavailable, Message: "The lamp is off line."}))
			},
			end{"failed", "unavailable", "so far\n\nThe lamp is off line.", "host"},
		},
		"too slow": {
			func(_ context.Context, _ *turn.Turn, yield func(turn.Event, error) bool) {
				yield(nil, fmt.Errorf("ask model: %w", context.DeadlineExceeded))
			},
			end{"failed", "timeout", "sorry, timeout in en", "host"},
		},
		"nothing at all": {
			func(context.Context, *turn.Turn, func(turn.Event, error) bool) {},
			end{"failed", "internal", "sorry, internal in en", "host"},
		},
		"text only in done": {
			func(_ context.Context, _ *turn.Turn, yield func(turn.Event, error) bool) {
				yield(turn.Done{Text: "whole", Source: turn.SourceIntent}, nil)
			},
			end{"answered", "", "whole", "intent"},
		},
		"the rest in done": {
			func(_ context.Context, _ *turn.Turn, yield func(turn.Event, error) bool) {
				delta(yield, "who")
				yield(turn.Done{Text: "whole", Source: turn.SourceModel}, nil)
			},
			end{"answered", "", "whole", "model"},
		},
		"another text in done": {
			func(_ context.Context, _ *turn.Turn, yield func(turn.Event, error) bool) {
				delta(yield, "one")
				yield(turn.Done{Text: "two"}, nil)
			},
			end{"answered", "", "one\n\ntwo", "host"},
		},
		"no text in done": {
			func(_ context.Context, _ *turn.Turn, yield func(turn.Event, error) bool) {
				delta(yield, "one")
				yield(turn.Done{}, nil)
			},
			end{"answered", "", "one", "host"},
		},
		"a failure that the answerer tells": {
			func(_ context.Context, _ *turn.Turn, yield func(turn.Event, error) bool) {
				yield(turn.Done{Text: "I can't.", State: turn.Failed, Code: "unavailable", Source: turn.SourceHost}, nil)
			},
			end{"failed", "unavailable", "I can't.", "host"},
		},
		"characters cut in two": {
			func(_ context.Context, _ *turn.Turn, yield func(turn.Event, error) bool) {
				const text = "é👋"
				for i := range len(text) {
					delta(yield, text[i:i+1])
				}
				yield(turn.Done{Text: text}, nil)
			},
			end{"answered", "", "é👋", "host"},
		},
		"bytes that are no text": {
			func(_ context.Context, _ *turn.Turn, yield func(turn.Event, error) bool) {
				delta(yield, "a\xff")
				delta(yield, "\xfeb")
				yield(turn.Done{Text: "a\xff\xfebc"}, nil)
			},
			end{"answered", "", "a\ufffd\ufffdbc", "host"},
		},
	} {
		t.Run(name, func(t *testing.T) {
			bubble(t, scripts{"x": c.answer}, func(w *world) {
				t := w.t
				w.say("x")
				settle()
				wantShape(t, w.device, "accepted:1 done:1")
				d := w.device.done()[0]
				if got := (end{d.State, d.Code, d.Text, d.Source}); got != c.want {
					t.Errorf("got %+v, want %+v", got, c.want)
				}
				if m := w.messages(); m[1].Text != d.Text || string(m[1].State) != d.State {
					t.Errorf("message is %+v", m[1])
				}
				w.say("the session lives")
				settle()
				wantShape(t, w.device, "accepted:1 done:1 accepted:2 done:2")
			})
		})
	}
}

func TestAnAnswerWithoutEndIsCut(t *testing.T) {
	o := options(scripts{"x": func(_ context.Context, _ *turn.Turn, yield func(turn.Event, error) bool) {
		for yield(turn.Delta{Text: strings.Repeat("é", 100)}, nil) {
		}
	}})
	o.MaxAnswer = 1000
	bubbleWith(t, o, func(w *world) {
		t := w.t
		w.say("x")
		settle()
		if d := w.device.done()[0]; d.State != "failed" || d.Code != "too_large" || len(d.Text) > 2000 {
			t.Errorf("done is %s %s with %d bytes", d.State, d.Code, len(d.Text))
		}
	})
}

func TestAnEndThatCannotBeKeptIsToldLater(t *testing.T) { // fault-S3
	bubble(t, nil, func(w *world) {
		t := w.t
		open := make(chan struct{})
		w.scripts["wait"] = waits(open, "a")
		w.say("wait")
		w.say("next")
		w.store.fail(errDisk)
		close(open)
		pass(10 * time.Second)
		wantShape(t, w.device, "accepted:1 accepted:2")
		w.store.fail(nil)
		pass(time.Second)
		wantShape(t, w.device, "accepted:1 accepted:2 done:1 done:2")
		if d := w.device.done()[0]; d.Text != "a." || d.State != "answered" {
			t.Errorf("done is %+v", d)
		}
	})
}

func TestAToolWhoseStepCannotBeKeptDoesNotRun(t *testing.T) {
	bubble(t, nil, func(w *world) {
		t := w.t
		ready := make(chan struct{})
		ran := false
		w.scripts["act"] = func(_ context.Context, _ *turn.Turn, yield func(turn.Event, error) bool) {
			<-ready
			ran = yield(turn.ToolStep{Call: "c", State: turn.ToolRunning}, nil)
		}
		w.say("act")
		w.store.fail(errDisk)
		close(ready)
		pass(time.Second)
		w.store.fail(nil)
		pass(2 * time.Second)
		if ran {
			t.Error("the tool ran without a record")
		}
		if d := w.device.done()[0]; d.State != "failed" || d.Code != "unavailable" {
			t.Errorf("done is %+v", d)
		}
	})
}

func TestTheMeasuresOfATurn(t *testing.T) {
	var took, first time.Duration
	var source turn.Source
	o := options(scripts{"x": func(_ context.Context, _ *turn.Turn, yield func(turn.Event, error) bool) {
		time.Sleep(time.Second)
		yield(turn.Delta{Text: "a"}, nil)
		time.Sleep(time.Second)
		yield(turn.Done{Text: "ab", Source: turn.SourceModel}, nil)
	}})
	o.TurnDone = func(s turn.Source, d time.Duration) { source, took = s, d }
	o.FirstDelta = func(d time.Duration) { first = d }
	bubbleWith(t, o, func(w *world) {
		t := w.t
		w.say("x")
		pass(time.Minute)
		if first != time.Second || took != 2*time.Second || source != turn.SourceModel {
			t.Errorf("first delta after %v, done after %v from %s", first, took, source)
		}
	})
}

func TestAHostThatWasKilledInterruptsWhatItLeftOpen(t *testing.T) { // E12, fault-C2
	store := session.NewMemory()
	var id string
	o := options(nil)
	o.Store = store
	bubbleWith(t, o, func(w *world) {
		w.scripts["talk"] = func(ctx context.Context, _ *turn.Turn, yield func(turn.Event, error) bool) {
			yield(turn.Delta{Text: "kept "}, nil)
			time.Sleep(1500 * time.Millisecond)
			yield(turn.Delta{Text: "by the tool "}, nil)
			yield(turn.ToolStep{Call: "c", State: turn.ToolRead}, nil)
			yield(turn.Delta{Text: "by the second "}, nil)
			time.Sleep(time.Second)
			yield(turn.Delta{Text: "lost"}, nil)
			<-ctx.Done()
		}
		w.say("talk")
		w.say("waits")
		pass(2900 * time.Millisecond)
		id = w.session
		w.store.fail(errDisk) // nothing of what follows reaches the disk: it is dead
	})
	bubbleWith(t, o, func(w *world) {
		t := w.t
		w.session = id
		if err := w.Recover(t.Context()); err != nil {
			t.Fatal(err)
		}
		w.resume(w.device, "")
		wantShape(t, w.device, "accepted:1 accepted:2 tool:1 done:1 done:2")
		for i, want := range []string{"kept by the tool by the second ", ""} {
			if d := w.device.done()[i]; d.State != "interrupted" || d.Text != want || d.Lang != "en" {
				t.Errorf("end %d is %+v, want text %q", i, d, want)
			}
		}
		if m := w.messages(); len(m) != 4 || m[2].State != turn.Interrupted || m[2].Text == "" {
			t.Errorf("messages are %+v", m)
		}
		if err := w.Recover(t.Context()); err != nil {
			t.Fatal(err)
		}
		if f := w.say("talk"); f.Seq != 1 { // its id is known from before
			t.Errorf("the same utterance after the restart got seq %d", f.Seq)
		}
		if _, err := w.trySay(protocol.Say{ID: "retry", Text: "again"}); err != nil {
			t.Fatal(err)
		}
		settle()
		wantShape(t, w.device, "accepted:1 accepted:2 tool:1 done:1 done:2 accepted:3 done:3")
	})
}

func TestDrainLetsTurnsEnd(t *testing.T) { // fault-C1
	bubble(t, nil, func(w *world) {
		t := w.t
		open := make(chan struct{})
		w.scripts["wait"] = waits(open, "a")
		w.say("wait")
		w.say("next")
		drained := make(chan error)
		go func() { drained <- w.Drain(context.Background()) }()
		settle()
		_, err := w.trySay(protocol.Say{Text: "too late"})
		wantCode(t, err, protocol.Busy)
		_, _, err = w.Say(t.Context(), alice, protocol.Say{ID: "new", Text: "new session"}, nil)
		wantCode(t, err, protocol.Busy)
		select {
		case <-drained:
			t.Error("drained while a turn runs")
		default:
		}
		close(open)
		if err := <-drained; err != nil {
			t.Error(err)
		}
		wantShape(t, w.device, "accepted:1 accepted:2 done:1 done:2")
		for _, d := range w.device.done() {
			if d.State != "answered" {
				t.Errorf("turn ended as %s", d.State)
			}
		}
	})
}

func TestDrainInterruptsWhatDoesNotEndInTime(t *testing.T) { // fault-C1
	bubble(t, scripts{"wait": waits(nil, "a"), "deaf": func(_ context.Context, _ *turn.Turn, _ func(turn.Event, error) bool) {
		time.Sleep(time.Hour)
	}}, func(w *world) {
		t := w.t
		devices := map[string]*device{"wait": newDevice(t), "deaf": newDevice(t)}
		for text, d := range devices {
			id, _, err := w.Say(t.Context(), alice, protocol.Say{ID: "1", Text: text}, d)
			if err != nil {
				t.Fatal(err)
			}
			if _, _, err = w.Say(t.Context(), alice, protocol.Say{ID: "2", Text: "queued", Session: id}, d); err != nil {
				t.Fatal(err)
			}
		}
		ctx, cancel := context.WithTimeout(t.Context(), 8*time.Second)
		defer cancel()
		began := time.Now()
		if err := w.Drain(ctx); err != nil {
			t.Fatal(err)
		}
		if took := time.Since(began); took > 8200*time.Millisecond {
			t.Errorf("drain took %v", took)
		}
		for text, d := range devices {
			wantShape(t, d, "accepted:1 accepted:2 done:1 done:2")
			for _, end := range d.done() {
				if end.State != "interrupted" {
					t.Errorf("%s: a turn ended as %s", text, end.State)
				}
			}
		}
		_, err := w.Session(t.Context(), alice, "s_none")
		if !errors.Is(err, session.ErrNotFound) {
			t.Errorf("history after the drain: %v", err)
		}
		pass(time.Hour) // the deaf one comes back to no one
	})
}

func TestDrainOfNothingIsImmediate(t *testing.T) { // F16
	bubble(t, nil, func(w *world) {
		t := w.t
		for range 100 {
			w.session, w.device = "", newDevice(t)
			w.say("hi")
		}
		settle()
		began := time.Now()
		if err := w.Drain(t.Context()); err != nil || time.Since(began) != 0 {
			t.Errorf("drain took %v: %v", time.Since(began), err)
		}
	})
}
