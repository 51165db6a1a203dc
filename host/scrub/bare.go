package scrub

import "strings"

// schemes stand before the credential of a header.
var schemes = set(`bearer basic digest negotiate token apikey ntlm hawk hmac-sha256 aws4-hmac-sha256 key oauth deepl-auth-key splunk geniekey ssws jwt dpop bot gss kerberos klaviyo-api-key pw-key
	mac hmac signature sharedkey sharedkeylite apitoken api-key personal client-id zoho-oauthtoken googlelogin sso-key x-api-key private-token scram-sha-256 acquia-http-hmac vapid`)

// bare judges a value without quotes.
func (b *binder) bare(p int, bound bond, spaced bool) bool {
	s, n := b.s, b.n
	var room [8]string
	words := split(s[n.from:n.to], room[:0])
	last := ""
	if len(words) > 0 {
		last = words[len(words)-1]
	}
	header := last == "authorization" || strings.HasPrefix(last, "cookie")
	end := b.bareEnd(p, bound, spaced, header)
	if end < len(s) && (s[end] == '(' || s[end] == '[' && bound == tied && spaced) {
		return false
	}
	for end+8 < len(s) && s[end] == '|' && letterByte(s[end+1]) && b.key == "" && lookOf(s[p:end]) >= drawnLook {
		for end++; end < len(s) && strings.IndexByte(bareStops, s[end]) < 0; {
			end++
		}
	}
	v := s[p:end]
	if spaced && b.key == "" && isCode(v) {
		return false
	}
	if strings.HasPrefix(last, "cookie") && harmlessCookie(v) {
		return true
	}
	if _, rest, ok := strings.Cut(v, " "); ok && header && rest != "" && (empty(rest) || len(rest) < 9 && count(rest).capitals == len(rest) || strings.HasSuffix(rest, "...")) {
		return true
	}
	if bound < named && strings.HasSuffix(v, "Ref:") {
		return true // where it is
	}
	if bound < tied || spaced {
		if t := strings.TrimRight(v, ".,;:!?"); len(t) < len(v) && !strings.HasSuffix(t, "!") {
			if k := len(t); v[k] != '!' && v[k] != '?' || k < 4 {
				v = t
			}
		}
	}
	if t := strings.TrimSuffix(v, ":"); t != "" && (end == len(s) || s[end] == ' ') {
		v = t
	}
	if low := small(v[:min(len(v), longestJudged)]); strings.Contains(low, "[redacted") || strings.Contains(low, "[masked") || strings.Contains(low, "[filtered") || strings.Contains(low, "[hidden") {
		return true
	}
	if v == "" || empty(v) || strings.Contains(v, Redacted) || strings.Contains(v, "://") {
		return v != ""
	}
	if b.harmless(v) || strings.HasPrefix(s[end:], " (key id") {
		return true
	}
	if bound == tied && !spaced && states[small(v)] {
		return true
	}
	if k := strings.IndexByte(v, '&'); k > 0 && prose[small(v[:k])] {
		return false
	}
	if spaced && b.key == "" && fieldName(v) && strings.HasPrefix(s[n.to:], ": ") {
		return true // nothing was given; the next field follows
	}
	l := lookOf(v)
	if n.promise == perhaps {
		ok := b.looksIt(v, l, bound, last)
		if ok {
			b.cut(p, p+len(v), b.key)
		}
		return ok
	}
	if number(v) || (n.plural || n.role&humanWord == 0 && bound < tied) && unit(v) {
		return b.number(p, v, bound, last)
	}
	if bound < tied && strings.Contains(v, "(") && strings.HasSuffix(v, ")") || where(v) || strings.HasSuffix(last, "pwd") && v[0] == '/' {
		return true
	}
	if strings.HasSuffix(v, "...") || strings.HasSuffix(v, "…") {
		return true
	}
	if n.role&dialWord != 0 && n.role&codeWord != 0 && bound >= told && len(v) <= 8 && count(v).digits >= 4 && count(v).marks == 0 {
		b.cut(p, p+len(v), b.key)
		return true
	}
	if n.role&dialWord != 0 && bound <= told && l == wordLook && count(v).digits == 0 && count(v).capitals < 2 {
		return false // what is dialled has digits
	}
	var ok bool
	switch bound {
	case tied:
		ok = !spaced || !b.aboutIt(p, v, l)
		if n.role&humanWord == 0 && strings.HasPrefix(v, "SIG") || strings.HasSuffix(v, "(") {
			ok = false
		}
		if strings.ContainsAny(v, "([{") && spaced && l < drawnLook && strings.IndexFunc(v, func(r rune) bool { return r == '(' }) > 0 && b.key == "" {
			ok = false // a call
		}
	case named:
		ok = !b.aboutIt(p, v, l)
	case told:
		ok = l >= mixedLook || n.role&humanWord != 0 && (n.role&codeWord == 0 || n.role&phraseWord != 0) && !b.aboutIt(p, v, l) && lastOfSentence(s, phraseEnd(s, p, p+len(v)))
	default:
		c := count(v)
		ok = l >= drawnLook || l == mixedLook && len(v) >= 6 && n.role&humanWord != 0 && !strings.ContainsAny(v, "=/:") && !nameLike(v) ||
			l == mixedLook && len(v) >= 8 && c.digits > 1 && c.turns > 3 && c.marks == 0 || l == wordLook && n.role&humanWord != 0 && b.account() && lastOfSentence(s, p+len(v)) && !b.aboutIt(p, v, l)
	}
	if k := strings.IndexByte(v, '='); k >= 0 && bound < named && !quotable(v, k) && !strings.HasSuffix(v, "=") && lookOf(v[:k]) == wordLook {
		ok = false
	}
	if !ok {
		return false
	}
	to := p + len(v)
	if (l == wordLook && n.role&humanWord != 0 || n.role&phraseWord != 0) && (n.from == 0 || s[n.from-1] != '-') {
		to = phraseEnd(s, p, to)
	}
	b.cut(p, to, b.key)
	if rest, ok := strings.CutPrefix(s[to:], " to "); ok && bound < named && rest != "" && n.role&humanWord != 0 {
		b.value(to+len(" to "), told, true)
	}
	if n.plural || n.role&codeWord != 0 {
		b.more(to)
	}
	return true
}

