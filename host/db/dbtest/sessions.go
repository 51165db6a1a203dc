package dbtest

import (
	"bytes"
	"errors"
	"fmt"
	"slices"
	"sync"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	"github.com/google/go-cmp/cmp/cmpopts"

	"github.com/jarvis-host/jarvis/host/session"
)

var same = cmp.Options{cmpopts.EquateEmpty(), cmpopts.EquateApproxTime(time.Millisecond)}

// Sessions is the behaviour of every session.Store. open returns an empty one.
func Sessions(t *testing.T, open func(t *testing.T) session.Store) {
	t.Helper()
	for name, check := range map[string]func(trial){
		"ASessionComesBackAsItWasCreated":         trial.comesBack,
		"ASessionIsCreatedWithItsFirstEntries":    trial.createdWithEntries,
		"ASessionOfAnotherEndUserIsNotFound":      trial.otherEndUser,
		"WhatIsNotThereIsErrNotFound":             trial.notThere,
		"SessionsAreListedLastUsedFirst":          trial.listed,
		"RedactingLeavesNoText":                   trial.redacted, // M05
		"DeletingLeavesNothing":                   trial.deleted,
		"FramesComeBackByteForByteInOrder":        trial.frames,
		"TheNewestStepsAreFoundAmongFrames":       trial.steps, // E27
		"AFrameOutOfOrderIsRefusedWithAll":        trial.outOfOrder,
		"AnUtteranceIsFoundByItsClientID":         trial.byClient,
		"MessagesPaginateByCursor":                trial.messages, // E15
		"SearchIgnoresAccentsAndCase":             trial.search,   // E15
		"SearchTakesAnyTextAsWords":               trial.oddSearch,
		"TurnsWithoutDoneAreOpen":                 trial.openTurns,
		"VariablesChangeWithTheirEntry":           trial.variables,
		"ConcurrentSessionsEachKeepTheirOrder":    trial.concurrent,
		"OneBadAppendAmongManyFailsAlone":         trial.oneBad,
		"ACursorThatIsNoneIsErrCursor":            trial.badCursor,
		"TextsOfAnyKindComeBackAsTheyWereWritten": trial.anyText,
	} {
		t.Run(name, func(t *testing.T) { check(trial{t, open(t)}) })
	}
}

// trial is one test with its own empty store.
type trial struct {
	*testing.T
	store session.Store
}

func (c trial) comesBack() {
	t, s := c.T, c.store
	create(t, s, "s1")
	got, err := s.Session(t.Context(), "alice", "s1")
	must(t, err)
	if d := cmp.Diff(meta("s1"), got, same); d != "" {
		t.Errorf("session (-put +got):\n%s", d)
	}
	must(t, s.RenameSession(t.Context(), "alice", "s1", "été"))
	got, err = s.Session(t.Context(), "alice", "s1")
	must(t, err)
	if got.Title != "été" {
		t.Errorf("title after renaming is %q", got.Title)
	}
	if err := s.CreateSession(t.Context(), meta("s1")); err == nil {
		t.Error("a second session with the same id was created")
	}
}

func (c trial) createdWithEntries() {
	t, s := c.T, c.store
	must(t, s.CreateSession(t.Context(), meta("s1"), accepted(1, "t1", "c1", "hello")))
	if seq, err := s.LastSeq(t.Context(), "s1"); err != nil || seq != 1 {
		t.Errorf("last seq is %d, %v", seq, err)
	}
	err := s.CreateSession(t.Context(), meta("s2"), accepted(5, "t1", "c1", "hello"))
	if err == nil {
		t.Fatal("a session that begins with seq 5 was created")
	}
	if _, err := s.Session(t.Context(), "alice", "s2"); !errors.Is(err, session.ErrNotFound) {
		t.Errorf("the session is there without its entries: %v", err)
	}
}

