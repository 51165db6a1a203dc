package sdk_test

import (
	"bytes"
	"context"
	"errors"
	"log/slog"
	"strings"
	"testing"
	"testing/fstest"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/jarvis-host/jarvis/sdk"
)

func TestQuestionsAreAnsweredByReplay(t *testing.T) {
	runs := 0
	p := plain(func(_ context.Context, c *sdk.Call) (string, error) {
		runs++
		c.Text("Let's see. ")
		name, err := c.Ask("Which name?")
		if err != nil {
			return "", err
		}
		c.Text("Hello " + name + ". ")
		size, err := c.AskChoice("Which size?", sdk.Option{Value: "s", Label: "Small"})
		if err != nil {
			return "", err
		}
		sure, err := c.Confirm("Sure?")
		if err != nil {
			return "", err
		}
		if !sure {
			return "", sdk.ErrDeclined
		}
		return name + " " + size, nil
	})
	in := &sdk.Invocation{Tool: "run"}
	for _, step := range []struct {
		want   []sdk.Event
		answer sdk.Answer
	}{
		{[]sdk.Event{sdk.Text{Text: "Let's see. "}, sdk.NeedInput{Kind: sdk.InputText, Text: "Which name?"}}, sdk.Answer{Value: "Ada"}},
		{[]sdk.Event{sdk.Text{Text: "Hello Ada. "}, sdk.NeedInput{
			Kind: sdk.InputChoice, Text: "Which size?", Options: []sdk.Option{{Value: "s", Label: "Small"}},
		}}, sdk.Answer{Value: "s"}},
		{[]sdk.Event{sdk.NeedInput{Kind: sdk.InputConfirm, Text: "Sure?"}}, sdk.Answer{Value: "true"}},
		{[]sdk.Event{sdk.Result{Text: "Ada s"}}, sdk.Answer{}},
	} {
		if diff := cmp.Diff(step.want, invoke(t, p, in)); diff != "" {
			t.Errorf("run %d (-want +got):\n%s", runs, diff)
		}
		in.Answers = append(in.Answers, step.answer)
	}
	if runs != 4 {
		t.Errorf("tool ran %d times, want 4", runs)
	}
}

func TestNoAnswerIsANo(t *testing.T) {
	ask := plain(func(_ context.Context, c *sdk.Call) (string, error) { return c.Ask("Name?") })
	got := end[sdk.Problem](t, ask, &sdk.Invocation{Tool: "run", Answers: []sdk.Answer{{Declined: true}}})
	if got.Code != sdk.CodeForbidden {
		t.Errorf("declined question ends with %+v", got)
	}
	confirm := plain(func(_ context.Context, c *sdk.Call) (string, error) {
		if yes, err := c.Confirm("Sure?"); err != nil || yes {
			return "yes", err
		}
		return "no", nil
	})
	for _, a := range []sdk.Answer{{Declined: true}, {Value: "false"}, {Value: "true", Declined: true}} {
		if got := end[sdk.Result](t, confirm, &sdk.Invocation{Tool: "run", Answers: []sdk.Answer{a}}); got.Text != "no" {
			t.Errorf("answer %+v counts as %s", a, got.Text)
		}
	}
}

func TestAFourthQuestionIsAMistakeOfTheAuthor(t *testing.T) {
	p := plain(func(_ context.Context, c *sdk.Call) (string, error) {
		for {
			if _, err := c.Ask("Again?"); err != nil {
				return "", err
			}
		}
	})
	got := end[sdk.Problem](t, p, &sdk.Invocation{Tool: "run", Answers: make([]sdk.Answer, sdk.MaxQuestions)})
	if got.Code != sdk.CodeInternal || !strings.Contains(got.Detail, "more than 3 questions") {
		t.Errorf("problem is %+v", got)
	}
}

type game struct {
	Word string `json:"word"`
	Left int    `json:"left"`
}

func TestSessionStateTravelsWithTheCall(t *testing.T) {
	p := plain(func(_ context.Context, c *sdk.Call) (string, error) {
		g, had, err := sdk.State[game](c)
		switch {
		case err != nil:
			return "", err
		case !had:
			return "new", c.SetState(game{"chat", 7})
		case g.Left == 1:
			c.ClearState()
			return "over", nil
		}
		return g.Word, nil
	})
	for _, step := range []struct{ state, text, keep string }{
		{"", "new", `{"word":"chat","left":7}`},
		{"null", "new", `{"word":"chat","left":7}`},
		{`{"word":"chien","left":3}`, "chien", ""},
		{`{"left":1}`, "over", "null"},
	} {
		got := end[sdk.Result](t, p, &sdk.Invocation{Tool: "run", State: []byte(step.state)})
		if got.Text != step.text || string(got.State) != step.keep {
			t.Errorf("state %s: result is %q, state %s; want %q and %s", step.state, got.Text, got.State, step.text, step.keep)
		}
	}
	got := end[sdk.Problem](t, p, &sdk.Invocation{Tool: "run", State: []byte(`[1]`)})
	if !strings.Contains(got.Detail, "decode session state") {
		t.Errorf("problem is %+v", got)
	}
}

