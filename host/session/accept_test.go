package session_test

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"regexp"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"testing/synctest"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/jarvis-host/jarvis/host/protocol"
	"github.com/jarvis-host/jarvis/host/session"
	"github.com/jarvis-host/jarvis/host/turn"
)

func TestAnUtteranceIsAcceptedAnsweredAndKept(t *testing.T) { // E02
	bubble(t, scripts{"hi": says("Hé", "llo ", "👋", "!")}, func(w *world) {
		t := w.t
		f := w.say("hi")
		settle()
		wantShape(t, w.device, "accepted:1 done:1")
		if !regexp.MustCompile(`^[a-z0-9_-]{18,64}$`).MatchString(w.session) {
			t.Errorf("session id %q", w.session)
		}
		var got protocol.Accepted
		if err := json.Unmarshal(f.Body, &got); err != nil {
			t.Fatal(err)
		}
		want := protocol.Accepted{
			Head: protocol.Head{Type: "accepted", Session: w.session, Turn: f.Turn, Seq: 1},
			ID:   "c1", Text: "hi", Lang: "en", At: "2000-01-01T00:00:00.000Z", Durable: true,
		}
		if d := cmp.Diff(want, got); d != "" {
			t.Errorf("accepted (-want +got):\n%s", d)
		}
		if d := w.device.done()[0]; d.Text != "Héllo 👋!" || w.device.texts[f.Turn] != d.Text || d.State != "answered" || d.Source != "model" {
			t.Errorf("done is %+v, deltas %q", d, w.device.texts[f.Turn])
		}
		stored, err := w.store.Frames(t.Context(), w.session, 0, 10)
		if err != nil {
			t.Fatal(err)
		}
		if d := cmp.Diff(stored, w.device.frames); d != "" {
			t.Errorf("frames that were kept and sent differ:\n%s", d)
		}
		if m := w.messages(); len(m) != 2 || m[0].Text != "hi" || m[1].Text != "Héllo 👋!" || m[1].State != turn.Answered {
			t.Errorf("messages are %+v", m)
		}
	})
}

func TestTheLengthOfAnUtteranceCountsCodePoints(t *testing.T) { // E05
	bubble(t, nil, func(w *world) {
		t := w.t
		for _, one := range []string{"a", "é", "𝄞"} {
			w.say(strings.Repeat(one, 4096))
			_, err := w.trySay(protocol.Say{Text: strings.Repeat(one, 4097)})
			wantCode(t, err, protocol.TooLarge)
			if p, _ := errors.AsType[*protocol.Problem](err); p != nil && (p.Field != "text" || p.Args[2] != 4097) {
				t.Errorf("problem is %+v, want field text and the actual length", p)
			}
		}
		for _, blank := range []string{"", " \n\t", "\u200d\ufeff", "\u0301"} {
			_, err := w.trySay(protocol.Say{Text: blank})
			wantCode(t, err, protocol.Invalid)
		}
	})
}

func TestTheSameUtteranceTwiceRunsOnce(t *testing.T) {
	var runs atomic.Int32
	s := scripts{"once": func(ctx context.Context, tn *turn.Turn, yield func(turn.Event, error) bool) {
		runs.Add(1)
		says("done")(ctx, tn, yield)
	}}
	bubble(t, s, func(w *world) {
		t := w.t
		w.say("first")
		settle()
		var all sync.WaitGroup
		var mu sync.Mutex
		bodies := map[string]bool{}
		for range 20 {
			all.Go(func() {
				_, f, err := w.Say(t.Context(), alice, protocol.Say{ID: "same", Text: "once", Session: w.session}, nil)
				if err != nil {
					t.Errorf("say: %v", err)
				}
				mu.Lock()
				defer mu.Unlock()
				bodies[string(f.Body)] = true
			})
		}
		all.Wait()
		settle()
		if runs.Load() != 1 || len(bodies) != 1 {
			t.Errorf("the turn ran %d times, %d different accepted frames", runs.Load(), len(bodies))
		}
		wantShape(t, w.device, "accepted:1 done:1 accepted:2 done:2")
	})
}

