package main

import (
	"regexp"
	"slices"
	"strings"
	"testing"

	"github.com/jarvis-host/jarvis/host/protocol"
)

// told is the answer of a turn, its times of day as "T", be they before midnight
// or after, and its spaces plain.
func told(r turnFrames) string {
	text := strings.NewReplacer("\u00a0", " ", "\u202f", " ", "yesterday at", "at", "hier à", "à").Replace(r.done.Text)
	return regexp.MustCompile(`\d{1,2} h( \d\d)?\b|\d{1,2}:\d\d [ap]m`).ReplaceAllString(text, "T")
}

// E27: "what did you just do?" lists what calls did, by what the host has kept of
// them, with times, in both languages and without a model, after a restart too.
// What was only said, read or refused is not in it, nor what others had done.
func TestWhatWasDoneIsToldFromWhatWasKept(t *testing.T) {
	config := quiet + withLamp
	h := startHost(t, "", config)
	h.ready("door")
	c := h.dial("a")
	const asked, nothing = "what did you just do?", "I have changed nothing in the last 24 hours."
	if got := c.ask(asked); told(got) != nothing || got.done.Source != "intent" {
		t.Errorf("with nothing done: got %+v", got.done)
	}
	c.ask("what time is it")
	c.ask("kick the door")          // it only reads, and breaks
	c.ask("knock on the blue door") // is not granted
	if got := told(c.ask(asked)); got != nothing {
		t.Errorf("with nothing done yet: got %q", got)
	}
	c.ask("dim the lamp to 30")
	c.ask("dim the lamp to 100")
	c.ask("dim the lamp to 60")
	if got := c.ask("undo that").tools; len(got) == 0 || !slices.ContainsFunc(got, func(f protocol.Tool) bool { return f.State == "undone" && f.Tool == "dim" }) {
		t.Errorf("undoing tells of no undone call: %+v", got)
	}
	bob := h.newUser("bob")
	if got := told(h.dialAs("b", bob).ask(asked)); got != nothing {
		t.Errorf("someone else: got %q", got)
	}
	english := strings.Join([]string{
		"Here is what I did, the latest first:",
		"- at T: “dim the lamp to 60” (door, dim): done, then taken back at T",
		"- at T: “dim the lamp to 100” (door, dim): asked for, but not confirmed (the lamp is weaker)",
		"- at T: “dim the lamp to 30” (door, dim): done, and verified",
	}, "\n")
	if got := told(c.ask(asked)); got != english {
		t.Errorf("got\n%s\nwant\n%s", got, english)
	}
	h.kill()
	h = startHost(t, h.dir, config)
	c = h.dial("c")
	if got := told(c.ask("show me what you have done")); got != english {
		t.Errorf("after a restart, in another conversation: got\n%s\nwant\n%s", got, english)
	}
	french := strings.NewReplacer(
		"Here is what I did, the latest first:", "Voici ce que j'ai fait, le plus récent d'abord :", "at T:", "à T :", "“", "« ", "”", " »",
		"): ", ") : ", "done, then taken back at T", "fait, puis annulé à T", "asked for, but not confirmed", "demandé, mais pas confirmé",
		"done, and verified", "fait et vérifié",
	).Replace(english)
	if got := told(c.ask("Qu'est-ce que tu viens de faire ?")); got != french {
		t.Errorf("got\n%s\nwant\n%s", got, french)
	}
}