func TestTooMuchStateIsAClearProblem(t *testing.T) {
	big := strings.Repeat("x", sdk.MaxState)
	for name, p := range map[string]*sdk.Plugin{
		"SetState": plain(func(_ context.Context, c *sdk.Call) (string, error) { return "", c.SetState(big) }),
		"Result":   plain(says(sdk.Result{State: []byte(`"` + big + `"`)})),
	} {
		got := end[sdk.Problem](t, p, &sdk.Invocation{Tool: "run"})
		if got.Code != sdk.CodeInternal || got.Detail != "session state weighs 65538 bytes, expected at most 65536" {
			t.Errorf("%s: problem is %+v", name, got)
		}
	}
	got := end[sdk.Problem](t, plain(says(sdk.Result{Data: []byte(`{`)})), &sdk.Invocation{Tool: "run"})
	if !strings.Contains(got.Detail, "expected JSON") {
		t.Errorf("problem is %+v", got)
	}
}

func TestTheFloorIsAskedForAndPassedOn(t *testing.T) {
	listen := plain(func(_ context.Context, c *sdk.Call) (string, error) {
		c.Listen("guess", "letter", time.Minute)
		return "Your turn.", nil
	})
	got := end[sdk.Result](t, listen, &sdk.Invocation{Tool: "run"})
	if diff := cmp.Diff(&sdk.Listen{Tool: "guess", Slot: "letter", TTL: time.Minute}, got.Listen); diff != "" {
		t.Errorf("listen (-want +got):\n%s", diff)
	}
	pass := plain(func(_ context.Context, c *sdk.Call) (string, error) {
		if c.Info().Utterance == "" {
			return "", c.NotMine()
		}
		return "", c.NotMineOr("Still playing.")
	})
	if got := end[sdk.NotMine](t, pass, &sdk.Invocation{Tool: "run"}); got.Fallback != "" {
		t.Errorf("end is %+v", got)
	}
	in := &sdk.Invocation{Tool: "run", Info: sdk.CallInfo{Utterance: "hm"}}
	if got := end[sdk.NotMine](t, pass, in); got.Fallback != "Still playing." {
		t.Errorf("end is %+v", got)
	}
}

func TestTextsComeInThePersonsLanguageOrThePluginsFirst(t *testing.T) {
	files := fstest.MapFS{
		"texts/fr.json": {Data: []byte(`{"left": "{count} lettres, {share} %", "game": {"over": "Fini"}}`)},
		"texts/en.json": {Data: []byte(`{"left": "{count} letters, {share} %", "game": {"over": "Over"}}`)},
	}
	var log bytes.Buffer
	p := plain(func(_ context.Context, c *sdk.Call) (string, error) {
		return c.Locale() + ": " + c.T("left", "count", 3, "share", 12.5) + ", " + c.T("game.over") + ", " + c.T("nope"), nil
	}).TextsFS(files, "texts/*.json").Use(sdk.Environment{Log: slog.New(slog.NewTextHandler(&log, nil))})
	for locale, want := range map[string]string{
		"fr": "fr: 3 lettres, 12,5 %, Fini, nope", "en-GB": "en: 3 letters, 12.5 %, Over, nope", "de": "fr: 3 lettres, 12,5 %, Fini, nope",
	} {
		if got := end[sdk.Result](t, p, &sdk.Invocation{Tool: "run", Info: sdk.CallInfo{Locale: locale}}); got.Text != want {
			t.Errorf("%s: %q, want %q", locale, got.Text, want)
		}
	}
	if !strings.Contains(log.String(), "key=nope") {
		t.Errorf("the missing text was not logged:\n%s", log.String())
	}
	for _, bad := range []fstest.MapFS{{}, {"texts/fr.json": {Data: []byte(`{"n": 1}`)}}, {"texts/fr.json": {Data: []byte(`[`)}}} {
		if err := plain(says("")).TextsFS(bad, "texts/*.json").Err(); err == nil {
			t.Errorf("texts %v are accepted", bad)
		}
	}
}

func TestTheClockIsInThePersonsZone(t *testing.T) {
	noon := time.Date(2026, 7, 1, 12, 0, 0, 0, time.UTC)
	p := plain(func(_ context.Context, c *sdk.Call) (string, error) { return c.Now().Format("15:04 MST"), nil }).
		Use(sdk.Environment{Now: func() time.Time { return noon }, Log: slog.New(slog.DiscardHandler)})
	for zone, want := range map[string]string{"Europe/Paris": "14:00 CEST", "": "12:00 UTC", "Mars/Olympus": "12:00 UTC"} {
		if got := end[sdk.Result](t, p, &sdk.Invocation{Tool: "run", Info: sdk.CallInfo{TimeZone: zone}}); got.Text != want {
			t.Errorf("zone %q: %s, want %s", zone, got.Text, want)
		}
	}
}

func TestLogRecordsCarryTheIdsOfTheirCall(t *testing.T) {
	var log bytes.Buffer
	p := plain(func(_ context.Context, c *sdk.Call) (string, error) {
		c.Log().Info("working")
		return "", nil
	}).Use(sdk.Environment{Log: slog.New(slog.NewTextHandler(&log, nil))})
	end[sdk.Result](t, p, &sdk.Invocation{Tool: "run", Info: sdk.CallInfo{Call: "c1", RequestID: "r1"}})
	if !strings.Contains(log.String(), "msg=working tool=run call=c1 request_id=r1") {
		t.Errorf("log is %s", log.String())
	}
}

func TestAnEndingThatIsNotReturnedSaysWhatToDo(t *testing.T) {
	p := plain(func(_ context.Context, c *sdk.Call) (string, error) {
		_, err := c.Ask("Name?")
		return "", errors.New("hidden: " + err.Error())
	})
	got := end[sdk.Problem](t, p, &sdk.Invocation{Tool: "run"})
	if !strings.Contains(got.Detail, "tool must return this error") {
		t.Errorf("problem is %+v", got)
	}
}
