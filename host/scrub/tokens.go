package scrub

import "strings"

// shortestToken is the shortest run that is judged without a name before it.
const shortestToken = 10

// nearHex is the same for what is in hex, as ids are.
const nearHex = 20

// moved are the places seen from a later one.
func moved(stems []int, by int) (all []int) {
	for _, at := range stems {
		if at >= by {
			all = append(all, at-by)
		}
	}
	return all
}

// nearby is how far before a token a word may be that makes it suspicious.
const nearby = 72

// tokens judges the runs of a text that nothing names; stems are where there may
// be words of secrets.
func tokens(s string, stems []int, cuts []span) []span {
	kept, keptEnd, calm := false, -1, harmless(s)
	for i := 0; i < len(s); {
		if !tokenByte(s[i]) && s[i] != '/' && s[i] != '+' {
			i++
			continue
		}
		if n := prefixed(s[i:]); n > 0 {
			cuts = append(cuts, span{i, i + n, ""})
			i += n
			continue
		}
		end := i
		for end < len(s) && (tokenByte(s[end]) || s[end] == '/' || s[end] == '+') {
			end++
		}
		if end-i < shortestToken {
			i = end + 1
			continue
		}
		list := kept && strings.IndexByte(s[keptEnd:i], ',') >= 0 && strings.Trim(s[keptEnd:i], " ,\"'=") == ""
		if !list && !within(calm, i) { // not one of a list of ids
			var from int
			if from, kept = judge(s, i, end, stems); from >= 0 {
				for end < len(s) && s[end] == '=' {
					end++
				}
				cuts = append(cuts, span{from, end, ""})
			}
		}
		keptEnd, i = end, end+1
	}
	return cuts
}

// harmless are the parts of a text that look drawn, and are no secret:
// certificates, public keys, what SOPS has encrypted.
func harmless(s string) (all []span) {
	for at := 0; ; {
		i := strings.Index(s[at:], "-----BEGIN ")
		if i < 0 {
			break
		}
		i += at
		at = i + len("-----BEGIN ")
		if head, _, ok := strings.Cut(s[at:], "-----"); ok && !strings.Contains(head, "PRIVATE") && !strings.Contains(head, "SECRET") {
			end := strings.Index(s[at:], "-----END ")
			if end < 0 {
				end = len(s) - at
			}
			all = append(all, span{i, at + end, ""})
			at += end
		}
	}
	if i := strings.Index(s, "ENC["); i >= 0 {
		if end := strings.IndexByte(s[i:], ']'); end > 0 {
			all = append(all, span{i, i + end, ""})
		}
	}
	return all
}

func within(all []span, i int) bool {
	for _, p := range all {
		if i >= p.from && i < p.to {
			return true
		}
	}
	return false
}

// judge tells from where a run must go, or -1; innocent is whether that is
// because of its name.
func judge(s string, i, end int, stems []int) (from int, innocent bool) {
	v := s[i:end]
	quick := count(v)
	if quick.digits == 0 && (quick.capitals == 0 || quick.small == 0 || quick.turns < 6) || quick.letters() == 0 {
		return -1, false
	}
	if quick.small == 0 && quick.digits*3 < len(v) && strings.Count(v, "_") > 1 && promisesAny(v) {
		return -1, false // the name of a constant
	}
	hex := allHex(v) || isUUID(v)
	if hex && len(stems) == 0 || public(v) {
		return -1, false
	}
	path := strings.IndexByte(v, '/') >= 0 && (v[0] == '/' || !base64Like(v))
	if !hex && !path && lookOf(v) < drawnLook {
		return -1, false
	}
	n := nameOf(s, i)
	switch {
	case n.innocent || labelledID(v) || !hex && unpacked(v) != "" || strings.HasSuffix(s[:i], "base64,"):
		return -1, true
	case path:
		return judgePath(s, i, end, stems)
	case hex:
		if n.role == 0 && !n.tied && len(v) >= 24 && i >= 1 && strings.IndexByte(" \"'`(", s[i-1]) >= 0 && suspect(s[max(0, i-nearHex):], min(i, nearHex), moved(stems, max(0, i-nearHex))) {
			return i, false
		}
		return -1, false
	}
	if k := strings.IndexByte(v, '_'); k > 1 && k < 10 && count(v[:k]).small == k && len(v)-k > 32 && (allHex(v[k+1:]) || !strings.ContainsAny(v[k+1:], "_-/+") && lookOf(v[k+1:]) >= drawnLook) {
		return i, false // as makers of tokens begin them
	}
	body := v[strings.LastIndexAny(v[:min(14, len(v))], "_-")+1:]
	c, l := count(body), lookOf(v)
	near, open := suspicious(s, i, stems)
	if open {
		return -1, true
	}
	drawn := l == surelyLook && c.digits > 1 && c.turns*3 >= len(body) && c.marks < 3
	if near && !n.tied && len(v) >= 12 || near && l == surelyLook || drawn && len(body) >= 26 || drawn && len(body) < len(v) && len(body) >= 20 && !n.tied {
		return i, false
	}
	return -1, false
}

