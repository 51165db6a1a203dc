package dialog

import (
	"context"
	"errors"
	"fmt"
	"iter"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/jarvis-host/jarvis/host/tool"
	"github.com/jarvis-host/jarvis/host/turn"
	"github.com/jarvis-host/jarvis/sdk"
	"github.com/jarvis-host/jarvis/sdk/intent"
)

// vars is a session's memory.
type vars struct {
	mu sync.Mutex
	m  map[string][]byte
}

func (v *vars) Get(_ context.Context, name string) ([]byte, error) {
	v.mu.Lock()
	defer v.mu.Unlock()
	return v.m[name], nil
}

func (v *vars) Set(_ context.Context, name string, value []byte) error {
	v.mu.Lock()
	defer v.mu.Unlock()
	if value == nil {
		delete(v.m, name)
	} else {
		v.m[name] = value
	}
	return nil
}

// tools answers calls by a script and records them.
type tools struct {
	answer func(q tool.Request, yield tool.Yield) (tool.Result, error)
	asked  []tool.Request
}

func (f *tools) Run(_ context.Context, _ *turn.Turn, q tool.Request, yield tool.Yield) (tool.Result, error) {
	f.asked = append(f.asked, q)
	return f.answer(q, yield)
}

func (f *tools) Resume(_ context.Context, _ *turn.Turn, state []byte, reply turn.Reply, yield tool.Yield) (tool.Request, tool.Result, error) {
	q := tool.Request{Plugin: string(state), Tool: reply.Value}
	f.asked = append(f.asked, q)
	res, err := f.answer(q, yield)
	return q, res, err
}

// sentences knows utterances by heart: "lang/text" to "plugin.tool".
type sentences map[string]string

func (s sentences) Match(lang, text string) []intent.Match {
	to, ok := s[lang+"/"+text]
	if !ok {
		return nil
	}
	plugin, name, _ := strings.Cut(to, ".")
	return []intent.Match{{Source: plugin, Intent: name, Slots: map[string]any{}}}
}

// model is an agent that is there or not.
type model struct {
	ready bool
	fail  error
}

func (m *model) Status() (bool, string, []any) { return m.ready, "model.none", nil }

func (m *model) Answer(_ context.Context, t *turn.Turn) iter.Seq2[turn.Event, error] {
	return func(yield func(turn.Event, error) bool) {
		if m.fail != nil {
			yield(nil, m.fail)
			return
		}
		if yield(turn.Delta{Text: "thought about " + t.Text}, nil) {
			yield(turn.Done{State: turn.Answered, Source: turn.SourceModel}, nil)
		}
	}
}

func said(text string) func(tool.Request, tool.Yield) (tool.Result, error) {
	return func(_ tool.Request, yield tool.Yield) (tool.Result, error) {
		yield(turn.Delta{Text: text})
		return tool.Result{State: turn.ToolRead, Text: text}, nil
	}
}

var now = time.Date(2026, 11, 24, 10, 0, 0, 0, time.UTC)

func dialogOf(f *tools, s sentences, m *model) *Dialog {
	return &Dialog{
		Tools: f, Sentences: s, Agent: m, Languages: []string{"fr", "en"},
		Words: func(lang, key string, args ...any) string {
			return fmt.Sprint(append([]any{lang + ":" + key}, args...)...)
		},
		IsStop: func(text string) bool { return text == "stop" },
		Now:    func() time.Time { return now },
	}
}

func turnOf(lang, text string) *turn.Turn {
	return &turn.Turn{ID: "t", Session: "s", Lang: lang, Text: text, Zone: time.UTC, Vars: &vars{m: map[string][]byte{}}, Steer: func() []string { return nil }}
}

// answerTo runs a turn and returns its end; the joined deltas must be its text.
func answerTo(t *testing.T, d *Dialog, tn *turn.Turn) turn.Done {
	t.Helper()
	var text strings.Builder
	for ev, err := range d.Answer(t.Context(), tn) {
		if err != nil {
			t.Fatal(err)
		}
		switch e := ev.(type) {
		case turn.Delta:
			text.WriteString(e.Text)
		case turn.Done:
			if text.String() != e.Text {
				t.Errorf("deltas %q, done %q", text.String(), e.Text)
			}
			return e
		}
	}
	t.Fatal("no done")
	return turn.Done{}
}

