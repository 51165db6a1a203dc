package builtin

import (
	"context"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/jarvis-host/jarvis/host/texts"
	"github.com/jarvis-host/jarvis/sdk"
)

// E27: each outcome is said for what it is, with its time in the person's zone;
// what failed stands apart, and what is left out is told of.
func TestARecapSaysWhatCameOfEachDeed(t *testing.T) {
	now := time.Date(2026, 11, 24, 23, 30, 0, 0, time.UTC) // half past midnight in Paris
	deed := func(o Outcome, ago time.Duration) Deed {
		return Deed{Plugin: "home", Tool: "light", Outcome: o, At: now.Add(-ago)}
	}
	undone := deed(Verified, time.Hour)
	undone.Undone = now.Add(-time.Minute)
	failed := deed(Failed, 2*time.Hour)
	failed.Said, failed.Seen = "allume", "en panne"
	for _, tc := range []struct {
		when     string
		deeds    []Deed
		partial  bool
		lang     string
		want     []string // lines
		wantFrom time.Time
	}{
		{"lately", nil, false, "fr", []string{"Je n'ai rien changé ces dernières 24 heures."}, now.Add(-24 * time.Hour)},
		{"today", nil, false, "en", []string{"I have changed nothing today."}, now.Add(-30 * time.Minute)},
		{"lately", []Deed{deed(Unknown, time.Minute), undone, failed}, false, "fr", []string{
			"Voici ce que j'ai fait, le plus récent d'abord :",
			"- à 0 h 29 : home, light : commencé, je ne sais pas si c'est allé au bout",
			"- hier à 23 h 30 : home, light : fait, puis annulé à 0 h 29",
			"Essayé, sans succès :",
			"- hier à 22 h 30 : « allume » (home, light) : échec (en panne)",
		}, now.Add(-24 * time.Hour)},
		{"lately", []Deed{failed}, true, "en", []string{
			"I see nothing that I changed in our latest exchanges; I have not looked further back.", "Tried, without success:",
			"- yesterday at 10:30 pm: “allume” (home, light): failed (en panne)", "And other things before that.",
		}, now.Add(-24 * time.Hour)},
		{"lately", slices.Repeat([]Deed{deed(Executed, 0)}, 11), false, "en", slices.Concat(
			[]string{"Here is what I did, the latest first:"},
			slices.Repeat([]string{"- at 12:30 am: home, light: done"}, 10), []string{"And other things before that."},
		), now.Add(-24 * time.Hour)},
	} {
		p := New(Options{
			ID: "jarvis", Version: "1.0.0", Words: texts.Get, FormatTime: texts.FormatTime, FormatDate: texts.FormatDate,
			Now: func() time.Time { return now },
			Deeds: func(_ context.Context, who sdk.CallInfo, since time.Time) ([]Deed, bool, error) {
				if who.User != "alice" || !since.Equal(tc.wantFrom) {
					t.Errorf("deeds of %q since %v, want alice's since %v", who.User, since, tc.wantFrom)
				}
				return tc.deeds, !tc.partial, nil
			},
		})
		got := said(t, p, &sdk.Invocation{
			Tool: "recap", Args: []byte(`{"when":"` + tc.when + `"}`), Info: sdk.CallInfo{User: "alice", Locale: tc.lang, TimeZone: "Europe/Paris"},
		})
		got = strings.ReplaceAll(got, "\u00a0", " ")
		if want := strings.Join(tc.want, "\n"); got != want {
			t.Errorf("got\n%s\nwant\n%s", got, want)
		}
	}
}
