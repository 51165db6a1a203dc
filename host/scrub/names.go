package scrub

import (
	"regexp"
	"slices"
	"strings"
	"unicode/utf8"
)

// promise is what a name says of its value.
type promise int

const (
	nothing promise = iota
	perhaps         // a secret if it looks like one
	surely
)

// name is what may name a secret in a text.
type name struct {
	from, to int
	promise  promise
	role     role // of the word that promises it
	plural   bool
	alone    bool // one word of a sentence, as far as can be told
}

// maxName is the longest name that is looked at.
const maxName = 80

// namesIn finds the names of secrets in a text, given where their stems are.
func namesIn(s string, at []int) []name {
	var all []name
	done := 0
	for _, i := range at {
		if i < done {
			continue
		}
		from, to := i, i
		for from > done && i-from < maxName && nameByte(s[from-1]) {
			from--
		}
		for to < len(s) && to-i < maxName && nameByte(s[to]) {
			to++
		}
		if k := strings.Index(s[i:to], ".."); k > 0 { // dots lead to the value
			to = i + k
		}
		for to > from && (s[to-1] == '.' || s[to-1] == '-') {
			to--
		}
		for from < to && (s[from] == '.' || s[from] == '-') {
			from++
		}
		if done = max(to, i+1); to <= from {
			continue
		}
		n := name{from: from, to: to}
		if strings.HasPrefix(s[from:to], "D") && from > 0 && s[from-1] == '-' && (from < 2 || s[from-2] != '-') { // -Dname=value
			n.from++
		}
		if n.from > 1 && (s[n.from-2:n.from] == "${" || s[n.from-2:n.from] == "%(") || n.from > 0 && s[n.from-1] == '$' && !assigned(s[n.to:]) {
			continue // a variable
		}
		if n.from > 0 && s[n.from-1] == '/' && !assigned(s[n.to:]) {
			continue // a part of a path
		}
		n.classify(s)
		if n.promise != nothing || n.role&(keyWord|codeWord|hintWord) != 0 {
			n.join(s)
		}
		if n.promise == nothing && n.role&codeWord != 0 && n.alone && isTold(s[n.to:]) && !strings.HasSuffix(s[:n.from], "promo ") {
			n.promise = surely
		}
		if n.promise == nothing {
			continue
		}
		done = max(done, n.to)
		all = append(all, n)
	}
	return all
}

// toldNumber is what follows a code that somebody tells: code is 4821.
var toldNumber = regexp.MustCompile(`^ (?:is|est|:|is:|c'est|=) (?:le |now )?[0-9]{3,4} ?[0-9]{1,4}\b`)

// isTold reports whether a number is told right behind.
func isTold(s string) bool {
	return len(s) > 4 && s[0] == ' ' && toldNumber.MatchString(s[:min(len(s), 24)])
}

func nameByte(c byte) bool {
	return c >= 'a' && c <= 'z' || c >= 'A' && c <= 'Z' || c >= '0' && c <= '9' || c == '_' || c == '-' || c == '.' || c >= utf8.RuneSelf
}

// programs are the ends of names of files, which a line's number follows.
var programs = set(`go py js ts mjs rs java c h cc cpp rb json yaml yml md txt html css toml sh kt php cs swift pem crt conf ini lock log tsx jsx vue sql`)

// promiseOf says what a name alone promises.
func promiseOf(text string) promise {
	n := name{to: len(text)}
	n.classify(text)
	return n.promise
}

// promises reports whether a name promises a secret, whatever it looks like.
func promises(text string) bool { return promiseOf(text) == surely }

