package session_test

import (
	"context"
	"fmt"
	"math/rand/v2"
	"runtime"
	"sync/atomic"
	"testing"
	"time"

	"github.com/jarvis-host/jarvis/host/protocol"
	"github.com/jarvis-host/jarvis/host/session"
	"github.com/jarvis-host/jarvis/host/turn"
)

func TestAStoppedTurnKeepsWhatItSaid(t *testing.T) { // E06
	bubble(t, scripts{"wait": waits(nil, "half an ans")}, func(w *world) {
		t := w.t
		w.say("wait")
		settle()
		w.stop()
		d := w.device.done()
		if len(d) != 1 || d[0].State != "stopped" || d[0].Text != "half an ans" {
			t.Errorf("done is %+v", d)
		}
		if m := w.messages(); len(m) != 2 || m[1].Text != "half an ans" || m[1].State != turn.Stopped {
			t.Errorf("messages are %+v", m)
		}
		wantCode(t, w.Stop(t.Context(), alice, w.session, ""), protocol.NotFound)
	})
}

func TestStopEndsWhatIsQueuedToo(t *testing.T) {
	bubble(t, scripts{"wait": waits(nil, "a")}, func(w *world) {
		t := w.t
		w.say("wait")
		w.say("second")
		w.say("third")
		w.stop()
		wantShape(t, w.device, "accepted:1 accepted:2 accepted:3 done:1 done:2 done:3")
		for _, d := range w.device.done() {
			if d.State != "stopped" {
				t.Errorf("turn ended as %s", d.State)
			}
		}
		w.say("fourth")
		settle()
		wantShape(t, w.device, "accepted:1 accepted:2 accepted:3 done:1 done:2 done:3 accepted:4 done:4")
	})
}

func TestStoppingAQueuedTurnSparesTheRunningOne(t *testing.T) {
	bubble(t, nil, func(w *world) {
		t := w.t
		open := make(chan struct{})
		w.scripts["wait"] = waits(open, "a")
		w.say("wait")
		w.say("second")
		third := w.say("third")
		w.say("fourth")
		if err := w.Stop(t.Context(), alice, w.session, third.Turn); err != nil {
			t.Fatal(err)
		}
		wantShape(t, w.device, "accepted:1 accepted:2 accepted:3 accepted:4 done:3 done:4")
		wantCode(t, w.Stop(t.Context(), alice, w.session, "t_none"), protocol.NotFound)
		close(open)
		settle()
		wantShape(t, w.device, "accepted:1 accepted:2 accepted:3 accepted:4 done:3 done:4 done:1 done:2")
	})
}

func TestAnAnswererThatLingersIsAbandoned(t *testing.T) { // E06
	bubble(t, nil, func(w *world) {
		t := w.t
		release, open := make(chan struct{}), make(chan struct{})
		w.scripts["next"] = waits(open, "next")
		heard := 0
		for _, ev := range []turn.Event{turn.Delta{Text: "late"}, turn.ToolStep{Call: "x"}, &turn.Question{}, turn.Done{Text: "late"}} {
			w.scripts[fmt.Sprintf("linger %T", ev)] = func(_ context.Context, _ *turn.Turn, yield func(turn.Event, error) bool) {
				yield(turn.Delta{Text: "a"}, nil)
				<-release // deaf to its context
				if _, isDone := ev.(turn.Done); yield(ev, nil) && !isDone {
					heard++
				}
			}
		}
		want := ""
		for i, what := range []string{"turn.Delta", "turn.ToolStep", "*turn.Question", "turn.Done"} {
			w.say("linger " + what)
			settle()
			began := time.Now()
			w.stop()
			if took := time.Since(began); took > 200*time.Millisecond {
				t.Errorf("stop took %v", took)
			}
			want += fmt.Sprintf("accepted:%d done:%d ", i+1, i+1)
		}
		w.say("next")
		settle()
		close(release)
		settle()
		wantShape(t, w.device, want+"accepted:5")
		close(open)
		settle()
		wantShape(t, w.device, want+"accepted:5 done:5")
		if d := w.device.done(); heard != 0 || d[4].Text != "next." || d[0].Text != "a" {
			t.Errorf("%d events of abandoned answers were taken; ends are %+v", heard, d)
		}
	})
}