func (c trial) otherEndUser() {
	t, s := c.T, c.store
	ctx := t.Context()
	create(t, s, "s1")
	must(t, s.Append(ctx, "s1", accepted(1, "t1", "c1", "my secret plan")))
	_, err := s.Session(ctx, "bob", "s1")
	for doing, err := range map[string]error{
		"read":   err,
		"rename": s.RenameSession(ctx, "bob", "s1", "mine"),
		"delete": s.DeleteSession(ctx, "bob", "s1"),
	} {
		if !errors.Is(err, session.ErrNotFound) {
			t.Errorf("%s: got %v, want ErrNotFound", doing, err)
		}
	}
	items, _, err := s.Sessions(ctx, "bob", "", 10)
	must(t, err)
	hits, err := s.Search(ctx, "bob", "secret", 10)
	must(t, err)
	if len(items)+len(hits) != 0 {
		t.Errorf("bob sees alice's: %v %v", items, hits)
	}
	if _, err := s.Session(ctx, "alice", "s1"); err != nil {
		t.Errorf("alice's session after bob's attempts: %v", err)
	}
}

func (c trial) notThere() {
	t, s := c.T, c.store
	ctx := t.Context()
	_, errSession := s.Session(ctx, "alice", "s1")
	_, errSeq := s.LastSeq(ctx, "s1")
	_, errFrames := s.Frames(ctx, "s1", 0, 10)
	_, errSteps := s.Steps(ctx, "s1", 10)
	_, _, errAccepted := s.Accepted(ctx, "s1", "c1")
	_, _, errMessages := s.Messages(ctx, "s1", "", 10)
	_, errRecent := s.Recent(ctx, "s1", 10)
	_, errVar := s.Var(ctx, "s1", "x")
	for doing, err := range map[string]error{
		"Session": errSession, "LastSeq": errSeq, "Frames": errFrames, "Steps": errSteps, "Accepted": errAccepted,
		"Messages": errMessages, "Recent": errRecent, "Var": errVar,
		"SetVar": s.SetVar(ctx, "s1", "x", []byte("y")),
		"Append": s.Append(ctx, "s1", accepted(1, "t1", "c1", "hello")),
		"Rename": s.RenameSession(ctx, "alice", "s1", "x"),
		"Delete": s.DeleteSession(ctx, "alice", "s1"),
	} {
		if !errors.Is(err, session.ErrNotFound) {
			t.Errorf("%s: got %v, want ErrNotFound", doing, err)
		}
	}
}

func (c trial) listed() {
	t, s := c.T, c.store
	ctx := t.Context()
	create(t, s, "s1", "s2", "s3", "s4", "s5")
	must(t, s.Append(ctx, "s2", accepted(1, "t1", "c1", "hello")))
	var got []string
	after := ""
	for range 10 {
		items, next, err := s.Sessions(ctx, "alice", after, 2)
		must(t, err)
		if len(items) > 2 {
			t.Fatalf("a page of 2 has %d sessions", len(items))
		}
		for _, m := range items {
			got = append(got, m.ID)
		}
		if after = next; next == "" {
			break
		}
	}
	if len(got) != 5 || got[0] != "s2" {
		t.Fatalf("sessions in pages: %v, want five, s2 first", got)
	}
	seen := map[string]bool{}
	for _, id := range got {
		seen[id] = true
	}
	if len(seen) != 5 {
		t.Errorf("a session comes twice: %v", got)
	}
}

func (c trial) deleted() {
	t, s := c.T, c.store
	ctx := t.Context()
	create(t, s, "s1", "s2")
	for _, id := range []string{"s1", "s2"} {
		must(t, s.Append(ctx, id, accepted(1, "t1", "c1", "the word xylophone in "+id)))
		must(t, s.SetVar(ctx, id, "floor", []byte("x")))
	}
	must(t, s.DeleteSession(ctx, "alice", "s1"))
	if _, err := s.Frames(ctx, "s1", 0, 10); !errors.Is(err, session.ErrNotFound) {
		t.Errorf("frames of the deleted session: %v", err)
	}
	hits, err := s.Search(ctx, "alice", "xylophone", 10)
	must(t, err)
	if len(hits) != 1 || hits[0].Session != "s2" {
		t.Errorf("search finds %v, want s2 alone", hits)
	}
	open, err := s.OpenTurns(ctx)
	must(t, err)
	if len(open) != 1 || open[0].Session != "s2" {
		t.Errorf("open turns are %v, want that of s2", open)
	}
	create(t, s, "s1") // the same id again begins anew
	value, err := s.Var(ctx, "s1", "floor")
	must(t, err)
	if value != nil {
		t.Errorf("the new session has the old one's variable: %q", value)
	}
}