// classify says what the words of a name promise.
func (n *name) classify(s string) {
	var room [12]string
	words := split(s[n.from:n.to], room[:0])
	for i := 0; i+1 < len(words); i++ { // passWord
		if words[i] == "pass" && roles()[words[i]+words[i+1]]&secretWord != 0 {
			words[i] += words[i+1]
			words = slices.Delete(words, i+1, i+2)
		}
	}
	n.alone = len(words) == 1 && !strings.ContainsAny(s[n.from:n.to], "_.-")
	if len(words) == 0 || len(words) > 1 && programs[words[len(words)-1]] {
		return
	}
	if n.from > 0 && (s[n.from-1] == '&' || s[n.from-1] == '?') && len(words) == 1 && words[0] == "key" && n.to < len(s) && s[n.to] == '=' {
		n.promise, n.role = surely, secretWord
		return
	}
	if n.from > 0 && (s[n.from-1] == '&' || s[n.from-1] == '?') && len(words) == 1 && words[0] == "code" && n.to < len(s) && s[n.to] == '=' {
		n.promise, n.role = perhaps, keyWord
		return
	}
	known := roles()
	for len(words) > 1 && encodings[words[len(words)-1]] && promisesAny(words[len(words)-2]) {
		words = words[:len(words)-1]
	}
	for len(words) > 1 && digits(words[len(words)-1]) || len(words) > 1 && known[words[len(words)-1]] == 0 && slices.Contains(neutral, words[len(words)-1]) {
		words = words[:len(words)-1]
	}
	last := known[words[len(words)-1]]
	if last&aboutWord != 0 && last&(secretWord|keyWord|codeWord|hintWord) == 0 && len(words) > 1 && !exempt(words) {
		n.promise = nothing
		return
	}
	for i, w := range words {
		r := known[w]
		if r == 0 {
			if r = known[strings.TrimRight(w, "0123456789")]; r == 0 {
				r = glue(strings.TrimRight(w, "0123456789"))
			}
		}
		if r&(secretWord|keyWord|codeWord) == 0 {
			if r&hintWord != 0 && i == len(words)-1 && n.promise == nothing {
				n.promise, n.role = perhaps, r
				if s[n.from:n.to] == "PASS" && strings.HasPrefix(s[n.to:], ": ") {
					n.promise, n.role = nothing, 0 // a test of Go
					return
				}
				if w == "pass" && (len(words) > 1 && words[0] != "boarding" || assigned(s[n.to:]) && s[n.from:n.to] != "PASS") {
					n.promise, n.role = surely, secretWord|humanWord
				}
			}
			if w == "passe" && i > 1 && words[i-1] == "de" || w == "webhook" && i+1 < len(words) && words[i+1] == "id" {
				n.promise, n.role = surely, secretWord|humanWord
			}
			continue
		}
		if r&keyWord != 0 && r&secretWord == 0 || r&codeWord != 0 && r&secretWord == 0 {
			switch {
			case n.promise == surely:
			case r&keyWord != 0 && i+1 < len(words) && shown[words[i+1]]:
			case r&keyWord != 0 && i > 1 && i == len(words)-1 && words[0] == "x" && !opens(words[:i]): // a header of somebody's own
				n.promise, n.role = surely, r
			case i > 0 && known[words[i-1]]&qualifier != 0 && !opens(words[:i]), i+1 < len(words) && known[words[i+1]]&qualifier != 0 && !opens(words[:i]), len(words) > i+2 && known[words[i+2]]&qualifier != 0:
				n.promise, n.role = surely, r
				if i > 0 && homely[words[i-1]] {
					n.role |= humanWord
				}
			case opens(words[:i]):
			case r&keyWord != 0:
				n.promise, n.role = max(n.promise, perhaps), r
			default:
				n.role = r
			}
			n.plural = n.plural || strings.HasSuffix(w, "s")
			continue
		}
		if r&humanWord == 0 && opens(words[:i]) {
			return
		}
		n.promise, n.role = surely, r
		if i > 0 && words[i-1] == "shared" {
			n.role |= humanWord
		}
		n.plural = n.plural || strings.HasSuffix(w, "s") && !strings.HasSuffix(w, "ss")
	}
}

// shown are words behind that of a key which say that it is none, where the
// language puts them there.
var shown = set(`publique publiques public pub etrangere etrangeres primaire primaires`)

// assigned reports whether a value is given to what stands before s.
func assigned(s string) bool {
	s = strings.TrimLeft(s, "\"'\\")
	return strings.HasPrefix(s, "=") || strings.HasPrefix(s, ":") || strings.HasPrefix(s, " = ") || strings.HasPrefix(s, " : ")
}

// neutral words end names and say nothing of the value.
var neutral = []string{"str", "string", "raw", "plain", "plaintext", "b", "enc", "encoded", "hex", "val", "value", "new", "old", "current", "here", "arg", "opt", "param", "is", "was"}

// encodings end names of what is written in them: password_b64.
var encodings = set(`b64 base64 hex urlencoded`)

// exempt are names that end like what is about a secret and are one.
func exempt(words []string) bool {
	last, before := words[len(words)-1], words[len(words)-2]
	return last == "id" && (before == "webhook" || before == "secret" || strings.Contains(before, "sess") && len(words) == 2 && before != "session") ||
		last == "hash" && roles()[before]&humanWord != 0 || before == "password" && (last == "auth" || last == "authentication") || before == "auth" && last == "refresh" ||
		(last == "authentication" || last == "verification" || last == "revocation") && len(words) > 2
}

// opens reports whether the words before a key or a token say that it is none.
func opens(words []string) bool {
	known := roles()
	for _, w := range words {
		if known[w]&openWord != 0 && known[w]&secretWord == 0 {
			return true
		}
	}
	return false
}

