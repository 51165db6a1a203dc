package telemetry

import (
	"encoding/base64"
	"encoding/hex"
	"encoding/json"
	"net/url"
	"strconv"
	"strings"
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
		all = append(all, hex.EncodeToString([]byte(p)), strings.ToUpper(hex.EncodeToString([]byte(p))))
		all = append(all, base64Forms(p)...)
	}
	return all
}

// quoted is how a secret stands inside the quotes of JSON, of JSON in JSON and
// of Go.
func quoted(s string) []string {
	once := inJSON(s)
	return []string{once, inJSON(once), plainJSON(s), inJSON(plainJSON(s)), strings.Trim(strconv.Quote(s), `"`)}
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
	out := []string{query, path, strict}
	for _, f := range out[:3] {
		out = append(out, lowerEscapes(f))
	}
	return out
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
