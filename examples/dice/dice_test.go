package main

import (
	"strings"
	"testing"

	"github.com/jarvis-host/jarvis/sdk"
	"github.com/jarvis-host/jarvis/sdk/plugintest"
)

// newTable is a host with dice that fall in this order, again and again.
func newTable(t *testing.T, falls ...int) *plugintest.Host {
	t.Helper()
	next := 0
	return plugintest.New(t, plugin(func(n int) int {
		fall := falls[next%len(falls)]
		next++
		if fall > n {
			t.Errorf("a die of %d sides can't fall on %d", n, fall)
		}
		return fall - 1
	}))
}

func hears(t *testing.T, s *plugintest.Session, lang, text, want string) {
	t.Helper()
	if got := s.Say(lang, text); got.Text != want {
		t.Errorf("%q is answered by %q, want %q", text, got.Text, want)
	}
}

func TestDiceAreRolledInFrench(t *testing.T) {
	s := newTable(t, 2, 5, 1).Session
	hears(t, s, "fr", "Lance deux dés !", "Total : 7, avec [2 5].")
	hears(t, s, "fr", "lance 1 dé", "Total : 1, avec [1].")
	hears(t, s, "fr", "jette les dés", "Total : 7, avec [2 5].")
	hears(t, newTable(t, 20, 1, 19).Session, "fr", "lance 3 dés à 20 faces", "Total : 40, avec [20 1 19].")
}

func TestDiceAreRolledInEnglish(t *testing.T) {
	s := newTable(t, 2, 5, 1).Session
	hears(t, s, "en", "Roll two dice, please", "Total: 7, with [2 5].")
	hears(t, s, "en", "roll a die", "Total: 1, with [1].")
	hears(t, newTable(t, 20, 1, 19).Session, "en", "roll 3 dice with 20 sides", "Total: 40, with [20 1 19].")
}

func TestTheLastRollsAreRemembered(t *testing.T) {
	h := newTable(t, 1, 1, 6, 6, 3, 3)
	hears(t, h.Session, "en", "what was the last roll?", "No roll before that.")
	hears(t, h.Session, "fr", "lance deux dés", "Total : 2, avec [1 1].")
	hears(t, h.Session, "fr", "et avant ?", "Aucun lancer avant.")
	hears(t, h.Session, "fr", "lance deux dés", "Total : 12, avec [6 6].")
	hears(t, h.Session, "fr", "et avant ?", "C’était 2.")
	hears(t, h.Session, "fr", "quel était le dernier lancer ?", "C’était 12.")
	hears(t, h.Session, "en", "roll the dice", "Total: 6, with [3 3].")
	hears(t, h.Session, "en", "and before that?", "It was 12.")
	hears(t, h.Session, "en", "what was my last roll", "It was 6.")
	hears(t, h.Open("other"), "en", "what was the last roll", "No roll before that.")
}

func TestManyDiceAreAskedForTwice(t *testing.T) {
	s := newTable(t, 1).Session
	s.Answer("false")
	if got := s.Say("fr", "lance six dés"); got.Problem == nil || s.State() != nil {
		t.Errorf("dice fell after a no: %q", got.Text)
	}
	s.Answer("true")
	hears(t, s, "en", "roll six dice", "Total: 6, with [1 1 1 1 1 1].")
	for _, want := range []string{"? 6 dés d’un coup, vraiment ?", "? 6 dice at once, really?"} {
		if !strings.Contains(s.Transcript(), want) {
			t.Errorf("there is no %q in\n%s", want, s.Transcript())
		}
	}
}

func TestOtherTalkIsLeftToOthers(t *testing.T) {
	s := newTable(t, 1).Session
	for _, text := range []string{"et avant ?", "quelle heure est-il", "les dés sont jetés", "lance 50 dés"} {
		if got := s.Say("fr", text); got.Tool != "" {
			t.Errorf("%q called %s", text, got.Tool)
		}
	}
	hears(t, s, "fr", "lance deux dés", "Total : 2, avec [1 1].")
	if got := s.Say("fr", "quelle heure est-il"); got.NotMine == nil {
		t.Errorf("the floor kept %+v", got)
	}
}

func TestImpossibleDiceAreRefused(t *testing.T) {
	h := newTable(t, 1)
	for _, args := range []map[string]int{{"count": 0}, {"count": 11}, {"sides": 1}, {"sides": 101}} {
		if got := h.Call("roll", args); got.Problem == nil || got.Problem.Code != sdk.CodeInvalid {
			t.Errorf("%v is answered by %q", args, got.Text)
		}
	}
}
