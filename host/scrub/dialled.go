package scrub

import (
	"strings"
)

// dialled finds codes of doors, alarms and safes as people speak of them: le code
// du portail a changé, c'est 5845; disarm the alarm with seven five six three. What
// stands between is free: it takes a word for the code, one for what it opens, and
// near them as many digits as a code has, written or spoken.
type dialled struct{}

// codes are words for what is dialled, and whether they need no word of what it
// opens.
var codes = map[string]bool{
	"code": false, "codes": false, "pin": false, "combination": false, "combinaison": false, "combo": false,
	"passcode": true, "keycode": true, "digicode": true, "pincode": true,
}

// opened are words of what is opened with a code.
var opened = set(`alarm alarme disarm disarmed désarme desarme désarmer desarmer désactive désactiver rearm lock unlock unlocked verrou serrure déverrouille déverrouiller deverrouiller
	door gate porte portail portillon garage coffre coffret safe digicode keypad clavier interphone intercom nuki yale locker casier cadenas padlock boîte boite lockbox airbnb gîte shed abri
	bank banque card carte sim puk phone téléphone telephone tablet tablette verification vérification whatsapp voicemail répondeur suitcase valise bike immeuble entrée`)

// otherCodes are words before or behind a code that make it another one.
var otherCodes = set(`error status exit zip postal country area dress source bar qr return response reason erreur sortie pays promo barres postaux couleur color colour language op morse diagnostic fault défaut
	airport iata product produit article reference référence model building http version event function class`)

// figures are words before figures that are no code.
var figures = set(`port room salle chambre line ligne channel chaîne canal year année an en in since depuis until id user slot number numéro version model modèle bus route rue street page apt appartement
	at to line page vers pid uid node zone entity device build over than`)

// counted are words behind figures, which say of what.
var counted = set(`degrees degrés degres percent minutes minute hours heures heure seconds secondes sec watts watt lumens kelvin euros euro dollars km meters mètres ms bytes times fois days jours
	people personnes clock am pm min mm cm kg messages items lines lignes entries attempts essais`)

// spokenDigits are digits as they are said.
var spokenDigits = set(`zero oh one two three four five six seven eight nine zéro un deux trois quatre cinq sept huit neuf`)

// binding are words after which any figures of that length are the code: years too.
var binding = set(`is est was now maintenant still toujours c'est c’est becomes devient désormais are with avec code pin digicode passcode keycode combination combinaison combo code's remains reste`)

const (
	// reachOfCode is how many words may stand between a code and its word.
	reachOfCode = 10
	// reachBefore is the same where the code stands first: 5845 is the code of the gate.
	reachBefore = 5
)

func (dialled) find(s, lower string, cuts []span) []span {
	for from := 0; from < len(s); { // line by line
		to := len(s)
		if i := strings.IndexAny(s[from:], "\r\n"); i >= 0 {
			to = from + i
		}
		line := dialledLine{text: lower[from:to], base: from}
		cuts = line.find(cuts)
		from = to + 1
	}
	return cuts
}

// dialledLine is a line in small letters, and its words.
type dialledLine struct {
	text  string
	base  int // where it begins
	words []span
}

// dials are how the words for what is dialled begin.
var dials = []string{"code", "pin", "combi", "combo", "passcode", "keycode", "digicode"}

// mayDial tells at a glance of most lines that no such word is in them.
func mayDial(text string) bool {
	for _, d := range dials {
		for at := 0; ; {
			i := strings.Index(text[at:], d)
			if i < 0 {
				break
			}
			i += at
			at = i + len(d)
			if i > 0 && letterByte(text[i-1]) {
				continue
			}
			end := at
			for end < len(text) && letterByte(text[end]) {
				end++
			}
			if _, is := codes[text[i:end]]; is {
				return true
			}
		}
	}
	return false
}

func (l *dialledLine) find(cuts []span) []span {
	if !mayDial(l.text) {
		return cuts
	}
	l.words = wordsOf(l.text, make([]span, 0, len(l.text)/5))
	for k := range l.words {
		alone, is := codes[strings.TrimSuffix(l.word(k), "'s")]
		if !is || l.another(k) || !alone && !l.opens(k) {
			continue
		}
		cuts = l.after(k, cuts)
		cuts = l.before(k, cuts)
	}
	return cuts
}

// wordsOf tells where the words of a text are: letters and digits, with what
// joins them.
func wordsOf(text string, words []span) []span {
	for i := 0; i < len(text); {
		from := i
		for i < len(text) && (letterByte(text[i]) || text[i] == '\'' && i > from && i+1 < len(text) && letterByte(text[i+1])) {
			i++
		}
		if i > from {
			words = append(words, span{from: from, to: i})
		} else {
			i++
		}
	}
	return words
}

