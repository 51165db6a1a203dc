package scrub

import (
	"strings"
	"unicode/utf8"
)

//go:generate go run ../../cmd/train-scrub -o table.go

// Symbols is how many kinds of characters the judge tells apart.
const Symbols = 35

// Symbol is the kind of a character: 0 the border of a word, 1 to 26 a letter,
// then a digit, the marks that join words one by one, any other mark, and what is
// not ASCII.
func Symbol(c byte) int {
	switch {
	case c >= 'a' && c <= 'z':
		return int(c-'a') + 1
	case c >= 'A' && c <= 'Z':
		return int(c-'A') + 1
	case c >= '0' && c <= '9':
		return 27
	case c == '_':
		return 28
	case c == '-':
		return 29
	case c == '.':
		return 30
	case c == '/':
		return 31
	case c == '=' || c == '+' || c == '~':
		return 32
	case c >= utf8.RuneSelf:
		return 34
	default:
		return 33
	}
}

// digitBits is what it costs beyond the kind that a digit is a certain one.
const digitBits = 53 // log2(10) in sixteenths

// caseBits is what it costs that a letter's case does not go on as in words.
const caseBits = 56

// surprise is by how many sixteenths of a bit a text differs from what words,
// names and numbers look like: some 60 a character for words, 120 and more for what
// was drawn at random.
func surprise(v string) int {
	sum, before, run := 0, 0, 0 // run: capitals in a row
	for i := range len(v) {
		c := v[i]
		at := Symbol(c)
		sum += int(follows[before][at])
		switch {
		case at == 27:
			sum += digitBits
			run = 0
		case c >= 'A' && c <= 'Z':
			if before >= 1 && before <= 26 && run == 0 {
				sum += caseBits // a hump
			}
			run++
		case c >= 'a' && c <= 'z':
			if run > 1 {
				sum += caseBits
			}
			run = 0
		default:
			run = 0
		}
		before = at
	}
	return sum + int(follows[before][0])
}

// counts are how many of each kind of character a text has.
type counts struct{ small, capitals, digits, marks, turns int }

// count tells the kinds of characters of a text; turns is how often one kind of
// letter or digit follows another, apart from a first capital.
func count(v string) (c counts) {
	before := byte(0)
	for i := range len(v) {
		kind := byte(0)
		switch b := v[i]; {
		case b >= 'a' && b <= 'z', b >= utf8.RuneSelf:
			kind = 'a'
			c.small++
		case b >= 'A' && b <= 'Z':
			kind = 'A'
			c.capitals++
		case b >= '0' && b <= '9':
			kind = '0'
			c.digits++
		default:
			c.marks++
		}
		if kind != 0 && before != 0 && kind != before && (i != 1 || kind != 'a') {
			c.turns++
		}
		if kind != 0 {
			before = kind
		}
	}
	return c
}

func (c counts) letters() int { return c.small + c.capitals }

// look is what a word looks like.
type look int

const (
	wordLook   look = iota // a word, a name, a number, a date, a path
	mixedLook              // as people make passwords: letters with digits or marks
	drawnLook              // hardly made by people
	surelyLook             // drawn at random, beyond what names, ids and words look like
)

// longestJudged is how much of a text is looked at to judge it.
const longestJudged = 200

// lookOf judges a text without blanks.
func lookOf(v string) look {
	if v == "" {
		return wordLook
	}
	v = v[:min(len(v), longestJudged)]
	c := count(v)
	each := surprise(v) / max(1, len(v))
	switch {
	case c.letters() == 0 && c.marks == 0:
		return wordLook
	case shaped(v, c):
		return wordLook
	case len(v) >= 16 && c.small > 2 && c.capitals > 2 && c.digits > 0 && each >= 104 && c.marks*5 <= len(v):
		return surelyLook
	case len(v) >= 32 && c.small > 8 && c.capitals > 8 && each >= 110 && c.marks*8 <= len(v):
		return surelyLook
	case len(v) >= 12 && each >= 90 && c.letters() > 2 && c.marks*4 <= len(v) && (c.digits > 1 || c.turns*4 >= len(v)):
		return drawnLook
	case c.digits > 0 && c.letters() > 0 && len(v) >= 5 && !unit(v):
		return mixedLook
	case c.letters() > 1 && len(v) >= 6 && odd(v):
		return mixedLook
	case c.turns >= 3 && c.marks == 0 && each >= 88 && len(v) >= 8:
		return mixedLook
	default:
		return wordLook
	}
}

