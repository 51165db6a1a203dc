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
	c := clashes{warn: func(_ string, args ...any) { told = append(told, args) }}
	for range 2 {
		c.changed(m)
		c.looking.Wait()
	}
	if len(told) != 1 || !slices.Contains(told[0], any("play jazz")) || !slices.Contains(told[0], any("radio.tune")) {
		t.Errorf("told %v, want one clash that is shown by \"play jazz\"", told)
	}
	c.changed(m)
	if got := c.of("radio"); len(got) != 1 { // who asks does not get what was before
		t.Errorf("the radio's clashes are %v", got)
	}
	c.changed(nil)
	if got := c.of("radio"); len(got) != 0 || len(told) != 1 {
		t.Errorf("without sentences: %v, told %v", got, told)
	}
	c.looking.Wait()
}
