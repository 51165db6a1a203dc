package effect_test

import (
	"crypto/rand"
	"errors"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"github.com/jarvis-host/jarvis/host/effect"
	"github.com/jarvis-host/jarvis/host/scrub"
	"github.com/jarvis-host/jarvis/host/turn"
)

// done writes the receipt of a call that was made.
func done(t *testing.T, b *effect.Book, r effect.Receipt, state turn.ToolState) effect.Receipt {
	t.Helper()
	if err := b.Intend(t.Context(), r); err != nil {
		t.Fatal(err)
	}
	if err := b.Conclude(t.Context(), r, state, "", nil); err != nil {
		t.Fatal(err)
	}
	kept, err := b.Get(t.Context(), r.User, r.ID)
	if err != nil {
		t.Fatal(err)
	}
	return kept
}

func TestOnlyWhatHappenedCanBeTakenBackOnceAndForADay(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		b := effect.NewBook(effect.NewMemory(), scrub.New(), time.Now)
		lamp := effect.Receipt{User: "u", Session: "s", Plugin: "lamp", Tool: "dim", Undoable: true}
		with := func(id string, undoable bool) effect.Receipt { r := lamp; r.ID, r.Undoable = id, undoable; return r }
		for id, tc := range map[string]struct {
			r     effect.Receipt
			state turn.ToolState
			want  error
		}{
			"done":         {with("done", true), turn.ToolExecuted, nil},
			"seen":         {with("seen", true), turn.ToolVerified, nil},
			"not seen":     {with("not seen", true), turn.ToolUnverified, nil},
			"failed":       {with("failed", true), turn.ToolFailed, effect.ErrDidNotHappen},
			"refused":      {with("refused", true), turn.ToolRefused, effect.ErrDidNotHappen},
			"irreversible": {with("irreversible", false), turn.ToolExecuted, effect.ErrIrreversible},
		} {
			if got := b.Problem(done(t, b, tc.r, tc.state)); !errors.Is(got, tc.want) {
				t.Errorf("%s: %v, want %v", id, got, tc.want)
			}
		}
		r := done(t, b, with("late", true), turn.ToolExecuted)
		time.Sleep(effect.UndoFor)
		if err := b.Problem(r); err != nil {
			t.Errorf("after a day: %v", err)
		}
		time.Sleep(time.Second)
		if err := b.Problem(r); !errors.Is(err, effect.ErrTooLate) {
			t.Errorf("later: %v", err)
		}
	})
}

func TestTheLastOfASessionIsItsNewestThatCanBeTakenBack(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		b := effect.NewBook(effect.NewMemory(), scrub.New(), time.Now)
		put := func(id, user, session string, undoable, temporary bool) {
			done(t, b, effect.Receipt{ID: id, User: user, Session: session, Undoable: undoable, Temporary: temporary}, turn.ToolExecuted)
			time.Sleep(time.Second)
		}
		put("first", "u", "s", true, false)
		put("second", "u", "s", true, false)
		put("for good", "u", "s", false, false)
		put("elsewhere", "u", "s2", true, false)
		put("somebody's", "other", "s3", true, false)
		put("outside", "u", "", true, false)
		put("passing", "u", "temp", true, true)
		for session, want := range map[string]string{"s": "second", "s2": "elsewhere", "": "outside", "temp": "passing", "s3": "", "none": ""} {
			r, err := b.Last(t.Context(), "u", session)
			if r.ID != want || (want == "") != errors.Is(err, effect.ErrNothing) {
				t.Errorf("of %q: %q, %v; want %q", session, r.ID, err, want)
			}
		}
		second, err := b.Get(t.Context(), "u", "second")
		if err != nil {
			t.Fatal(err)
		}
		if err := b.Claim(t.Context(), second, effect.Attempt{User: "u", Key: "k"}); err != nil {
			t.Fatal(err)
		}
		if err := b.Claim(t.Context(), second, effect.Attempt{User: "u", Key: "k"}); !errors.Is(err, effect.ErrTaken) {
			t.Errorf("a second claim: %v", err)
		}
		if r, err := b.Last(t.Context(), "u", "s"); r.ID != "first" {
			t.Errorf("while the second is taken back: %q, %v", r.ID, err)
		}
		if err := b.Settle(t.Context(), second, effect.Attempt{User: "u", Key: "k"}); err != nil {
			t.Fatal(err)
		}
		if r, err := b.Last(t.Context(), "u", "s"); r.ID != "second" {
			t.Errorf("given back: %q, %v", r.ID, err)
		}
		if _, err := b.Get(t.Context(), "other", "second"); !errors.Is(err, effect.ErrNotFound) {
			t.Errorf("somebody else's: %v", err)
		}
	})
}