// odd reports whether a word has marks as they stand in passwords rather than in
// sentences.
func odd(v string) bool {
	for i := range len(v) {
		switch v[i] {
		case '@', '#', '$', '%', '&', '*', '^', '+', '~':
			return true
		case '!', '?':
			if i < len(v)-1 {
				return true
			}
		}
	}
	return false
}

// unit reports whether a text is a number with its unit, an ordinal, a version or
// a time: 500ms, 3rd, v2, 12h30.
func unit(v string) bool {
	c := count(v)
	if c.letters() <= 3 && v[0] >= '0' && v[0] <= '9' && c.turns <= 2 && c.digits >= c.letters() && len(v) <= 9 && c.capitals <= 2 {
		return c.turns < 2 || c.marks > 0 || c.letters() == 1
	}
	return (v[0] == 'v' || v[0] == 'V') && c.letters() == 1 && c.digits > 0
}

// shaped reports whether a text has a shape that is no secret's: a date, an
// address, a version, a path, a UUID.
func shaped(v string, c counts) bool {
	switch {
	case isUUID(v), isTime(v), isULID(v):
		return true
	case v[0] == '/' && wordyPath(v), len(v) > 1 && (v[:2] == "./" || v[:2] == "~/" || v[:2] == "0x"):
		return true
	case c.capitals == 0 && c.marks > 0 && isAddress(v):
		return true
	case public(v), mangled(v), c.digits+c.marks > 0 && isAlgorithm(v), strings.HasPrefix(v, "SHA256:"), strings.HasPrefix(v, "sha256:"), strings.HasPrefix(v, "sha256/"), strings.HasPrefix(v, "MD5:"):
		return true
	case c.capitals == 0 && strings.Count(v, "/") > 1 && strings.Trim(v, "abcdefghijklmnopqrstuvwxyz0123456789-_./") == "" && wordyPath(v):
		return true
	case c.marks > 0 && (labelled(v) || isMail(v)):
		return true
	default:
		return false
	}
}

// isUUID reports whether v has the shape 8-4-4-4-12 of hex digits.
func isUUID(v string) bool {
	if len(v) != 36 {
		return false
	}
	for i := range len(v) {
		if (i == 8 || i == 13 || i == 18 || i == 23) != (v[i] == '-') || v[i] != '-' && !isHex(v[i]) {
			return false
		}
	}
	return true
}

// isULID reports whether v has the shape of a ULID of our days, perhaps behind a
// kind: mem_01HZX3K9QW8E7R6T5Y4U3I2O1P.
func isULID(v string) bool {
	v = v[strings.LastIndexByte(v, '_')+1:]
	if len(v) != 26 || v[0] != '0' || v[1] != '1' {
		return false
	}
	c := count(v)
	return c.small == 0 && c.marks == 0
}

func isHex(c byte) bool {
	return c >= '0' && c <= '9' || c >= 'a' && c <= 'f' || c >= 'A' && c <= 'F'
}

// allHex reports whether a text is in hex, of one case.
func allHex(v string) bool {
	small, big := false, false
	for i := range len(v) {
		if !isHex(v[i]) {
			return false
		}
		small = small || v[i] >= 'a'
		big = big || v[i] >= 'A' && v[i] <= 'F'
	}
	return !small || !big
}

// isTime reports whether a text is a date or a time of day.
func isTime(v string) bool {
	c := count(v)
	if c.digits < 4 || c.letters() > 5 || v[0] < '0' || v[0] > '9' {
		return false
	}
	for i := range len(v) {
		if b := v[i]; (b < '0' || b > '9') && b != '-' && b != ':' && b != '.' && b != 'T' && b != 'Z' && b != '+' && b != '/' && b != ',' {
			return false
		}
	}
	return c.marks > 0
}

// isAddress reports whether a text is a host or an address: numbers or words with
// dots or colons.
func isAddress(v string) bool {
	dots := 0
	for i := range len(v) {
		switch b := v[i]; {
		case b == '.' || b == ':':
			dots++
		case b >= 'a' && b <= 'z' || b >= '0' && b <= '9' || b == '-' || b == '[' || b == ']':
		default:
			return false
		}
	}
	return (dots >= 2 || dots == 1 && digits(v[strings.LastIndexAny(v, ".:")+1:]) && strings.Contains(v, ":")) && wordyParts(v)
}

