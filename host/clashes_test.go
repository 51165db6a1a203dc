package host

import (
	"slices"
	"testing"

	"github.com/jarvis-host/jarvis/sdk/intent"
)

// D11: whoever installs a plugin whose sentences are another's learns it, with
// an utterance that shows it, once.
func TestAClashOfTwoPluginsIsToldOnceWithAnUtterance(t *testing.T) {
	b := intent.NewBuilder()
	for _, s := range []intent.Sentence{
		{Source: "music", Intent: "play", Lang: "en", Template: "play [some] jazz"},
		{Source: "radio", Intent: "tune", Lang: "en", Template: "play (jazz|blues)"},
	} {
		if err := b.Add(s); err != nil {
			t.Fatal(err)
		}
	}
	m, err := b.Build()
	if err != nil {
		t.Fatal(err)
	}
	var told [][]any
	var c clashes
	for range 2 {
		c.tell(m, func(_ string, args ...any) { told = append(told, args) })
	}
	if len(told) != 1 || !slices.Contains(told[0], any("play jazz")) || !slices.Contains(told[0], any("radio.tune")) {
		t.Errorf("told %v, want one clash that is shown by \"play jazz\"", told)
	}
	c.tell(nil, func(string, ...any) { t.Error("no sentences clash") })
}