// labelledID reports whether a run begins with what ids and digests begin with:
// req_x, sha512-x.
func labelledID(v string) bool {
	k := strings.LastIndexAny(v[:min(len(v), 16)], "_-")
	if k <= 0 || len(v)-k <= 8 {
		return false
	}
	if count(v[:k]).capitals > 0 {
		return false
	}
	var room [6]string
	for _, w := range split(v[:k], room[:0]) {
		if r := roles()[w]; r&idWord != 0 && r&secretWord == 0 || ids[w] {
			return true
		}
	}
	return false
}

// judgePath judges the parts of a path.
func judgePath(s string, i, end int, stems []int) (int, bool) {
	before := i
	for at := i; at < end; {
		to := at
		for to < end && s[to] != '/' {
			to++
		}
		if part := s[at:to]; len(part) >= 20 && at > i {
			c := count(part)
			if lookOf(part) == surelyLook && c.digits > 1 && c.turns*3 >= len(part) && (len(part) >= 32 || suspect(s, at, stems)) && !namesID(s[before:at-1]) && !labelledID(part) {
				return at, false
			}
		}
		before, at = at, to+1
	}
	return -1, false
}

// namesID reports whether a word of a name says that an id follows.
func namesID(name string) bool {
	var room [8]string
	for _, w := range split(name, room[:0]) {
		if roles()[w]&idWord != 0 || len(w) == 1 && ids[w] {
			return true
		}
	}
	return false
}

// base64Like reports whether a run with slashes is base64 rather than a path: no
// part of it is a word or a hash.
func base64Like(v string) bool {
	c := count(v)
	if c.small < 3 || c.capitals < 3 || len(v) < 20 || surprise(v)/len(v) < 106 {
		return false
	}
	for part := range strings.SplitSeq(v, "/") {
		if len(part) == 0 || len(part) > 2 && count(part).small == len(part) || len(part) > 15 && allHex(part) {
			return false
		}
	}
	return true
}

// ids begin ids, which are followed by a mark and something drawn.
var ids = set(`s t u r req ses sess usr org acct cus ch in il sub prod price evt pm src card seti msg chatcmpl cmpl asst thread run file batch resp call toolu step vs ft ftjob modelerr i vol subnet vpc sg ami eni rtb igw nat snap
	pod job node svc rs ds deploy dep dpl prj team proj wf exec exe task tsk img doc col row rec app bld bk gen upd inst db pool tbl view q m c d e k v w x y z p n o f g h j b a l mem memory obj blk ev tr sp lead deal inv txn pay py po re rfd dp prev main
	index chunk vendor bundle app style styles polyfills runtime common page layout component css js sw`)

// owner is what names a run.
type owner struct {
	role     role // of all words of the name
	tied     bool // behind = or a colon, not just the word before it
	innocent bool // it names ids, digests, public keys
}

