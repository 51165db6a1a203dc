package telemetry

import (
	"slices"
	"strings"
)

// fillers are words between a secret's name and the secret.
var fillers = []string{"- ", "is ", "was ", "to ", "est ", "était ", "c'est ", "c est ", "ist ", "es ", "-> ", "is: ", "est : ", "est: ", "provided: ", "value ", "of ", "set to ", "from ", "du wifi ", "wifi "}

// notSaid are names after which the thing itself seldom follows a space: it must
// look as if it had been drawn.
var notSaid = []string{"ticket", "cookie", "sig", "signature", "sid", "authorization", "pin", "otp", "pass"}

// shortestSaid is the shortest word in a sentence that is taken for a secret.
const shortestSaid = 6

// saidValue finds the secret in a sentence: password is hunter2, token abc123;
// only what looks like one, since sentences also speak about secrets.
func saidValue(s string, i int, n name) value {
	key := plain(n.text)
	switch {
	case s[i] != ' ':
		return columnValue(s, i, n)
	case strings.HasPrefix(n.text, "--"):
		return flagValue(s, i, n)
	}
	if n.promise == perhaps && n.quote == "" {
		return settingValue(s, i, n)
	}
	if n.promise != surely || n.quote != "" && s[i] == ' ' {
		return value{}
	}
	p, told := skipBlank(s, i+1), false
	if p < len(s) && (s[p] == '=' || s[p] == ':') {
		return value{} // which is the separator then
	}
	for range 3 {
		if n := filler(s[p:]); n > 0 {
			p, told = skipBlank(s, p+n), true
		}
	}
	for p < len(s) && strings.IndexByte("\"'`(«", s[p]) >= 0 {
		p, told = p+1, true
	}
	end := wordEnd(s, p)
	v := strings.TrimRight(s[p:end], ".,;:!?")
	if strings.HasSuffix(key, "code") && isDialled(v) {
		return value{p, p + len(v), Redacted}
	}
	if slices.Contains(notSaid, key) && !mixed(v) && !random(v) {
		return value{}
	}
	if strings.Contains(v, Redacted) || !said(v, strings.Contains(key, "pass") || key == "mdp" || key == "pwd", told) {
		return value{}
	}
	return value{p, p + len(v), Redacted}
}

// isDialled reports whether a word is a number as one types into a lock.
func isDialled(v string) bool {
	return len(v) >= 4 && len(v) <= 8 && strings.Trim(v, "0123456789") == ""
}

// settingValue is what follows the name of a setting: setx STRIPE_KEY x.
func settingValue(s string, i int, n name) value {
	p := skipBlank(s, i+1)
	end := wordEnd(s, p)
	if v := s[p:end]; strings.Contains(n.text, "_") && strings.ToUpper(n.text) == n.text && random(v) {
		return value{p, end, Redacted}
	}
	return value{}
}

// neighbourValue is what follows the name in a list: "x-auth-key", "abc123".
func neighbourValue(s string, i int, n name) value {
	p := skipBlank(s, i+1)
	if p < len(s) && (s[p] == 'b' || s[p] == '[') {
		p++
	}
	if strings.HasPrefix(s[p:], "s:") { // PHP writes the length before a text
		p = len(s) - len(strings.TrimLeft(s[p:], "s:0123456789"))
	}
	if end := wordEnd(s, p); n.quote == "" && n.promise == surely {
		if v := strings.TrimRight(s[p:end], ",;"); !strings.ContainsAny(v, ",;=:") && (mixed(v) || random(v)) {
			return value{p, p + len(v), Redacted} // a column of a table
		}
	}
	q := p
	for q < len(s) && s[q] == '\\' {
		q++
	}
	if n.quote == "" || q >= len(s) || s[q] != '"' && s[q] != '\'' {
		return value{}
	}
	v := quotedValue(s, q+1, s[p:q+1])
	if v.end <= v.start || !strings.Contains(s[v.start:v.end], " ") && !said(s[v.start:v.end], true, true) {
		return value{}
	}
	return v
}

