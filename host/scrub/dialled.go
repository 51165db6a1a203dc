package scrub

import (
	"maps"
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
	bank banque card carte sim puk phone téléphone telephone tablet tablette verification vérification whatsapp voicemail répondeur suitcase valise bike immeuble entrée
	login connexion security sécurité signal paypal unique texted envoyer usage parking barrière barrier flat appartement studio cave cellar jardin garden antivol siren sirène`)

// ownCode are words before a code that say whose it is, and so what kind.
var ownCode = set(`your votre ton my mon notre our`)

// keyless open with a number, whether or not anybody says that it is a code.
var keyless = set(`alarm alarme siren sirène padlock cadenas antivol keypad digicode clavier gate portail coffre safe lockbox interphone molettes wheels panel clés`)

// handing are words right before a number that is dialled.
var handing = set(`with avec le is est c'est it's type tapez tape punch use utilise enter compose composez need told number padlock cadenas safe clés to sur gate antivol`)

// otherCodes are words before or behind a code that make it another one.
var otherCodes = set(`error status exit zip postal country area dress source bar qr return response reason erreur sortie pays promo barres postaux couleur color colour language op morse diagnostic fault défaut
	airport iata product produit article reference référence model building http version event function class`)

// figures are words before figures that are no code.
var figures = set(`port room salle chambre line ligne channel chaîne canal year année an en in since depuis until id user slot version model modèle bus route rue street page apt appartement
	at to line page vers pid uid node zone entity device build over than`)

// counted are words behind figures, which say of what.
var counted = set(`degrees degrés degres percent ns us µs op ops minutes minute hours heures heure seconds secondes sec watts watt lumens kelvin euros euro dollars km meters mètres ms bytes times fois days jours
	people personnes clock am pm min mm cm kg messages items lines lignes entries attempts essais`)

// spokenTens are numbers of two digits as they are said.
var spokenTens = set(`ten eleven twelve thirteen fourteen fifteen sixteen seventeen eighteen nineteen twenty thirty forty fifty sixty seventy eighty ninety
	dix onze douze treize quatorze quinze seize vingt trente quarante cinquante soixante septante huitante nonante`)

// spokenDigits are digits as they are said.
var spokenDigits = set(`zero oh one two three four five six seven eight nine zéro un deux trois quatre cinq sept huit neuf`)

// saidNumber are words that codes are said in.
var saidNumber = func() map[string]bool {
	all := map[string]bool{"double": true, "triple": true}
	maps.Copy(all, spokenDigits)
	maps.Copy(all, spokenTens)
	return all
}()

// binding are words after which any figures of that length are the code: years too.
var binding = set(`number numéro is est was now maintenant still toujours c'est c’est becomes devient désormais are with avec code pin digicode passcode keycode combination combinaison combo code's remains reste it's one's texte = avec with to sur`)

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
		line := dialledLine{text: lower[from:to], said: s[from:to], base: from}
		cuts = line.find(cuts)
		from = to + 1
	}
	return cuts
}

// dialledLine is a line in small letters, and its words.
type dialledLine struct {
	text  string
	said  string // with its capitals
	base  int    // where it begins
	words []span
}

// dials are how the words for what is dialled begin, and those of what needs no
// such word.
var dials = []string{
	"code", "pin", "combi", "combo", "passcode", "keycode", "digicode",
	"alarm", "sir", "padlock", "cadenas", "antivol", "keypad", "clavier", "gate", "portail", "coffre", "safe", "lockbox", "interphone", "molettes", "wheels", "panel", "clés", "one-time",
}

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
			if _, is := codes[text[i:end]]; is || keyless[text[i:end]] || d == "one-time" {
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
		if keyless[bare(l.word(k))] {
			cuts = l.handed(k, cuts)
		}
		alone, is := codes[strings.TrimSuffix(l.word(k), "'s")]
		alone = alone || ownCode[l.word(k-1)]
		if l.word(k) == "password" && l.word(k-1) == "time" { // one-time password
			alone, is = true, true
		}
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
		if opened[bare(l.word(i))] {
			return true
		}
	}
	return false
}

// bare is a word without its article: l'alarme.
func bare(w string) string {
	if _, rest, ok := strings.Cut(w, "'"); ok && len(rest) > 1 {
		return rest
	}
	return w
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

// handed looks near what opens with a number for one that is told: the padlock is
// 9553, type 9137 on the panel.
func (l *dialledLine) handed(k int, cuts []span) []span {
	for i := max(0, k-reachOfCode); i < min(len(l.words), k+reachOfCode); i++ {
		w := l.word(i)
		if !handing[l.word(i-1)] || !digits(w) && !saidNumber[w] || l.apart(min(i, k), max(i, k)) {
			continue
		}
		if n := l.code(i); n > 0 && (len(w) < 3 || len(w) > 3 && (len(w) != 4 || w[:2] != "20")) {
			cuts = append(cuts, l.span(i, n))
		}
	}
	return cuts
}

// apart reports whether what machines write stands between two words.
func (l *dialledLine) apart(from, to int) bool {
	return strings.ContainsAny(l.text[l.words[from].to:l.words[to].from], "={}[]<>/|\\_")
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
		case "is", "est", "was", "c'est", "sur", "on", "at", "as", "comme", "in", "to", "pour":
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
	if n := l.grouped(i); n > 0 {
		return n
	}
	if !saidNumber[w] && !l.free(i, i) {
		return 0
	}
	switch {
	case len(w) >= 4 && len(w) <= 6 && binding[before] && stamped(l.said[l.words[i].from:l.words[i].to]):
		return 1
	case digits(w) && len(w) >= 4 && len(w) <= 8:
		if (figures[before] || len(w) == 4 && (w[:2] == "19" || w[:2] == "20")) && !binding[before] || counted[l.word(i+1)] {
			return 0
		}
		return 1
	case saidNumber[w]:
		n, tens := 0, false
		for ; saidNumber[l.word(i+n)]; n++ {
			tens = tens || spokenTens[l.word(i+n)]
		}
		if n >= 4 || n == 3 && tens && (binding[before] || before == "is") {
			if !counted[l.word(i+n)] {
				return n
			}
		}
	}
	return 0
}

// grouped reports of how many words a code is that is written in groups: 3 0 7 6,
// 4-0-2-7, 604-118; 0 is none.
func (l *dialledLine) grouped(i int) int {
	w := l.word(i)
	if !digits(w) || len(w) > 4 || i > 0 && l.words[i-1].to == l.words[i].from-1 && strings.IndexByte("-.:/", l.text[l.words[i].from-1]) >= 0 {
		return 0
	}
	n, all := 1, len(w)
	for n <= 8 && digits(l.word(i+n)) && len(l.word(i+n)) <= 4 && l.words[i+n].from == l.words[i+n-1].to+1 {
		c := l.text[l.words[i+n].from-1]
		if c != ' ' && c != '-' && (c != '.' || len(w) > 1) || c == ' ' && len(l.word(i+n)) != len(w) {
			break
		}
		all += len(l.word(i + n))
		n++
	}
	if n < 2 || all < 4 || all > 8 || len(w) > 1 && !binding[l.word(i-1)] || !l.free(i+n-1, i+n-1) && l.text[l.words[i+n-1].from-1] == ' ' {
		return 0
	}
	if z := l.words[i+n-1].to; z+1 < len(l.text) && (l.text[z] == ':' || l.text[z] == '-' || l.text[z] == '/') && letterByte(l.text[z+1]) {
		return 0
	}
	return n
}

// stamped reports whether a word has capitals and figures, as codes on keypads do.
func stamped(w string) bool {
	c := count(w)
	return c.capitals > 0 && c.capitals < 4 && c.digits > 1 && c.small == 0 && c.marks == 0
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
