// Command dice is a whole Jarvis plugin: it rolls dice, asks before it rolls
// many, and remembers the last two rolls. See docs/plugin-guide.md.
package main

import (
	"cmp"
	"context"
	"errors"
	"math/rand/v2"
	"slices"
	"time"

	"github.com/jarvis-host/jarvis/sdk"
	"github.com/jarvis-host/jarvis/sdk/intent"
	"github.com/jarvis-host/jarvis/sdk/serve"
)

type wish struct {
	Count int `json:"count" desc:"How many dice" min:"1" max:"10" default:"2"`
	Sides int `json:"sides" desc:"How many sides each die has" min:"2" max:"100" default:"6"`
}

type roll struct {
	Dice  []int `json:"dice"`
	Total int   `json:"total"`
}

type question struct {
	Text string `json:"text,omitempty" desc:"What was said right after a roll"`
}

type table struct{ Last, Before int } // session state: totals of the last two rolls, 0 for none

func main() { serve.Main(plugin(rand.IntN)) }

// plugin declares everything; a test brings its own luck.
func plugin(luck func(n int) int) *sdk.Plugin {
	p := sdk.New("dice", "1.0.0", "Rolls dice").Languages("fr", "en").
		Texts("fr", map[string]string{"sure": "{n} dés d’un coup, vraiment ?", "was": "C’était {n}.", "none": "Aucun lancer avant."}).
		Texts("en", map[string]string{"sure": "{n} dice at once, really?", "was": "It was {n}.", "none": "No roll before that."})
	throw := func(_ context.Context, c *sdk.Call, in wish) (out roll, err error) {
		if in.Count > 5 { // before any luck: a question ends this run and starts another
			if yes, err := c.Confirm(c.T("sure", "n", in.Count)); err != nil || !yes {
				return out, cmp.Or(err, sdk.ErrDeclined)
			}
		}
		for range in.Count {
			die := 1 + luck(in.Sides)
			out.Dice, out.Total = append(out.Dice, die), out.Total+die
		}
		before, _, err := sdk.State[table](c)
		c.Listen("recall", "text", time.Minute) // "and before that?" is ours for a minute
		return out, errors.Join(err, c.SetState(table{Last: out.Total, Before: before.Last}))
	}
	sdk.Tool(p, "roll", "Roll dice and tell their sum", throw, sdk.ReadOnly(), sdk.Stateful(),
		sdk.Say("fr", "(lance|jette) {count} (dé|dés) [à {sides} faces]", "(lance|jette) les dés"),
		sdk.Say("en", "(roll|throw) {count} (die|dice) [with {sides} sides]", "(roll|throw) the dice"),
		sdk.SayWith("en", map[string]any{"count": 1}, "(roll|throw) a die [with {sides} sides]"),
		sdk.Examples("fr", sdk.Example{Text: "lance 3 dés à 20 faces", Args: map[string]any{"count": 3, "sides": 20}}),
		sdk.Reply("fr", "Total : {total}, avec {dice}."), sdk.Reply("en", "Total: {total}, with {dice}."))
	sdk.Tool(p, "recall", "Tell the total of the last roll of dice", recall, sdk.ReadOnly(), sdk.Stateful(),
		sdk.Say("fr", "quel était [mon|le] dernier lancer"), sdk.Say("en", "what was (my|the) last roll"))
	return p
}

// recall, for a minute after a roll, hears everything first, and hands on the rest.
func recall(_ context.Context, c *sdk.Call, in question) (string, error) {
	t, _, err := sdk.State[table](c)
	total, earlier := t.Last, []string{"et avant", "and before that"}
	if c.Info().Origin == sdk.OriginFloor {
		if total = t.Before; !slices.Contains(earlier, intent.Normalize(c.Locale(), in.Text)) {
			return "", c.NotMine()
		}
	}
	if total == 0 {
		return c.T("none"), err
	}
	return c.T("was", "n", total), err
}
