package scrub

import (
	"strings"
	"unicode/utf8"
)

// aboutIt reports whether what follows a name is rather a sentence about the
// secret than the secret.
func (b *binder) aboutIt(p int, v string, l look) bool {
	s := b.s
	if l >= mixedLook && !prose[small(v)] {
		return l == mixedLook && strings.HasPrefix(v, "-")
	}
	low := small(strings.Trim(v, ".,;:!?()"))
	if prose[low] && b.n.role&humanWord != 0 && l == wordLook && wordsOfPhrase(s[p:]) {
		return false
	}
	if prose[low] || strings.HasPrefix(v, "-") {
		return true
	}
	if strings.IndexByte(v, '\'') > 0 {
		return true
	}
	if b.n.role&humanWord == 0 {
		// What machines draw is no word; but who writes a name of several words sets
		// something.
		return (b.n.alone || len(v) < 6 || strings.Contains(v, ".") || !lastOfSentence(s, p+len(v))) && !strings.ContainsAny(v, "0123456789") && len(v) <= 20
	}
	if len(v) >= 6 && strings.ContainsAny(v, "0123456789") && count(v).letters() > 0 {
		return false // whatever is said of it: chaton.7 stored in the clear
	}
	// A sentence goes on with words that passwords do not have.
	rest := s[p+len(v):]
	if i := strings.IndexAny(rest, "\r\n\"\\{[=|"); i >= 0 {
		rest = rest[:i]
	}
	if sentence := strings.Fields(rest); len(sentence) > 0 {
		for i, w := range sentence {
			if i > 5 {
				break
			}
			if prose[small(strings.Trim(w, ",.;:!?()"))] {
				return true
			}
		}
	}
	return false
}

// wordsOfPhrase reports whether a text begins with a passphrase: at least four words
// and nothing else, few of which are those of sentences.
func wordsOfPhrase(s string) bool {
	if i := strings.IndexAny(s, "\r\n\"\\{[=|,;.:"); i >= 0 {
		s = s[:i]
	}
	words := strings.Fields(s)
	n := 0
	for _, w := range words {
		if count(w).letters() < len(w) {
			return false
		}
		if prose[small(w)] {
			n++
		}
	}
	return len(words) >= 4 && len(words) < 12 && n*3 <= len(words)
}

// lastOfSentence reports whether nothing but marks follows.
func lastOfSentence(s string, at int) bool {
	rest := strings.TrimLeft(s[at:], ".!?\"'»)`, ")
	return rest == "" || rest[0] == '}' || rest[0] == '\n' || rest[0] == '\\' || len(rest) > 0 && at < len(s) && strings.IndexByte(".!?,;\"", s[at]) >= 0 || strings.HasPrefix(rest, "(") || strings.HasPrefix(rest, "and ") || strings.HasPrefix(rest, "et ")
}

// phraseEnd is where a password of several words ends.
func phraseEnd(s string, from, to int) int {
	end := to
	for range 30 {
		p := skipBlank(s, end)
		e := p
		for e < len(s) && (s[e] >= 'a' && s[e] <= 'z' || s[e] >= 'A' && s[e] <= 'Z' || s[e] >= utf8.RuneSelf || s[e] == '-' || s[e] >= '0' && s[e] <= '9') {
			e++
		}
		if e == p || p == end || s[p] == '-' || e < len(s) && strings.IndexByte("=:@/(\\'\"", s[e]) >= 0 || prose[small(s[p:e])] || roles()[small(s[p:e])]&(secretWord|hintWord) != 0 {
			break
		}
		end = e
	}
	return end
}

// sentenceLike reports whether a text is made of words as sentences are.
func sentenceLike(v string) bool {
	if strings.Count(v, " ") < 2 {
		return false
	}
	n, all := 0, 0
	for w := range strings.FieldsSeq(v) {
		all++
		if prose[small(strings.Trim(w, ",.;:!?()"))] {
			n++
		}
	}
	return n*4 >= all
}
