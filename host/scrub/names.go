package scrub

import (
	"regexp"
	"slices"
	"strings"
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
	if len(words) == 1 && words[0] == "code" && n.to < len(s) && s[n.to] == '=' && (n.from > 0 && (s[n.from-1] == '&' || s[n.from-1] == '?') || strings.Contains(s[n.to:min(len(s), n.to+nearby)], "&code_verifier=")) {
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