// glue is the role of a word that is made of several: dbpassword.
func glue(w string) role {
	if len(w) < 4 {
		return 0
	}
	for _, end := range glued {
		if strings.HasSuffix(w, end) && len(w)-len(end) >= 1 && (len(end) > 2 || len(w) < 12) {
			return roles()[end]
		}
	}
	if strings.HasSuffix(w, "pass") && !slices.Contains(passes, w) {
		return secretWord | humanWord
	}
	for _, k := range []string{"key", "cle", "code"} {
		if q, ok := strings.CutSuffix(w, k); ok && roles()[q]&qualifier != 0 && roles()[q]&openWord == 0 {
			return roles()[k] | secretWord
		}
	}
	for _, k := range []string{"mdp", "password", "motdepasse"} { // mdpwifi
		if strings.HasPrefix(w, k) && w != "passwordless" {
			return secretWord | humanWord
		}
	}
	return 0
}

// split cuts a name into its words, in small letters without accents.
func split(s string, words []string) []string {
	var b [maxName * 2]byte
	n, from, at, same := 0, 0, 0, true // at is where the word begins in s, and same whether it is written there
	end := func(i int) {
		switch {
		case n > from && same && i-at == n-from:
			words = append(words, s[at:i])
		case n > from:
			words = append(words, string(b[from:n]))
		}
		from, same = n, true
	}
	for i := 0; i < len(s) && n < len(b)-2; i++ {
		c := s[i]
		if n == from {
			at = i
		}
		switch {
		case c >= 'a' && c <= 'z' || c >= '0' && c <= '9':
			b[n], n = c, n+1
		case c == '_' || c == '-' || c == '.' || c == ' ' || c == '\'':
			end(i)
		case c >= 'A' && c <= 'Z':
			if i > 0 && (s[i-1] >= 'a' && s[i-1] <= 'z' || s[i-1] >= '0' && s[i-1] <= '9' && n-from > 1) || i > 0 && i+1 < len(s) && s[i-1] >= 'A' && s[i-1] <= 'Z' && s[i+1] >= 'a' && s[i+1] <= 'z' {
				end(i)
				at = i
			}
			b[n], n, same = c+'a'-'A', n+1, false
		case c >= utf8.RuneSelf:
			r, size := utf8.DecodeRuneInString(s[i:])
			if f := folded(r); f != 0 {
				b[n], n = f, n+1
			} else if r == '’' {
				end(i)
			} else if r == 'œ' {
				n += copy(b[n:], "oe")
			}
			same = false
			i += size - 1
		default:
			b[n], n = c, n+1
		}
	}
	end(len(s))
	return words
}

// folded is a letter without its accent.
func folded(r rune) byte {
	switch r {
	case 'é', 'è', 'ê', 'ë', 'É', 'È', 'Ê', 'Ë':
		return 'e'
	case 'à', 'â', 'ä', 'á', 'À', 'Â', 'Ä', 'Á':
		return 'a'
	case 'î', 'ï', 'í', 'Î', 'Ï':
		return 'i'
	case 'ô', 'ö', 'ó', 'Ô', 'Ö', 'Ó':
		return 'o'
	case 'û', 'ù', 'ü', 'ú', 'Û', 'Ù', 'Ü':
		return 'u'
	case 'ç', 'Ç':
		return 'c'
	case 'ñ', 'Ñ':
		return 'n'
	default:
		return 0
	}
}

func digits(s string) bool {
	for i := range len(s) {
		if s[i] < '0' || s[i] > '9' {
			return false
		}
	}
	return s != ""
}

// homely are words for keys that people choose.
var homely = set(`wifi wi fi wpa wpa2 reseau wireless hotspot freebox livebox box bbox securite network wlan shared
	partage partagee commune prepartagee prepartage preshared`)

// joiners stand between the words of a name: mot de passe, code de la porte.
var joiners = set(`de du des d la le l les of the for to pour`)

