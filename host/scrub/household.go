package scrub

import (
	"regexp"
	"strings"
)

// network is how people note the password of their network without saying that it
// is one: wifi des invités : x.
var network = regexp.MustCompile(`(?i)\bwi-?fi((?:,? (?:[ldc]['’])?[a-zà-ÿ'’]+){0,6}?),?(?:\s*(?::|=|->|→)\s*| (?:is|est)(?: now| maintenant)?:? | c['’]est )["'«“]?\s?([^\s"'«»“”,;\\]{8,})`)

// radio are words of sentences about a network rather than its password.
var radio = set(`chip chipset firmware driver pilote interface channel canal ssid bssid scan signal device card carte adapter adaptateur module connected connecting connect connecte connectee connexion network reseau named name nom
	nomme nommee appele appelee called join joined version mac address adresse ip frequency frequence bande band country pays mode state etat status speed vitesse debit client clients station controller router routeur`)

// noted finds the passwords of networks.
type noted struct{}

func (noted) find(s, _ string, cuts []span) []span {
	for _, m := range network.FindAllStringSubmatchIndex(s, -1) {
		var room [12]string
		about := joins(s, m[0])
		for _, w := range split(s[m[2]:m[3]], room[:0]) {
			about = about || radio[w]
		}
		if v := strings.TrimRight(s[m[4]:m[5]], "."); !about && chosen(v) {
			cuts = append(cuts, span{m[4], m[4] + len(v), ""})
		}
	}
	return cuts
}

// remembered finds passwords as people make and tell them, a name and a year, near
// a word for a password: the guest password? Still Harbor885.
type remembered struct{}

var (
	// memorable is a word with figures behind it.
	memorable = regexp.MustCompile(`^(?:[A-ZÀ-Ý][a-zà-ÿ]{3,}(?:[-_.&]?[A-ZÀ-Ýa-zà-ÿ][a-zà-ÿ]+)*[-_.]?[0-9]{2,6}|[a-zà-ÿ]{4,}[0-9]{3,6})[!*#?$@]?$`)
	// passwordWords are what people call a password.
	passwordWords = []string{"wifi pass", "pass is", "password", "passphrase", "passcode", "passwd", "mdp", "mot de passe"}
	// products have names that end in figures.
	products = set(`windows ubuntu debian office server serveur node host user utilisateur admin guest room salle vlan port version model iphone pixel galaxy freebox livebox linux router camera cam printer
		account compte client device error erreur code test line line page step step rule task job worker thread sha base`)
	// whose are words before a name whose password it is.
	whose = set(`for pour user utilisateur login account compte host server serveur machine of de du des from by par named nomme called username model version device room`)
)

func (remembered) find(s, lower string, cuts []span) []span {
	for _, word := range passwordWords {
		for at, done := 0, 0; ; {
			i := strings.Index(lower[at:], word)
			if i < 0 {
				break
			}
			i += at
			at = i + len(word)
			from, to := sentenceAround(s, i, at)
			cuts = memorableIn(s, max(from, done), to, cuts)
			done = to
		}
	}
	return cuts
}

// sentenceAround is what stands near a word, as far as people and not machines
// write it.
func sentenceAround(s string, from, to int) (begin, end int) {
	const machine = "=<>{}[]|\\/\r\n\t"
	begin, end = max(0, from-nearby), min(len(s), to+nearby)
	if i := strings.IndexAny(s[to:end], machine); i >= 0 {
		end = to + i
	}
	if i := strings.LastIndexAny(s[begin:from], machine); i >= 0 {
		begin += i + 1
	}
	return begin, end
}

func memorableIn(s string, from, to int, cuts []span) []span {
	for p := from; p < to; {
		p = skipBlank(s, p)
		e := p
		for e < to && s[e] != ' ' {
			e++
		}
		w := strings.Trim(s[p:e], "\"'`.,;:()«»“”")
		v := strings.TrimRight(w, "!*#?$@")
		if name := strings.TrimRight(strings.TrimRight(v, "0123456789"), "-_."); name != "" && len(name) < len(v) && memorable.MatchString(w) && !products[small(name)] {
			if before, _ := wordBefore(s, p); !whose[before] {
				k := p + strings.Index(s[p:e], w)
				cuts = append(cuts, span{k, k + len(w), ""})
			}
		}
		p = e + 1
	}
	return cuts
}

// joins reports whether the words before i say that a network is joined, whose name
// follows then: connected to wifi: x.
func joins(s string, i int) bool {
	for range 3 {
		var word string
		if word, i = wordBefore(s, i); radio[word] {
			return true
		}
	}
	return false
}

// chosen reports whether a word looks like a password that somebody chose, and not
// like a model, a name with a number, or a figure: capitals or marks, letters and
// digits.
func chosen(v string) bool {
	if len(v) < 6 || lookOf(v) < mixedLook || strings.Contains(v, Redacted) || empty(v) || nameLike(v) || unit(v) || strings.ContainsAny(v, "/:()[]{}<>=|") {
		return false
	}
	c := count(v)
	if c.small < 2 || c.digits == 0 || promisesAny(v) {
		return false
	}
	last := v[len(v)-1]
	return odd(v) || last == '!' || last == '?' || last == '*' || last == '_' || c.capitals > 0 && !strings.Contains(v, "-")
}

// oneTime is what an app for second factors is set up with: base32, perhaps in
// groups of four.
var oneTime = regexp.MustCompile(`\b(?:[A-Z2-7]{16,}|[a-z2-7]{16,}|[A-Z2-7]{4}(?:[ -][A-Z2-7]{4}){3,15}|[a-z2-7]{4}(?:[ -][a-z2-7]{4}){3,15})\b=*`)

// behindFactor finds what stands a little behind a word for second factors.
type behindFactor struct{ word string }

func (w behindFactor) find(s, lower string, cuts []span) []span {
	for at := 0; ; {
		i := strings.Index(lower[at:], w.word)
		if i < 0 {
			return cuts
		}
		at += i + len(w.word)
		m := oneTime.FindStringIndex(s[at:min(len(s), at+nearby+longestSeed)])
		if m == nil || m[0] > nearby {
			continue
		}
		v := s[at+m[0] : at+m[1]]
		if c := count(v); c.digits > 0 && (c.digits > 2 || lookOf(v) >= drawnLook) {
			cuts = append(cuts, span{at + m[0], at + m[1], ""})
			at += m[1]
		}
	}
}

// longestSeed is how long the seed of second factors may be.
const longestSeed = 100

// factors are words for second factors.
var factors = strings.Fields(`2fa totp otp mfa authenticator authentificateur authy seed graine two-factor deux-facteurs`)