func (c trial) redacted() {
	t, s := c.T, c.store
	ctx := t.Context()
	create(t, s, "s1", "s2")
	must(t, s.Append(ctx, "s1", telling(accepted(1, "t1", "c1", "the word xylophone"))))
	must(t, s.Append(ctx, "s1", telling(accepted(2, "t2", "c2", "harmless")), telling(done(3, "t2", "see m_7: xylophone"))))
	must(t, s.Append(ctx, "s2", telling(accepted(1, "t3", "c1", "about zebras"))))
	if gone, err := s.Redact(ctx, "bob", []string{"t1"}, []string{"m_7"}); err != nil || len(gone) != 0 {
		t.Errorf("another end user's: %v %v", gone, err)
	}
	if hits, err := s.Search(ctx, "alice", "xylophone", 10); err != nil || len(hits) != 2 {
		t.Fatalf("another end user redacted: %v %v", hits, err)
	}
	gone, err := s.Redact(ctx, "alice", []string{"t1"}, []string{"m_7"})
	must(t, err)
	slices.Sort(gone)
	if d := cmp.Diff([]string{"t1", "t2"}, gone); d != "" {
		t.Errorf("turns (-want +got):\n%s", d)
	}
	frames, err := s.Frames(ctx, "s1", 0, 10)
	must(t, err)
	for i, f := range frames {
		if f.Seq != int64(i+1) || bytes.Contains(f.Body, []byte("xylophone")) || bytes.Contains(f.Body, []byte("harmless")) {
			t.Errorf("frame %d is %d %s", i, f.Seq, f.Body)
		}
	}
	if len(frames) != 3 {
		t.Errorf("%d frames are left, want 3", len(frames))
	}
	recent, err := s.Recent(ctx, "s1", 10)
	must(t, err)
	hits, err := s.Search(ctx, "alice", "xylophone", 10)
	must(t, err)
	if len(recent)+len(hits) != 0 {
		t.Errorf("left: messages %v, hits %v", recent, hits)
	}
	got, err := s.Session(ctx, "alice", "s1")
	must(t, err)
	if got.Title != session.Redacted {
		t.Errorf("the title is %q", got.Title)
	}
	if hits, err := s.Search(ctx, "alice", "zebras", 10); err != nil || len(hits) != 1 {
		t.Errorf("what was not meant is %v %v", hits, err)
	}
}

// telling is a step whose frame holds its message's text, as those of sessions
// do.
func telling(e session.Entry) session.Entry {
	e.Frame.Body = fmt.Appendf(nil, `{"type":%q,"seq":%d,"turn":%q,"text":%q}`, e.Frame.Type, e.Frame.Seq, e.Frame.Turn, e.Message.Text)
	return e
}

func (c trial) frames() {
	t, s := c.T, c.store
	ctx := t.Context()
	create(t, s, "s1", "s2")
	want := []session.Frame{frame(1, "t1", "accepted"), frame(2, "t1", "tool"), frame(3, "t1", "done")}
	must(t, s.Append(ctx, "s1", session.Entry{Frame: want[0]}))
	must(t, s.Append(ctx, "s1", session.Entry{Frame: want[1]}, session.Entry{Frame: want[2]}))
	must(t, s.Append(ctx, "s2", session.Entry{Frame: frame(1, "other", "accepted")}))
	for after := range int64(5) {
		got, err := s.Frames(ctx, "s1", after, 10)
		must(t, err)
		if d := cmp.Diff(want[min(after, 3):], got, same); d != "" {
			t.Errorf("frames after %d (-want +got):\n%s", after, d)
		}
	}
	got, err := s.Frames(ctx, "s1", 0, 2)
	must(t, err)
	if d := cmp.Diff(want[:2], got, same); d != "" {
		t.Errorf("two frames (-want +got):\n%s", d)
	}
	if seq, err := s.LastSeq(ctx, "s1"); err != nil || seq != 3 {
		t.Errorf("last seq is %d, %v; want 3", seq, err)
	}
}