// E17: each stage says what its answer came from.
func TestTheFirstStageThatTakesAnUtteranceAnswersIt(t *testing.T) {
	s := sentences{"fr/heure": "jarvis.time", "en/time": "jarvis.time"}
	for _, tc := range []struct {
		name, lang, text string
		model            bool
		want             turn.Done
	}{
		{"stop word", "fr", "stop", true, turn.Done{Text: "fr:dialogue.nothing_to_stop", State: turn.Answered, Source: turn.SourceDialogue, Lang: "fr"}},
		{"sentence", "fr", "heure", true, turn.Done{Text: "noon", State: turn.Answered, Source: turn.SourceIntent, Lang: "fr"}},
		{"sentence of the other language", "fr", "time", true, turn.Done{Text: "noon", State: turn.Answered, Source: turn.SourceIntent, Lang: "en"}},
		{"model", "en", "why", true, turn.Done{Text: "thought about why", State: turn.Answered, Source: turn.SourceModel, Lang: "en"}},
		{"nobody", "en", "why", false, turn.Done{Text: "en:dialogue.cannot\n\nen:model.none", State: turn.Answered, Source: turn.SourceHost, Degraded: true, Lang: "en"}},
	} {
		t.Run(tc.name, func(t *testing.T) {
			got := answerTo(t, dialogOf(&tools{answer: said("noon")}, s, &model{ready: tc.model}), turnOf(tc.lang, tc.text))
			if diff := cmp.Diff(tc.want, got); diff != "" {
				t.Errorf("(-want +got):\n%s", diff)
			}
		})
	}
}

// E18: a language that the client forced is the answer's, whatever matched.
func TestAForcedLanguageStays(t *testing.T) {
	f := &tools{answer: said("midi")}
	tn := turnOf("fr", "time")
	tn.LangForced = true
	if got := answerTo(t, dialogOf(f, sentences{"en/time": "jarvis.time"}, &model{}), tn); got.Lang != "fr" || f.asked[0].Lang != "fr" {
		t.Errorf("answered in %s, called in %s", got.Lang, f.asked[0].Lang)
	}
}

// game takes letters, and leaves everything else to others.
func game(q tool.Request, yield tool.Yield) (tool.Result, error) {
	if q.Plugin == "clock" {
		return said("noon")(q, yield)
	}
	text := "begun"
	if q.Origin == sdk.OriginFloor {
		var letter string
		if _, err := fmt.Sscanf(string(q.Args), `{"text":"%1s"}`, &letter); err != nil || len(q.Utterance) > 1 {
			fallback := ""
			if !strings.Contains(q.Utterance, " ") {
				fallback = "one letter"
			}
			return tool.Result{NotMine: &sdk.NotMine{Fallback: fallback}}, nil
		}
		text = "letter " + letter
	}
	yield(turn.Delta{Text: text})
	res := tool.Result{State: turn.ToolRead, Text: text}
	if q.Utterance != "z" {
		res.Listen = &sdk.Listen{Tool: "guess", Slot: "text", TTL: time.Hour}
	}
	return res, nil
}

// E20: in mid-game letters go to the game, other questions are answered and the
// game stands, until it gives the floor back, runs out of time, or is stopped.
func TestTheHolderOfTheFloorHearsFirst(t *testing.T) {
	d := dialogOf(&tools{answer: game}, sentences{"en/play": "game.start", "en/what time": "clock.time"}, &model{ready: true})
	shared := &vars{m: map[string][]byte{}}
	say := func(text string) turn.Done {
		t.Helper()
		tn := turnOf("en", text)
		tn.Vars = shared
		return answerTo(t, d, tn)
	}
	for _, step := range []struct {
		text, want string
		source     turn.Source
	}{
		{"e", "thought about e", turn.SourceModel},
		{"play", "begun", turn.SourceIntent},
		{"e", "letter e", turn.SourceDialogue},
		{"what time", "noon", turn.SourceIntent},
		{"a", "letter a", turn.SourceDialogue},
		{"horse", "one letter", turn.SourceDialogue},
		{"why is the sky blue", "thought about why is the sky blue", turn.SourceModel},
		{"z", "letter z", turn.SourceDialogue}, // gives the floor back
		{"e", "thought about e", turn.SourceModel},
		{"play", "begun", turn.SourceIntent},
		{"stop", "en:dialogue.floor_released", turn.SourceDialogue},
		{"e", "thought about e", turn.SourceModel},
		{"play", "begun", turn.SourceIntent},
	} {
		if got := say(step.text); got.Text != step.want || got.Source != step.source {
			t.Fatalf("%q: %q from %s, want %q from %s", step.text, got.Text, got.Source, step.want, step.source)
		}
	}
	d.Now = func() time.Time { return now.Add(2 * time.Hour) }
	if got := say("e"); got.Source != turn.SourceModel {
		t.Errorf("the floor outlived its time: %+v", got)
	}
}