func TestAStopWordStopsAndIsAnswered(t *testing.T) { // E09
	var stopped []int
	s := scripts{
		"wait": waits(nil, "a"),
		"stop": func(ctx context.Context, tn *turn.Turn, yield func(turn.Event, error) bool) {
			stopped = append(stopped, tn.StoppedTurns)
			says("ok, stopped")(ctx, tn, yield)
		},
	}
	bubble(t, s, func(w *world) {
		t := w.t
		w.say("wait")
		w.say("second")
		w.say("stop")
		pass(time.Second)
		wantShape(t, w.device, "accepted:1 accepted:2 accepted:3 done:1 done:2 done:3")
		if d := w.device.done(); d[0].State != "stopped" || d[1].State != "stopped" || d[2].Text != "ok, stopped" {
			t.Errorf("ends are %+v", d)
		}
		w.say("stop")
		settle()
		if fmt.Sprint(stopped) != "[2 0]" {
			t.Errorf("the stop words stopped %v turns", stopped)
		}
	})
}

func TestATurnThatIsStoppedStillTellsHowItsCallsEnded(t *testing.T) { // E07
	bubble(t, scripts{"act": func(ctx context.Context, _ *turn.Turn, yield func(turn.Event, error) bool) {
		yield(turn.ToolStep{Call: "c", Plugin: "p", Tool: "t", State: turn.ToolRunning}, nil)
		<-ctx.Done()
		if !yield(turn.ToolStep{Call: "c", Plugin: "p", Tool: "t", State: turn.ToolUnverified}, nil) {
			return
		}
		if yield(turn.ToolStep{Call: "d", Plugin: "p", Tool: "t", State: turn.ToolRunning}, nil) {
			panic("another call began")
		}
	}}, func(w *world) {
		t := w.t
		w.say("act")
		settle()
		w.stop()
		wantShape(t, w.device, "accepted:1 tool:1 tool:1 done:1")
		if d := w.device.done()[0]; d.State != "stopped" || d.Text != "" {
			t.Errorf("done is %+v", d)
		}
	})
}

// acts runs tools one after the other and calls effect in the middle of each.
func acts(pause func(), effect func()) script {
	return func(ctx context.Context, _ *turn.Turn, yield func(turn.Event, error) bool) {
		for i := 0; ; i++ {
			step := turn.ToolStep{Call: fmt.Sprint(i), Plugin: "home", Tool: "light", State: turn.ToolRunning}
			if !yield(step, nil) {
				return
			}
			pause()
			if ctx.Err() != nil {
				return
			}
			effect()
			pause()
			step.State = turn.ToolExecuted
			if !yield(step, nil) {
				return
			}
			pause()
		}
	}
}

func TestNothingHappensInTheWorldAfterAStop(t *testing.T) { // E08
	const instants = 1000
	random := rand.New(rand.NewPCG(8, 8))
	bubble(t, nil, func(w *world) {
		t := w.t
		effects := 0
		for i := range instants {
			var acked atomic.Bool
			pauses := rand.New(rand.NewPCG(8, uint64(i))) // of the answerer's goroutine
			w.scripts["act"] = acts(
				func() { time.Sleep(time.Duration(pauses.IntN(3)) * time.Microsecond) },
				func() {
					effects++
					if acked.Load() {
						t.Errorf("instant %d: an effect after the stop", i)
					}
				})
			w.say("act")
			time.Sleep(time.Duration(random.IntN(40)) * time.Microsecond)
			w.stop()
			acked.Store(true)
			pass(time.Millisecond)
			if last := w.device.last(); last.Type != protocol.TypeDone || doneOf(t, last).State != "stopped" {
				t.Fatalf("instant %d: the last frame is %s", i, last.Body)
			}
		}
		if effects < instants {
			t.Errorf("only %d effects in %d turns: the stops came too early to mean anything", effects, instants)
		}
	})
}

// TestNothingHappensAfterAStopOnRealProcessors is the same with true
// parallelism, for the race detector.
func TestNothingHappensAfterAStopOnRealProcessors(t *testing.T) { // E08
	w := newWorld(t, options(nil))
	random := rand.New(rand.NewPCG(9, 9))
	for i := range 200 {
		var acked atomic.Bool
		effect := func() {
			if acked.Load() {
				t.Errorf("instant %d: an effect after the stop", i)
			}
		}
		w.Manager, w.session = session.New(optionsOver(w.store, scripts{"act": acts(func() {}, effect)})), ""
		w.say("act")
		for range random.IntN(2000) {
			runtime.Gosched()
		}
		w.stop()
		acked.Store(true)
		w.Unsubscribe(w.device)
		events := w.device.events
		ctx, cancel := context.WithCancel(t.Context())
		cancel()
		if err := w.Drain(ctx); err != nil {
			t.Fatal(err)
		}
		if w.device.events != events {
			t.Errorf("instant %d: events after the stop", i)
		}
		w.device = newDevice(t)
	}
}

func optionsOver(s session.Store, a scripts) session.Options {
	o := options(a)
	o.Store = s
	return o
}