func (l *dialledLine) word(k int) string {
	if k < 0 || k >= len(l.words) {
		return ""
	}
	return l.text[l.words[k].from:l.words[k].to]
}

// another reports whether the words around make a code another one: error code,
// code d'erreur, code de retour.
func (l *dialledLine) another(k int) bool {
	next := l.word(k + 1)
	if next == "de" || next == "of" {
		next = l.word(k + 2)
	}
	return otherCodes[l.word(k-1)] || otherCodes[strings.TrimPrefix(next, "d'")]
}

// opens reports whether a word of what is opened stands near the word for a code.
func (l *dialledLine) opens(k int) bool {
	for i := max(0, k-reachOfCode); i < min(len(l.words), k+reachOfCode); i++ {
		w := l.word(i)
		if _, bare, ok := strings.Cut(w, "'"); ok {
			w = bare // l'alarme
		}
		if opened[w] {
			return true
		}
	}
	return false
}

// after looks for the code behind its word.
func (l *dialledLine) after(k int, cuts []span) []span {
	for i := k + 1; i <= min(len(l.words)-1, k+reachOfCode); i++ {
		if strings.ContainsAny(l.text[l.words[i-1].to:l.words[i].from], "={}[]<>/|\\;") {
			return cuts
		}
		if n := l.code(i); n > 0 {
			return append(cuts, l.span(i, n))
		}
	}
	return cuts
}

// before looks for the code in front of its word.
func (l *dialledLine) before(k int, cuts []span) []span {
	linked := false
	for i := k - 1; i >= max(0, k-reachBefore); i-- {
		between := l.text[l.words[i].to:l.words[i+1].from]
		if strings.ContainsAny(between, "={}[]<>/|\\;") {
			return cuts
		}
		switch l.word(i + 1) {
		case "is", "est", "was", "c'est", "sur", "on", "at", "as", "comme", "in":
			linked = true
		}
		if n := l.code(i); n == 1 && linked {
			return append(cuts, l.span(i, n))
		}
	}
	return cuts
}

// span is where n words are, with the mark that ends a code on a keypad.
func (l *dialledLine) span(i, n int) span {
	to := l.words[i+n-1].to
	if to < len(l.text) && (l.text[to] == '#' || l.text[to] == '*') {
		to++
	}
	return span{from: l.base + l.words[i].from, to: l.base + to}
}

// code reports of how many words the code is that begins with word i; 0 is none.
func (l *dialledLine) code(i int) int {
	w, before := l.word(i), l.word(i-1)
	if !l.free(i, i) {
		return 0
	}
	switch {
	case digits(w) && len(w) >= 4 && len(w) <= 8:
		if (figures[before] || len(w) == 4 && (w[:2] == "19" || w[:2] == "20")) && !binding[before] || counted[l.word(i+1)] {
			return 0
		}
		return 1
	case digits(w) && len(w) <= 2:
		n := 1
		for n <= 8 && len(l.word(i+n)) == len(w) && digits(l.word(i+n)) && l.words[i+n].from == l.words[i+n-1].to+1 {
			n++
		}
		if n*len(w) >= 4 && n*len(w) <= 8 && (len(w) == 1 || binding[before]) && l.free(i, i+n-1) {
			return n
		}
	case spokenDigits[w] || w == "double" || w == "triple":
		n, all := 0, 0
		for l.word(i+n) == "double" || l.word(i+n) == "triple" || spokenDigits[l.word(i+n)] {
			if spokenDigits[l.word(i+n)] {
				all++
			}
			n++
		}
		if all >= 4 || n >= 4 {
			return n
		}
	}
	return 0
}

// free reports whether words are not a part of something longer: a time, an
// amount, an address.
func (l *dialledLine) free(from, to int) bool {
	a, z := l.words[from].from, l.words[to].to
	if l.word(from-1) == "g" && a == 2 {
		a = 0 // G-123456, as a message with a code begins
	}
	if a > 0 && strings.IndexByte("$.:/-_@+=\\", l.text[a-1]) >= 0 || strings.HasSuffix(l.text[:a], "€") {
		return false
	}
	if z+1 < len(l.text) && strings.IndexByte(".,:-/", l.text[z]) >= 0 && letterByte(l.text[z+1]) {
		return false
	}
	rest := l.text[z:]
	return !strings.HasPrefix(rest, "%") && !strings.HasPrefix(rest, "_") && !strings.HasPrefix(rest, "°") && !strings.HasPrefix(rest, " €") && !strings.HasPrefix(rest, " %") && !strings.HasPrefix(rest, " °") && !strings.HasPrefix(rest, "=")
}
