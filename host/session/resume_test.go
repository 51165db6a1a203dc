package session_test

import (
	"context"
	"fmt"
	"math/rand/v2"
	"strings"
	"testing"
	"time"
	"unicode/utf8"

	"github.com/google/go-cmp/cmp"

	"github.com/jarvis-host/jarvis/host/protocol"
	"github.com/jarvis-host/jarvis/host/session"
	"github.com/jarvis-host/jarvis/host/turn"
)

// mixed answers with text and tool steps in turns, and takes its time.
func mixed(pieces int) script {
	return func(_ context.Context, _ *turn.Turn, yield func(turn.Event, error) bool) {
		var all strings.Builder
		for i := range pieces {
			piece := fmt.Sprintf("é%d👋 ", i)
			all.WriteString(piece)
			if !yield(turn.Delta{Text: piece}, nil) {
				return
			}
			time.Sleep(time.Millisecond)
			if i%3 == 0 && !yield(turn.ToolStep{Call: fmt.Sprint(i), Plugin: "p", Tool: "t", State: turn.ToolRead}, nil) {
				return
			}
			time.Sleep(time.Millisecond)
		}
		yield(turn.Done{Text: all.String()}, nil)
	}
}

// back is the same device on a new connection: it knows what it knew.
func (d *device) back() *device {
	fresh := newDevice(d.tb)
	d.mu.Lock()
	defer d.mu.Unlock()
	fresh.seq, fresh.frames = d.seq, append(fresh.frames, d.frames...)
	for id, text := range d.texts {
		fresh.texts[id] = text
	}
	return fresh
}

// resume asks for what d has not seen of the turn.
func (w *world) resume(d *device, turnID string) {
	w.t.Helper()
	r := protocol.Resume{Session: w.session, After: d.seq, Turn: turnID, Offset: utf8.RuneCountInString(d.texts[turnID])}
	if err := w.Resume(w.t.Context(), alice, r, d); err != nil {
		w.t.Fatalf("resume after %d, offset %d: %v", r.After, r.Offset, err)
	}
}

// wantWhole checks that a device has everything once.
func (w *world) wantWhole(d *device) {
	w.t.Helper()
	kept, err := w.store.Frames(context.Background(), w.session, 0, 1000)
	if err != nil {
		w.t.Fatal(err)
	}
	if diff := cmp.Diff(kept, d.frames); diff != "" {
		w.t.Errorf("frames of the device (-kept +got):\n%s", diff)
	}
}

func TestADeviceThatComesBackAtAnyMomentMissesNothing(t *testing.T) { // E02, E10, E13
	const pieces = 12
	for away := range 3 {
		for at := range 2*pieces + 4 {
			bubble(t, scripts{"go": mixed(pieces)}, func(w *world) {
				t := w.t
				f := w.say("go")
				time.Sleep(time.Duration(at) * time.Millisecond)
				w.Unsubscribe(w.device)
				time.Sleep(time.Duration(away*5) * time.Millisecond)
				fresh := w.device.back()
				w.resume(fresh, f.Turn)
				inTime := len(fresh.done()) == 0
				pass(time.Second)
				w.wantWhole(fresh)
				if d := fresh.done()[0]; inTime && fresh.texts[f.Turn] != d.Text {
					t.Errorf("away at %d ms: deltas are %q, done says %q", at, fresh.texts[f.Turn], d.Text)
				}
			})
		}
	}
}

// TestSeededDisconnectsLoseNothing cuts several devices off at random, again
// and again, while turns run and others wait.
func TestSeededDisconnectsLoseNothing(t *testing.T) { // E11 without the network
	seeds := 500
	if testing.Short() {
		seeds = 100
	}
	for seed := range seeds {
		bubble(t, scripts{"go": mixed(6)}, func(w *world) {
			random := rand.New(rand.NewPCG(11, uint64(seed)))
			d := w.device
			turns := []string{w.say("go").Turn, w.say("go").Turn, w.say("hi").Turn}
			for range 8 {
				time.Sleep(time.Duration(random.IntN(5000)) * time.Microsecond)
				w.Unsubscribe(d)
				time.Sleep(time.Duration(random.IntN(3000)) * time.Microsecond)
				d = d.back()
				running := turns[min(len(d.done()), 2)]
				w.resume(d, running)
			}
			pass(time.Second)
			w.wantWhole(d)
		})
	}
}

func TestResumingWhileSubscribedAddsNoSecondSubscription(t *testing.T) {
	bubble(t, nil, func(w *world) {
		w.say("one")
		settle()
		w.resume(w.device, "")
		w.say("two")
		settle()
		w.wantWhole(w.device)
	})
}

func TestOnlyWhatWasSentCanBeResumedAfter(t *testing.T) { // fault-W26
	bubble(t, scripts{"wait": waits(nil, "abc")}, func(w *world) {
		t := w.t
		f := w.say("wait")
		settle()
		for _, r := range []protocol.Resume{{After: 2}, {After: -1}, {Turn: f.Turn, Offset: 4}, {Turn: f.Turn, Offset: -1}} {
			r.Session = w.session
			wantCode(t, w.Resume(t.Context(), alice, r, newDevice(t)), protocol.Invalid)
		}
		whole := newDevice(t)
		if err := w.Resume(t.Context(), alice, protocol.Resume{Session: w.session, Turn: f.Turn, Offset: 0}, whole); err != nil {
			t.Fatal(err)
		}
		if whole.texts[f.Turn] != "abc" {
			t.Errorf("open turn's text is %q", whole.texts[f.Turn])
		}
	})
}

func TestFramesThatAreTooManyBecomeAGap(t *testing.T) { // fault-W26
	o := options(nil)
	o.MaxReplay = 1000
	bubbleWith(t, o, func(w *world) {
		t := w.t
		for range 20 {
			w.say(strings.Repeat("x", 100))
			settle()
		}
		d := newDevice(t)
		if err := w.Resume(t.Context(), alice, protocol.Resume{Session: w.session}, d); err != nil {
			t.Fatal(err)
		}
		first := d.frames[0]
		want := fmt.Sprintf(`{"type":"gap","session":%q,"from":1,"to":%d}`, w.session, d.frames[1].Seq-1)
		if first.Type != protocol.TypeGap || string(first.Body) != want {
			t.Errorf("first frame is %s, want %s", first.Body, want)
		}
		if d.seq != 40 || len(d.frames) < 3 {
			t.Errorf("%d frames up to seq %d", len(d.frames), d.seq)
		}
	})
}

func TestASessionInMemoryForgetsItsOldestFrames(t *testing.T) {
	store := session.NewMemory()
	if err := store.CreateSession(t.Context(), session.Meta{ID: "s", User: "alice"}); err != nil {
		t.Fatal(err)
	}
	const frames = 5000
	for i := range int64(frames) {
		f := session.Frame{Seq: i + 1, Type: "tool", Body: fmt.Appendf(nil, `{"type":"tool","seq":%d}`, i+1)}
		if err := store.Append(t.Context(), "s", session.Entry{Frame: f}); err != nil {
			t.Fatal(err)
		}
	}
	o := options(nil)
	o.Store = store
	w := newWorld(t, o)
	d := newDevice(t)
	if err := w.Resume(t.Context(), alice, protocol.Resume{Session: "s", After: 10}, d); err != nil {
		t.Fatal(err)
	}
	if d.frames[0].Type != protocol.TypeGap || d.seq != frames {
		t.Errorf("first frame is %s, last seq %d", d.frames[0].Body, d.seq)
	}
}