func TestWhatCannotBeKeptIsNotAccepted(t *testing.T) { // fault-S3
	bubble(t, nil, func(w *world) {
		t := w.t
		w.store.fail(errDisk)
		_, err := w.trySay(protocol.Say{Text: "lost"})
		wantCode(t, err, protocol.Unavailable)
		w.store.fail(nil)
		w.say("kept")
		settle()
		w.store.fail(errDisk)
		_, err = w.trySay(protocol.Say{ID: "again", Text: "lost too"})
		wantCode(t, err, protocol.Unavailable)
		settle()
		wantShape(t, w.device, "accepted:1 done:1")
		w.store.fail(nil)
		if _, err := w.trySay(protocol.Say{ID: "again", Text: "lost too"}); err != nil {
			t.Errorf("the same utterance when the disk has room: %v", err)
		}
		settle()
		wantShape(t, w.device, "accepted:1 done:1 accepted:2 done:2")
	})
}

func TestTheLanguageIsForcedOrDetectedOrTheSessionsLast(t *testing.T) { // E18
	type heard struct {
		Lang   string
		Forced bool
	}
	var got []heard
	o := options(nil)
	o.Detect = func(text, own string) string {
		if strings.Contains(text, "é") {
			return "fr"
		}
		return own
	}
	s := scripts{}
	for _, text := range []string{"été", "x", "y"} {
		s[text] = func(ctx context.Context, tn *turn.Turn, yield func(turn.Event, error) bool) {
			got = append(got, heard{tn.Lang, tn.LangForced})
			says("ok")(ctx, tn, yield)
		}
	}
	o.Answerer = s
	bubbleWith(t, o, func(w *world) {
		t := w.t
		who := alice
		who.Lang = "en"
		id := ""
		for i, say := range []protocol.Say{{Text: "x"}, {Text: "été"}, {Text: "x"}, {Text: "y", Lang: "en"}, {Text: "x"}} {
			say.ID, say.Session = fmt.Sprint(i), id
			var err error
			if id, _, err = w.Say(t.Context(), who, say, nil); err != nil {
				t.Fatal(err)
			}
			settle()
		}
		want := []heard{{"en", false}, {"fr", false}, {"fr", false}, {"en", true}, {"en", false}}
		if d := cmp.Diff(want, got); d != "" {
			t.Errorf("languages (-want +got):\n%s", d)
		}
	})
}

func TestTheTitleIsTheFirstUtteranceInShort(t *testing.T) {
	for said, want := range map[string]string{
		"short":                     "short",
		" two\n lines ":             "two lines",
		strings.Repeat("é", 60):     strings.Repeat("é", 60),
		strings.Repeat("word ", 20): strings.Repeat("word ", 11) + "word…",
	} {
		bubble(t, nil, func(w *world) {
			t := w.t
			w.say(said)
			meta, err := w.Session(t.Context(), alice, w.session)
			if err != nil || meta.Title != want {
				t.Errorf("title of %q is %q (%v), want %q", said, meta.Title, err, want)
			}
		})
	}
}

func TestAnotherEndUsersSessionIsNotFound(t *testing.T) { // E13
	bubble(t, scripts{"wait": waits(nil, "secret")}, func(w *world) {
		t := w.t
		w.say("wait")
		ctx, bob := t.Context(), session.Identity{User: "bob", Role: turn.RoleOperator}
		spy := newDevice(t)
		_, _, errSay := w.Say(ctx, bob, protocol.Say{ID: "c1", Text: "hi", Session: w.session}, spy)
		_, errSession := w.Session(ctx, bob, w.session)
		_, _, errMessages := w.Messages(ctx, bob, w.session, "", 10)
		for doing, err := range map[string]error{
			"say": errSay, "session": errSession, "messages": errMessages,
			"stop":   w.Stop(ctx, bob, w.session, ""),
			"resume": w.Resume(ctx, bob, protocol.Resume{Session: w.session}, spy),
			"rename": w.Rename(ctx, bob, w.session, "mine"),
			"delete": w.Delete(ctx, bob, w.session),
		} {
			if !errors.Is(err, session.ErrNotFound) {
				t.Errorf("%s: got %v, want ErrNotFound", doing, err)
			}
		}
		pass(time.Second)
		if spy.events != 0 {
			t.Errorf("another end user's device got %d events", spy.events)
		}
		wantShape(t, w.device, "accepted:1")
	})
}