// bareStops end a value without quotes.
const bareStops = " \t\r\n,;&|)}]\"'<>\\`"

// bareEnd is where a value without quotes ends; that of a header goes on to the end
// of the line, or of what it stands in.
func (b *binder) bareEnd(p int, bound bond, spaced, header bool) int {
	s, n := b.s, b.n
	end := p
	if header && bound >= named && s[p-1] != '=' {
		for end < len(s) && strings.IndexByte("\r\n\"\\'`", s[end]) < 0 {
			end++
		}
	} else {
		for end < len(s) && strings.IndexByte(bareStops, s[end]) < 0 && (n.promise == surely || end-p < 2*longestJudged) {
			end++
		}
		if bound <= told || spaced { // marks of sentences
			for end < len(s) && end > p && (s[end] == ',' || s[end] == ';' || s[end] == '&' || s[end] == '|' || s[end] == ')') && end+1 < len(s) && strings.IndexByte(" \t\r\n\"'", s[end+1]) < 0 && n.role&humanWord != 0 {
				for end++; end < len(s) && strings.IndexByte(bareStops, s[end]) < 0; {
					end++
				}
			}
		}
		if schemes[small(s[p:end])] && end < len(s) && s[end] == ' ' && bound >= told {
			for end++; end < len(s) && strings.IndexByte(bareStops, s[end]) < 0; {
				end++
			}
		}
	}
	return end
}

// looksIt reports whether a value without quotes, behind a name that may be one of a
// secret, looks like one; last is the last word of the name.
func (b *binder) looksIt(v string, l look, bound bond, last string) bool {
	n := b.n
	switch {
	case bound == tied && n.role&keyWord != 0 && bytesOfKey.MatchString(v):
		return true
	case isUUID(v), strings.Contains(v, ":"):
		return false
	case bound == tied:
		return l >= drawnLook || allHex(v) && len(v) >= 32 || strings.HasSuffix(last, "auth") && l >= mixedLook && len(v) > 5
	case bound == named:
		return l >= drawnLook || strings.HasSuffix(last, "auth") && l >= mixedLook && len(v) >= 16
	default:
		return l == surelyLook || n.role&keyWord != 0 && allHex(v) && len(v) >= 24 && len(v) < 40 || l >= mixedLook && len(v) > 5 && last == "pass" && (b.tried() || b.accountBefore()) || l == drawnLook && n.role&keyWord != 0 && len(v) >= 16 && !allHex(v)
	}
}

// quotable reports whether = begins a byte as mail writes it: =C3.
func quotable(v string, at int) bool {
	return at > 0 && len(v) > at+2 && isHex(v[at+1]) && isHex(v[at+2]) && small(v[at:at+3]) != v[at:at+3]
}

// fieldName reports whether a text begins like a field of a printed struct: TLS:false.
func fieldName(v string) bool {
	name, value, ok := strings.Cut(v, ":")
	return ok && len(name) > 1 && name[0] >= 'A' && name[0] <= 'Z' && lookOf(name) == wordLook && (lookOf(value) == wordLook || value == "") && count(name).marks == 0
}

