package scrub

import (
	"strings"
	"unicode/utf8"
)

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
	if n.role&keyWord != 0 && strings.Contains(small(s[max(0, n.from-nearby/2):n.from]), "cache ") {
		n.promise, n.role = nothing, 0 // what a cache calls a thing
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
	var room [8]string
	for w := range strings.FieldsFuncSeq(s, func(r rune) bool { return r < utf8.RuneSelf && !letterByte(byte(r)) }) {
		for _, part := range split(w, room[:0]) { // HassAlarmDisarm
			if locks[part] {
				return true
			}
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
