package dialog

import (
	"context"
	"slices"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/jarvis-host/jarvis/host/turn"
)

func userSaid(id, text string) turn.Message {
	return turn.Message{Turn: id, Role: turn.FromUser, Text: text}
}

func answered(id, text string, state turn.Outcome) turn.Message {
	return turn.Message{Turn: id, Role: turn.FromAssistant, Text: text, State: state}
}

// E12: what was cut short is answered once more on request, and only that.
func TestAgainAnswersWhatWasCutShort(t *testing.T) {
	for name, tc := range map[string]struct {
		history []turn.Message
		want    []string
	}{
		"interrupted": {[]turn.Message{userSaid("t1", "why"), answered("t1", "Bec", turn.Interrupted)}, []string{"why"}},
		"failed":      {[]turn.Message{userSaid("t1", "why"), answered("t1", "sorry", turn.Failed)}, []string{"why"}},
		"stopped":     {[]turn.Message{userSaid("t1", "why"), answered("t1", "Bec", turn.Stopped)}, []string{"why"}},
		"nothing said": {
			[]turn.Message{userSaid("t0", "hi"), answered("t0", "Hi!", turn.Answered), userSaid("t1", "why")}, []string{"why"},
		},
		"with what was added": {
			[]turn.Message{userSaid("t1", "why"), userSaid("t1", "and how"), answered("t1", "B", turn.Interrupted)},
			[]string{"why", "and how"},
		},
		"again failed again": {
			[]turn.Message{
				userSaid("t1", "why"), answered("t1", "B", turn.Interrupted), userSaid("t2", "again"), answered("t2", "Be", turn.Failed),
			},
			[]string{"why"},
		},
		"answered":      {[]turn.Message{userSaid("t1", "why"), answered("t1", "Because.", turn.Answered)}, []string{"again"}},
		"first of all":  {nil, []string{"again"}},
		"only requests": {[]turn.Message{userSaid("t1", "again"), answered("t1", "?", turn.Failed)}, []string{"again"}},
	} {
		t.Run(name, func(t *testing.T) {
			d := dialogOf(&tools{}, nil, &model{ready: true})
			d.IsAgain = func(text string) bool { return text == "again" }
			tn := turnOf("en", "again")
			tn.History = tc.history
			want := "thought about " + tc.want[0]
			for _, more := range tc.want[1:] {
				want += "\n\nthought about " + more
			}
			if got := answerTo(t, d, tn); got.Text != want || got.State != turn.Answered {
				t.Errorf("answered %q (%s), want %q", got.Text, got.State, want)
			}
		})
	}
}

// E12: what may have happened in the world does not happen twice unless the end
// user agrees.
func TestAgainAsksBeforeSomethingHappensTwice(t *testing.T) {
	for reply, want := range map[string]string{
		"true": "thought about open the door", "false": "en:dialogue.left", "": "en:dialogue.left",
	} {
		d := dialogOf(&tools{}, nil, &model{ready: true})
		d.IsAgain = func(text string) bool { return text == "again" }
		tn := turnOf("en", "again")
		tn.History = []turn.Message{
			userSaid("t1", "open the door"), answered("t1", "", turn.Interrupted),
			userSaid("t2", "again"), answered("t2", "", turn.Interrupted),
		}
		var asked []string
		tn.Effects = func(_ context.Context, id string) ([]string, error) {
			asked = append(asked, id)
			return []string{"door opened in " + id}, nil
		}
		var question string
		var end turn.Done
		for ev, err := range d.Answer(t.Context(), tn) {
			if err != nil {
				t.Fatal(err)
			}
			switch e := ev.(type) {
			case *turn.Question:
				question = e.Text
				e.Reply = turn.Reply{Value: reply, Expired: reply == ""}
			case turn.Done:
				end = e
			}
		}
		if question != "en:dialogue.againdoor opened in t1 · door opened in t2" {
			t.Errorf("asked %q", question)
		}
		if !slices.Equal(asked, []string{"t1", "t2"}) {
			t.Errorf("asked about turns %v", asked)
		}
		if diff := cmp.Diff(want, end.Text); diff != "" {
			t.Errorf("reply %q:\n%s", reply, diff)
		}
	}
}