// What a call answered with is kept for as long as it can be taken back, and
// not at all where it can't.
func TestWhatACallAnsweredWithIsKeptForAsLongAsItIsNeeded(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		b := effect.NewBook(effect.NewMemory(), scrub.New(), time.Now)
		ended := func(id string, undoable, temporary bool) {
			t.Helper()
			r := effect.Receipt{ID: id, User: "u", Undoable: undoable, Temporary: temporary}
			if err := b.Intend(t.Context(), r); err != nil {
				t.Fatal(err)
			}
			if err := b.Conclude(t.Context(), r, turn.ToolExecuted, "", []byte(`{"before":"blue"}`)); err != nil {
				t.Fatal(err)
			}
		}
		data := func(id string) string {
			t.Helper()
			r, err := b.Get(t.Context(), "u", id)
			if err != nil {
				return err.Error()
			}
			return string(r.Data)
		}
		ended("kept", true, false)
		ended("passing", true, true)
		ended("for good", false, false)
		if got := data("for good"); got != "" {
			t.Errorf("what can't be taken back keeps %s", got)
		}
		prune := func() {
			t.Helper()
			if err := b.Prune(t.Context()); err != nil {
				t.Fatal(err)
			}
		}
		time.Sleep(effect.UndoFor)
		prune()
		if data("kept") != `{"before":"blue"}` || data("passing") != `{"before":"blue"}` {
			t.Errorf("after a day: %q, %q", data("kept"), data("passing"))
		}
		time.Sleep(time.Second)
		prune()
		if got := data("kept"); got != "" {
			t.Errorf("after more than a day it keeps %s", got)
		}
		if got := data("passing"); got != effect.ErrNotFound.Error() {
			t.Errorf("of a temporary session after more than a day: %s", got)
		}
		time.Sleep(effect.KeptFor - effect.UndoFor - time.Second)
		prune()
		if got := data("for good"); got != "" {
			t.Errorf("after 90 days: %s", got)
		}
		time.Sleep(time.Second)
		prune()
		for _, id := range []string{"kept", "for good"} {
			if got := data(id); got != effect.ErrNotFound.Error() {
				t.Errorf("%s after more than 90 days: %s", id, got)
			}
		}
	})
}

// The receipts of temporary sessions can't fill the memory, however much their
// tools answer with.
func TestAMemoryHoldsSoMuchAndNoMore(t *testing.T) {
	m := effect.NewMemory()
	held := func() (n int) {
		t.Helper()
		all, _, err := m.Receipts(t.Context(), effect.Query{Limit: 100})
		if err != nil {
			t.Fatal(err)
		}
		for _, r := range all {
			n += len(r.Args) + len(r.Data)
		}
		if len(all) == 0 || all[0].ID != "newest" {
			t.Fatal("the newest is gone")
		}
		return n
	}
	for range 40 {
		if err := m.PutReceipt(t.Context(), effect.Receipt{ID: rand.Text()}); err != nil {
			t.Fatal(err)
		}
	}
	for range 40 {
		id := rand.Text()
		if err := m.PutReceipt(t.Context(), effect.Receipt{ID: id}); err != nil {
			t.Fatal(err)
		}
		if err := m.EndReceipt(t.Context(), id, turn.ToolExecuted, "", make([]byte, 1<<20), time.Time{}); err != nil {
			t.Fatal(err)
		}
	}
	if err := m.PutReceipt(t.Context(), effect.Receipt{ID: "newest", Args: make([]byte, 1<<20)}); err != nil {
		t.Fatal(err)
	}
	if n := held(); n != 16<<20 {
		t.Errorf("it holds %d bytes", n)
	}
}