// X04: what a plugin says through the dialogue is the plugin's: why it failed, and
// what it says when an utterance is not for it.
func TestAPluginsWordsAreItsOwn(t *testing.T) {
	failing := func(tool.Request, tool.Yield) (tool.Result, error) {
		return tool.Result{State: turn.ToolFailed, Code: sdk.CodeInvalid, Text: "no such town"}, nil
	}
	s := sentences{"en/play": "game.start", "en/fail": "game.fail", "en/time": "jarvis.time"}
	shared := &vars{m: map[string][]byte{}}
	for _, step := range []struct {
		text   string
		answer func(tool.Request, tool.Yield) (tool.Result, error)
		want   bool
	}{{"fail", failing, true}, {"time", failing, false}, {"play", game, false}, {"horse", game, true}, {"stop", game, false}} {
		tn := turnOf("en", step.text)
		tn.Vars = shared
		for ev, err := range dialogOf(&tools{answer: step.answer}, s, &model{}).Answer(t.Context(), tn) {
			if d, ok := ev.(turn.Delta); err != nil || ok && d.Foreign != step.want {
				t.Errorf("%q: %+v, %v; want foreign %v", step.text, ev, err, step.want)
			}
		}
	}
	for plugin, want := range map[string]bool{"door": true, "jarvis": false} {
		tn := turnOf("en", "open")
		tn.Resumed = &turn.Resumed{State: []byte(plugin), Reply: turn.Reply{Value: "time"}}
		answer := func(tool.Request, tool.Yield) (tool.Result, error) {
			return tool.Result{State: turn.ToolRead, Text: "it is"}, nil
		}
		for ev, err := range dialogOf(&tools{answer: answer}, s, &model{}).Answer(t.Context(), tn) {
			if d, ok := ev.(turn.Delta); err != nil || ok && d.Foreign != want {
				t.Errorf("resumed, %s: %+v, %v", plugin, ev, err)
			}
		}
	}
}

// E10: what was added to a running turn is answered in the same turn.
func TestWhatWasAddedIsAnsweredInTheSameTurn(t *testing.T) {
	tn := turnOf("en", "time")
	added := []string{"date"}
	tn.Steer = func() []string { s := added; added = nil; return s }
	f := &tools{answer: func(q tool.Request, y tool.Yield) (tool.Result, error) { return said(q.Tool)(q, y) }}
	got := answerTo(t, dialogOf(f, sentences{"en/time": "jarvis.time", "en/date": "jarvis.date"}, &model{}), tn)
	if got.Text != "time\n\ndate" {
		t.Errorf("got %q", got.Text)
	}
}

func TestAFailedCallIsToldOnceAndFailsTheTurn(t *testing.T) {
	f := &tools{answer: func(_ tool.Request, y tool.Yield) (tool.Result, error) {
		y(turn.Delta{Text: "so far"})
		return tool.Result{State: turn.ToolFailed, Code: sdk.CodeTimeout, Text: "so far\n\ntoo slow"}, nil
	}}
	got := answerTo(t, dialogOf(f, sentences{"en/time": "jarvis.time"}, &model{}), turnOf("en", "time"))
	want := turn.Done{Text: "so far\n\ntoo slow", State: turn.Failed, Code: "timeout", Source: turn.SourceIntent, Lang: "en"}
	if diff := cmp.Diff(want, got); diff != "" {
		t.Errorf("(-want +got):\n%s", diff)
	}
}

func TestAnErrorEndsTheSequence(t *testing.T) {
	broken := errors.New("no disk")
	f := &tools{answer: func(tool.Request, tool.Yield) (tool.Result, error) { return tool.Result{}, broken }}
	for _, err := range dialogOf(f, sentences{"en/time": "jarvis.time"}, &model{}).Answer(t.Context(), turnOf("en", "time")) {
		if !errors.Is(err, broken) {
			t.Errorf("got %v", err)
		}
	}
}

// E07: leaving the loop ends the work: nothing more is yielded.
func TestLeavingTheLoopEndsTheAnswer(t *testing.T) {
	steps := 0
	f := &tools{answer: func(_ tool.Request, y tool.Yield) (tool.Result, error) {
		for y(turn.Delta{Text: "x"}) {
			steps++
		}
		return tool.Result{}, errors.New("no one listens")
	}}
	for range dialogOf(f, sentences{"en/time": "jarvis.time"}, &model{}).Answer(t.Context(), turnOf("en", "time")) {
		break
	}
	if steps != 0 {
		t.Errorf("%d steps after the end", steps)
	}
}
