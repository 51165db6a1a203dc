package tool

import (
	"context"
	"encoding/json"
	"errors"
	"iter"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/jarvis-host/jarvis/host/effect"
	"github.com/jarvis-host/jarvis/host/scrub"
	"github.com/jarvis-host/jarvis/host/turn"
	"github.com/jarvis-host/jarvis/sdk"
)

// revised answers for a plugin that is asked what it did.
type revised struct {
	seen   sdk.Sight
	text   string
	err    error
	undone []string // the calls that were taken back
}

func (r *revised) Verify(context.Context, string, *sdk.Deed) (sdk.Sight, error) { return r.seen, nil }

func (r *revised) Undo(_ context.Context, _ string, d *sdk.Deed) (string, error) {
	r.undone = append(r.undone, d.Info.Call+" "+string(d.Args)+" "+string(d.Data)+" "+d.Info.Locale)
	return r.text, r.err
}

// lamps is a catalogue with one tool that can be looked after.
func lamps(t *testing.T, more ...sdk.ToolOption) *Catalogue {
	t.Helper()
	p := sdk.New("door", "1.0.0", "Doors")
	type light struct {
		Before string `json:"before"`
	}
	sdk.Tool(p, "paint", "Paint", func(context.Context, *sdk.Call, struct{}) (light, error) { return light{"red"}, nil }, append([]sdk.ToolOption{sdk.Additive()}, append(more,
		sdk.Undo(func(context.Context, *sdk.Call, struct{}, light) (string, error) { return "", nil }),
		sdk.Verify(func(context.Context, *sdk.Call, struct{}) (sdk.Sight, error) { return sdk.Sight{}, nil }))...)...)
	m, err := p.Describe(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	c := NewCatalogue()
	if err := c.Replace([]*sdk.Manifest{m}); err != nil {
		t.Fatal(err)
	}
	return c
}

// looked is a stage whose receipts a test can look into.
type looked struct {
	*stage
	store *effect.Memory
	r     *revised
}

// newLooked has the plugin end each call with the events of a script.
func newLooked(t *testing.T, script scripted) *looked {
	t.Helper()
	s := newStage(t, script, Grants{"door": {"*"}})
	l := &looked{stage: s, store: effect.NewMemory(), r: &revised{seen: sdk.Sight{Finding: sdk.FindingVerified, Seen: "it is red"}}}
	s.Catalogue, s.Reviser, s.Receipts = lamps(t), l.r, effect.NewBook(l.store, scrub.New(), time.Now)
	return l
}

func (l *looked) receipts() []effect.Receipt {
	l.t.Helper()
	all, _, err := l.store.Receipts(l.t.Context(), effect.Query{Limit: 100})
	if err != nil {
		l.t.Fatal(err)
	}
	return all
}

func (l *looked) states() (states []string) {
	for _, r := range l.receipts() {
		states = append(states, string(r.State)+" "+r.Summary)
	}
	return states
}

func TestAReceiptIsThereBeforeTheCallAndSaysAfterwardsHowItEnded(t *testing.T) {
	for name, tc := range map[string]struct {
		end  sdk.Event
		want string
	}{
		"done":      {sdk.Result{Data: json.RawMessage(`{"before":"blue"}`)}, "verified it is red"},
		"a problem": {sdk.Problem{Code: sdk.CodeConflict, Message: "no paint"}, "failed no paint"},
		"lost":      {sdk.Text{Text: "x"}, "intended plugin.failed door plugin.maybe door"},
		"too late":  {sdk.Problem{Code: sdk.CodeTimeout, Message: "the painter is slow"}, "intended the painter is slow plugin.maybe door"},
		"garbled":   {sdk.Result{Data: json.RawMessage(`{"before":7}`)}, "intended plugin.failed door plugin.maybe door"},
		"not mine":  {sdk.NotMine{}, "read "},
	} {
		t.Run(name, func(t *testing.T) {
			var l *looked
			before := []string(nil)
			l = newLooked(t, func(*sdk.Invocation) []sdk.Event {
				before = l.states()
				return []sdk.Event{tc.end}
			})
			l.run("paint", `{}`, sdk.OriginSentence)
			if diff := cmp.Diff([]string{"intended "}, before); diff != "" {
				t.Errorf("while the plugin was called (-want +got):\n%s", diff)
			}
			if diff := cmp.Diff([]string{tc.want}, l.states()); diff != "" {
				t.Errorf("afterwards (-want +got):\n%s", diff)
			}
		})
	}
}

// A plugin is called anew with each answer: while it asks, nothing happened.
func TestWhileAPluginAsksItsReceiptSaysThatNothingHappened(t *testing.T) {
	l := newLooked(t, func(in *sdk.Invocation) []sdk.Event {
		if len(in.Answers) == 0 {
			return []sdk.Event{sdk.NeedInput{Kind: sdk.InputText, Text: "which?"}}
		}
		return []sdk.Event{sdk.Result{}}
	})
	var asking []string
	_, err := l.Run(t.Context(), l.turn, Request{Plugin: "door", Tool: "paint", Origin: sdk.OriginSentence}, func(ev turn.Event) bool {
		if q, ok := ev.(*turn.Question); ok {
			asking, q.Reply = l.states(), turn.Reply{Value: "all"}
		}
		return true
	})
	if err != nil {
		t.Fatal(err)
	}
	if diff := cmp.Diff([]string{"refused "}, asking); diff != "" {
		t.Errorf("while it asked (-want +got):\n%s", diff)
	}
	if diff := cmp.Diff([]string{"verified it is red"}, l.states()); diff != "" {
		t.Errorf("afterwards (-want +got):\n%s", diff)
	}
}

// notThere is an error of a call that never reached its plugin.
type notThere struct{ error }

func (n notThere) Unwrap() error { return n.error }
func (notThere) Unsent() bool    { return true }

// losing ends each call with an error.
type losing struct{ err error }

func (l losing) Invoke(context.Context, string, *sdk.Invocation) iter.Seq2[sdk.Event, error] {
	return func(yield func(sdk.Event, error) bool) { yield(nil, l.err) }
}

// E24: where nobody can know whether a call reached the world, that is what is
// told, not that it failed; it can't be taken back.
func TestACallThatIsLostMayHaveHappened(t *testing.T) {
	for name, tc := range map[string]struct {
		err         error
		tool        sdk.ToolOption
		step, write string
		text        string
	}{
		"late":               {&sdk.Error{Code: sdk.CodeTimeout}, sdk.Destructive(), "unverified", "intended", "plugin.timeout door plugin.maybe door"},
		"gone":               {&sdk.Error{Code: sdk.CodeUnavailable}, sdk.Additive(), "unverified", "intended", "plugin.unavailable door plugin.maybe door"},
		"never there":        {notThere{&sdk.Error{Code: sdk.CodeUnavailable}}, sdk.Destructive(), "failed", "failed", "plugin.unavailable door"},
		"only reads":         {&sdk.Error{Code: sdk.CodeTimeout}, sdk.ReadOnly(), "failed", "", "plugin.timeout door"},
		"only its own state": {&sdk.Error{Code: sdk.CodeTimeout}, sdk.Stateful(), "failed", "failed", "plugin.timeout door"},
	} {
		t.Run(name, func(t *testing.T) {
			l := newLooked(t, nil)
			l.Catalogue, l.Invoker = lamps(t, sdk.Additive(), tc.tool), losing{tc.err}
			res := l.run("paint", `{}`, sdk.OriginSentence)
			if res.OK() || res.Code != sdk.ErrorCode(tc.err) || res.Text != tc.text || string(res.State) != tc.step {
				t.Errorf("got %+v", res)
			}
			if got := l.steps[len(l.steps)-1]; got != tc.step {
				t.Errorf("the last step is %q, want %q", got, tc.step)
			}
			all := l.receipts()
			if tc.write == "" && len(all) == 0 {
				return
			}
			if len(all) != 1 || string(all[0].State) != tc.write || all[0].Summary != tc.text || all[0].Ended.IsZero() {
				t.Fatalf("receipts: %+v", all)
			}
			if _, err := l.UndoReceipt(t.Context(), l.turn, all[0], ""); !errors.Is(err, effect.ErrDidNotHappen) {
				t.Errorf("undo: %v", err)
			}
		})
	}
}

// broken is a store on a full disk.
type broken struct{ effect.Store }

func (broken) PutReceipt(context.Context, effect.Receipt) error {
	return errors.New("disk full")
}

func TestWithoutAReceiptThereIsNoEffect(t *testing.T) {
	called := false
	l := newLooked(t, func(*sdk.Invocation) []sdk.Event { called = true; return []sdk.Event{sdk.Result{}} })
	l.Receipts = effect.NewBook(broken{l.store}, scrub.New(), time.Now)
	res := l.run("paint", `{}`, sdk.OriginSentence)
	if res.State != turn.ToolFailed || res.Code != sdk.CodeUnavailable || res.Text != "error.unavailable " || called {
		t.Errorf("%+v, called %v", res, called)
	}
}

// Whoever stops a turn just when the plugin has done what was asked can take it
// back all the same.
func TestAResultThatNoOneListensToIsStillTold(t *testing.T) {
	l := newLooked(t, func(*sdk.Invocation) []sdk.Event {
		return []sdk.Event{sdk.Result{Text: "painted", Data: json.RawMessage(`{"before":"blue"}`)}}
	})
	_, err := l.Run(t.Context(), l.turn, Request{Plugin: "door", Tool: "paint", Origin: sdk.OriginSentence}, func(ev turn.Event) bool {
		_, said := ev.(turn.Delta)
		return !said
	})
	if !errors.Is(err, errGone) {
		t.Fatal(err)
	}
	if diff := cmp.Diff([]string{"executed "}, l.states()); diff != "" {
		t.Errorf("the receipt (-want +got):\n%s", diff)
	}
	if _, err := l.UndoReceipt(t.Context(), l.turn, l.receipts()[0], ""); err != nil {
		t.Error(err)
	}
}

func TestACallThatWaitedInVainUntilItsTurnWasStoppedDidNothing(t *testing.T) {
	for name, tc := range map[string]struct {
		err  error
		want string
	}{
		"it never got there": {notThere{context.Canceled}, "failed "},
		"it may have":        {context.Canceled, "intended "},
	} {
		t.Run(name, func(t *testing.T) {
			l := newLooked(t, nil)
			l.Invoker = losing{tc.err}
			ctx, cancel := context.WithCancel(t.Context())
			_, err := l.Run(ctx, l.turn, Request{Plugin: "door", Tool: "paint", Origin: sdk.OriginSentence}, func(turn.Event) bool {
				cancel()
				return true
			})
			if !errors.Is(err, context.Canceled) {
				t.Fatal(err)
			}
			if diff := cmp.Diff([]string{tc.want}, l.states()); diff != "" {
				t.Errorf("the receipt (-want +got):\n%s", diff)
			}
		})
	}
}

// E26: what was done is taken back once, with what the call answered then; what
// its plugin refuses is not tried again, and what never reached it is.
func TestAnEffectIsTakenBackOnce(t *testing.T) {
	for name, tc := range map[string]struct {
		err     error
		redress effect.Redress
		again   error
	}{
		"done":              {nil, effect.Undone, effect.ErrTaken},
		"changed since":     {&sdk.Error{Code: sdk.CodeConflict, Message: "somebody painted it"}, effect.Refused, effect.ErrTaken},
		"the plugin can't":  {&sdk.Error{Code: sdk.CodeUnsupported}, effect.Impossible, effect.ErrTaken},
		"it never answers":  {&sdk.Error{Code: sdk.CodeTimeout}, effect.Unknown, effect.ErrTaken},
		"it ends meanwhile": {&sdk.Error{Code: sdk.CodeUnavailable}, effect.Unknown, effect.ErrTaken},
		"it was given up":   {context.Canceled, effect.Unknown, effect.ErrTaken},
		"it waited in vain": {notThere{&sdk.Error{Code: sdk.CodeBusy, Err: context.Canceled}}, effect.NotTried, &sdk.Error{Code: sdk.CodeBusy}},
		"it is not there":   {notThere{&sdk.Error{Code: sdk.CodeUnavailable}}, effect.NotTried, &sdk.Error{Code: sdk.CodeUnavailable}},
		"it can't reach it": {&sdk.Error{Code: sdk.CodeUnavailable, Message: "the shop is shut"}, effect.NotTried, &sdk.Error{Code: sdk.CodeUnavailable}},
	} {
		t.Run(name, func(t *testing.T) {
			l := newLooked(t, func(*sdk.Invocation) []sdk.Event {
				return []sdk.Event{sdk.Result{Data: json.RawMessage(`{"before":"blue"}`)}}
			})
			l.run("paint", `{}`, sdk.OriginSentence)
			l.r.err, l.r.text = tc.err, "blue again"
			done := l.receipts()[0]
			l.turn.Lang = "fr"
			text, err := l.UndoReceipt(t.Context(), l.turn, done, "")
			if !errors.Is(err, tc.err) || err == nil && text != "blue again" {
				t.Errorf("%q, %v", text, err)
			}
			want := done.ID + ` {} {"before":"blue"} fr`
			if diff := cmp.Diff([]string{want}, l.r.undone); diff != "" {
				t.Errorf("the plugin was asked (-want +got):\n%s", diff)
			}
			done = l.receipts()[0]
			if done.Redress != tc.redress {
				t.Errorf("the receipt says %q, want %q", done.Redress, tc.redress)
			}
			if e, ok := errors.AsType[*sdk.Error](tc.err); ok && tc.redress != effect.NotTried && e.Message != done.RedressText || !ok && tc.err == nil && done.RedressText != "blue again" {
				t.Errorf("the receipt quotes %q", done.RedressText)
			}
			if _, err := l.UndoReceipt(t.Context(), l.turn, done, "key"); sdk.ErrorCode(err) != sdk.ErrorCode(tc.again) {
				t.Errorf("again: %v, want %v", err, tc.again)
			}
		})
	}
}

// Two who looked at the same receipt before either took it back ask the plugin once.
func TestOfTwoWhoTakeTheSameBackOneIsTold(t *testing.T) {
	l := newLooked(t, func(*sdk.Invocation) []sdk.Event { return []sdk.Event{sdk.Result{}} })
	l.run("paint", `{}`, sdk.OriginSentence)
	done := l.receipts()[0]
	if _, err := l.UndoReceipt(t.Context(), l.turn, done, ""); err != nil {
		t.Fatal(err)
	}
	if _, err := l.UndoReceipt(t.Context(), l.turn, done, ""); !errors.Is(err, effect.ErrTaken) || len(l.r.undone) != 1 {
		t.Errorf("%v; asked %q", err, l.r.undone)
	}
}

func TestWhoMayNotUseAToolTakesNothingBackOfIt(t *testing.T) {
	l := newLooked(t, func(*sdk.Invocation) []sdk.Event { return []sdk.Event{sdk.Result{}} })
	l.run("paint", `{}`, sdk.OriginSentence)
	l.Grants = func() Grants { return Grants{} }
	if _, err := l.UndoReceipt(t.Context(), l.turn, l.receipts()[0], ""); sdk.ErrorCode(err) != sdk.CodeForbidden || len(l.r.undone) != 0 {
		t.Errorf("%v; asked %q", err, l.r.undone)
	}
}

// M07: a temporary session leaves no receipt in the store, and can take back.
func TestATemporarySessionLeavesNoReceiptAndCanTakeBack(t *testing.T) {
	l := newLooked(t, func(*sdk.Invocation) []sdk.Event { return []sdk.Event{sdk.Result{}} })
	l.turn.Temporary = true
	l.run("paint", `{}`, sdk.OriginSentence)
	if got := l.receipts(); len(got) != 0 {
		t.Errorf("the store has %+v", got)
	}
	who := sdk.CallInfo{User: "u", Session: "s", Locale: "en"}
	if _, tool, _, err := l.Undo(t.Context(), who, nil); tool != "paint" || err != nil {
		t.Errorf("took back %q, %v", tool, err)
	}
	if _, _, _, err := l.Undo(t.Context(), who, nil); !errors.Is(err, effect.ErrNothing) {
		t.Errorf("again: %v", err)
	}
}

// A question that nobody answers does not become the effect that it asked about,
// though the plugin, called anew, would not ask any more.
func TestAQuestionThatNobodyAnswersEndsACallThatMayChangeSomething(t *testing.T) {
	calls := 0
	script := func(*sdk.Invocation) []sdk.Event {
		if calls++; calls == 1 {
			return []sdk.Event{sdk.NeedInput{Kind: sdk.InputChoice, Text: "which?", Options: []sdk.Option{{Value: "a", Label: "A"}}}}
		}
		return []sdk.Event{sdk.Result{}} // what it asked about is not so any more
	}
	l := newLooked(t, script)
	l.reply = turn.Reply{Expired: true}
	res := l.run("paint", `{}`, sdk.OriginSentence)
	if calls != 1 || res.State != turn.ToolRefused || res.Text != "tool.unanswered doorpaint" {
		t.Errorf("called %d times, ended as %+v", calls, res)
	}
	if diff := cmp.Diff([]string{"refused "}, l.states()); diff != "" {
		t.Errorf("the receipt (-want +got):\n%s", diff)
	}

	calls = 0
	first := newLooked(t, script)
	var q *turn.Question
	_, _ = first.Run(t.Context(), first.turn, Request{Plugin: "door", Tool: "paint", Origin: sdk.OriginSentence}, func(ev turn.Event) bool {
		q, _ = ev.(*turn.Question)
		return q == nil // the host is stopped here
	})
	second := newLooked(t, script)
	_, res, err := second.Resume(t.Context(), second.turn, q.Resume, turn.Reply{Expired: true}, func(turn.Event) bool { return true })
	if calls != 1 || res.State != turn.ToolRefused || err != nil {
		t.Errorf("in another host: called %d times, ended as %+v, %v", calls, res, err)
	}
}

// E24: an effect that was not seen to hold is not told as done: to the person in the
// answer, to the model that chose the call beside the tool's own words.
func TestAnEffectThatWasNotSeenIsTold(t *testing.T) {
	for name, tc := range map[string]struct {
		origin      sdk.Origin
		says, seen  string
		text, doubt string
	}{
		"seen otherwise": {sdk.OriginSentence, "It is red.", "it is blue. ", "It is red. tool.unconfirmed it is blue", "tool.unconfirmed it is blue"},
		"not seen":       {sdk.OriginSentence, "", "", "tool.unseen ", "tool.unseen "},
		"by a model":     {sdk.OriginModel, "It is red.", "it is blue", "It is red.", "tool.unconfirmed it is blue"},
	} {
		t.Run(name, func(t *testing.T) {
			l := newLooked(t, func(*sdk.Invocation) []sdk.Event { return []sdk.Event{sdk.Result{Text: tc.says}} })
			l.r.seen = sdk.Sight{Finding: sdk.FindingFailed, Seen: tc.seen}
			got := l.run("paint", `{}`, tc.origin)
			if got.Text != tc.text || got.Doubt != tc.doubt || got.State != turn.ToolUnverified || !got.OK() {
				t.Errorf("got %+v", got)
			}
			l.r.seen.Finding = sdk.FindingVerified
			if got := l.run("paint", `{}`, tc.origin); got.Text != tc.says || got.Doubt != "" {
				t.Errorf("once it is seen: %+v", got)
			}
		})
	}
}
