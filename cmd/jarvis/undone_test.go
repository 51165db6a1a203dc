package main

import (
	"encoding/json"
	"net/http"
	"strings"
	"testing"

	"github.com/jarvis-host/jarvis/host/gateway"
	"github.com/jarvis-host/jarvis/host/protocol"
)

// agree says something that asks, and answers.
func (c *client) agree(text, value string) (question string, r turnFrames) {
	c.t.Helper()
	c.say(text)
	var q protocol.Question
	c.into(c.next(protocol.TypeAccepted), &r.accepted)
	c.session = r.accepted.Session
	c.into(c.next(protocol.TypeQuestion), &q)
	c.send(protocol.Reply{Type: protocol.TypeReply, Question: q.Question, Value: json.RawMessage(value)})
	c.into(c.next(protocol.TypeDone), &r.done)
	return q.Text, r
}

func startHouse(t *testing.T, dir string, b *building) *hostProcess {
	t.Helper()
	h := startHost(t, dir, b.config())
	h.ready("house")
	return h
}

// E26: after host and plugin were killed, "undo that" and "annule ça" bring back
// the brightness, the temperature and the lock that were before, in the house
// itself; where somebody has changed it since, it stays, and they are told.
func TestWhatAHouseWasBeforeComesBackAfterARestart(t *testing.T) {
	b := newBuilding(t)
	h := startHouse(t, "", b)
	session := ""
	// again is the same conversation in another life of the host.
	again := func() *client {
		t.Helper()
		h.kill()
		h = startHouse(t, h.dir, b)
		c := h.dial(session)
		c.session = session
		return c
	}
	for _, tc := range []struct{ thing, to, undo, was string }{
		{"brightness", "80", "annule ça", "40"}, {"temperature", "23", "undo that", "19"},
	} {
		session = ""
		c := h.dial("a" + tc.thing)
		if got := c.ask("set the " + tc.thing + " to " + tc.to); got.done.Text != "it was "+tc.was || b.is(tc.thing) != tc.to {
			t.Fatalf("set the %s: %+v; it is %s", tc.thing, got.done, b.is(tc.thing))
		}
		session = c.session
		got := again().ask(tc.undo)
		if got.done.Text != "back at "+tc.was || b.is(tc.thing) != tc.was {
			t.Errorf("%s: %q; the %s is %s, it was %s", tc.undo, got.done.Text, tc.thing, b.is(tc.thing), tc.was)
		}
		undone := false
		for _, step := range got.tools {
			undone = undone || step.State == "undone" && step.Tool == tc.thing
		}
		if !undone {
			t.Errorf("no frame says that it is undone: %+v", got.tools)
		}
	}

	// To take back that it was locked is to unlock it: it asks again.
	c := h.dial("lock")
	if q, got := c.agree("set the lock to locked", "true"); q != "Set the lock to locked?" || b.is("lock") != "locked" {
		t.Fatalf("lock: %q, %+v", q, got.done)
	}
	session = c.session
	c = again()
	if q, got := c.agree("undo that", "false"); !strings.Contains(q, "lock") || b.is("lock") != "locked" || strings.Contains(got.done.Text, "back at") {
		t.Errorf("declined: %q, %+v; it is %s", q, got.done, b.is("lock"))
	}
	if q, got := c.agree("annule ça", "true"); !strings.HasPrefix(q, "Dois-je vraiment annuler") || got.done.Text != "back at open" || b.is("lock") != "open" {
		t.Errorf("agreed: %q, %+v; it is %s", q, got.done, b.is("lock"))
	}

	c = h.dial("changed")
	c.ask("set the brightness to 70")
	session = c.session
	b.set("brightness", "10")
	c = again()
	if got := c.ask("annule ça").done.Text; !strings.Contains(got, "somebody has set it to 10 since") || b.is("brightness") != "10" {
		t.Errorf("changed since: %q; it is %s", got, b.is("brightness"))
	}
	r := h.receipts("?session=" + session).Items
	if len(r) != 1 || r[0].Undo != "refused" || r[0].UndoText != "somebody has set it to 10 since" || r[0].UndoBy == "" || r[0].Undoable {
		t.Errorf("its receipt: %+v", r)
	}
}

// E12: a host that is killed after an effect has happened and before it could
// write that down does nothing again by itself; the turn ends as interrupted,
// what was done is told as not known, and tried once more only if the person
// says so, knowing that it may have happened.
func TestAnEffectThatMayHaveHappenedHappensAgainOnlyOnRequest(t *testing.T) {
	b := newBuilding(t)
	h := startHouse(t, "", b)
	b.hear(false)
	c := h.dial("a")
	c.say("set the brightness to 80")
	var accepted protocol.Accepted
	c.into(c.next(protocol.TypeAccepted), &accepted)
	<-b.heard
	h.kill()
	until(t, "the plugins to go with the host", func() bool { return len(h.processes()) == 0 })

	b.hear(true)
	h = startHouse(t, h.dir, b)
	c = h.dial("b")
	c.session = accepted.Session
	c.send(protocol.Resume{Type: protocol.TypeResume, Session: accepted.Session})
	if end := c.turn(); end.done.State != "interrupted" {
		t.Errorf("the killed turn ended as %+v", end.done)
	}
	if r := h.receipts("").Items; len(r) != 1 || r[0].State != "intended" || r[0].Turn != accepted.Turn {
		t.Errorf("receipts: %+v", r)
	}
	// The same message of a client that was never told is the same turn.
	c.send(protocol.Say{Type: protocol.TypeSay, ID: accepted.ID, Text: accepted.Text, Session: accepted.Session})
	var same protocol.Accepted
	if c.into(c.next(protocol.TypeAccepted), &same); same.Turn != accepted.Turn {
		t.Errorf("sent again it is turn %s", same.Turn)
	}
	if n := b.hear(true); n != 1 {
		t.Fatalf("it happened %d times", n)
	}
	const again = "That request already did this, or may have: house brightness. Start it over all the same?"
	if q, got := c.agree("try again", "true"); q != again || got.done.State != "answered" || got.done.Text != "it was 80" || b.hear(true) != 2 {
		t.Errorf("agreed: asked %q, ended as %+v, happened %d times", q, got.done, b.hear(true))
	}
	if c.ask("try again"); b.hear(true) != 2 {
		t.Errorf("once more: happened %d times", b.hear(true))
	}
	if got := told(c.ask("what did you just do?")); !strings.Contains(got, "“set the brightness to 80” (house, brightness): begun, I don't know whether it came to its end") || !strings.Contains(got, "“try again” (house, brightness): done, and verified") {
		t.Errorf("what was done: %q", got)
	}
}