// S07: neither the store nor a list has a secret that the host knows, also one
// that became known later; what is kept without it is handed to no plugin.
// That of a temporary session is in memory alone, is whole, and can be taken back.
func TestAReceiptHoldsNoSecret(t *testing.T) {
	const secret = "butter-and-bread"
	scrubber, store := scrub.New(), effect.NewMemory()
	scrubber.Register(secret)
	b := effect.NewBook(store, scrubber, time.Now)
	for id, c := range map[string]struct {
		args, data, summary string
		temporary           bool
		want                error
	}{
		"arguments": {`{"password":"` + secret + `"}`, `{}`, "", false, effect.ErrHidden},
		"escaped":   {`{"password":"b\u0075tter-and-bre\u0061d"}`, `{}`, "", false, effect.ErrHidden},
		"answer":    {`{}`, `{"before":"` + secret + `"}`, "", false, effect.ErrHidden},
		"cleaned":   {`{}`, `{"before":"[redacted]"}`, "", false, effect.ErrHidden}, // by whoever handed it over
		"summary":   {`{}`, `{}`, "it is " + secret, false, nil},
		"none":      {`{"password":"another"}`, `{"before":"x"}`, "", false, nil},
		"temporary": {`{"password":"` + secret + `"}`, `{}`, "", true, nil},
	} {
		r := effect.Receipt{ID: id, User: "u", Session: "s", Undoable: true, Args: []byte(c.args), Temporary: c.temporary}
		if err := b.Intend(t.Context(), r); err != nil {
			t.Fatal(err)
		}
		if err := b.Conclude(t.Context(), r, turn.ToolExecuted, c.summary, []byte(c.data)); err != nil {
			t.Fatal(err)
		}
		kept, err := b.Get(t.Context(), "u", id)
		if err != nil || !errors.Is(b.Problem(kept), c.want) {
			t.Errorf("%s: %v, taking it back %v, want %v", id, err, b.Problem(kept), c.want)
		}
		if got := string(kept.Args); c.temporary && got != c.args || id == "none" && got != c.args {
			t.Errorf("%s: %s became %s", id, c.args, got)
		}
	}
	summary, err := b.Get(t.Context(), "u", "summary")
	if err != nil || b.Claim(t.Context(), summary, effect.Attempt{User: "u"}) != nil ||
		b.Settle(t.Context(), summary, effect.Attempt{Redress: effect.Undone, Text: "was " + secret}) != nil {
		t.Fatal("it can't be taken back", err)
	}
	all, _, err := store.Receipts(t.Context(), effect.Query{Limit: 100})
	if err != nil || len(all) != 6 {
		t.Fatalf("%d receipts, %v", len(all), err)
	}
	shows := func(all []effect.Receipt, secret string) {
		t.Helper()
		for _, r := range all {
			if text := string(r.Args) + string(r.Data) + r.Summary + r.RedressText; strings.Contains(text, secret) || strings.Contains(text, "u0075") {
				t.Errorf("%s holds %s", r.ID, text)
			}
		}
	}
	shows(all, secret)
	scrubber.Register("another") // of a configuration that was written since
	all, _, err = b.List(t.Context(), effect.Query{Limit: 100})
	if err != nil {
		t.Fatal(err)
	}
	shows(all, "another")
}
