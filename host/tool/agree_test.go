package tool

import (
	"context"
	"errors"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/jarvis-host/jarvis/host/effect"
	"github.com/jarvis-host/jarvis/host/turn"
	"github.com/jarvis-host/jarvis/sdk"
)

// painted is a stage where something was painted twice, with a tool that asks,
// and a call that takes back.
type painted struct {
	*looked
	call   *call
	asked  []string
	answer bool
	ending error // of the call that asks
}

func newPainted(t *testing.T, when sdk.ConfirmWhen, origin sdk.Origin) *painted {
	t.Helper()
	l := newLooked(t, func(*sdk.Invocation) []sdk.Event { return []sdk.Event{sdk.Result{}} })
	l.Catalogue = lamps(t, sdk.AskFirst(when, map[string]string{"en": "Paint?"}))
	l.reply = turn.Reply{Value: "true"}
	l.run("paint", `{}`, sdk.OriginSentence)
	l.run("paint", `{}`, sdk.OriginSentence)
	c := l.newCall(l.turn, Request{Origin: origin}, func(turn.Event) bool { return true })
	return &painted{looked: l, call: c}
}

func (p *painted) undo() error {
	ctx := context.WithValue(p.t.Context(), callKey{}, p.call)
	_, _, _, err := p.Undo(ctx, sdk.CallInfo{User: "u", Session: "s", Locale: "en"}, func(question string) (bool, error) {
		p.asked = append(p.asked, question)
		return p.answer, p.ending
	})
	return err
}

// A tool that asks before its effect asks before that is taken back: to take
// back that a door was locked is to unlock it.
func TestWhereAToolAsksTakingBackAsksToo(t *testing.T) {
	for name, tc := range map[string]struct {
		when   sdk.ConfirmWhen
		origin sdk.Origin
		want   []string
	}{
		"always":                     {sdk.ConfirmAlways, sdk.OriginSentence, []string{"receipt.confirm doorpaint{}"}},
		"of a model, a person does":  {sdk.ConfirmWhenModel, sdk.OriginSentence, nil},
		"of a model, a model does":   {sdk.ConfirmWhenModel, sdk.OriginModel, []string{"receipt.confirm doorpaint{}"}},
		"never, not of a model even": {sdk.ConfirmNever, sdk.OriginModel, nil},
	} {
		t.Run(name, func(t *testing.T) {
			p := newPainted(t, tc.when, tc.origin)
			p.answer = true
			if err := p.undo(); err != nil || len(p.r.undone) != 1 {
				t.Errorf("%v; took back %q", err, p.r.undone)
			}
			if diff := cmp.Diff(tc.want, p.asked); diff != "" {
				t.Errorf("asked (-want +got):\n%s", diff)
			}
		})
	}
}

func TestWhatThePersonDoesNotAgreeToIsNotTakenBack(t *testing.T) {
	p := newPainted(t, sdk.ConfirmAlways, sdk.OriginSentence)
	if err := p.undo(); sdk.ErrorCode(err) != sdk.CodeForbidden {
		t.Errorf("declined: %v", err)
	}
	p.ending = errors.New("the call ends with its question")
	if err := p.undo(); !errors.Is(err, p.ending) {
		t.Errorf("asking: %v", err)
	}
	if newest := p.receipts()[0]; len(p.r.undone) != 0 || newest.Redress != effect.NotTried {
		t.Errorf("took back %q: %+v", p.r.undone, newest)
	}
	if _, err := p.UndoReceipt(t.Context(), p.turn, p.receipts()[0], ""); !errors.Is(err, ErrNeedsPerson) || len(p.r.undone) != 0 {
		t.Errorf("where nobody can be asked: %v; took back %q", err, p.r.undone)
	}
}

// The answer holds for what was asked about: when somebody takes that back
// meanwhile, what was done before it stays.
func TestAnAnswerTakesBackNothingElseThanWhatItWasAbout(t *testing.T) {
	p := newPainted(t, sdk.ConfirmAlways, sdk.OriginSentence)
	newest, elsewhere := p.receipts()[0], effect.Attempt{User: "u", Key: "another turn"}
	if err := p.Receipts.Claim(t.Context(), newest, elsewhere); err != nil {
		t.Fatal(err)
	}
	elsewhere.Redress = effect.Undone
	if err := p.Receipts.Settle(t.Context(), newest, elsewhere); err != nil {
		t.Fatal(err)
	}
	p.answer = true
	if err := p.undo(); !errors.Is(err, effect.ErrTaken) || len(p.r.undone) != 0 {
		t.Errorf("%v; took back %q", err, p.r.undone)
	}
}