func TestEveryDeviceSeesTheSame(t *testing.T) { // E13
	bubble(t, nil, func(w *world) {
		t := w.t
		step := make(chan struct{})
		w.scripts["go"] = func(_ context.Context, _ *turn.Turn, yield func(turn.Event, error) bool) {
			for _, p := range []string{"a", "b"} {
				yield(turn.Delta{Text: p}, nil)
				<-step
			}
			yield(turn.Done{Text: "abc"}, nil)
		}
		f := w.say("go")
		settle()
		other := newDevice(t)
		if _, _, err := w.Say(t.Context(), alice, protocol.Say{ID: "other", Text: "next", Session: w.session}, other); err != nil {
			t.Fatal(err)
		}
		close(step)
		settle()
		if other.texts[f.Turn] != "ab" || w.device.texts[f.Turn] != "ab" {
			t.Errorf("deltas are %q and %q, want both whole", w.device.texts[f.Turn], other.texts[f.Turn])
		}
		if d := cmp.Diff(w.device.frames[1:], other.frames); d != "" {
			t.Errorf("frames differ:\n%s", d)
		}
		w.Unsubscribe(other)
		events := other.events
		w.say("last")
		settle()
		if other.events != events {
			t.Error("a device that left still gets events")
		}
	})
}

func TestATurnGoesOnWithoutAnyDevice(t *testing.T) {
	bubble(t, nil, func(w *world) {
		t := w.t
		open := make(chan struct{})
		w.scripts["wait"] = waits(open, "a")
		w.say("wait")
		w.Unsubscribe(w.device)
		close(open)
		settle()
		if m := w.messages(); len(m) != 2 || m[1].Text != "a." {
			t.Errorf("messages are %+v", m)
		}
	})
}

func TestATurnKnowsWhoSpeaks(t *testing.T) {
	paris, err := time.LoadLocation("Europe/Paris")
	if err != nil {
		t.Fatal(err)
	}
	no := false
	var got turn.Turn
	s := scripts{"hi": func(ctx context.Context, tn *turn.Turn, yield func(turn.Event, error) bool) {
		got = *tn
		if err := tn.Vars.Set(ctx, "floor", []byte("x")); err != nil {
			yield(nil, err)
			return
		}
		says("ok")(ctx, tn, yield)
	}}
	synctest.Test(t, func(t *testing.T) {
		w := newWorld(t, options(s))
		who := session.Identity{User: "gus", Role: turn.RoleGuest, Plugins: []string{"weather"}, Zone: paris, RequestID: "r-7"}
		id, f, err := w.Say(t.Context(), who, protocol.Say{ID: "1", Text: "hi", Remember: &no}, nil)
		if err != nil {
			t.Fatal(err)
		}
		settle()
		if got.User != "gus" || got.Role != turn.RoleGuest || got.Plugins[0] != "weather" || got.Zone != paris ||
			got.RequestID != "r-7" || got.Remember || got.Session != id || got.ID != f.Turn || !got.At.Equal(time.Now()) {
			t.Errorf("turn is %+v", got)
		}
		if v, err := w.store.Var(t.Context(), id, "floor"); err != nil || string(v) != "x" {
			t.Errorf("variable is %q, %v", v, err)
		}
		if err := got.Vars.Set(t.Context(), "floor", nil); err == nil {
			t.Error("a turn that is over changed a variable")
		}
	})
}
