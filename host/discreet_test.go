package host

import (
	"context"
	"errors"
	"iter"
	"strings"
	"testing"

	"github.com/jarvis-host/jarvis/host/scrub"
	"github.com/jarvis-host/jarvis/host/turn"
)

// script answers with events.
type script []turn.Event

// Answer implements [turn.Answerer].
func (s script) Answer(context.Context, *turn.Turn) iter.Seq2[turn.Event, error] {
	return func(yield func(turn.Event, error) bool) {
		for _, ev := range s {
			var err error
			if ev == nil {
				err = errors.ErrUnsupported
			}
			if !yield(ev, err) {
				return
			}
		}
	}
}

// E02, S07: an answer is said to its last letter, before whatever ends it, also when
// a secret begins with that letter.
func TestAnAnswerIsSaidToItsLastLetter(t *testing.T) {
	s := scrub.New()
	s.Register("butter-and-bread")
	for _, end := range []turn.Event{turn.Done{Text: "toast and b"}, &turn.Question{Text: "jam?"}, nil} {
		events := script{turn.Delta{Text: "toast"}, turn.Delta{Text: " and b"}, turn.Progress{}, turn.ToolStep{}, end}
		var said strings.Builder
		var last turn.Event
		for ev := range (discreet{events, s}).Answer(t.Context(), &turn.Turn{}) {
			if d, ok := ev.(turn.Delta); ok {
				said.WriteString(d.Text)
			}
			last = ev
		}
		if _, late := last.(turn.Delta); said.String() != "toast and b" || late {
			t.Errorf("said %q before %T, last is %T", said.String(), end, last)
		}
	}
	// Who listens may leave in between.
	for range (discreet{script{turn.Delta{Text: "b"}, turn.Done{}}, s}).Answer(t.Context(), &turn.Turn{}) {
		break
	}
}

// X04: what was held back stays a plugin's, whoever speaks when it is said.
func TestWhatIsHeldBackStaysAPlugins(t *testing.T) {
	s := scrub.New()
	s.Register("butter-and-bread")
	for name, events := range map[string]script{
		"at the end":  {turn.Delta{Text: "b", Foreign: true}, turn.Done{Text: "b"}},
		"with others": {turn.Delta{Text: "b", Foreign: true}, turn.Delta{Text: "est"}, turn.Done{Text: "best"}},
	} {
		for ev := range (discreet{events, s}).Answer(t.Context(), &turn.Turn{}) {
			if d, ok := ev.(turn.Delta); ok && !d.Foreign {
				t.Errorf("%s: %q is told as the host's", name, d.Text)
			}
		}
	}
}

// S07: what a question needs to go on after a restart is written down, and is not
// when it holds a secret.
func TestAQuestionAboutASecretDoesNotOutliveTheHost(t *testing.T) {
	s := scrub.New()
	s.Register("butter-and-bread")
	for resume, kept := range map[string]bool{`{"args":{"key":"b\u0075tter-and-bread"}}`: false, `{"args":{"key":"jam"}}`: true} {
		events := script{&turn.Question{Text: "sure?", Resume: []byte(resume)}}
		for ev := range (discreet{events, s}).Answer(t.Context(), &turn.Turn{}) {
			if q, ok := ev.(*turn.Question); !ok || (len(q.Resume) > 0) != kept {
				t.Errorf("of %s is kept %+v", resume, ev)
			}
		}
	}
}
