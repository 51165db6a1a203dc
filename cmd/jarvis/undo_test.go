package main

import (
	"strings"
	"testing"
)

const withLamp = "plugins:\n  door:\n    enabled: true\n    path: jarvis-plugin-door\n    grants: [dim]\n"

// D06, E24: a plugin declares a read-back and how to undo: the person reads whether
// an effect was seen to hold, in the answer too where it was not, and takes it back in their own words, once, unless
// something else has changed since.
func TestAnEffectIsVerifiedAndTakenBack(t *testing.T) {
	h := startHost(t, "", quiet+withLamp)
	h.ready("door")
	c := h.dial("a")
	last := func(r turnFrames) string {
		t.Helper()
		if len(r.tools) == 0 {
			t.Fatalf("no tool ran: %+v", r)
		}
		f := r.tools[len(r.tools)-1]
		return f.State + ": " + f.Summary
	}
	if got := c.ask("undo that").done.Text; got != "There is nothing that I can take back in this conversation." {
		t.Errorf("with nothing done: got %q", got)
	}
	if got := c.ask("dim the lamp to 30"); got.done.Text != "it is at 30" || last(got) != "verified: " {
		t.Errorf("dim to 30: got %q, %s", got.done.Text, last(got))
	}
	if got := c.ask("dim the lamp to 100"); last(got) != "unverified: the lamp is weaker" || got.done.Text != "it is at 100 That is not confirmed: the lamp is weaker." {
		t.Errorf("dim to 100: got %q, %s", got.done.Text, last(got))
	}
	if got := c.ask("undo that").done; !strings.Contains(got.Text, "someone else has touched the lamp") {
		t.Errorf("undo of what has changed since: got %+v", got)
	}
	c.ask("dim the lamp to 60")
	if got := h.dial("b").ask("undo that").done.Text; !strings.HasPrefix(got, "There is nothing") {
		t.Errorf("in another conversation: got %q", got)
	}
	if got := c.ask("annule ça").done.Text; got != "back at 90" {
		t.Errorf("undo: got %q", got)
	}
	if got := c.ask("undo that").done.Text; !strings.Contains(got, "someone else has touched the lamp") {
		t.Errorf("undo of what was before that: got %q", got)
	}
	if got := c.ask("undo that").done.Text; !strings.HasPrefix(got, "There is nothing") {
		t.Errorf("a third time: got %q", got)
	}
	for _, want := range []string{"effect taken back: plugin=door tool=dim", "effect not taken back: plugin=door tool=dim"} {
		if !strings.Contains(h.log.String(), want) {
			t.Errorf("the log lacks %q:\n%s", want, h.log)
		}
	}
}
