package session_test

import (
	"errors"
	"fmt"
	"strings"
	"testing"
	"time"

	"github.com/jarvis-host/jarvis/host/protocol"
	"github.com/jarvis-host/jarvis/host/session"
)

func TestAnIdleSessionLeavesMemoryAndComesBack(t *testing.T) {
	bubble(t, nil, func(w *world) {
		t := w.t
		w.say("one")
		pass(time.Hour)
		w.store.loads = 0
		w.say("two") // its device keeps it in memory
		settle()
		if w.store.loads != 0 {
			t.Errorf("a session with a device was read %d times", w.store.loads)
		}
		w.Unsubscribe(w.device)
		pass(time.Hour)
		w.say("three")
		settle()
		if w.store.loads != 1 {
			t.Errorf("an idle session was read %d times, want once", w.store.loads)
		}
		wantShape(t, w.device, "accepted:1 done:1 accepted:2 done:2 accepted:3 done:3")
	})
}

func TestATemporarySessionIsKeptInMemoryOnly(t *testing.T) {
	bubble(t, nil, func(w *world) {
		t := w.t
		f, err := w.trySay(protocol.Say{Text: "between us", Temporary: true})
		if err != nil {
			t.Fatal(err)
		}
		settle()
		if !strings.Contains(string(f.Body), `"durable":false`) {
			t.Errorf("accepted frame is %s", f.Body)
		}
		ctx := t.Context()
		if _, err := w.store.Session(ctx, "alice", w.session); !errors.Is(err, session.ErrNotFound) {
			t.Errorf("the store has it: %v", err)
		}
		if meta, err := w.Session(ctx, alice, w.session); err != nil || !meta.Temporary {
			t.Errorf("session is %+v, %v", meta, err)
		}
		if hits, err := w.Search(ctx, alice, "between", 10); err != nil || len(hits) == 0 {
			t.Errorf("search finds %v, %v", hits, err)
		}
		if n := len(w.messages()); n != 2 {
			t.Errorf("%d messages, want 2", n)
		}
		w.Unsubscribe(w.device)
		pass(time.Hour)
		if _, err := w.Session(ctx, alice, w.session); !errors.Is(err, session.ErrNotFound) {
			t.Errorf("it is still there after an hour: %v", err)
		}
	})
}

func TestTemporarySessionsAreBounded(t *testing.T) {
	o := options(nil)
	o.MaxTemporary = 3
	bubbleWith(t, o, func(w *world) {
		t := w.t
		begin := func() error {
			_, _, err := w.Say(t.Context(), alice, protocol.Say{ID: "1", Text: "x", Temporary: true}, nil)
			return err
		}
		for range 3 {
			if err := begin(); err != nil {
				t.Fatal(err)
			}
		}
		wantCode(t, begin(), protocol.Busy)
		pass(time.Hour)
		if err := begin(); err != nil {
			t.Errorf("after the others were idle: %v", err)
		}
	})
}

func TestSessionsOfBothKindsAreListedInPages(t *testing.T) { // E15
	bubble(t, nil, func(w *world) {
		t := w.t
		for i := range 7 {
			_, _, err := w.Say(t.Context(), alice, protocol.Say{ID: "1", Text: fmt.Sprint("session ", i), Temporary: i%2 == 0}, nil)
			if err != nil {
				t.Fatal(err)
			}
			pass(time.Second)
		}
		for limit := 1; limit < 9; limit++ {
			var got []string
			after := ""
			for range 20 {
				items, next, err := w.Sessions(t.Context(), alice, after, limit)
				if err != nil || len(items) > limit {
					t.Fatalf("page of %d: %d items, %v", limit, len(items), err)
				}
				for _, m := range items {
					got = append(got, m.Title)
				}
				if after = next; next == "" {
					break
				}
			}
			const want = "session 6,session 4,session 2,session 0,session 5,session 3,session 1"
			if strings.Join(got, ",") != want {
				t.Errorf("pages of %d: %v, want %s", limit, got, want)
			}
		}
		for _, cursor := range []string{"x", "t-", "d'"} {
			_, _, err := w.Sessions(t.Context(), alice, cursor, 10)
			wantCode(t, err, protocol.Invalid)
		}
	})
}

func TestARenamedSessionKeepsItsName(t *testing.T) {
	bubble(t, nil, func(w *world) {
		t := w.t
		w.say("one")
		if err := w.Rename(t.Context(), alice, w.session, "Été"); err != nil {
			t.Fatal(err)
		}
		w.say("two")
		settle()
		if meta, err := w.Session(t.Context(), alice, w.session); err != nil || meta.Title != "Été" {
			t.Errorf("session is %+v, %v", meta, err)
		}
		wantCode(t, w.Rename(t.Context(), alice, w.session, " "), protocol.Invalid)
		wantCode(t, w.Rename(t.Context(), alice, w.session, strings.Repeat("x", 201)), protocol.TooLarge)
	})
}

func TestDeletingASessionEndsItsTurnsFirst(t *testing.T) { // fault-S23
	bubble(t, scripts{"wait": waits(nil, "a")}, func(w *world) {
		t := w.t
		w.say("wait")
		w.say("next")
		if err := w.Delete(t.Context(), alice, w.session); err != nil {
			t.Fatal(err)
		}
		wantShape(t, w.device, "accepted:1 accepted:2 done:1 done:2")
		pass(time.Second)
		_, err := w.trySay(protocol.Say{Text: "anyone?"})
		for doing, err := range map[string]error{
			"say":    err,
			"delete": w.Delete(t.Context(), alice, w.session),
			"resume": w.Resume(t.Context(), alice, protocol.Resume{Session: w.session}, w.device),
		} {
			if !errors.Is(err, session.ErrNotFound) {
				t.Errorf("%s after deleting: %v", doing, err)
			}
		}
		if items, _, err := w.Sessions(t.Context(), alice, "", 10); err != nil || len(items) != 0 {
			t.Errorf("sessions are %v, %v", items, err)
		}
	})
}