// nameOf tells what names the run at i.
func nameOf(s string, i int) (n owner) {
	j := i
	for j > 0 && strings.IndexByte("\"'`\\[({</", s[j-1]) >= 0 {
		j--
	}
	if j > 1 && s[j-1] == 'W' && s[j] == '/' { // a weak ETag
		j--
	}
	k := j
	for k > 0 && s[k-1] == ' ' {
		k--
	}
	if k > 0 && (s[k-1] == '=' || s[k-1] == ':') {
		n.tied = true
		for k > 0 && (strings.IndexByte("=:> ", s[k-1]) >= 0) {
			k--
		}
		for k > 0 && strings.IndexByte("\"'`\\[])", s[k-1]) >= 0 {
			k--
		}
	} else if k > 0 && s[k-1] == '>' { // an element
		k--
		n.tied = true
	} else if k > 0 && (s[k-1] == '@' || s[k-1] == '#' || s[k-1] == '~') {
		return owner{idWord, true, true}
	}
	known := roles()
	var room [8]string
	at := k
	for range 2 {
		from := at
		for from > 0 && at-from < maxName && nameByte(s[from-1]) {
			from--
		}
		words := split(s[from:at], room[:0])
		for x, w := range words {
			r := known[w]
			n.role |= r
			if r&(secretWord|keyWord) != 0 && r&idWord == 0 {
				n.innocent = opens(words[:x]) || x+1 < len(words) && shown[words[x+1]]
			} else if r&idWord != 0 && r&secretWord == 0 {
				n.innocent = true
			}
		}
		if n.tied && len(words) == 1 && len(words[0]) == 1 {
			n.innocent = true
		}
		if before, _ := wordBefore(s, from); len(words) == 1 && known[words[0]]&keyWord != 0 && known[before]&openWord != 0 {
			n.innocent = true
		}
		if n.tied || from == 0 || n.role != 0 {
			break
		}
		for at = from; at > 0 && s[at-1] == ' '; at-- {
		}
		if at == from {
			break
		}
	}
	return n
}

// suspect reports whether a word of secrets stands a little before i.
func suspect(s string, i int, stems []int) bool {
	near, _ := suspicious(s, i, stems)
	return near
}

// suspicious reports whether a word of secrets stands a little before i, or one of
// what is public.
func suspicious(s string, i int, stems []int) (near, open bool) {
	for j := len(stems) - 1; j >= 0; j-- {
		at := stems[j]
		if at >= i {
			continue
		}
		if i-at > nearby {
			break
		}
		from, to := at, at
		for from > 0 && nameByte(s[from-1]) {
			from--
		}
		for to < i && nameByte(s[to]) {
			to++
		}
		var room [12]string
		words := split(s[from:to], room[:0])
		for k, w := range words {
			r := roles()[w]
			if r == 0 {
				r = glue(w)
			}
			if r&(secretWord|keyWord) == 0 {
				continue
			}
			before, _ := wordBefore(s, from)
			after, _ := wordAfter(s, to)
			if opens(words[:k]) || k+1 < len(words) && shown[words[k+1]] || k == 0 && opens([]string{before}) || k == len(words)-1 && opens([]string{after}) && !copulas[after] && r&keyWord != 0 {
				return false, true
			}
			return true, false
		}
	}
	return false, false
}

// shortestMnemonic is how many words a mnemonic has at least (BIP 39).
const shortestMnemonic = 12

// mnemonics cuts runs of twelve or more words that no sentence is made of: each
// sentence has small words.
func mnemonics(s string, cuts []span) []span {
	from, n, i := 0, 0, 0
	for i < len(s) {
		end := i
		for end < len(s) && s[end] >= 'a' && s[end] <= 'z' {
			end++
		}
		if size := end - i; size >= 3 && size <= 8 && (i == 0 || !letterByte(s[i-1])) && !prose[s[i:end]] {
			if n == 0 {
				from = i
			}
			if n++; end < len(s) && s[end] == ' ' {
				i = end + 1
				continue
			}
			if end < len(s) && (letterByte(s[end]) || s[end] == '-' || s[end] == '=' || s[end] == ':') {
				n--
				end = i - 1
			}
		} else if end = max(end, i+1); n > 0 {
			if n >= shortestMnemonic {
				cuts = append(cuts, span{from, i - 1, ""})
			}
			n, i = 0, end
			continue
		}
		if n >= shortestMnemonic {
			cuts = append(cuts, span{from, end, ""})
		}
		n, i = 0, max(end, i)+1
	}
	if n >= shortestMnemonic {
		cuts = append(cuts, span{from, len(s), ""})
	}
	return cuts
}