// columnValue is what stands in the next column of a table: after a tab or a
// stroke. A single small word is rather about the secret.
func columnValue(s string, i int, n name) value {
	p := skipBlank(s, i+1)
	end := wordEnd(s, p)
	v := s[p:end]
	if n.promise != surely || len(v) < shortestSaid || empty(v) || isProse(v, "") || strings.HasPrefix(v, "/") || strings.HasPrefix(v, "-") {
		return value{}
	}
	return value{p, end, Redacted}
}

// flagValue is what follows the flag of a command.
func flagValue(s string, i int, n name) value {
	p := skipBlank(s, i+1)
	if p < len(s) && (s[p] == '"' || s[p] == '\'') {
		return quotedValue(s, p+1, s[p:p+1])
	}
	end := wordEnd(s, p)
	v := s[p:end]
	if v == "" || v[0] == '-' || empty(v) || isProse(v, "pass") || n.promise == perhaps && !said(v, true, true) {
		return value{}
	}
	return value{p, end, Redacted}
}

func skipBlank(s string, p int) int {
	for p < len(s) && (s[p] == ' ' || s[p] == '\t') {
		p++
	}
	return p
}

// filler is the length of the filler that a text begins with.
func filler(s string) int {
	for _, f := range fillers {
		if len(s) > len(f) && strings.EqualFold(s[:len(f)], f) {
			return len(f)
		}
	}
	return 0
}

// wordEnd is where a word ends.
func wordEnd(s string, p int) int {
	for p < len(s) && strings.IndexByte(" \t\r\n\"'`\\<>{}()[]|", s[p]) < 0 {
		p++
	}
	return p
}

// said reports whether a word is rather a secret than a word: letters and
// digits are mixed, or, in a password, marks too. A name that is told what it is
// (the token is ...) needs less of it.
func said(v string, password, told bool) bool {
	if len(v) < shortestSaid || strings.HasPrefix(v, "/") || strings.HasPrefix(v, "./") || strings.Contains(v, "://") || strings.ContainsAny(v, "=,") {
		return false
	}
	c := count(v)
	if !password {
		return random(v) || mixed(v) || told && len(v) >= 8 && c.letters > 0 && c.digits > 0 && c.marks*6 <= len(v) && !unit(v)
	}
	return mixed(v) || c.letters > 0 && c.digits > 0 && !unit(v) || len(v) >= 15 && strings.Count(v, "-") > 1 || c.marks > 0 && c.letters > 2 && strings.ContainsAny(v, "@#$%&!*^+?")
}

// shortestMixed is the shortest word that is taken for drawn because of its
// letters.
const shortestMixed = 12

// mixed reports whether a word has small and large letters as no name has them,
// or digits among them, and nothing else.
func mixed(v string) bool {
	c := count(v)
	if len(v) < shortestMixed || c.marks > 0 || c.capitals == 0 || c.letters == c.capitals {
		return false
	}
	return c.digits > 0 || changes(v)*5 >= len(v)*2
}

// changes counts where letters turn from small to large or back. They do so in
// each second place of what was drawn, and less often in names of several words.
func changes(v string) (n int) {
	for i := 1; i < len(v); i++ {
		if (v[i] >= 'a') != (v[i-1] >= 'a') {
			n++
		}
	}
	return n
}

// unit reports whether a text is a number with its unit, such as 500ms.
func unit(v string) bool {
	digits := strings.TrimLeft(v, "0123456789.,")
	return len(digits) <= 3
}

// counts are how many of each kind of character a text has.
type counts struct{ letters, capitals, digits, marks int }

func count(v string) (c counts) {
	for i := range len(v) {
		switch b := v[i]; {
		case b >= 'a' && b <= 'z':
			c.letters++
		case b >= 'A' && b <= 'Z':
			c.letters++
			c.capitals++
		case b >= '0' && b <= '9':
			c.digits++
		default:
			c.marks++
		}
	}
	return c
}

// shortestRandom is the shortest text that is taken for random.
const shortestRandom = 16

// random reports whether a text looks as if it had been drawn: long, letters and
// digits mixed, few marks, no number with a unit, no date and no path.
func random(v string) bool {
	if len(v) < shortestRandom || strings.ContainsAny(v, " :/()<>{}[],;\"'") && !base64Like(v) {
		return false
	}
	c := count(v)
	if c.letters == 0 || c.digits == 0 {
		return c.letters >= 20 && c.capitals > 4 && c.letters-c.capitals > 4 && c.marks == 0 && (c.letters >= 32 || capitalsMeet(v))
	}
	return c.marks*6 <= len(v) && (c.digits*12 >= c.letters || c.capitals > 2 && c.letters-c.capitals > 2)
}

