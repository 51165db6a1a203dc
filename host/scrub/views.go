package scrub

import (
	"encoding/base64"
	"encoding/hex"
	"strconv"
	"strings"
	"unicode/utf8"
)

// view is a text with what was escaped in it written out, and where each of its
// bytes came from.
type view struct {
	text string
	at   []int // one more than bytes
}

// unescape writes out what URLs (%3D), JSON and Go (\", \u003d, \n) and HTML
// (&quot;) escape, one level of it. It reports false if there is nothing.
func unescape(s string, at []int) (view, bool) {
	if !escapes(s) {
		return view{}, false
	}
	b, from, changed := make([]byte, 0, len(s)), make([]int, 0, len(s)+1), false
	origin := func(i int) int {
		if at == nil {
			return i
		}
		return at[i]
	}
	for i := 0; i < len(s); {
		n, c := 1, rune(-1)
		switch s[i] {
		case '%':
			n, c = percent(s[i:])
		case '\\':
			n, c = backslash(s[i:])
		case '&':
			n, c = entity(s[i:])
		case '\x1b':
			n, c = colour(s[i:])
		case 0xc2, 0xd0, 0xd1, 0xe2, 0xef:
			n, c = lookalike(s[i:])
		}
		if c < 0 {
			b, from = append(b, s[i]), append(from, origin(i))
			i++
			continue
		}
		changed = true
		before := len(b)
		if c != dropped {
			b = utf8.AppendRune(b, c)
		}
		for range len(b) - before {
			from = append(from, origin(i))
		}
		i += n
	}
	if !changed {
		return view{}, false
	}
	return view{string(b), append(from, origin(len(s)))}, true
}

// dropped stands for what writes nothing.
const dropped rune = 0

// escapes reports whether a text may have something to write out.
func escapes(s string) bool {
	for i := range len(s) {
		switch s[i] {
		case '%', '\\', '&', '\x1b', 0xc2, 0xd0, 0xd1, 0xe2, 0xef:
			return true
		}
	}
	return false
}

// colour is a sequence that colours a terminal.
func colour(s string) (int, rune) {
	if len(s) < 3 || s[1] != '[' {
		return 1, -1
	}
	for i := 2; i < len(s) && i < 20; i++ {
		if s[i] >= '@' && s[i] <= '~' {
			return i + 1, dropped
		}
	}
	return 1, -1
}

// latin are letters that look like others.
var latin = map[rune]rune{'а': 'a', 'е': 'e', 'о': 'o', 'р': 'p', 'с': 'c', 'у': 'y', 'х': 'x', 'к': 'k', 'т': 't', 'ѕ': 's', 'і': 'i', 'ј': 'j', 'ԁ': 'd', 'ո': 'n', '\u00a0': ' ', '\u202f': ' ', '\u200b': dropped, '\u200c': dropped, '\u200d': dropped, '\u2060': dropped, '\ufeff': dropped, '\u00ad': dropped}

// lookalike is a letter that is written otherwise and read as one of ASCII.
func lookalike(s string) (int, rune) {
	r, n := utf8.DecodeRuneInString(s)
	if r >= '！' && r <= '～' { // of full width
		return n, r - '！' + '!'
	}
	if c, ok := latin[r]; ok {
		return n, c
	}
	return 1, -1
}

func percent(s string) (int, rune) {
	if len(s) < 3 || !isHex(s[1]) || !isHex(s[2]) {
		return 1, -1
	}
	v, err := strconv.ParseUint(s[1:3], 16, 8)
	switch {
	case err != nil:
		return 1, -1
	case v < utf8.RuneSelf:
		return 3, rune(v)
	case len(s) < 6 || s[3] != '%':
		return 1, -1
	}
	next, err := strconv.ParseUint(s[4:6], 16, 8) // an accented letter
	r, n := utf8.DecodeRune([]byte{byte(v), byte(next)})
	if err != nil || n != 2 {
		return 1, -1
	}
	return 6, r
}

func backslash(s string) (int, rune) {
	if len(s) < 2 {
		return 1, -1
	}
	switch s[1] {
	case '"', '\\', '/', '\'':
		return 2, rune(s[1])
	case 'n':
		return 2, '\n'
	case 'r':
		return 2, '\r'
	case 't':
		return 2, '\t'
	case 'u', 'x':
		n := 6
		if s[1] == 'x' {
			n = 4
		}
		if len(s) < n {
			return 1, -1
		}
		v, err := strconv.ParseUint(s[2:n], 16, 16)
		if err != nil || v >= 0xd800 && v < 0xe000 || n == 4 && v >= utf8.RuneSelf {
			return 1, -1
		}
		return n, rune(v)
	default:
		return 1, -1
	}
}

// entities of HTML that may stand in names and values.
var entities = map[string]rune{"&quot;": '"', "&apos;": '\'', "&amp;": '&', "&lt;": '<', "&gt;": '>'}

func entity(s string) (int, rune) {
	if end := strings.IndexByte(s[:min(len(s), 7)], ';'); end > 0 {
		low := strings.ToLower(s[:end+1])
		if r, ok := entities[low]; ok {
			return end + 1, r
		}
		if number, ok := strings.CutPrefix(low[:end], "&#"); ok {
			base := 10
			if hex, ok := strings.CutPrefix(number, "x"); ok {
				number, base = hex, 16
			}
			if v, err := strconv.ParseUint(number, base, 7); err == nil && v > ' ' {
				return end + 1, rune(v)
			}
		}
	}
	return 1, -1
}

