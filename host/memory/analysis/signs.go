package analysis

import (
	"strings"
	"sync"
	"time"
)

var timeWords = sync.OnceValue(func() map[string]bool {
	out := map[string]bool{}
	for _, w := range strings.Fields(read("time.txt")) {
		out[w] = true
	}
	return out
})

// months are the names of months, folded.
var months = map[string]time.Month{
	"january": 1, "february": 2, "march": 3, "april": 4, "may": 5, "june": 6,
	"july": 7, "august": 8, "september": 9, "october": 10, "november": 11, "december": 12,
	"janvier": 1, "fevrier": 2, "mars": 3, "avril": 4, "mai": 5, "juin": 6,
	"juillet": 7, "aout": 8, "septembre": 9, "octobre": 10, "novembre": 11, "decembre": 12,
}

// Years that are believed to be years.
const (
	firstYear = 1900
	lastYear  = 2100
)

// Date is what a text says of a date; what it does not say is 0.
type Date struct {
	Year  int
	Month time.Month
	Day   int
}

// TimeWords counts the words that tell a time, years among them.
func (t Text) TimeWords() int {
	n := 0
	for _, k := range t.Tokens {
		if timeWords()[k.Folded] || year(k) != 0 {
			n++
		}
	}
	return n
}

// Date returns the date that a text names: a month with what stands next to it,
// or a year.
func (t Text) Date() (d Date) {
	for i, k := range t.Tokens {
		if y := year(k); y != 0 {
			d.Year = y
		}
		m := months[k.Folded]
		if m == 0 || (m == 5 || m == 3) && !k.Proper && !t.dayBeside(i) {
			continue // "may" and "mars" are words too
		}
		d.Month = m
		for _, j := range []int{i - 1, i + 1} {
			if day := t.day(j); day != 0 && d.Day == 0 {
				d.Day = day
			}
		}
	}
	return d
}

func (t Text) dayBeside(i int) bool { return t.day(i-1) != 0 || t.day(i+1) != 0 }

// day reads a token as a day of the month, such as 3, 3rd or 1er.
func (t Text) day(i int) int {
	if i < 0 || i >= len(t.Tokens) || !t.Tokens[i].Number {
		return 0
	}
	w := t.Tokens[i].Folded
	for _, end := range []string{"st", "nd", "rd", "th", "er"} {
		w = strings.TrimSuffix(w, end)
	}
	if n := number(w); n >= 1 && n <= 31 {
		return n
	}
	return 0
}

func year(k Token) int {
	if n := number(k.Folded); len(k.Folded) == 4 && n >= firstYear && n <= lastYear {
		return n
	}
	return 0
}

// number reads a short run of digits; anything else is 0.
func number(w string) int {
	if len(w) == 0 || len(w) > 6 {
		return 0
	}
	n := 0
	for i := range len(w) {
		if w[i] < '0' || w[i] > '9' {
			return 0
		}
		n = n*10 + int(w[i]-'0')
	}
	return n
}

// Kind is what a question asks for.
type Kind int

// The kinds of questions.
const (
	KindOther Kind = iota
	KindWhen
	KindWhere
	KindWho
	KindCount
	KindWhat
	KindWhy
	KindWhether
	Kinds // how many there are
)

var kinds = map[string]Kind{
	"when": KindWhen, "quand": KindWhen, "where": KindWhere, "ou": KindWhere, "who": KindWho, "whom": KindWho, "whose": KindWho, "qui": KindWho,
	"combien": KindCount, "what": KindWhat, "which": KindWhat, "que": KindWhat, "quel": KindWhat, "quelle": KindWhat, "quels": KindWhat, "quelles": KindWhat,
	"why": KindWhy, "pourquoi": KindWhy,
	"is": KindWhether, "are": KindWhether, "was": KindWhether, "were": KindWhether, "do": KindWhether, "does": KindWhether, "did": KindWhether,
	"has": KindWhether, "have": KindWhether, "would": KindWhether, "could": KindWhether, "can": KindWhether, "will": KindWhether, "est": KindWhether,
}

// Kind returns what a question asks for, by its first words.
func (t Text) Kind() Kind {
	for i, k := range t.Tokens[:min(len(t.Tokens), 4)] {
		next := ""
		if i+1 < len(t.Tokens) {
			next = t.Tokens[i+1].Folded
		}
		switch {
		case k.Folded == "how" && (next == "many" || next == "much" || next == "often" || next == "old"):
			return KindCount
		case k.Folded == "how" && next == "long", (k.Folded == "what" || k.Folded == "which" || strings.HasPrefix(k.Folded, "quel")) && timeWords()[next]:
			return KindWhen
		case (k.Folded == "what" || k.Folded == "which" || strings.HasPrefix(k.Folded, "quel")) && (next == "city" || next == "country" || next == "state" || next == "ville" || next == "pays"):
			return KindWhere
		}
		if kind := kinds[k.Folded]; kind != KindOther {
			return kind
		}
	}
	return KindOther
}

// Asks says whether a text is a question.
func (t Text) Asks() bool { return Asks(t.Raw) }

// Asks says whether a text is a question.
func Asks(text string) bool { return strings.HasSuffix(strings.TrimRight(text, " \t\n)\"»"), "?") }

// pastWords are words by which people ask how things were, folded.
var pastWords = map[string]bool{
	"before": true, "previously": true, "formerly": true, "former": true, "earlier": true, "originally": true, "old": true,
	"avant": true, "auparavant": true, "autrefois": true, "ancien": true, "ancienne": true, "anciennement": true, "precedent": true, "precedente": true,
}

// Past says whether a text is about how things were, before they changed.
func (t Text) Past() bool {
	for i, k := range t.Tokens {
		if pastWords[k.Folded] || k.Folded == "to" && i > 0 && (t.Tokens[i-1].Folded == "used" || t.Tokens[i-1].Folded == "use") {
			return true
		}
	}
	return false
}

// firstPerson are words by which people speak of themselves, folded.
var firstPerson = map[string]bool{
	"i": true, "me": true, "my": true, "mine": true, "i'm": true, "i've": true, "i'd": true, "i'll": true, "we": true, "our": true, "us": true, "we're": true, "we've": true,
	"je": true, "j": true, "j'ai": true, "moi": true, "mon": true, "ma": true, "mes": true, "nous": true, "notre": true, "nos": true,
}

// FirstPerson counts the words by which the speaker speaks of himself.
func (t Text) FirstPerson() int {
	n := 0
	for _, k := range t.Tokens {
		if firstPerson[k.Folded] || strings.HasPrefix(t.Raw[k.Start:], "j'") || strings.HasPrefix(t.Raw[k.Start:], "J'") {
			n++
		}
	}
	return n
}
