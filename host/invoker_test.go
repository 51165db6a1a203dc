package host

import (
	"errors"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/jarvis-host/jarvis/host/scrub"
	"github.com/jarvis-host/jarvis/sdk"
)

// S07: a secret that the host knows gets into no transcript through a plugin.
func TestAPluginSaysNoSecretThatTheHostKnows(t *testing.T) {
	s := scrub.New()
	s.Register("butter-and-bread")
	s.Register("1234567890") // a number where it stands alone
	const in, out = "it is butter-and-bread", "it is [redacted]"
	events := func(yield func(sdk.Event, error) bool) {
		for _, ev := range []sdk.Event{
			sdk.Text{Text: in},
			sdk.Text{Text: " or bread, but"},
			sdk.Text{Text: "ter-and-bre"},
			sdk.Text{Text: "ad, bu"},
			sdk.Text{Text: "tter"},
			sdk.Progress{Message: in},
			sdk.NeedInput{Text: in},
			sdk.Problem{Message: in},
			sdk.Result{Text: in, Data: []byte(`{"a":"butter-and-bread"}`), State: []byte(`"butter-and-bread"`)},
			sdk.Text{Text: "more butter-a"},
			sdk.Result{Text: "nd-bread, but", Data: []byte(`{"a":1234567890,"b":2}`)},
		} {
			if !yield(ev, nil) {
				return
			}
		}
		yield(nil, errors.ErrUnsupported)
	}
	var got []sdk.Event
	for ev := range cleaned(events, s) {
		got = append(got, ev)
	}
	want := []sdk.Event{
		sdk.Text{Text: out},
		sdk.Text{Text: " or bread, "},
		sdk.Text{Text: "[redacted], "},
		sdk.Progress{Message: out},
		sdk.Text{Text: "butter"},
		sdk.NeedInput{Text: out},
		sdk.Problem{Message: out},
		sdk.Result{Text: out, Data: []byte(`{"a":"[redacted]"}`), State: []byte(`"butter-and-bread"`)},
		sdk.Text{Text: "more "},
		sdk.Result{Text: "[redacted], but", Data: []byte(`{"a":"[redacted]","b":2}`)},
		nil,
	}
	if d := cmp.Diff(want, got); d != "" {
		t.Error(d)
	}
}
