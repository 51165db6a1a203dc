package scrub

import (
	"encoding/base64"
	"encoding/json"
	"fmt"
	"html"
	"net/url"
	"strconv"
	"strings"
	"unicode/utf16"
	"unicode/utf8"
)

// minLine is the shortest line of a longer secret that is looked for alone.
const minLine = 16

// formsOf lists the ways in which a secret is likely to be written.
func formsOf(secret string) []string {
	parts := []string{secret}
	if strings.Contains(secret, "\n") {
		// The log for people sets the lines of a value apart.
		parts = append(parts, strings.ReplaceAll(secret, "\n", "\n  | "))
		for line := range strings.SplitSeq(secret, "\n") {
			if line = strings.TrimSpace(line); len(line) >= minLine && !strings.HasPrefix(line, "-----") {
				parts = append(parts, line)
			}
		}
	}
	var all []string
	for _, p := range parts {
		all = append(all, p)
		all = append(all, quoted(p)...)
		all = append(all, escaped(p)...)
		all = append(all, dumped(p)...)
		all = append(all, base64Forms(p)...)
	}
	return all
}

// quoted is how a secret stands inside the quotes of JSON, of JSON in JSON and
// of Go.
func quoted(s string) []string {
	once := inJSON(s)
	ascii := inASCII(once)
	all := []string{once, inJSON(once), inJSON(inJSON(once)), plainJSON(s), inJSON(plainJSON(s)), ascii, inJSON(ascii), html.EscapeString(s)}
	for _, q := range []string{strconv.Quote(s), strconv.QuoteToASCII(s)} {
		inside := q[1 : len(q)-1]
		all = append(all, inside, inJSON(inside), plainJSON(inside))
	}
	return append(all, strings.ReplaceAll(s, "'", `\'`), strings.ReplaceAll(s, "'", `'\''`), strings.ReplaceAll(s, "'", "''"))
}

// inASCII writes all else as \u and four digits, as other encoders of JSON do.
func inASCII(s string) string {
	var b strings.Builder
	for _, unit := range utf16.Encode([]rune(s)) {
		if unit < utf8.RuneSelf {
			b.WriteByte(byte(unit))
		} else {
			fmt.Fprintf(&b, `\u%04x`, unit)
		}
	}
	return b.String()
}

// dumped is how the bytes of a secret are printed.
func dumped(s string) []string {
	raw := []byte(s)
	numbers := strings.Trim(fmt.Sprintf("%d", raw), "[]")
	all := []string{
		fmt.Sprintf("%x", raw), fmt.Sprintf("%X", raw), fmt.Sprintf("% x", raw), fmt.Sprintf("% X", raw), fmt.Sprintf("%# x", raw),
		strings.ReplaceAll(fmt.Sprintf("% x", raw), " ", ":"), strings.ReplaceAll(fmt.Sprintf("%# x", raw), " ", ", "),
		numbers, strings.ReplaceAll(numbers, " ", ", "), strings.ReplaceAll(numbers, " ", ","), strings.ReplaceAll(fmt.Sprintf(" % x", raw), " ", `\x`),
	}
	return all
}

// inJSON escapes as encoding/json does, with <, > and & as \u003c and so on.
func inJSON(s string) string {
	raw, err := json.Marshal(s)
	if err != nil {
		return s
	}
	return string(raw[1 : len(raw)-1])
}

// plainJSON escapes as most other programs do.
func plainJSON(s string) string {
	return strings.NewReplacer(`\`, `\\`, `"`, `\"`, "\n", `\n`, "\r", `\r`, "\t", `\t`).Replace(s)
}

// escaped is how a secret stands in a URL. Percent signs come with capital and
// with small digits.
func escaped(s string) []string {
	query, path := url.QueryEscape(s), url.PathEscape(s)
	strict := strings.ReplaceAll(query, "+", "%20")
	out := []string{query, path, strict, url.QueryEscape(query), url.QueryEscape(strict), allEscaped(s)}
	for _, f := range out {
		out = append(out, lowerEscapes(f))
	}
	return out
}

// allEscaped escapes every byte that is no letter and no digit.
func allEscaped(s string) string {
	var b strings.Builder
	for i := range len(s) {
		if c := s[i]; c >= 'a' && c <= 'z' || c >= 'A' && c <= 'Z' || c >= '0' && c <= '9' {
			b.WriteByte(c)
		} else {
			fmt.Fprintf(&b, "%%%02X", c)
		}
	}
	return b.String()
}

func lowerEscapes(s string) string {
	b := []byte(s)
	for i := 0; i+2 < len(b); i++ {
		if b[i] == '%' {
			copy(b[i+1:i+3], strings.ToLower(string(b[i+1:i+3])))
		}
	}
	return string(b)
}

// base64Forms is what a secret contributes to the base64 of any text that it is
// a part of, such as user:password: there are three ways in which it can lie
// across the groups of three bytes. The characters at the edges that depend on
// the neighbours are left out.
func base64Forms(s string) []string {
	var out []string
	for shift := range 3 {
		enc := base64.RawStdEncoding.EncodeToString([]byte(strings.Repeat("\x00", shift) + s))
		from := (shift*8 + 5) / 6
		to := (shift + len(s)) * 8 / 6
		core := enc[from:to]
		if len(core) < minSecret {
			continue
		}
		out = append(out, core, strings.NewReplacer("+", "-", "/", "_").Replace(core))
	}
	return append(out, base64.StdEncoding.EncodeToString([]byte(s)), base64.URLEncoding.EncodeToString([]byte(s)))
}
