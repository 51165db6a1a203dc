package services_test

import (
	"fmt"
	"slices"
	"strings"
	"sync/atomic"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/jarvis-host/jarvis/host/services"
	"github.com/jarvis-host/jarvis/sdk"
)

// speaking is a desk whose sessions are talks, with a clock that a test moves.
func speaking(t *testing.T) (h *house, x *talks, pass func(time.Duration)) {
	t.Helper()
	x = &talks{}
	var ahead atomic.Int64
	h = open(t, func(o *services.Options) {
		o.Sessions = x
		o.Now = func() time.Time { return noon.Add(time.Duration(ahead.Load())) }
	})
	return h, x, func(d time.Duration) { ahead.Add(int64(d)) }
}

func TestAPluginSpeaksOnlyWhereItWasCalledAndForWhom(t *testing.T) {
	h, x, _ := speaking(t)
	ctx := t.Context()
	s, pass := h.guest(t, "p", everything())
	_, err := s.Say(ctx, "", "s_1", "early")
	wantCode(t, "before any call", err, sdk.CodeForbidden, "was not called in session", "s_1")
	end := pass.Begin(alice)
	if said, err := s.Say(ctx, "call_1", "", "in the call"); err != nil || said.Turn != "t_1" {
		t.Errorf("got %+v, %v", said, err)
	}
	end()
	_, err = s.Say(ctx, "call_1", "", "late")
	wantCode(t, "with a call that is over", err, sdk.CodeForbidden, "call_1")
	_, err = s.Say(ctx, "", "", "where?")
	wantCode(t, "nowhere", err, sdk.CodeForbidden, "no session is named")
	if _, err := s.Say(ctx, "", "s_1", "after it"); err != nil {
		t.Error(err)
	}
	// One that is kept of an earlier run of the host.
	if _, err := s.Say(ctx, "", "s_kept", "as before"); err != nil {
		t.Error(err)
	}
	// Another process of the same plugin, and another plugin.
	next, _ := h.guest(t, "p", everything())
	if _, err := next.Say(ctx, "", "s_1", "after a restart"); err != nil {
		t.Error(err)
	}
	other, passOfOther := h.guest(t, "q", everything())
	_, err = other.Say(ctx, "", "s_1", "me too")
	wantCode(t, "another plugin", err, sdk.CodeForbidden)
	_, err = other.Say(ctx, "", "s_kept", "me too")
	wantCode(t, "another plugin, in one that is kept", err, sdk.CodeForbidden)
	defer passOfOther.Begin(alice)()
	bob := sdk.CallInfo{Call: "call_2", User: "bob", Session: "s_2"}
	defer pass.Begin(bob)()
	_, err = s.Say(ctx, "call_2", "s_1", "in the name of another")
	wantCode(t, "another user's session", err, sdk.CodeForbidden)
	_, err = s.Say(ctx, "call_2", "s_kept", "in the name of another")
	wantCode(t, "another user's session that is kept", err, sdk.CodeForbidden)
	want := []string{"p|alice|s_1|in the call", "p|alice|s_1|after it", "p|alice|s_kept|as before", "p|alice|s_1|after a restart"}
	if d := cmp.Diff(want, x.said); d != "" {
		t.Error(d)
	}
}

func TestWhatAPluginSaysIsBounded(t *testing.T) {
	h, x, wait := speaking(t)
	ctx := t.Context()
	s, pass := h.guest(t, "p", everything())
	defer pass.Begin(alice)()
	_, err := s.Say(ctx, "call_1", "", " \n")
	wantCode(t, "nothing", err, sdk.CodeInvalid)
	_, err = s.Say(ctx, "call_1", "", strings.Repeat("é", sdk.MaxSaid+1))
	wantCode(t, "too much", err, sdk.CodeTooLarge, "4097", "4096")
	for range 10 {
		if _, err := s.Say(ctx, "call_1", "", strings.Repeat("é", sdk.MaxSaid)); err != nil {
			t.Fatal(err)
		}
	}
	_, err = s.Say(ctx, "call_1", "", "one more")
	wantCode(t, "the eleventh in a minute", err, sdk.CodeTooLarge, "at most 10 and 60")
	wait(time.Minute)
	for i := range 60 {
		info := sdk.CallInfo{Call: fmt.Sprint("call_", i), User: "alice", Session: fmt.Sprint("s_", i)}
		end := pass.Begin(info)
		if _, err := s.Say(ctx, info.Call, "", "x"); err != nil {
			t.Fatalf("in session %d: %v", i, err)
		}
		end()
	}
	_, err = s.Say(ctx, "", "s_59", "one more")
	wantCode(t, "the sixty-first in a minute", err, sdk.CodeTooLarge)
	if len(x.said) != 70 {
		t.Errorf("%d were said", len(x.said))
	}
}

func TestWhatCanNotBeSaidAnyMoreIsANoticeWhereThatWasGranted(t *testing.T) {
	h, _, _ := speaking(t)
	ctx := t.Context()
	info := sdk.CallInfo{Call: "call_1", User: "alice", Session: "gone_1"}
	s, pass := h.guest(t, "p", everything())
	defer pass.Begin(info)()
	said, err := s.Say(ctx, "call_1", "", "ready")
	if err != nil || said.Turn != "" || said.Notice == "" {
		t.Errorf("got %+v, %v", said, err)
	}
	open, err := h.db.OpenNotices(ctx, "alice")
	if err != nil || len(open) != 1 || open[0].Text != "ready" || open[0].Plugin != "p" {
		t.Errorf("notices are %+v, %v", open, err)
	}
	pass.Grant(slices.DeleteFunc(everything(), func(n sdk.Need) bool { return n.Kind == sdk.NeedNotify }))
	_, err = s.Say(ctx, "call_1", "", "ready")
	wantCode(t, "without the need", err, sdk.CodeNotFound, "notify")
}

func TestAHostThatStopsTakesNothingMoreToSay(t *testing.T) {
	h, x, _ := speaking(t)
	x.err = &sdk.Error{Code: sdk.CodeBusy, Err: fmt.Errorf("the host stops")}
	s, pass := h.guest(t, "p", everything())
	defer pass.Begin(alice)()
	_, err := s.Say(t.Context(), "call_1", "", "x")
	wantCode(t, "while it drains", err, sdk.CodeUnavailable, "the host stops")
}
