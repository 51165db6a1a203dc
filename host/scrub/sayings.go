package scrub

import (
	_ "embed"
	"regexp"
	"strings"
	"sync"
)

//go:embed sayings.txt
var sayingsText string

// saying is a way in which commands, protocols and people say a secret without a
// name before it.
type saying struct {
	head    string                // what it begins with, in small letters
	apart   [128]bool             // marks that may not stand before it
	keyword string                // in small letters; a text without it is not looked at
	re      func() *regexp.Regexp // compiled when it is first needed
	parts   []string              // the other ones that a text must have
	drawn   bool                  // only what does not look like a word
}

// sayings reads the table: one a line.
//
//	§   the secret: a word, or what stands in quotes
//	§§  the rest of the quoted text, or of the line
//	§?  the same as §, if it is no word
//	*   a word
//	…   any number of words, within a command
//
// Capitals and small letters are the same, unless the line begins with =. A
// blank is any blank, or what stands between the arguments of a list.
var sayings = sync.OnceValue(func() []saying {
	var all []saying
	for line := range strings.Lines(sayingsText) {
		if line = strings.TrimSpace(line); line != "" && line[0] != '#' {
			all = append(all, compile(line))
		}
	}
	return all
})

func compile(line string) saying {
	line, exact := strings.CutPrefix(line, "=")
	var b strings.Builder
	b.WriteByte('^')
	if !exact {
		b.WriteString("(?i)")
	}
	w := saying{head: line[:strings.IndexAny(line+" ", "§*… ?")]}
	w.head = small(w.head)
	for _, c := range []byte("_.-") {
		w.apart[c] = !strings.Contains(line, "(") && letterByte(line[0])
	}
	for i, r := range line {
		switch r {
		case '§':
			rest := line[i+len("§"):]
			switch {
			case i > 0 && (line[i-1] == '\'' || line[i-1] == '"') && strings.HasPrefix(rest, line[i-1:i]): // its quotes tell where it ends
				b.WriteString(`([^\r\n\\` + line[i-1:i] + `]+)`)
			case strings.HasPrefix(line[:i], "") && strings.HasSuffix(line[:i], "§"):
				// the second half of §§
			case strings.HasPrefix(rest, "§"):
				b.WriteString(`([^"'\r\n\\]+)`)
			default:
				w.drawn = strings.HasPrefix(rest, "?")
				b.WriteString(`(?:\\*"([^"\\]+)\\*"|\\*'([^'\\]+)\\*'|\\*["']?([^\s"'\\` + ends(rest) + `]+))`)
			}
		case '?':
		case '*':
			b.WriteString(`[^\s"'%:,()]+`)
		case '…':
			b.WriteString(`(?:[^|;\r\n]*?[\s"',])??`)
		case ' ':
			switch {
			case strings.HasSuffix(line[:i], "…"):
			case strings.HasPrefix(line[i+1:], "§") && !strings.HasPrefix(line[i+1:], "§§"): // its quotes tell where it ends
				b.WriteString(`(?:\\*["']?,?\s+|\\*["'],)`)
			default:
				b.WriteString(`(?:\\*["']?,?\s+\\*["']?|\\*["'],\\*["'])`)
			}
		default:
			b.WriteString(regexp.QuoteMeta(string(r)))
		}
	}
	w.re = sync.OnceValue(func() *regexp.Regexp { return regexp.MustCompile(b.String()) })
	for part := range strings.FieldsFuncSeq(line, func(r rune) bool { return strings.ContainsRune("§*… ?", r) }) {
		w.parts = append(w.parts, small(part))
		if len(part) > len(w.keyword) {
			w.keyword = small(part)
		}
	}
	return w
}

// ends are the marks that end a secret because the saying goes on with them.
func ends(rest string) string {
	rest = strings.TrimPrefix(rest, "?")
	if rest == "" || rest[0] == ' ' {
		return ""
	}
	return regexp.QuoteMeta(rest[:1])
}

// longestSaying bounds how far a saying goes; a secret at its end may be longer.
const longestSaying = 400

// find cuts what is said.
func (w saying) find(s, lower string, cuts []span) []span {
	for _, p := range w.parts {
		if !strings.Contains(lower, p) {
			return cuts
		}
	}
	for at := 0; ; {
		i := strings.Index(lower[at:], w.head)
		if i < 0 {
			return cuts
		}
		i += at
		if at = i + len(w.head); !w.begins(s, i) {
			continue
		}
		part := s[i:min(len(s), i+longestSaying)]
		if !w.goesOn(lower[i:]) {
			continue
		}
		m := w.re().FindStringSubmatchIndex(part)
		if m != nil && m[1] == len(part) && len(part) == longestSaying { // a long secret
			m = w.re().FindStringSubmatchIndex(s[i:])
		}
		for g := 2; g < len(m); g += 2 {
			if m[g] < 0 || m[g] == m[g+1] {
				continue
			}
			v := s[i+m[g] : i+m[g+1]]
			if empty(v) || strings.Contains(v, Redacted) || w.drawn && (lookOf(strings.ReplaceAll(v, " ", "")) == wordLook || prose[small(v)]) {
				continue
			}
			cuts = append(cuts, span{i + m[g], i + m[g+1], ""})
			at = max(at, i+m[1])
		}
	}
}

// goesOn reports whether the parts of a saying follow one another in a text that
// begins with its head. It tells at less cost than the expression, and errs only by
// saying yes.
func (w saying) goesOn(lower string) bool {
	lower = lower[:min(len(lower), longestSaying)]
	for _, p := range w.parts {
		i := strings.Index(lower, p)
		if i < 0 {
			return false
		}
		lower = lower[i+len(p):]
	}
	return true
}

// begins reports whether a saying may begin at i, and not within a word.
func (w saying) begins(s string, i int) bool {
	if i == 0 {
		return true
	}
	switch c := s[i-1]; {
	case letterByte(w.head[0]):
		return c >= 0x80 || !letterByte(c) && !w.apart[c]
	case w.head[0] == '-':
		return strings.IndexByte(" \t\"'[,", c) >= 0
	default:
		return true
	}
}