// What an end user may not take back over REST, and why, in their language.
func TestTakingBackOverRESTIsRefusedWithItsReason(t *testing.T) {
	b := newBuilding(t)
	h := startHouse(t, "", b)
	bobs := h.newUser("bob")
	bob := h.dialAs("bob", bobs)
	bob.next(protocol.TypeHello)
	bob.ask("set the brightness to 80")
	bob.ask("set the temperature to 23")
	bob.agree("set the lock to locked", "true")
	h.key = bobs
	all := h.receipts("").Items // lock, temperature, brightness
	if len(all) != 3 {
		t.Fatalf("receipts: %+v", all)
	}
	lock, temperature, brightness := all[0].ID, all[1].ID, all[2].ID
	refused := func(what, key, id string, code int, name string, words map[string]string) {
		t.Helper()
		h.key = key
		for lang, want := range words {
			var a struct {
				Error struct{ Code, Message string }
			}
			got := h.restWith(http.MethodPost, "/v1/receipts/"+id+"/undo", "", &a, "Accept-Language", lang)
			if got != code || a.Error.Code != name || !strings.Contains(a.Error.Message, want) {
				t.Errorf("%s, in %s: %d, %+v; want %d, %s, %q", what, lang, got, a.Error, code, name, want)
			}
		}
	}
	refused("nobody", "jrv_"+strings.Repeat("x", 43), brightness, http.StatusUnauthorized, "unauthenticated", map[string]string{"en": "", "fr": ""})
	refused("a scraper", h.newUser("prom", "--role", "scraper"), brightness, http.StatusForbidden, "forbidden", map[string]string{"en": "", "fr": ""})
	refused("made up", bobs, "call_0", http.StatusNotFound, "not_found", map[string]string{"en": "no receipt call_0", "fr": "pas de reçu call_0"})
	refused("somebody else's", h.newUser("carol"), brightness, http.StatusNotFound, "not_found", map[string]string{"en": "somebody else", "fr": "quelqu'un d'autre"})
	refused("it asks", bobs, lock, http.StatusConflict, "conflict", map[string]string{"en": "in a conversation", "fr": "dans une conversation"})

	// The same request again has the same answer, and no second effect, after a
	// restart too; another one is told that it was done.
	undo := func(id, key string) (code int, a gateway.Undone) {
		t.Helper()
		h.key = bobs
		code = h.restWith(http.MethodPost, "/v1/receipts/"+id+"/undo", "", &a, "Idempotency-Key", key)
		return code, a
	}
	code, first := undo(brightness, "one")
	if code != http.StatusOK || first.Text != "back at 40" || b.is("brightness") != "40" {
		t.Fatalf("undo: %d, %+v; it is %s", code, first, b.is("brightness"))
	}
	changes := b.hear(true)
	if code, a := undo(brightness, "one"); code != http.StatusOK || a != first {
		t.Errorf("the same again: %d, %+v", code, a)
	}
	if code, _ := undo(temperature, "one"); code != http.StatusConflict {
		t.Errorf("its key for something else: %d", code)
	}
	refused("twice", bobs, brightness, http.StatusConflict, "conflict", map[string]string{"en": "taken back already", "fr": "déjà annulé"})
	h.kill()
	h = startHouse(t, h.dir, b)
	operator := h.key
	if code, a := undo(brightness, "one"); code != http.StatusOK || a != first {
		t.Errorf("the same after a restart: %d, %+v", code, a)
	}
	if code, _ := undo(brightness, "two"); code != http.StatusConflict {
		t.Errorf("another after a restart: %d", code)
	}
	if n := b.hear(true); n != changes {
		t.Errorf("the house was changed %d times, then %d", changes, n)
	}

	// A plugin that is not there is asked another time.
	h.key = operator
	if code := h.rest(http.MethodPost, "/v1/plugins/house/disable", "", nil); code >= 300 {
		t.Fatalf("disable: %d", code)
	}
	refused("its plugin is off", bobs, temperature, http.StatusServiceUnavailable, "unavailable", map[string]string{"en": "house", "fr": "house"})
	h.key = operator
	if code := h.rest(http.MethodPost, "/v1/plugins/house/enable", "", nil); code >= 300 {
		t.Fatalf("enable: %d", code)
	}
	h.ready("house")
	if code, a := undo(temperature, "three"); code != http.StatusOK || b.is("temperature") != "19" {
		t.Errorf("once it is there: %d, %+v; it is %s", code, a, b.is("temperature"))
	}
}