// capitalsMeet reports whether two capitals stand side by side twice, as they do
// in few names.
func capitalsMeet(v string) bool {
	n := 0
	for i := 1; i < len(v); i++ {
		if v[i] >= 'A' && v[i] <= 'Z' && v[i-1] >= 'A' && v[i-1] <= 'Z' {
			n++
		}
	}
	return n > 1
}

func base64Like(v string) bool {
	return strings.Trim(v, "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/=") == "" && len(v)%4 == 0
}

// looks reports whether what stands behind a name that may be a secret's is one.
func looks(v string, n name) bool {
	if random(v) || mixed(v) && changes(v)*5 >= len(v)*2 {
		return true
	}
	return strings.HasSuffix(strings.ToLower(n.text), "auth") && (said(v, true, true) || isBasic(v))
}

// number reports whether a value counts something: tokens: 914, secrets: 3.
func number(v, key string) bool {
	const longest = 9
	if strings.Trim(v, "0123456789") != "" || len(v) > longest {
		return false
	}
	for _, n := range []string{"pass", "ticket", "secrets", "tokens", "jetons", "passwords", "sid", "sig", "credentials", "cookie", "cookies"} {
		if key == n {
			return true
		}
	}
	return strings.HasSuffix(key, "tokens") || strings.HasSuffix(key, "jetons")
}

// isPIN reports whether a value may be a PIN and is not a pin of a board.
func isPIN(v string) bool { return len(v) >= 4 && len(v) <= 12 }

// elementValue is what stands between <name> and the next tag.
func elementValue(s string, i int, n name) value {
	end := strings.IndexByte(s[i+1:], '<')
	if n.quote != "" || end <= 0 || !strings.HasPrefix(s[i+1+end:], "</") {
		return value{}
	}
	return whole(s, i+1, i+1+end)
}

// bracedValue is all that stands in Go's braces.
func bracedValue(s string, from int) value {
	end := strings.IndexByte(s[from:], '}')
	if end <= 0 {
		return value{}
	}
	return value{from, from + end, `"` + Redacted + `"`}
}

// encoded reports runs of a text in which marks of names and values are written
// as in a URL, such as %22token%22%3A%22; it calls f with each.
func encoded(s string, f func(run string) string) string {
	var b strings.Builder
	done := 0
	for i := 0; i+2 < len(s); i++ {
		if s[i] != '%' || !strings.Contains("3A3a3D3d22407B7b25", s[i+1:i+3]) {
			continue
		}
		from, end := i, i
		for from > done && !runEnds(s[from-1]) {
			from--
		}
		for end < len(s) && !runEnds(s[end]) {
			end++
		}
		b.WriteString(s[done:from])
		b.WriteString(f(s[from:end]))
		done, i = end, end
	}
	if done == 0 {
		return s
	}
	b.WriteString(s[done:])
	return b.String()
}

func runEnds(c byte) bool { return c <= ' ' || strings.IndexByte("\"'<>\\`", c) >= 0 }

// dotted finds tokens of three parts as Discord makes them, which have nothing
// else to be known by.
func dotted(s string) string {
	for i := 0; i < len(s); i++ {
		if s[i] != '.' || i+7 >= len(s) || s[i+7] != '.' || tokenRun(s, i+1) != 6 {
			continue
		}
		from := i
		for from > 0 && tokenByte(s[from-1]) {
			from--
		}
		last := tokenRun(s, i+8)
		if i-from < 23 || i-from > 28 || last < 27 || last > 40 || strings.IndexByte("MNO", s[from]) < 0 {
			continue
		}
		s = s[:from] + Redacted + s[i+8+last:]
		i = from
	}
	return s
}

func tokenByte(c byte) bool {
	return c >= 'a' && c <= 'z' || c >= 'A' && c <= 'Z' || c >= '0' && c <= '9' || c == '_' || c == '-'
}

func tokenRun(s string, from int) int {
	n := 0
	for from+n < len(s) && tokenByte(s[from+n]) {
		n++
	}
	return n
}