// isMail reports whether a text is an address of mail.
func isMail(v string) bool {
	user, host, ok := strings.Cut(v, "@")
	dot := strings.LastIndexByte(host, '.')
	if !ok || user == "" || dot < 2 || len(host)-dot < 3 || strings.IndexByte(host, '@') >= 0 {
		return false
	}
	return count(host[dot+1:]).small == len(host)-dot-1 && count(host).capitals == 0 && count(user).marks <= 2
}

// public reports whether a text is a public key or a picture, by how it begins.
func public(v string) bool {
	if len(v) < 40 {
		return false
	}
	if len(v) == 46 && strings.HasPrefix(v, "Qm") || len(v) == 59 && strings.HasPrefix(v, "bafy") { // a hash of IPFS
		return true
	}
	if len(v) == 87 && v[0] == 'B' { // a point of P-256, as browsers take it
		return true
	}
	for _, p := range []string{"AAAA", "MFkwEw", "MIIBIjANBg", "MIICIjANBg", "MCowBQYDK2VwAyEA", "iVBOR", "/9j/", "R0lGOD"} {
		if strings.HasPrefix(v, p) {
			return true
		}
	}
	return false
}

// mangled reports whether a text is a symbol of a compiler of C++ or Rust.
func mangled(v string) bool {
	if v[0] != '_' {
		return false
	}
	v = strings.TrimLeft(v, "_")
	return len(v) > 4 && (v[0] == 'Z' || v[0] == 'R') && (v[1] >= '0' && v[1] <= '9' || v[1] >= 'A' && v[1] <= 'Z')
}

// algorithms are the parts of their names, without numbers.
var algorithms = set(`hmac hkdf pbkdf argon argon2i argon2d argon2id bcrypt scrypt sha md blake blake2b blake2s aes chacha xchacha poly rsa ecdsa ecdh dh ed x curve rs hs es ps gcm cbc ctr ccm siv secp secp256k secp256r nistp
	ecdsa-sha2-nistp prime ssh tls base utf crc crc32c xxh siphash murmur`)

// longestAlgorithm is the longest name of an algorithm.
const longestAlgorithm = 40

// isAlgorithm reports whether a text names algorithms: HMAC-SHA-256, argon2id.
func isAlgorithm(v string) bool {
	if len(v) > longestAlgorithm {
		return false
	}
	from, known := 0, false
	for i := 0; i <= len(v); i++ {
		if i < len(v) && strings.IndexByte("-_/+.", v[i]) < 0 {
			continue
		}
		part := small(v[from:i])
		if word := strings.TrimRight(part, "0123456789"); algorithms[word] || algorithms[part] {
			known = true
		} else if word != "" {
			return false
		}
		from = i + 1
	}
	return known
}

// labelled reports whether a text is words before a hash: node-linux-1b60cae.
func labelled(v string) bool {
	k := strings.LastIndexAny(v, "-.:")
	if k < 3 || len(v)-k < 5 || !allHex(v[k+1:]) || digits(v[k+1:]) && len(v)-k < 8 {
		return false
	}
	c := count(v[:k])
	return c.digits == 0 && c.capitals <= 2 && surprise(v[:k])/k < 100
}

func wordyParts(v string) bool {
	from := 0
	for i := 0; i <= len(v); i++ {
		if i == len(v) || v[i] == '.' || v[i] == ':' || v[i] == '/' {
			p := v[from:i]
			if c := count(p); len(p) > 5 && c.digits > 0 && c.letters() > 0 && surprise(p)/len(p) > 90 {
				return false
			}
			from = i + 1
		}
	}
	return true
}

// wordyPath reports whether the parts of a path are words rather than drawn.
func wordyPath(v string) bool {
	parts, drawn, from := 0, 0, 0
	for i := 0; i <= len(v); i++ {
		if i < len(v) && v[i] != '/' {
			continue
		}
		if p := v[from:i]; len(p) > 0 {
			parts++
			if each := surprise(p) / len(p); len(p) >= 6 && each > 100 {
				drawn++
			}
		}
		from = i + 1
	}
	return drawn == 0 && parts > 0
}
