package dbtest

import (
	"encoding/json"
	"errors"
	"fmt"
	"slices"
	"sync"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/jarvis-host/jarvis/host/effect"
	"github.com/jarvis-host/jarvis/host/turn"
	"github.com/jarvis-host/jarvis/sdk"
)

// Receipts is the behaviour of every effect.Store. open returns an empty one.
func Receipts(t *testing.T, open func(t *testing.T) effect.Store) {
	t.Helper()
	began := time.Date(2026, 5, 1, 8, 0, 0, 0, time.UTC)
	receipt := func(n int, user string) effect.Receipt {
		return effect.Receipt{
			ID: fmt.Sprintf("call_%d", n), User: user, Session: "s_" + user, Turn: fmt.Sprintf("t%d", n), RequestID: "r", Plugin: "door", Tool: "paint",
			Origin: sdk.OriginSentence, Locale: "fr", Zone: "Europe/Paris", Args: json.RawMessage(`{"colour":"red"}`), State: effect.Intended,
			At: began.Add(time.Duration(n) * time.Minute), Undoable: true,
		}
	}
	put := func(t *testing.T, s effect.Store, all ...effect.Receipt) {
		t.Helper()
		for _, r := range all {
			must(t, s.PutReceipt(t.Context(), r))
		}
	}
	t.Run("AReceiptComesBackAsItWasWrittenAndEnded", func(t *testing.T) {
		s := open(t)
		want := receipt(1, "alice")
		put(t, s, want)
		kept(t, s, want)
		want.State, want.Summary, want.Data, want.Ended = turn.ToolVerified, "it is red", json.RawMessage(`{"before":"blue"}`), began.Add(time.Hour)
		must(t, s.EndReceipt(t.Context(), want.ID, want.State, want.Summary, want.Data, want.Ended))
		kept(t, s, want)
	})
	t.Run("WhatIsNotThereIsNotFound", func(t *testing.T) {
		s := open(t)
		if _, err := s.Receipt(t.Context(), "call_1"); !errors.Is(err, effect.ErrNotFound) {
			t.Errorf("read: %v", err)
		}
		if err := s.EndReceipt(t.Context(), "call_1", turn.ToolFailed, "", nil, began); !errors.Is(err, effect.ErrNotFound) {
			t.Errorf("end: %v", err)
		}
		if ok, err := s.Redress(t.Context(), "call_1", effect.NotTried, effect.Attempt{Redress: effect.Trying, At: began}); ok || err != nil {
			t.Errorf("redress: %v, %v", ok, err)
		}
	})
	t.Run("OneThatBeginsAnewKeepsItsPlace", func(t *testing.T) {
		s := open(t)
		put(t, s, receipt(1, "alice"), receipt(2, "alice"))
		must(t, s.EndReceipt(t.Context(), "call_1", turn.ToolRefused, "asks", nil, began))
		put(t, s, receipt(1, "alice"))
		lists(t, s, receipt(2, "alice"), receipt(1, "alice"))
	})
	t.Run("ListsAreNewestFirstInPagesAndOfWhomTheyAreAskedFor", func(t *testing.T) {
		s := open(t)
		for n := range 7 {
			put(t, s, receipt(n, []string{"alice", "bob"}[n%2]))
		}
		other := receipt(7, "alice")
		other.Plugin = "lamp"
		put(t, s, other)
		ids := func(q effect.Query) (all []string) {
			t.Helper()
			for {
				page, next, err := s.Receipts(t.Context(), q)
				must(t, err)
				for _, r := range page {
					all = append(all, r.ID)
				}
				if q.After = next; next == "" {
					return all
				}
				if len(page) != q.Limit {
					t.Fatalf("a page of %d of %d goes on", len(page), q.Limit)
				}
			}
		}
		for limit := 1; limit < 10; limit++ {
			if d := cmp.Diff([]string{"call_7", "call_6", "call_5", "call_4", "call_3", "call_2", "call_1", "call_0"}, ids(effect.Query{Limit: limit})); d != "" {
				t.Errorf("pages of %d: %s", limit, d)
			}
		}
		if d := cmp.Diff([]string{"call_5", "call_3", "call_1"}, ids(effect.Query{User: "bob", Session: "s_bob", Plugin: "door", Limit: 2})); d != "" {
			t.Error(d)
		}
		if d := cmp.Diff([]string{"call_7"}, ids(effect.Query{Plugin: "lamp", Limit: 2})); d != "" {
			t.Error(d)
		}
		if got := ids(effect.Query{User: "bob", Session: "s_alice", Limit: 2}); len(got) != 0 {
			t.Errorf("another's session: %q", got)
		}
		if _, _, err := s.Receipts(t.Context(), effect.Query{After: "made up", Limit: 2}); !errors.Is(err, effect.ErrCursor) {
			t.Errorf("a cursor that was made up: %v", err)
		}
	})
	t.Run("AListOfNoneIsEmptyAndDoesNotGoOn", func(t *testing.T) {
		s := open(t)
		put(t, s, receipt(1, "alice"), receipt(2, "alice"))
		for _, limit := range []int{0, -1, -5} {
			page, next, err := s.Receipts(t.Context(), effect.Query{Limit: limit})
			if len(page) != 0 || next != "" || err != nil {
				t.Errorf("at most %d: %v, next %q, %v", limit, page, next, err)
			}
		}
	})
	t.Run("WhatIsTooOldGoes", func(t *testing.T) {
		s := open(t)
		put(t, s, receipt(1, "alice"), receipt(2, "alice"), receipt(9, "bob"))
		must(t, s.PruneReceipts(t.Context(), effect.Horizon{Receipts: receipt(2, "alice").At}))
		lists(t, s, receipt(9, "bob"), receipt(2, "alice"))
	})
	t.Run("TheDataOfWhatIsTooOldGoesBeforeIt", func(t *testing.T) {
		s := open(t)
		put(t, s, receipt(1, "alice"), receipt(2, "alice"))
		for _, id := range []string{"call_1", "call_2"} {
			must(t, s.EndReceipt(t.Context(), id, turn.ToolExecuted, "", json.RawMessage(`{}`), began))
		}
		must(t, s.PruneReceipts(t.Context(), effect.Horizon{Data: receipt(2, "alice").At}))
		for id, want := range map[string]string{"call_1": "", "call_2": "{}"} {
			if r, err := s.Receipt(t.Context(), id); err != nil || string(r.Data) != want {
				t.Errorf("%s: %s, %v; want %q", id, r.Data, err, want)
			}
		}
	})
	t.Run("WhatCameOfATryIsKept", func(t *testing.T) {
		s := open(t)
		put(t, s, receipt(1, "alice"))
		for _, step := range []struct {
			from effect.Redress
			to   effect.Attempt
		}{
			{effect.NotTried, effect.Attempt{Redress: effect.Trying, At: began, User: "bob", Key: "k"}},
			{effect.Trying, effect.Attempt{At: began}}, // given back
			{effect.NotTried, effect.Attempt{Redress: effect.Trying, At: began, User: "carol", Key: "c"}},
			{effect.Trying, effect.Attempt{Redress: effect.Refused, At: began.Add(time.Minute), User: "carol", Key: "c", Text: "somebody painted it"}},
		} {
			redress(t, s, "call_1", step.from, step.to)
			r, err := s.Receipt(t.Context(), "call_1")
			must(t, err)
			if d := cmp.Diff(step.to, effect.Attempt{Redress: r.Redress, At: r.Redressed, User: r.Redresser, Key: r.RedressKey, Text: r.RedressText}); d != "" {
				t.Error(d)
			}
		}
	})
	t.Run("OfManyWhoClaimAReceiptOneHasIt", func(t *testing.T) {
		s := open(t)
		put(t, s, receipt(1, "alice"))
		mine := make([]bool, 20)
		var wg sync.WaitGroup
		for i := range mine {
			wg.Go(func() {
				var err error
				if mine[i], err = s.Redress(t.Context(), "call_1", effect.NotTried, effect.Attempt{Redress: effect.Trying, At: began.Add(time.Hour), User: "bob", Key: "k"}); err != nil {
					t.Error(err)
				}
			})
		}
		wg.Wait()
		if n := len(slices.DeleteFunc(mine, func(ok bool) bool { return !ok })); n != 1 {
			t.Errorf("%d have it", n)
		}
		r, err := s.Receipt(t.Context(), "call_1")
		must(t, err)
		if r.Redress != effect.Trying || !r.Redressed.Equal(began.Add(time.Hour)) || r.Redresser != "bob" || r.RedressKey != "k" {
			t.Errorf("it says %q since %v", r.Redress, r.Redressed)
		}
	})
	t.Run("WhatWasTriedByWhoIsGoneIsNotKnown", func(t *testing.T) {
		s := open(t)
		put(t, s, receipt(1, "alice"), receipt(2, "alice"), receipt(3, "alice"))
		for id, to := range map[string]effect.Redress{"call_1": effect.Trying, "call_2": effect.Undone} {
			redress(t, s, id, effect.NotTried, effect.Attempt{Redress: to, At: began, Text: "blue again"})
		}
		must(t, s.Abandon(t.Context()))
		for id, want := range map[string]effect.Redress{"call_1": effect.Unknown, "call_2": effect.Undone, "call_3": effect.NotTried} {
			if r, err := s.Receipt(t.Context(), id); err != nil || r.Redress != want {
				t.Errorf("%s: %q, %v; want %q", id, r.Redress, err, want)
			}
		}
	})
}

// kept fails unless a receipt is kept as it is.
func kept(t *testing.T, s effect.Store, want effect.Receipt) {
	t.Helper()
	got, err := s.Receipt(t.Context(), want.ID)
	must(t, err)
	if d := cmp.Diff(want, got); d != "" {
		t.Error(d)
	}
}

// lists fails unless these receipts are all that are kept, in this order.
func lists(t *testing.T, s effect.Store, want ...effect.Receipt) {
	t.Helper()
	all, _, err := s.Receipts(t.Context(), effect.Query{Limit: 10})
	must(t, err)
	if d := cmp.Diff(want, all); d != "" {
		t.Error(d)
	}
}

// redress notes an attempt, which nobody else made meanwhile.
func redress(t *testing.T, s effect.Store, id string, from effect.Redress, to effect.Attempt) {
	t.Helper()
	if ok, err := s.Redress(t.Context(), id, from, to); !ok || err != nil {
		t.Fatal(ok, err)
	}
}