// isCode reports whether a value is rather an expression: a call, a pointer, another
// variable.
func isCode(v string) bool {
	if i := strings.IndexByte(v, '('); i > 1 && nameByte(v[i-1]) && lookOf(v[:i]) < drawnLook {
		return true
	}
	v = strings.TrimLeft(v, "*&")
	if v == "" || strings.ContainsAny(v, "0123456789") || lookOf(v) != wordLook || !promises(v) {
		return false
	}
	return count(v).capitals > 0 && count(v).small > 0
}

// attributes are what a cookie is set with, and hold no secret.
var attributes = set(`path domain expires max-age samesite secure httponly partitioned`)

// harmlessCookie reports whether cookies only hold words.
func harmlessCookie(v string) bool {
	for pair := range strings.SplitSeq(v, ";") {
		pair = strings.TrimSpace(pair)
		name, value, _ := strings.Cut(pair, "=")
		if attributes[small(name)] {
			continue
		}
		if lookOf(strings.ReplaceAll(value, "%2F", "-")) != wordLook || value == "" && !strings.Contains(pair, "=") && len(pair) > 8 {
			return false
		}
	}
	return strings.Contains(v, "=")
}

// nameLike reports whether a word is rather a name with a number: db-01.
func nameLike(v string) bool {
	i := strings.LastIndexAny(v, "-_.")
	return i > 0 && len(v)-i <= 4 && digits(v[i+1:]) && surprise(v[:i])/i < 70 && strings.ToLower(v) == v
}

func number(v string) bool { return strings.Trim(v, "0123456789.-+ ") == "" || digits(v) }

// measures are what lengths and counts are told in.
var measures = set(`byte bytes octet octets bit bits char chars character characters caractere caracteres item items entry entries line lines words mots kb kib ms times fois`)

// number judges a value of digits: PINs go, counts stay.
func (b *binder) number(p int, v string, bound bond, last string) bool {
	n := b.n
	if strings.HasPrefix(b.s[p+len(v):], " '<|") {
		return true // a token of a language model
	}
	if word, _ := wordAfter(b.s, p+len(v)); measures[word] {
		return true // how long it is
	}
	long := len(v) >= 4 && len(v) <= 12 || len(v) >= 12
	ok := false
	switch {
	case n.role&dialWord != 0:
		ok = bound >= told && len(v) == 3 && n.role&codeWord != 0 || len(v) == 3 && (last == "cvv" || last == "cvc") || long && (bound >= told || len(v) <= 8 && digits(v) || strings.Count(v, "-") == 2)
	case n.role&keyWord != 0 && strings.Count(v, "-") >= 3:
		ok = true
	case n.plural:
	case n.role&humanWord != 0:
		ok = n.role&keyWord != 0 && len(v) >= 16 || bound >= told && len(v) > 2 || bound == tied
		if last == "pass" && len(b.s) >= b.n.to && b.n.to-b.n.from <= 5 && (bound != tied || len(v) < 4) {
			ok = false
		}
	case last == "secret" || last == "token" || last == "jeton":
		ok = bound >= named && len(v) > 3
	case n.role&keyWord != 0 && bound == tied && len(v) >= 8 && digits(v):
		ok = true
	case n.role&keyWord != 0 || last == "ticket" || strings.HasPrefix(last, "sig"):
	default:
		ok = bound >= named && len(v) > 5
	}
	if n.role&dialWord != 0 && len(v) == 3 && digits(v) && bound >= loose {
		if rest := strings.TrimLeft(b.s[p+3:], " -"); len(rest) >= 3 && digits(rest[:3]) && (len(rest) == 3 || !letterByte(rest[3])) {
			b.cut(p, len(b.s)-len(rest)+3, b.key)
			return true
		}
	}
	if ok {
		b.cut(p, p+len(v), b.key)
		if n.role&dialWord != 0 {
			b.more(p + len(v))
		}
	}
	return true
}

// more takes out what a list goes on with: recovery codes.
func (b *binder) more(at int) {
	s := b.s
	for range 40 {
		p := at
		for p < len(s) && (strings.IndexByte(" ,;/|\t", s[p]) >= 0) {
			p++
		}
		for _, and := range []string{"and ", "et ", "or ", "ou ", "puis "} {
			p += len(s[p:]) - len(strings.TrimPrefix(s[p:], and))
		}
		e := p
		for e < len(s) && (letterByte(s[e]) || s[e] == '-' || s[e] == '_') {
			e++
		}
		if v := s[p:e]; p == at || len(v) < 4 || e < len(s) && strings.IndexByte("=:", s[e]) >= 0 || lookOf(v) == wordLook && !number(v) {
			return
		}
		b.cut(p, e, "")
		at = e
	}
}