func (c trial) steps() {
	t, s := c.T, c.store
	ctx := t.Context()
	create(t, s, "s1", "s2")
	all := []session.Frame{
		frame(1, "t1", "accepted"), frame(2, "t1", "tool"), frame(3, "t1", "question"), frame(4, "t1", "tool"), frame(5, "t1", "done"),
	}
	for _, f := range all {
		must(t, s.Append(ctx, "s1", session.Entry{Frame: f}))
	}
	must(t, s.Append(ctx, "s2", session.Entry{Frame: frame(1, "other", "accepted")}))
	for limit, want := range map[int][]session.Frame{2: {all[1], all[3]}, 10: {all[0], all[1], all[3]}} {
		got, err := s.Steps(ctx, "s1", limit)
		must(t, err)
		if d := cmp.Diff(want, got, same); d != "" {
			t.Errorf("%d steps (-want +got):\n%s", limit, d)
		}
	}
}

func (c trial) outOfOrder() {
	t, s := c.T, c.store
	ctx := t.Context()
	create(t, s, "s1")
	must(t, s.Append(ctx, "s1", accepted(1, "t1", "c1", "hello")))
	for _, seqs := range [][]int64{{1}, {3}, {2, 2}, {2, 4}} {
		var entries []session.Entry
		for i, seq := range seqs {
			entries = append(entries, accepted(seq, "t2", fmt.Sprintf("c2-%d", i), "more"))
		}
		if err := s.Append(ctx, "s1", entries...); err == nil {
			t.Errorf("after seq 1, frames %v were kept", seqs)
		}
	}
	if seq, err := s.LastSeq(ctx, "s1"); err != nil || seq != 1 {
		t.Errorf("last seq is %d, %v; want 1", seq, err)
	}
	all, _, err := s.Messages(ctx, "s1", "", 10)
	must(t, err)
	if len(all) != 1 {
		t.Errorf("a refused step left a message: %v", all)
	}
}

func (c trial) byClient() {
	t, s := c.T, c.store
	ctx := t.Context()
	create(t, s, "s1", "s2")
	must(t, s.Append(ctx, "s1", accepted(1, "t1", "c1", "hello")))
	f, ok, err := s.Accepted(ctx, "s1", "c1")
	must(t, err)
	if d := cmp.Diff(frame(1, "t1", "accepted"), f, same); !ok || d != "" {
		t.Errorf("accepted frame, found %v (-want +got):\n%s", ok, d)
	}
	for id, client := range map[string]string{"s1": "c2", "s2": "c1"} {
		if _, ok, err := s.Accepted(ctx, id, client); ok || err != nil {
			t.Errorf("client id %s in %s: found %v, %v", client, id, ok, err)
		}
	}
	if err := s.Append(ctx, "s1", accepted(2, "t2", "c1", "again")); err == nil {
		t.Error("the same client id was kept twice")
	}
	must(t, s.Append(ctx, "s2", accepted(1, "t1", "c1", "elsewhere")))
}

func (c trial) openTurns() {
	t, s := c.T, c.store
	ctx := t.Context()
	create(t, s, "s1", "s2")
	must(t, s.Append(ctx, "s1", accepted(1, "t1", "c1", "one"), accepted(2, "t2", "c2", "two")))
	must(t, s.Append(ctx, "s1", accepted(3, "t1", "c3", "added to t1")))
	must(t, s.Append(ctx, "s2", accepted(1, "t3", "c1", "three"), done(2, "t3", "3")))
	want := []session.OpenTurn{
		{Session: "s1", Turn: "t1", User: "alice", Accepted: frame(1, "t1", "accepted")},
		{Session: "s1", Turn: "t2", User: "alice", Accepted: frame(2, "t2", "accepted")},
	}
	got, err := s.OpenTurns(ctx)
	must(t, err)
	if d := cmp.Diff(want, got, same); d != "" {
		t.Errorf("open turns (-want +got):\n%s", d)
	}
	must(t, s.Append(ctx, "s1", done(4, "t1", "1"), done(5, "t2", "2")))
	if got, err = s.OpenTurns(ctx); err != nil || len(got) != 0 {
		t.Errorf("open turns after done: %v, %v", got, err)
	}
}