// join looks at the words around the one that was found: private key, clé de
// l'API, code du portail.
func (n *name) join(s string) {
	known := roles()
	if before, from := wordBefore(s, n.from); before != "" {
		r := known[before]
		second, at := wordBefore(s, from)
		switch {
		case n.promise == surely && n.role&humanWord != 0 && n.role&codeWord == 0:
		case from > 0 && s[from-1] == '=': // the value of another setting
		case r&openWord != 0 && r&(secretWord|qualifier) == 0 && n.alone:
			n.promise, n.role = nothing, 0
			return
		case n.role&(keyWord|codeWord) != 0 && r&qualifier != 0:
			if known[second]&openWord != 0 && second != "" {
				n.promise = nothing
				return
			}
			n.promise, n.from = surely, from
			if homely[before] {
				n.role |= humanWord
			}
		case n.role&secretWord != 0 && (before == "shared" || before == "partage"):
			n.role |= humanWord
		case n.role&hintWord != 0 && s[n.from:n.to] != "" && (before == "de" || before == "d") && (strings.HasPrefix(second, "mot") || second == "phrase"):
			n.promise, n.role, n.from = surely, secretWord|humanWord, at
			if second == "phrase" {
				n.role |= phraseWord
			}
		}
	}
	if n.promise == surely && n.role&(keyWord|codeWord) == 0 {
		return
	}
	if n.promise == nothing && n.role&codeWord != 0 && n.role&dialWord != 0 && n.alone && (locked(s[max(0, n.from-nearby):n.from]) || locked(s[n.to:min(len(s), n.to+nearby/2)])) {
		n.promise = surely
		return
	}
	if n.role&(keyWord|codeWord|hintWord) == 0 || !n.alone {
		return
	}
	if n.role&keyWord != 0 && n.promise == perhaps && wireless(s[max(0, n.from-nearby):n.from]) {
		n.promise, n.role = surely, n.role|humanWord
		return
	}
	at := n.to
	for range 5 {
		w, end := wordAfter(s, at)
		switch {
		case w == "", end < len(s) && s[end] == '_': // nothing, or a name of its own
			return
		case joiners[w]:
			at = end
			continue
		case known[w]&qualifier != 0 && known[w]&idWord == 0 || at > n.to && known[w]&qualifier != 0 || n.role&codeWord != 0 && known[w]&qualifier != 0:
			if n.role&(keyWord|codeWord) != 0 {
				n.promise, n.to = surely, end
				if homely[w] {
					n.role |= humanWord
				}
			} else if strings.EqualFold(s[n.from:n.to], "pass") || strings.EqualFold(s[n.from:n.to], "passe") {
				n.promise, n.to, n.role = surely, end, secretWord|humanWord
			}
			return
		case known[w]&openWord != 0 && known[w]&(secretWord|qualifier) == 0 && !copulas[w], known[w]&aboutWord != 0:
			n.promise, n.role = nothing, 0
			return
		case n.role&codeWord != 0 && n.promise != surely:
			at = end
		default:
			return
		}
	}
}

// locks are words of what codes are for.
var locks = set(`alarm alarme alarmo disarm disarmed desarmer desarmee armee lock unlock unlocked verrou serrure deverrouiller deverrouille door gate porte portail garage coffre safe digicode keypad clavier
	interphone intercom totp otp 2fa mfa sms nuki yale duress panel centrale badge locker boite boîte clés cles`)

// locked reports whether a text speaks of what is opened with a code.
func locked(s string) bool {
	for w := range strings.FieldsFuncSeq(small(s), func(r rune) bool { return (r < 'a' || r > 'z') && (r < '0' || r > '9') && r < utf8.RuneSelf }) {
		if locks[w] {
			return true
		}
	}
	return false
}

// wireless reports whether a text speaks of a network whose key people choose, or
// asks for a key.
func wireless(s string) bool {
	low := small(s)
	return strings.Contains(low, "ssid") || strings.Contains(low, "wpa") || strings.HasSuffix(low, "enter ")
}

// wordBefore is the word that ends right before position i, behind one space,
// hyphen or apostrophe, and where it begins.
func wordBefore(s string, i int) (string, int) {
	j := i
	if j > 0 && strings.IndexByte(" -'_", s[j-1]) >= 0 {
		j--
	} else if strings.HasSuffix(s[:j], "’") {
		j -= len("’")
	}
	if j == i {
		return "", i
	}
	k := j
	for k > 0 && j-k < 24 && letterByte(s[k-1]) {
		k--
	}
	if k == j {
		return "", i
	}
	var room [4]string
	words := split(s[k:j], room[:0])
	if len(words) == 0 {
		return "", i
	}
	return words[len(words)-1], k
}

// wordAfter is the word that begins after position i, and where it ends.
func wordAfter(s string, i int) (string, int) {
	j := i
	if j < len(s) && strings.IndexByte(" -'", s[j]) >= 0 {
		j++
	} else if strings.HasPrefix(s[j:], "’") {
		j += len("’")
	}
	k := j
	for k < len(s) && k-j < 24 && letterByte(s[k]) && !strings.HasPrefix(s[k:], "’") {
		k++
	}
	if j == i || k == j {
		return "", i
	}
	var room [4]string
	words := split(s[j:k], room[:0])
	if len(words) != 1 {
		return "", i
	}
	return words[0], k
}

func letterByte(c byte) bool {
	return c >= 'a' && c <= 'z' || c >= 'A' && c <= 'Z' || c >= '0' && c <= '9' || c >= utf8.RuneSelf
}