// shortestPacked is the shortest run that may be a name and a value in base64 or
// hex.
const shortestPacked = 12

// packed cuts runs of base64 and of hex which stand for a text that has a secret
// in it.
func packed(s string, depth int, cuts []span) []span {
	for i := 0; i < len(s); {
		if !packs[s[i]] {
			i++
			continue
		}
		end := i
		for end < len(s) && packs[s[end]] {
			end++
		}
		if run := strings.TrimPrefix(s[i:end], "0x"); len(run) >= shortestPacked {
			for end < len(s) && s[end] == '=' {
				end++
			}
			if text := unpacked(run); text != "" {
				if len(find(text, depth+1)) > 0 || isPair(text) && !nameOf(s, i).innocent {
					cuts = append(cuts, span{i, end, ""})
				}
			}
		}
		i = end + 1
	}
	return dumps(s, depth, cuts)
}

// isPair reports whether a text is a user's name and a password: ana:x.
func isPair(text string) bool {
	user, password, ok := strings.Cut(text, ":")
	return ok && len(user) > 1 && len(password) >= 4 && !strings.ContainsAny(text, " /\n{\"<>;,=&") && count(user).letters() > 0 && (lookOf(password) >= mixedLook)
}

// packs are the bytes of base64, which those of hex are among.
var packs = func() (set [256]bool) {
	for _, c := range []byte("ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/-_") {
		set[c] = true
	}
	return set
}()

// unpacked is the text that a run stands for, or nothing where it stands for
// none.
func unpacked(run string) string {
	if len(run) < shortestPacked {
		return ""
	}
	if len(run) >= 16 && allHex(run) && len(run)%2 == 0 {
		if run[0] < '2' || run[0] > '7' {
			return ""
		}
		raw, err := hex.DecodeString(run)
		if err != nil {
			return ""
		}
		return readable(raw)
	}
	enc := base64.RawStdEncoding
	if strings.ContainsAny(run, "-_") {
		enc = base64.RawURLEncoding
	}
	// The first characters tell already of most runs that they are no text.
	var room [9]byte
	if n, err := enc.Decode(room[:], []byte(run[:shortestPacked])); err != nil || readable(room[:n]) == "" || len(run)%4 == 1 {
		return ""
	}
	raw, err := enc.DecodeString(run)
	if err != nil {
		return ""
	}
	return readable(raw)
}

// readable is raw as a text, if it is one in ASCII.
func readable(raw []byte) string {
	for i, c := range raw {
		if c == 0 && i < len(raw)-1 { // SASL PLAIN
			raw[i], c = ':', ':'
		}
		if c < ' ' && c != '\n' && c != '\r' && c != '\t' || c > '~' {
			return ""
		}
	}
	return strings.TrimPrefix(string(raw), ":")
}

// shortestDump is of how many bytes a dump is at least.
const shortestDump = 8

// dumps cuts bytes printed one by one: 70 61 73, 0x70, 0x61, [112 97 115].
func dumps(s string, depth int, cuts []span) []span {
	for i := 0; i < len(s); {
		if s[i] < '0' || s[i] > '9' || i > 0 && letterByte(s[i-1]) {
			i++
			continue
		}
		end, raw := dump(s, i, 16)
		if len(raw) < shortestDump {
			end, raw = dump(s, i, 10)
		}
		if len(raw) >= shortestDump {
			if text := readable(raw); text != "" && (len(find(text, depth+1)) > 0 || suspectDump(s, i, text)) {
				cuts = append(cuts, span{i, end, ""})
			}
			i = end
			continue
		}
		for i < len(s) && letterByte(s[i]) {
			i++
		}
	}
	return cuts
}

// suspectDump reports whether a dump follows the name of a secret.
func suspectDump(s string, i int, text string) bool {
	return nameOf(s, i).role&(secretWord|keyWord|hintWord) != 0 && strings.TrimSpace(text) != ""
}

// nibble is the value of a digit in hex.
func nibble(c byte) byte {
	if c <= '9' {
		return c - '0'
	}
	return c&^0x20 - 'A' + 10
}

// dump reads bytes written in a base, with blanks, commas or colons between.
func dump(s string, i, base int) (int, []byte) {
	var raw []byte
	end := i
	for i < len(s) {
		j := i
		if base == 16 && strings.HasPrefix(s[j:], "0x") {
			j += 2
		}
		k := j
		for k < len(s) && k-j < 4 && (base == 16 && isHex(s[k]) || s[k] >= '0' && s[k] <= '9') {
			k++
		}
		if k == j || base == 16 && (k-j)%2 != 0 || k < len(s) && letterByte(s[k]) {
			break
		}
		if base == 16 {
			for ; j < k; j += 2 {
				raw = append(raw, nibble(s[j])<<4|nibble(s[j+1]))
			}
		} else {
			v, err := strconv.Atoi(s[j:k])
			if err != nil || v > 255 {
				break
			}
			raw = append(raw, byte(v))
		}
		end = k
		i = k
		for i < len(s) && i-k < 2 && strings.IndexByte(" ,:", s[i]) >= 0 {
			i++
		}
		if i == k {
			break
		}
	}
	return end, raw
}