func (c trial) variables() {
	t, s := c.T, c.store
	ctx := t.Context()
	create(t, s, "s1", "s2")
	want := func(id, name string, value []byte) {
		t.Helper()
		got, err := s.Var(ctx, id, name)
		must(t, err)
		if string(got) != string(value) || (got == nil) != (value == nil) {
			t.Errorf("variable %s of %s is %q, want %q", name, id, got, value)
		}
	}
	want("s1", "x", nil)
	must(t, s.SetVar(ctx, "s1", "x", []byte{0, 255, '\n'}))
	want("s1", "x", []byte{0, 255, '\n'})
	want("s2", "x", nil)
	must(t, s.SetVar(ctx, "s1", "x", []byte("new")))
	want("s1", "x", []byte("new"))
	e := accepted(1, "t1", "c1", "hello")
	e.Vars = []session.Var{{Name: "x"}, {Name: "y", Value: []byte("with the entry")}}
	must(t, s.Append(ctx, "s1", e))
	want("s1", "x", nil)
	want("s1", "y", []byte("with the entry"))
	e.Vars = []session.Var{{Name: "y", Value: []byte("refused")}}
	if err := s.Append(ctx, "s1", e); err == nil {
		t.Error("seq 1 was kept twice")
	}
	want("s1", "y", []byte("with the entry"))
	must(t, s.SetVar(ctx, "s1", "never set", nil))
}

func (c trial) concurrent() {
	t, s := c.T, c.store
	const sessions, steps = 16, 20
	var all sync.WaitGroup
	for i := range sessions {
		id := fmt.Sprintf("s%d", i)
		create(t, s, id)
		all.Go(func() {
			for seq := range int64(steps) {
				if err := s.Append(t.Context(), id, accepted(seq+1, "t", fmt.Sprintf("c%d", seq), "text")); err != nil {
					t.Errorf("append to %s: %v", id, err)
				}
			}
		})
	}
	all.Wait()
	for i := range sessions {
		got, err := s.Frames(t.Context(), fmt.Sprintf("s%d", i), 0, 100)
		must(t, err)
		if len(got) != steps {
			t.Errorf("session %d has %d frames, want %d", i, len(got), steps)
		}
	}
}

func (c trial) oneBad() {
	t, s := c.T, c.store
	create(t, s, "good", "bad")
	var all sync.WaitGroup
	for seq := range int64(40) {
		all.Go(func() {
			if err := s.Append(t.Context(), "bad", accepted(100+seq, "t", "c", "refused")); err == nil {
				t.Error("a frame out of order was kept")
			}
		})
	}
	for seq := range int64(40) {
		if err := s.Append(t.Context(), "good", accepted(seq+1, "t", fmt.Sprintf("c%d", seq), "kept")); err != nil {
			t.Errorf("append beside failing ones: %v", err)
		}
	}
	all.Wait()
	for id, want := range map[string]int64{"good": 40, "bad": 0} {
		if seq, err := s.LastSeq(t.Context(), id); err != nil || seq != want {
			t.Errorf("last seq of %s is %d, %v; want %d", id, seq, err, want)
		}
	}
}

func (c trial) badCursor() {
	t, s := c.T, c.store
	create(t, s, "s1")
	for _, cursor := range []string{"x y", "'", "-", "é"} {
		if _, _, err := s.Sessions(t.Context(), "alice", cursor, 10); !errors.Is(err, session.ErrCursor) {
			t.Errorf("sessions after %q: %v", cursor, err)
		}
		if _, _, err := s.Messages(t.Context(), "s1", cursor, 10); !errors.Is(err, session.ErrCursor) {
			t.Errorf("messages after %q: %v", cursor, err)
		}
	}
}
